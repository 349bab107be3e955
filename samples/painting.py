# SPDX-License-Identifier: MIT
"""A painting, made as painters make one: large strokes first, then smaller ones over them, each in the
colour that the scene has there and along the direction that things have there. There are no inked
lines."""
import math
import os
import random

from ink import Page, number

SIZE = (420, 420)
HORIZON = 236


def mix(a, b, t):
    t = min(max(t, 0.0), 1.0)
    return tuple(p + (q - p) * t for p, q in zip(a, b))


def ridge(x, base, height, seed):
    """The height of a chain of mountains at x."""
    return base - height * (0.5 + 0.28 * math.sin(x / 47 + seed) + 0.15 * math.sin(x / 19 + 2 * seed)
                            + 0.07 * math.sin(x / 7.3 + 3 * seed))


def sky(x, y):
    colour = mix((52, 70, 126), (150, 116, 158), y / 130)
    colour = mix(colour, (247, 176, 120), (y - 90) / 110)
    glow = math.exp(-((x - 292) ** 2 + (y - 196) ** 2) / 5200)
    colour = mix(colour, (255, 232, 170), glow)
    cloud = math.sin(x / 38 + y / 15) + math.sin(x / 21 - y / 9 + 1) + math.sin(y / 6 + x / 90)
    return mix(colour, (244, 190, 168), max(0.0, cloud - 0.9) * 0.6)


def mountains(x, y):
    if y > ridge(x, 236, 62, 0.4):
        lit = mix((72, 66, 104), (196, 122, 112), (math.sin(x / 11 + y / 8) + 0.3) * 0.5)
        return mix(lit, (214, 156, 140), (y - 190) / 90)
    if y > ridge(x, 226, 112, 2.1):
        return mix((116, 104, 148), (228, 168, 150), (math.sin(x / 15 - y / 10) + (y - 150) / 60) * 0.5)
    return None


def lake(x, y):
    depth = (y - HORIZON) / 90
    colour = mix((240, 182, 142), (54, 84, 118), depth)
    shine = math.exp(-((x - 292) / (14 + 26 * depth)) ** 2) * (0.6 + 0.4 * math.sin(y / 2.7))
    return mix(colour, (255, 236, 184), max(0.0, shine))


def bank(x):
    return 330 - 44 * math.exp(-((x - 96) / 92) ** 2) + 8 * math.sin(x / 33)


def meadow(x, y):
    blade = math.sin(x / 3.1 + math.sin(y / 9) * 3) * 0.5 + 0.5
    colour = mix((38, 66, 54), (122, 142, 66), blade * 0.8 - (y - 330) / 190)
    return mix(colour, (232, 190, 104), max(0.0, 0.7 - (y - bank(x)) / 14) * 0.8)


def house(x, y):
    """A cottage with a lit window on the bank."""
    if 62 < x < 122 and 250 < y < 296:
        if 94 < x < 110 and 262 < y < 280:
            return (255, 218, 120)
        return mix((212, 174, 150), (110, 84, 104), (104 - x) / 30)
    if 214 < y <= 252 and abs(x - 92) < (y - 214) * 1.08 + 2:
        return mix((178, 74, 58), (96, 46, 62), (100 - x) / 34)
    if 108 < x < 116 and 208 < y < 240:
        return (120, 74, 76)
    return None


def tree(x, y):
    if abs(x - 352 - 5 * math.sin(y / 24)) < 5 + max(0, y - 330) * 0.22 and 214 < y < 372:
        return mix((92, 62, 54), (44, 32, 44), (352 - x) / 12 + 0.5)
    for cx, cy, r in ((352, 168, 58), (312, 196, 34), (392, 200, 38), (338, 128, 34), (376, 136, 32)):
        d = math.hypot(x - cx, (y - cy) * 1.15)
        if d < r * (0.9 + 0.14 * math.sin(math.atan2(y - cy, x - cx) * 7 + cx)):
            light = (cx - x) / r * 0.5 + (cy - y) / r * 0.35 + 0.42
            return mix((46, 50, 54), (206, 120, 52), light)
    return None


def scene(x, y):
    for part in (tree(x, y), house(x, y)):
        if part:
            return part
    if y > bank(x):
        return meadow(x, y)
    if y > HORIZON:
        return lake(x, y)
    return mountains(x, y) or sky(x, y)


def direction(x, y):
    """The angle of strokes: leaves tumble, walls and grass stand, water lies, the sky drifts."""
    if tree(x, y):
        return 0.9 + 1.4 * math.sin(x / 13 + y / 17)
    if house(x, y):
        return 1.45 if y > 252 else (0.8 if x > 92 else -0.8)
    if y > bank(x):
        return -1.45 + 0.35 * math.sin(x / 17)
    if y > HORIZON:
        return 0.0
    return 0.75 * math.sin(x / 30) if mountains(x, y) else 0.3 * math.sin(x / 55 + y / 30)


def detail(x, y, reach):
    """How much the scene changes within reach of a point, 0..1."""
    here = scene(x, y)
    ways = ((reach, 0), (-reach, 0), (0, reach), (0, -reach))
    return min(1.0, max(sum(abs(a - b) for a, b in zip(here, scene(x + dx, y + dy)))
                        for dx, dy in ways) / 220)


def stroke(page, pen, x, y, width):
    """A stroke of a flat brush: its colour, and a few bristles of other tints over it."""
    colour = tuple(c + pen.gauss(0, 7) for c in scene(x, y))
    turn = direction(x, y) + pen.gauss(0, 0.16)
    length = width * pen.uniform(1.6, 3.2)
    dx, dy = math.cos(turn) * length / 2, math.sin(turn) * length / 2
    bend = pen.uniform(-0.25, 0.25)
    for k in range(1 + (width > 3) + (width > 7)):
        side = pen.uniform(-0.38, 0.38) * width if k else 0.0
        sx, sy = -math.sin(turn) * side, math.cos(turn) * side
        tint = tuple(min(255, max(0, round(c + (pen.gauss(0, 15) if k else 0)))) for c in colour)
        page.add(f'<path d="M{number(x - dx + sx)} {number(y - dy + sy)}'
                 f'q{number(dx - dy * bend)} {number(dy + dx * bend)} {number(2 * dx)} {number(2 * dy)}"'
                 f' stroke="#{"%02x%02x%02x" % tint}"'
                 f' stroke-width="{number(width * (pen.uniform(0.1, 0.22) if k else 1))}"/>')


def draw_painting(folder):
    pen = random.Random(20)
    page = Page(*SIZE, "#7a6a86")
    page.add('<g fill="none" stroke-linecap="round" opacity="0.96">')
    for count, width, least in ((420, 24, 0.0), (900, 12, 0.0), (1500, 6, 0.18), (1500, 2.8, 0.4)):
        while count:
            x, y = pen.uniform(0, SIZE[0]), pen.uniform(0, SIZE[1])
            if detail(x, y, width) < least:
                continue
            stroke(page, pen, x, y, width)
            count -= 1
    page.add("</g>")
    page.save(os.path.join(folder, "painting.svg"))
