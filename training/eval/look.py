#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pictures to look at: the same places of the test set, true, enlarged by Lanczos, and by networks.

look.py TEST OUT.png FOLDER... [--pictures NAME,NAME] [--side 112]

FOLDER: pictures that run.py or goals.py made (cache/NAME-clean). A row for each picture, at the place
where the folders differ most from the true one (or at --at X,Y), twice as large, without smoothing.
Needs numpy and Pillow.
"""
import argparse
import os
import sys

import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import measure  # noqa: E402

PICTURES = 'art02,art11,art25,letters01,letters05,tone04,strokes02,flat01,hair02,hatch01'


def worst(true, made, side):
    """Left and top of the window in which the folders are farthest from the true picture."""
    error = sum(((true - m) ** 2).mean(2) for m in made)
    means = measure.box(error, side)
    y, x = np.unravel_index(means.argmax(), means.shape)
    return int(x), int(y)


def row(test, folders, name, args):
    true = measure.load(os.path.join(test, 'hr', name))
    made = [measure.load(os.path.join(folder, name)) for folder in folders]
    small = Image.open(os.path.join(test, args.kind, name)).convert('RGB')
    lanczos = small.resize((true.shape[1], true.shape[0]), Image.LANCZOS)
    x, y = (int(v) for v in args.at.split(',')) if args.at else worst(true, made, args.side)
    cut = (slice(y, y + args.side), slice(x, x + args.side))
    for pane in (true, np.asarray(lanczos), *made):
        pane = Image.fromarray(pane[cut].astype(np.uint8))
        yield pane.resize((2 * args.side, 2 * args.side), Image.NEAREST)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('test')
    parser.add_argument('out')
    parser.add_argument('folders', nargs='+')
    parser.add_argument('--pictures', default=PICTURES)
    parser.add_argument('--kind', default='clean', help='what Lanczos enlarges: a folder of TEST')
    parser.add_argument('--side', type=int, default=112, help='of a window, in pixels')
    parser.add_argument('--at', help='X,Y of the window')
    args = parser.parse_intermixed_args()
    names = [n + '.png' for n in args.pictures.split(',')]
    names = [n for n in names if all(os.path.exists(os.path.join(f, n)) for f in args.folders)]
    if not names:
        raise SystemExit('no folder has these pictures')
    step, top = 2 * args.side + 6, 16
    sheet = Image.new('RGB', (step * (2 + len(args.folders)), top + step * len(names)), 'white')
    pen = ImageDraw.Draw(sheet)
    for k, title in enumerate(['true', 'Lanczos', *(os.path.basename(f.rstrip('/'))
                                                    for f in args.folders)]):
        pen.text((k * step + 2, 2), title, fill=0)
    for j, name in enumerate(names):
        for k, pane in enumerate(row(args.test, args.folders, name, args)):
            sheet.paste(pane, (k * step, top + j * step))
    sheet.save(args.out)


if __name__ == '__main__':
    main()
