#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures enlarged pictures of the test set of make_test.py against the true ones.

measure.py TEST RESULT...     RESULT: a folder of pictures with the names of TEST/hr

A line for each folder and column. psnr: of the colours; y: psnr of the luminance; ssim: of the
luminance. hf: share of the fine structure that is right, 1 is perfect (the regression of it on the
true one). tone: mean error of the means of 16 pixels, in levels. moire: energy of waves longer than
16 pixels that the true picture has not, in levels. colour: mean shift of a colour difference, in
levels. width: error of the area of ink, in percent. Needs numpy and Pillow only.
"""
import argparse
import glob
import multiprocessing
import os

import numpy as np
from PIL import Image

LUMA = np.array([.299, .587, .114])
BORDER = 8


def load(path):
    return np.asarray(Image.open(path).convert('RGB')).astype(np.float64)


def box(x, w):
    """Means of all windows of w by w pixels."""
    c = np.pad(x.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return (c[w:, w:] - c[:-w, w:] - c[w:, :-w] + c[:-w, :-w]) / (w * w)


def ssim(a, b, w=8):
    ma, mb = box(a, w), box(b, w)
    va, vb, cv = box(a * a, w) - ma * ma, box(b * b, w) - mb * mb, box(a * b, w) - ma * mb
    c1, c2 = 6.5025, 58.5225
    return (((2 * ma * mb + c1) * (2 * cv + c2))
            / ((ma * ma + mb * mb + c1) * (va + vb + c2))).mean()


def fine(y, w=9):
    """What is above the local mean."""
    h = w // 2
    return y[h:-h, h:-h] - box(y, w)


def blocks(x, w):
    h, v = x.shape[0] // w * w, x.shape[1] // w * w
    return x[:h, :v].reshape(h // w, w, v // w, w, -1).mean((1, 3))


def low_waves(y):
    """The picture without waves shorter than 16 pixels."""
    f = np.fft.rfft2(y - y.mean())
    fy, fx = np.fft.fftfreq(y.shape[0])[:, None], np.fft.rfftfreq(y.shape[1])[None]
    return np.fft.irfft2(f * (np.hypot(fy, fx) < 1 / 16), y.shape)


def figures(true, made):
    """The figures of one picture."""
    cut = slice(BORDER, -BORDER)
    a, b = true[cut, cut], made[cut, cut]
    ya, yb = a @ LUMA, b @ LUMA
    fa, fb = fine(ya), fine(yb)
    ca, cb = a - ya[..., None], b - yb[..., None]
    ink = (255 - ya).sum()
    return {
        'psnr': 10 * np.log10(65025 / max(1e-9, ((a - b) ** 2).mean())),
        'y': 10 * np.log10(65025 / max(1e-9, ((ya - yb) ** 2).mean())),
        'ssim': ssim(ya, yb),
        'hf': (fa * fb).mean() / max(1e-9, (fa * fa).mean()),
        'tone': np.abs(blocks(a, 16) - blocks(b, 16)).mean(),
        'moire': np.sqrt(np.mean((low_waves(yb) - low_waves(ya)) ** 2)),
        'colour': np.abs((cb - ca).mean((0, 1))).mean(),
        'width': 100 * abs((np.minimum(yb, 255) - ya).sum()) / max(1., ink),
    }


def one(task):
    """The figures of one picture of a folder."""
    test, folder, name = task
    true, made = load(os.path.join(test, 'hr', name)), load(os.path.join(folder, name))
    if true.shape != made.shape:
        raise SystemExit(f'{os.path.join(folder, name)}: {made.shape[1]}x{made.shape[0]}, not '
                         f'{true.shape[1]}x{true.shape[0]}')
    return figures(true, made)


def column_of(name):
    return os.path.splitext(os.path.basename(name))[0].rstrip('0123456789')


def columns(test, folder, only=(), run=map):
    """Mean figures of a folder by column: {column: {figure: mean}}. run: map, or that of a pool."""
    names = [os.path.basename(p) for p in sorted(glob.glob(os.path.join(test, 'hr', '*.png')))]
    names = [n for n in names if os.path.exists(os.path.join(folder, n))
             and (not only or column_of(n) in only)]
    rows = {}
    for name, row in zip(names, run(one, [(test, folder, n) for n in names])):
        rows.setdefault(column_of(name), []).append(row)
    return {column: {key: float(np.mean([r[key] for r in each])) for key in each[0]}
            for column, each in rows.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('test')
    parser.add_argument('results', nargs='+')
    parser.add_argument('--only', help='columns, with commas')
    args = parser.parse_args()
    only = args.only.split(',') if args.only else ()
    with multiprocessing.Pool() as pool:
        for folder in args.results:
            for column, means in columns(args.test, folder, only, pool.map).items():
                print(f'{os.path.basename(folder.rstrip("/")):24} {column:8}',
                      ' '.join(f'{key} {value:.{4 if key in ("ssim", "hf") else 2}f}'
                               for key, value in means.items()))


if __name__ == '__main__':
    main()
