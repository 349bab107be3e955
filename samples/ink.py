# SPDX-License-Identifier: MIT
"""Pens, screentone and lettering for the sample pages: everything becomes plain SVG paths, so that
the pages look the same whatever fonts a machine has."""
import math
import random


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


def path_of(points, close=True):
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + ("Z" if close else "")


def smooth(points, steps=8, close=False):
    """A Catmull-Rom curve through the points."""
    count = len(points)
    if close:
        at = lambda i: points[i % count]
        spans = count
    else:
        at = lambda i: points[min(max(i, 0), count - 1)]
        spans = count - 1
    curve = []
    for i in range(spans):
        p0, p1, p2, p3 = at(i - 1), at(i), at(i + 1), at(i + 2)
        for k in range(steps):
            t = k / steps
            curve.append(tuple(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t
                       + (3 * b - a - 3 * c + d) * t ** 3)
                for a, b, c, d in zip(p0, p1, p2, p3)))
    if not close:
        curve.append(points[-1])
    return curve


def stroke_outline(curve, width, start=0.15, end=0.15):
    """The outline of a brush stroke along a curve: full width in the middle, start and end (shares
    of width) at its tips."""
    lengths = [0.0]
    for (ax, ay), (bx, by) in zip(curve, curve[1:]):
        lengths.append(lengths[-1] + math.hypot(bx - ax, by - ay))
    total = lengths[-1] or 1.0
    left, right = [], []
    for i, (x, y) in enumerate(curve):
        ax, ay = curve[max(i - 1, 0)]
        bx, by = curve[min(i + 1, len(curve) - 1)]
        dx, dy = bx - ax, by - ay
        norm = math.hypot(dx, dy) or 1.0
        t = lengths[i] / total
        swell = math.sin(math.pi * t) ** 0.7 if 0 < t < 1 else 0.0
        tip = start * (1 - t) + end * t
        half = 0.5 * width * (tip + (1 - tip) * swell)
        left.append((x - dy / norm * half, y + dx / norm * half))
        right.append((x + dy / norm * half, y - dx / norm * half))
    return left + right[::-1]


# Capitals on a grid 4 wide and 6 high, as strokes; "~" rounds a stroke.
GLYPHS = {
    "A": (4, ["0,6 2,0 4,6", "0.8,4 3.2,4"]),
    "B": (3.6, ["0,0 0,6", "~0,0 2.4,0.1 3,1.5 2.3,2.8 0,3", "~0,3 2.8,3.1 3.6,4.5 2.7,5.9 0,6"]),
    "C": (3.7, ["~3.6,0.9 2,0 0.4,1.3 0,3 0.5,4.9 2.1,6 3.7,5"]),
    "D": (3.8, ["0,0 0,6", "~0,0 2.5,0.3 3.8,3 2.5,5.7 0,6"]),
    "E": (3.2, ["3.2,0 0,0 0,6 3.2,6", "0,2.9 2.6,2.9"]),
    "F": (3.2, ["3.2,0 0,0 0,6", "0,2.9 2.6,2.9"]),
    "G": (3.9, ["~3.7,0.9 2,0 0.4,1.3 0,3 0.5,4.9 2.1,6 3.8,5.2", "3.8,5.4 3.8,3.3 2.3,3.3"]),
    "H": (3.7, ["0,0 0,6", "3.7,0 3.7,6", "0,3 3.7,3"]),
    "I": (0.6, ["0.3,0 0.3,6"]),
    "J": (2.8, ["~2.8,0 2.8,4.4 1.6,6 0.3,5.5 0,4.4"]),
    "K": (3.6, ["0,0 0,6", "3.5,0 0,3.4", "1.2,2.4 3.6,6"]),
    "L": (3, ["0,0 0,6 3,6"]),
    "M": (4.6, ["0,6 0.4,0 2.3,4 4.2,0 4.6,6"]),
    "N": (3.8, ["0,6 0,0 3.8,6 3.8,0"]),
    "O": (4.2, ["~2.1,0 0.5,1 0,3 0.5,5 2.1,6 3.7,5 4.2,3 3.7,1 2.1,0"]),
    "P": (3.4, ["0,6 0,0", "~0,0 2.6,0.1 3.4,1.7 2.5,3.2 0,3.4"]),
    "Q": (4.2, ["~2.1,0 0.5,1 0,3 0.5,5 2.1,6 3.7,5 4.2,3 3.7,1 2.1,0", "2.6,4.4 4.3,6.4"]),
    "R": (3.6, ["0,6 0,0", "~0,0 2.6,0.1 3.3,1.6 2.5,3 0,3.2", "1.4,3.2 3.6,6"]),
    "S": (3.4, ["~3.2,0.8 1.8,0 0.3,0.8 0.4,2.3 1.8,3 3.2,3.8 3.3,5.2 1.7,6 0,5.2"]),
    "T": (3.8, ["0,0 3.8,0", "1.9,0 1.9,6"]),
    "U": (3.7, ["~0,0 0,4 0.6,5.5 1.9,6 3.1,5.5 3.7,4 3.7,0"]),
    "V": (3.9, ["0,0 2,6 3.9,0"]),
    "W": (5.2, ["0,0 1.3,6 2.6,1.5 3.9,6 5.2,0"]),
    "X": (3.7, ["0,0 3.7,6", "3.7,0 0,6"]),
    "Y": (3.8, ["0,0 1.9,2.9 3.8,0", "1.9,2.9 1.9,6"]),
    "Z": (3.5, ["0.1,0 3.5,0 0,6 3.5,6"]),
    "!": (0.8, ["0.4,0 0.4,4.1", "0.4,5.6 0.4,6"]),
    "?": (3, ["~0,1.1 1.4,0 2.9,1 2.3,2.6 1.4,3.2 1.4,4.2", "1.4,5.6 1.4,6"]),
    ".": (0.7, ["0.3,5.7 0.3,6"]),
    ",": (0.9, ["0.6,5.5 0.2,6.9"]),
    "'": (0.6, ["0.3,0 0.3,1.4"]),
    "-": (2.2, ["0,3.2 2.2,3.2"]),
    " ": (1.7, []),
}
TRACKING = 1.35


