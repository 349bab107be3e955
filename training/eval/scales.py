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
import subprocess
import sys

from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import goals  # noqa: E402
import make_test  # noqa: E402
import measure  # noqa: E402
import scans  # noqa: E402

COLUMNS = ('art', 'letters', 'tone', 'strokes', 'flat')


def reduced(test, scale, folder):
    """The small pages; those that are there are kept."""
    os.makedirs(folder, exist_ok=True)
    out = []
    for column in COLUMNS:
        for k, path in enumerate(sorted(glob.glob(os.path.join(test, 'hr', column + '*.png')))):
            small = os.path.join(folder, os.path.basename(path))
            out.append(small)
            if os.path.exists(small):
                continue
            page = Image.open(path).convert('RGB')
            size = (page.width // scale, page.height // scale)
            page = page.resize(size, make_test.REDUCE[k % 4]) if scale > 1 else scans.jpeg(page, 80)
            page.save(small)
    return out


def enlarge(planche, model, scale, files, out):
    command = [planche, '-m', model, '-n', '1' if scale == 1 else '-1', '-s', str(scale), '-f', 'png',
               '--effort', '1', '--backend', 'cpu', '--no-mark', '--again', *files, '-o', out + '/']
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f'{planche} -m {model}: {done.stderr.decode()[-800:]}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('planche')
    parser.add_argument('test')
    parser.add_argument('cache')
    parser.add_argument('scale', type=int, choices=(1, 3, 4))
    parser.add_argument('nets', nargs='+')
    args = parser.parse_args()
    files = reduced(args.test, args.scale, os.path.join(args.cache, f'scale{args.scale}'))
    print(f'{"":16}' + ''.join(f'{column:>8}' for column in COLUMNS))
    with multiprocessing.Pool() as pool:
        for spec in args.nets:
            name, kept, model, _ = goals.candidate(spec, args.cache)
            out = os.path.join(args.cache, f'{kept}-scale{args.scale}')
            enlarge(args.planche, model, args.scale, files, out)
            found = measure.columns(args.test, out, run=pool.map)
            print(f'{name:16}' + ''.join(f'{found[c]["psnr"]:8.2f}' for c in COLUMNS), flush=True)


if __name__ == '__main__':
    main()
