#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures enlarged pictures of the test set of make_test.py against the true ones.

measure.py TEST RESULT...     RESULT: a folder of pictures with the names of TEST/hr

A line for each folder and column:
psnr, y   PSNR of the colours, of the luminance; in dB
ssim      of the luminance
gmsd      spread of the similarity of gradients (Xue et al., arXiv 1308.3052); 0 is perfect
hf        share of the fine structure that is right: its regression on the true one; 1 is perfect
crisp     gradients at the true edges, as a share of the true ones; below 1: soft lines
tone      mean error of the means of 16 pixels, in levels
moire     energy of waves longer than 16 pixels that the true picture has not, in levels
colour    mean shift of a colour difference, in levels
width     error of the area of ink of the picture, in percent
stroke    mean error of the width of strokes in windows of 32 pixels, in pixels
along     share of the energy of strokes that is there and keeps its direction; 1 is perfect
broken    energy along strokes where the true ones have none, as a share of theirs: dots; 0 is perfect

Needs numpy and Pillow only. LPIPS and DISTS are left out: the networks they stand on (VGG, AlexNet)
are in no package; gmsd and crisp stand for them.
"""
import argparse
import glob
import multiprocessing
import os

import numpy as np
from PIL import Image

LUMA = np.array([.299, .587, .114])
BORDER = 8
# Figures in dB, levels or percent: two digits say all.
LEVELS = ('psnr', 'y', 'tone', 'moire', 'colour', 'width')


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


def gradients(y):
    """Differences across two pixels, of the same places."""
    return (y[1:-1, 2:] - y[1:-1, :-2]) / 2, (y[2:, 1:-1] - y[:-2, 1:-1]) / 2


def gmsd(ya, yb):
    """Of pictures reduced by two, with Prewitt's gradients and the constant of the paper."""
    def magnitude(y):
        y = blocks(y, 2)[..., 0]
        rows, columns = y[:-2] + y[1:-1] + y[2:], y[:, :-2] + y[:, 1:-1] + y[:, 2:]
        return np.hypot((rows[:, 2:] - rows[:, :-2]) / 3, (columns[2:] - columns[:-2]) / 3)
    a, b = magnitude(ya), magnitude(yb)
    return ((2 * a * b + 170) / (a * a + b * b + 170)).std()


def crisp(ya, yb):
    a, b = (np.hypot(*gradients(y)) for y in (ya, yb))
    edges = a > 40
    return float(b[edges].mean() / a[edges].mean()) if edges.any() else 1.


def stroke_width(ya, yb, w=32):
    """Twice the area of ink over the length of its outline, which soft edges do not change."""
    if ya.mean() < 128:  # white on black
        ya, yb = 255 - ya, 255 - yb
    sizes = []
    for y in (ya, yb):
        outline = np.hypot(*(np.pad(g, 1) for g in gradients(y)))
        sizes.append((box(255 - y, w)[::w, ::w], box(outline, w)[::w, ::w]))
    (ink, around), (made, made_around) = sizes
    there = around > 4
    if not there.any():
        return 0.
    error = np.abs(made / np.maximum(made_around, 1) - ink / np.maximum(around, 4)) * 2
    return float((error * ink)[there].sum() / ink[there].sum())


def directions(ya, yb, w=9):
    """(along, broken): gradients of strokes run across them. In windows where the true ones have one
    direction, what the made picture has across it, at most as much as the true one, and what it has
    along it, more than the true one."""
    tensors = []
    for y in (ya, yb):
        gx, gy = gradients(y)
        tensors.append((box(gx * gx, w), box(gy * gy, w), box(gx * gy, w)))
    (xx, yy, xy), made = tensors
    turn = .5 * np.arctan2(2 * xy, xx - yy)
    c, s = np.cos(turn), np.sin(turn)
    across, there = (t[0] * c * c + 2 * t[2] * c * s + t[1] * s * s for t in ((xx, yy, xy), made))
    beside, more = xx + yy - across, made[0] + made[1] - there
    strokes = (across > 25) & (across - beside > .5 * (across + beside))
    energy = across[strokes].sum()
    if not energy:
        return 1., 0.
    broken = np.maximum(0, more - beside)
    kept = np.maximum(0, np.minimum(across, there) - broken)
    return float(kept[strokes].sum() / energy), float(broken[strokes].sum() / energy)


def figures(true, made):
    """The figures of one picture."""
    cut = slice(BORDER, -BORDER)
    a, b = true[cut, cut], made[cut, cut]
    ya, yb = a @ LUMA, b @ LUMA
    fa, fb = fine(ya), fine(yb)
    ca, cb = a - ya[..., None], b - yb[..., None]
    ink = (255 - ya).sum()
    along, broken = directions(ya, yb)
    return {
        'psnr': 10 * np.log10(65025 / max(1e-9, ((a - b) ** 2).mean())),
        'y': 10 * np.log10(65025 / max(1e-9, ((ya - yb) ** 2).mean())),
        'ssim': ssim(ya, yb),
        'gmsd': gmsd(ya, yb),
        'hf': (fa * fb).mean() / max(1e-9, (fa * fa).mean()),
        'crisp': crisp(ya, yb),
        'tone': np.abs(blocks(a, 16) - blocks(b, 16)).mean(),
        'moire': np.sqrt(np.mean((low_waves(yb) - low_waves(ya)) ** 2)),
        'colour': np.abs((cb - ca).mean((0, 1))).mean(),
        'width': 100 * abs((np.minimum(yb, 255) - ya).sum()) / max(1., ink),
        'stroke': stroke_width(ya, yb),
        'along': along,
        'broken': broken,
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
                      ' '.join(f'{key} {value:.{2 if key in LEVELS else 4}f}'
                               for key, value in means.items()))


if __name__ == '__main__':
    main()