def text_width(text, size):
    return (sum(GLYPHS[c][0] + TRACKING for c in text) - TRACKING) * size / 6


def lettering(text, x, y, size, seed=1, colour="#111", weight=0.17, slant=0.06):
    """One line of hand lettering centred on x with its top at y; size is the height of a capital."""
    wobble = random.Random(seed)
    pen = x - text_width(text, size) / 2
    unit = size / 6
    strokes = []
    for c in text:
        width, glyph = GLYPHS[c]
        lift, turn = wobble.uniform(-0.18, 0.18), wobble.uniform(-0.05, 0.05)
        for stroke in glyph:
            points = [tuple(map(float, p.split(","))) for p in stroke.lstrip("~").split()]
            points = [(pen + (px + (6 - py) * (slant + turn)) * unit, y + (py + lift) * unit)
                      for px, py in points]
            strokes.append(path_of(smooth(points, 5) if stroke[0] == "~" else points, False))
        pen += (width + TRACKING) * unit
    return (f'<path d="{"".join(strokes)}" fill="none" stroke="{colour}" '
            f'stroke-width="{number(size * weight)}" stroke-linecap="round" '
            f'stroke-linejoin="round"/>')


class Page:
    """An SVG page that is filled panel by panel."""

    def __init__(self, width, height, paper="#fff"):
        self.size = (width, height)
        self.parts = [f'<rect width="{width}" height="{height}" fill="{paper}"/>']
        self.panels = 0

    def add(self, part):
        self.parts.append(part)

    def fill(self, points, colour, close=True, opacity=None):
        extra = f' opacity="{opacity}"' if opacity else ""
        self.add(f'<path d="{path_of(points, close)}" fill="{colour}"{extra}/>')

    def shape(self, points, colour, ink="#111", width=3.0, steps=8):
        """A closed smooth shape with a brushed outline that is heavier below."""
        curve = smooth(points, steps, True)
        self.fill(curve, colour)
        low = max(range(len(curve)), key=lambda i: curve[i][1])
        start = (low + len(curve) // 2) % len(curve)
        ring = curve[start:] + curve[:start + 1]
        self.fill(stroke_outline(ring, width, 0.45, 0.45), ink)

    def ink(self, points, width=3.0, colour="#111", start=0.15, end=0.15, straight=False):
        curve = points if straight else smooth(points)
        self.fill(stroke_outline(curve, width, start, end), colour)

    def circle(self, x, y, rx, colour, ry=None):
        self.add(f'<ellipse cx="{number(x)}" cy="{number(y)}" rx="{number(rx)}" '
                 f'ry="{number(ry or rx)}" fill="{colour}"/>')

    def open_panel(self, corners):
        """What follows is cut to the panel until close_panel."""
        self.panels += 1
        self.corners = corners
        self.add(f'<clipPath id="p{self.panels}"><path d="{path_of(corners)}"/></clipPath>'
                 f'<g clip-path="url(#p{self.panels})">')

    def close_panel(self, width=4.0):
        self.add(f'</g><path d="{path_of(self.corners)}" fill="none" stroke="#111" '
                 f'stroke-width="{width}" stroke-linejoin="miter"/>')

    def group(self, x, y, scale=1.0, flip=False, turn=0):
        self.add(f'<g transform="translate({number(x)} {number(y)}) rotate({turn}) '
                 f'scale({number(-scale if flip else scale)} {number(scale)})">')

    def end(self):
        self.add("</g>")

    def tone(self, box, strength, colour="#111", pitch=5.0, angle=45, clip=None):
        """Screentone: dots whose share of the area is strength(x, y), 0..1, inside box
        (x0, y0, x1, y1); clip is a path."""
        x0, y0, x1, y1 = box
        turn = math.radians(angle)
        cos, sin = math.cos(turn), math.sin(turn)
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        reach = int(math.hypot(x1 - x0, y1 - y0) / 2 / pitch) + 1
        dots = {}
        for j in range(-reach, reach + 1):
            for i in range(-reach, reach + 1):
                x = middle[0] + (i * cos - j * sin) * pitch
                y = middle[1] + (i * sin + j * cos) * pitch
                if not (x0 <= x <= x1 and y0 <= y <= y1):
                    continue
                width = round(2 * pitch * math.sqrt(max(strength(x, y), 0) / math.pi), 1)
                if width > 0.5:  # a dot is a line of no length with round ends
                    dots.setdefault(width, []).append(f"M{x:.1f} {y:.1f}h.01")
        cut = ""
        if clip:
            self.panels += 1
            self.add(f'<clipPath id="p{self.panels}"><path d="{clip}"/></clipPath>')
            cut = f' clip-path="url(#p{self.panels})"'
        self.add(f'<g{cut} stroke="{colour}" stroke-linecap="round">')
        for width, marks in sorted(dots.items()):
            self.add(f'<path d="{"".join(marks)}" stroke-width="{number(width)}"/>')
        self.add("</g>")

    def bubble(self, x, y, rx, ry, tail, lines, size=11, seed=1):
        """A speech bubble with a tail to a point and centred lettering."""
        wobble = random.Random(seed)
        tx, ty = tail
        toward = math.atan2((ty - y) / ry, (tx - x) / rx)
        points = []
        for k in range(1, 40):
            a = toward + 0.10 + (2 * math.pi - 0.20) * k / 40
            swell = 1 + wobble.uniform(-0.006, 0.006)
            points.append((x + rx * swell * math.copysign(abs(math.cos(a)) ** 0.92, math.cos(a)),
                           y + ry * swell * math.copysign(abs(math.sin(a)) ** 0.92, math.sin(a))))
        body = smooth(points, 4)
        self.add(f'<path d="{path_of(body + [tail])}" fill="#fff" stroke="#111" '
                 f'stroke-width="2.2" stroke-linejoin="round"/>')
        top = y - (len(lines) * size * 1.55 - size * 0.55) / 2
        for i, line in enumerate(lines):
            self.add(lettering(line, x, top + i * size * 1.55, size, seed + i))

    def caption(self, x, y, lines, size=9.5, colour="#ffe9a8", seed=3):
        width = max(text_width(line, size) for line in lines) + 18
        height = len(lines) * size * 1.6 + 10
        self.add(f'<rect x="{x}" y="{y}" width="{number(width)}" height="{number(height)}" '
                 f'fill="{colour}" stroke="#111" stroke-width="2"/>')
        for i, line in enumerate(lines):
            self.add(lettering(line, x + width / 2, y + 8 + i * size * 1.6, size, seed + i))

    def sound(self, text, x, y, size, turn=0, fill="#ffd23f", seed=5):
        """A sound effect: fat letters with an outline."""
        self.add(f'<g transform="rotate({turn} {x} {y})">')
        for colour, weight in (("#111", 0.46), ("#fff", 0.33), (fill, 0.2)):
            self.add(lettering(text, x, y, size, seed, colour, weight, 0.15))
        self.add("</g>")

    def save(self, name):
        width, height = self.size
        with open(name, "w", encoding="ascii") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                       f'viewBox="0 0 {width} {height}">\n<!-- SPDX-License-Identifier: MIT; drawn '
                       f'by samples/draw.py -->\n' + "\n".join(self.parts) + "\n</svg>\n")
