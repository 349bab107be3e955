#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the test set: large pictures and the small ones that a network gets.

make_test.py --pages DIR --fonts DIR --out DIR

OUT/hr has the true pictures, OUT/clean and OUT/jpeg80 the small ones, all PNG; names begin with the
column they count in: art, letters, tone, strokes, flat; hair (dense, bent strokes), hatch (one to
three layers of lines) and levels (art with grey blacks, tinted paper or too much contrast, which the
true picture has, too: a network that sees no whole page cannot know better). Every second picture of
art, letters, tone and hair is also in OUT/paper, scan, skew, webp60 and twice: damage that scans.py
describes. Titles, fonts and rulings are others than in training; the same seed gives the same set.
"""
import argparse
import os
import random
import sys

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import lettering  # noqa: E402
import make_set  # noqa: E402
import scans  # noqa: E402
import test_strokes  # noqa: E402

SIDE = 384
REDUCE = (Image.BOX, Image.LANCZOS, Image.BICUBIC, Image.BOX)


def art(folder, rng, per_page=1):
    """The liveliest of some crops of each held-out page."""
    for name in make_set.sources('test'):
        path = os.path.join(folder, name)
        if not os.path.exists(path) or name.startswith('tone_'):
            continue
        page = Image.open(path).convert('RGB')
        crops = []
        for _ in range(6):
            x, y = rng.randrange(page.width - SIDE + 1), rng.randrange(page.height - SIDE + 1)
            crop = page.crop((x, y, x + SIDE, y + SIDE))
            crops.append((np.asarray(crop).std(), x, crop))
        crops.sort(key=lambda c: c[:2], reverse=True)
        for _, _, crop in crops[1:1 + per_page]:
            yield crop


def grid(scale):
    axis = (np.arange(SIDE * scale) + .5) / scale
    return axis[None, :], axis[:, None]


def tone(rng):
    """Dots, lines or crossed lines over a gradient, drawn at four times the size and averaged."""
    x, y = grid(4)
    period = rng.choice((3.7, 4.3, 5.1, 5.9, 6.7, 7.6, 9.1))
    angle = np.deg2rad(rng.choice((45, 45, 45, 52, 22, 8, 67)))
    u = (x * np.cos(angle) + y * np.sin(angle)) / period
    v = (y * np.cos(angle) - x * np.sin(angle)) / period
    a = rng.uniform(0, 6.28)
    g = .5 + rng.uniform(.2, .45) * np.sin((x * np.cos(a) + y * np.sin(a)) / SIDE * 3 + a)
    if rng.random() < .35:
        g = np.floor(g * 4) / 4 + .1
    t = .5 - (np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v)) / 4
    if rng.random() < .2:
        t = .5 - np.cos(2 * np.pi * u) / 2
    page = 1 - (t < g).astype(np.float32)
    for _ in range(3):  # solid ink and white shapes over it
        cx, cy, r = (rng.uniform(0, SIDE) for _ in range(3))
        near = np.hypot(x - cx, (y - cy) * rng.uniform(.5, 1.6)) - r * .35
        page = np.where(np.abs(near) < rng.uniform(.6, 2.5), 0, page)
        if rng.random() < .4:
            page = np.where(near < -3, rng.choice((0, 1)), page)
    page = page.reshape(SIDE, 4, SIDE, 4).mean((1, 3))
    return Image.fromarray(np.round(page * 255).astype(np.uint8)).convert('RGB')


def strokes(rng):
    """Hair and hatching: bent, tapered strokes, each drawn apart."""
    x, y = grid(3)
    page = np.ones((SIDE * 3, SIDE * 3), np.float32)
    for _ in range(rng.choice((90, 160, 240))):
        cx, cy = rng.uniform(-40, SIDE + 40), rng.uniform(-40, SIDE + 40)
        a = np.sin(cx / 90 + 1) + np.cos(cy / 110) + rng.gauss(0, .08)
        u = (x - cx) * np.cos(a) + (y - cy) * np.sin(a)
        v = (y - cy) * np.cos(a) - (x - cx) * np.sin(a)
        v = v + rng.uniform(-.002, .002) * u * u
        half = rng.uniform(25, 110)
        width = rng.uniform(.7, 2.6) * np.clip(1.3 * (1 - np.abs(u) / half), 0, 1)
        page[(np.abs(v) < width / 2)] = 0
    page = page.reshape(SIDE, 3, SIDE, 3).mean((1, 3))
    return Image.fromarray(np.round(page * 255).astype(np.uint8)).convert('RGB')


def flat(rng):
    """Flat colours with ink lines between them."""
    x, y = grid(3)
    page = np.empty((SIDE * 3, SIDE * 3, 3), np.float32)
    page[:] = [rng.random() for _ in range(3)]
    for _ in range(9):
        cx, cy, r = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(20, 160)
        near = np.hypot(x - cx, (y - cy) * rng.uniform(.5, 2)) - r
        page[near < 0] = [rng.random() for _ in range(3)]
        page[np.abs(near) < rng.uniform(.5, 2)] = 0
    page = page.reshape(SIDE, 3, SIDE, 3, 3).mean((1, 3))
    return Image.fromarray(np.round(page * 255).astype(np.uint8))


def letters(pen, rng):
    page = pen.tile(SIDE, 10, 40)
    if rng.random() < .2:
        page = page.point(lambda v: 255 - v)
    return page.convert('RGB')


def save(out, name, page, reduce):
    small = page.resize((page.width // 2, page.height // 2), reduce)
    page.save(os.path.join(out, 'hr', name))
    small.save(os.path.join(out, 'clean', name))
    scans.jpeg(small, 80).save(os.path.join(out, 'jpeg80', name))
    return small


def damaged(out, name, small, seed):
    """The kinds of damage beside JPEG."""
    for kind, damage in scans.KINDS.items():
        folder = os.path.join(out, kind)
        os.makedirs(folder, exist_ok=True)
        # Of its own name alone: other pictures do not change it.
        damage(small, np.random.default_rng([seed, *kind.encode(), *name.encode()])).save(
            os.path.join(folder, name))


def drawn(args):
    """The columns, in the order in which they were added: each takes its turn of the numbers."""
    rng = random.Random(args.seed)
    tsv = os.path.join(os.path.dirname(HERE), 'fonts.tsv')
    pen = lettering.letterer('test', tsv, args.fonts, args.seed)
    columns = {'art': list(art(args.pages, rng)), 'letters': [letters(pen, rng) for _ in range(14)],
               'tone': [tone(rng) for _ in range(14)], 'strokes': [strokes(rng) for _ in range(6)],
               'flat': [flat(rng) for _ in range(4)]}
    rng = random.Random(args.seed + 1)
    columns['hair'] = [test_strokes.hair(SIDE, rng) for _ in range(8)]
    columns['hatch'] = [test_strokes.hatch(SIDE, rng) for _ in range(8)]
    columns['levels'] = [scans.levels(page, k, rng) for k, page in enumerate(columns['art'][::5])]
    return columns


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--pages', required=True)
    parser.add_argument('--fonts', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('--seed', type=int, default=14)
    parser.add_argument('--each', type=int, default=0, help='so many pictures of a column at most')
    args = parser.parse_args()
    for kind in ('hr', 'clean', 'jpeg80'):
        os.makedirs(os.path.join(args.out, kind), exist_ok=True)
    for column, pictures in drawn(args).items():
        pictures = pictures[:args.each] if args.each else pictures
        for k, page in enumerate(pictures):
            name = f'{column}{k:02}.png'
            small = save(args.out, name, page, REDUCE[k % len(REDUCE)])
            if column in ('art', 'letters', 'tone', 'hair') and k % 2 == 0:
                damaged(args.out, name, small, args.seed)
        print(column, len(pictures))


if __name__ == '__main__':
    main()
