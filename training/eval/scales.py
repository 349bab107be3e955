#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Networks for other scales than 2.

scales.py PLANCHE TEST CACHE SCALE [NAME=]NET...

NET: a file of train.py (NET.npz) or of Planche's own networks (NET.planche), or a model of the command
(medium). A file for scale 2 is run as the command does it: as a chain of networks. The pictures are the
true ones of TEST, reduced by box, Lanczos and bicubic filters in turn, and run at level -1; at scale 1
they are JPEG files of quality 80, run at level 1. The table is PSNR in dB.
"""
import argparse
import glob
import multiprocessing
import os
import sys

from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import goals  # noqa: E402
import make_test  # noqa: E402
import measure  # noqa: E402
import scans  # noqa: E402


def reduced(test, scale, folder):
    """The small pages; those that are there are kept."""
    os.makedirs(folder, exist_ok=True)
    out = []
    for column in goals.COLUMNS:
        for k, path in enumerate(sorted(glob.glob(os.path.join(test, 'hr', column + '*.png')))):
            small = os.path.join(folder, os.path.basename(path))
            out.append(small)
            if os.path.exists(small):
                continue
            page = Image.open(path).convert('RGB')
            if scale == 1:
                page = scans.jpeg(page, 80)
            else:
                page = page.resize((page.width // scale, page.height // scale),
                                   make_test.REDUCE[k % len(make_test.REDUCE)])
            page.save(small + '.part', 'PNG')  # renamed when it is whole
            os.rename(small + '.part', small)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('planche')
    parser.add_argument('test')
    parser.add_argument('cache')
    parser.add_argument('scale', type=int, choices=(1, 3, 4))
    parser.add_argument('nets', nargs='+')
    args = parser.parse_args()
    files = reduced(args.test, args.scale, os.path.join(args.cache, f'scale{args.scale}'))
    print(f'{"":16}' + ''.join(f'{column:>8}' for column in goals.COLUMNS))
    with multiprocessing.Pool() as pool:
        for spec in args.nets:
            name, kept, model, _ = goals.candidate(spec, args.cache)
            out = os.path.join(args.cache, f'{kept}-scale{args.scale}')
            level = '1' if args.scale == 1 else '-1'
            goals.enlarge(args.planche, model, level, files, out, args.scale)
            found = measure.columns(args.test, out, run=pool.map)
            print(f'{name:16}' + ''.join(f'{found[c]["psnr"]:8.2f}' for c in goals.COLUMNS),
                  flush=True)


if __name__ == '__main__':
    main()
