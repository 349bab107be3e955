# SPDX-License-Identifier: MIT
"""Dense strokes for the test set: hair along a field of directions, and hatching in layers. They
are drawn as lines of Pillow at four times the size; ../draw.py makes those of training otherwise."""
import math

from PIL import Image, ImageDraw

OVER = 4


def finish(image, side):
    return image.resize((side, side), Image.BOX).convert('RGB')


def field(rng):
    """A smooth direction for each place."""
    base, waves = rng.uniform(0, math.pi), [(rng.uniform(-1, 1) / 60, rng.uniform(-1, 1) / 60,
                                             rng.uniform(0, 6.3), rng.uniform(.1, .45))
                                            for _ in range(3)]
    return lambda x, y: base + sum(a * math.sin(u * x + v * y + p) for u, v, p, a in waves)


def lock(pen, rng, at, way, length, width, ink):
    """One stroke along the field, thin at both ends."""
    x, y = at
    stray = rng.gauss(0, .05)
    for k in range(int(length / 2)):
        a = way(x, y) + stray
        nx, ny = x + 2 * math.cos(a), y + 2 * math.sin(a)
        t = 2 * k / length
        w = width * min(1, 4 * t, 2.2 * (1 - t))
        # Shorter than one pixel of the large canvas: nothing.
        if w * OVER >= 1:
            pen.line([x * OVER, y * OVER, nx * OVER, ny * OVER], fill=ink, width=round(w * OVER))
        x, y = nx, ny


def hair(side, rng):
    """Dark hair on white or highlights on black: strokes 2 to 5 pixels apart."""
    dark = rng.random() < .25
    image = Image.new('L', (side * OVER, side * OVER), 0 if dark else 255)
    pen, way = ImageDraw.Draw(image), field(rng)
    apart, length = rng.uniform(2.2, 5), rng.uniform(90, 200)
    for _ in range(int(1.15 * (side + 120) ** 2 / (apart * length))):
        at = rng.uniform(-100, side + 60), rng.uniform(-100, side + 60)
        lock(pen, rng, at, way, length * rng.uniform(.5, 1.3), apart * rng.uniform(.2, .5),
             255 if dark else 0)
    return finish(image, side)


def layer(side, rng, angle, apart, width):
    """Parallel strokes of 20 to 120 pixels with gaps, not quite straight or even."""
    image = Image.new('L', (side * OVER, side * OVER), 255)
    pen, c, s, reach = ImageDraw.Draw(image), math.cos(angle), math.sin(angle), side * .75
    u = -reach
    while u < reach:
        v = -reach - rng.uniform(0, 100)
        while v < reach:
            end, lean = v + rng.uniform(20, 120), rng.gauss(0, .01)
            ends = [side / 2 + w * c - (u + lean * (w - v)) * s for w in (v, end)]
            downs = [side / 2 + w * s + (u + lean * (w - v)) * c for w in (v, end)]
            pen.line([ends[0] * OVER, downs[0] * OVER, ends[1] * OVER, downs[1] * OVER], fill=0,
                     width=max(1, round(width * rng.uniform(.75, 1.25) * OVER)))
            v = end + rng.uniform(1, 6)
        u += apart * rng.uniform(.85, 1.15)
    return image


def hatch(side, rng):
    """Blobs with one to three layers at 30 to 60 degrees to each other."""
    page = Image.new('L', (side * OVER, side * OVER), 255)
    apart = rng.uniform(2.8, 7)
    width, angle = min(rng.uniform(.8, 1.9), .5 * apart), rng.uniform(0, math.pi)
    for k in range(rng.choice((1, 2, 2, 3))):
        mask = Image.new('L', page.size, 0)
        pen = ImageDraw.Draw(mask)
        for _ in range(7 - 2 * k):
            x, y, r = rng.uniform(0, side), rng.uniform(0, side), rng.uniform(50, 130)
            pen.ellipse([(x - r) * OVER, (y - r * .7) * OVER, (x + r) * OVER, (y + r * .7) * OVER],
                        fill=255)
        strokes = layer(side, rng, angle + k * math.radians(rng.uniform(30, 60)), apart, width)
        mask.paste(0, mask=strokes.point(lambda v: 255 if v else 0))  # ink inside the blobs
        page.paste(0, mask=mask)
    return finish(page, side)
