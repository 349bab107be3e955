#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Packs a training set: free pages and lettering in one zip.

make_set.py --pages DIR --fonts DIR --out FILE [--limit MIB]

DIR of --pages has the files that sources.tsv lists (others are left out); --fonts is where the
packages of fonts.tsv are unpacked. A page is stored as it is or as JPEG, whichever is smaller: with
colours at full resolution and as fine as the luminance, since networks learn soft colours else. The
same arguments give the same pages in the same order; how large they are as JPEG, and so the quality
that fits, depends on Pillow's version.
"""
import argparse
import io
import os
import zipfile

from PIL import Image

import lettering
import quantisation

HERE = os.path.dirname(os.path.abspath(__file__))
LEAST_QUALITY = 85


def sources(use, tsv=os.path.join(HERE, 'sources.tsv')):
    """Names of the files for `use`."""
    with open(tsv, encoding='utf-8') as stream:
        rows = [line.rstrip('\n').split('\t') for line in stream if not line.startswith('#')]
    return [row[1] for row in rows if row[0] == use]


def packed(path, quality):
    """The bytes of a page and the ending of their name."""
    with open(path, 'rb') as stream:
        whole = stream.read()
    jpeg = io.BytesIO()
    Image.open(io.BytesIO(whole)).convert('RGB').save(
        jpeg, 'JPEG', quality=100, qtables=[quantisation.luminance(quality)] * 2, subsampling=0, optimize=True,
        progressive=True)
    if len(jpeg.getvalue()) < .7 * len(whole):
        return jpeg.getvalue(), '.jpg'
    return whole, '.webp'


def letters(folder, count, side, seed):
    """Tiles of lettering as lossless WebP."""
    pen = lettering.letterer('train', os.path.join(HERE, 'fonts.tsv'), folder, seed)
    for _ in range(count):
        out = io.BytesIO()
        pen.tile(side).save(out, 'WEBP', lossless=True, method=2)
        yield out.getvalue()


def pages(args):
    """(name, path) of the pages that are packed."""
    skip, there = tuple(s for s in args.skip.split(',') if s), 0
    for name in sources('train'):
        path = os.path.join(args.pages, name)
        if not os.path.exists(path):
            print('not there:', name)
        elif not (skip and name.startswith(skip)) and (not args.take or there < args.take):
            there += 1
            yield name, path


def pack(args, tiles, quality):
    """Writes the set and gives its size in MiB, which may be too large: it is not whole then."""
    size = 0
    with zipfile.ZipFile(args.out, 'w') as out:
        def put(name, data):
            nonlocal size
            size += (len(data) + 200) / 2 ** 20
            out.writestr(zipfile.ZipInfo(name), data)

        for k, data in enumerate(tiles):
            put(f'letters/{k:04}.webp', data)
        for name, path in args.files:
            data, ending = packed(path, quality)
            put('pages/' + name.split('.')[0] + ending, data)
            if size > args.limit:
                break
    return size


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--pages', required=True)
    parser.add_argument('--fonts', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('--limit', type=float, default=55, help='MiB (default 55)')
    parser.add_argument('--letters', type=int, default=240, help='tiles of lettering')
    parser.add_argument('--quality', type=int, default=93,
                        help=f'of pages kept as JPEG; down to {LEAST_QUALITY} if the set is too large')
    parser.add_argument('--skip', default='', help='prefixes of pages to leave out, with commas')
    parser.add_argument('--take', type=int, default=0, help='so many pages at most')
    parser.add_argument('--seed', type=int, default=1)
    args = parser.parse_args()
    args.files = list(pages(args))
    tiles = list(letters(args.fonts, args.letters, 512, args.seed))
    for quality in range(args.quality, min(LEAST_QUALITY, args.quality) - 1, -2):
        size = pack(args, tiles, quality)
        if size <= args.limit:
            print(f'{args.out}: {size:.1f} MiB, pages of quality {quality}')
            return
    os.remove(args.out)
    raise SystemExit(f'{args.out}: more than {args.limit} MiB: lower --letters, or --skip pages')


if __name__ == '__main__':
    main()
