# SPDX-License-Identifier: MIT
"""Damage of the test set beside one JPEG: as scanners, paper and web sites do it. Needs numpy and
Pillow. It is written apart from ../degrade.py, so that what is measured is not what was trained."""
import io

import numpy as np
from PIL import Image


def array(picture):
    return np.asarray(picture.convert('RGB')).astype(np.float64)


def picture_of(x):
    return Image.fromarray(np.clip(np.round(x), 0, 255).astype(np.uint8))


def saved(picture, form, **options):
    """What is left of a picture in a lossy file."""
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return Image.open(stream).convert('RGB')


def jpeg(picture, quality):
    return saved(picture, 'JPEG', quality=quality)


def smooth(rng, shape, cell):
    """Noise of unit variance with features of `cell` pixels."""
    small = rng.standard_normal((int(shape[0] / cell) + 2, int(shape[1] / cell) + 2))
    x = Image.fromarray(small.astype(np.float32)).resize((shape[1], shape[0]), Image.BICUBIC)
    x = np.asarray(x, np.float64)
    return (x - x.mean()) / (x.std() + 1e-9)


def paper(picture, rng):
    """Paper with grain and fibres, and the other side shining through; then JPEG 90. It is not
    yellow: a tint stays, so the true picture would need it, too (levels())."""
    x = array(picture)
    h, w = x.shape[:2]
    grain = 1.6 * smooth(rng, (h, w), 1.5) + 2.2 * smooth(rng, (h, w), 5)
    fibres = 1.5 * np.asarray(Image.fromarray(smooth(rng, (h, w), 2).astype(np.float32)).resize(
        (w, h // 6)).resize((w, h), Image.BICUBIC), np.float64)
    behind = x[:, ::-1].mean(2)
    behind = np.asarray(Image.fromarray(behind.astype(np.float32)).resize((w // 6, h // 6)).resize(
        (w, h), Image.BICUBIC), np.float64)
    texture = (grain + fibres) * rng.uniform(.6, 1.1) - (255 - behind) * .03 - 3
    x = x + texture[..., None] * (x / 255)
    return jpeg(picture_of(x), 90)


def scan(picture, rng):
    """Blur of the optics, more across than down, noise of the sensor; then JPEG 85."""
    x = array(picture)
    for axis, spread in ((0, rng.uniform(.35, .55)), (1, rng.uniform(.45, .8))):
        taps = np.exp(-np.arange(-3, 4) ** 2 / (2 * spread * spread))
        taps /= taps.sum()
        padded = np.pad(x, [(3, 3) if a == axis else (0, 0) for a in range(3)], 'edge')
        x = sum(t * np.take(padded, np.arange(k, k + x.shape[axis]), axis)
                for k, t in enumerate(taps))
    x = x + rng.normal(0, rng.uniform(1.5, 4), x.shape[:2])[..., None]
    return jpeg(picture_of(x), 85)


def skew(picture, rng):
    """Scanned at an angle and made straight again: interpolated twice. The place is the same."""
    x = np.pad(array(picture), ((16, 16), (16, 16), (0, 0)), 'edge')
    angle = rng.uniform(.4, 1.5) * rng.choice((-1, 1))
    turned = picture_of(x).rotate(angle, Image.BICUBIC).rotate(-angle, Image.BILINEAR)
    return jpeg(turned.crop((16, 16, 16 + picture.width, 16 + picture.height)), 90)


def webp60(picture, _):
    return saved(picture, 'WEBP', quality=60)


def twice(picture, rng):
    """JPEG 80, cut by a few pixels, JPEG 75: the blocks lie elsewhere."""
    dx, dy = (int(rng.integers(1, 8)) for _ in range(2))
    x = np.pad(array(picture), ((dy, 16), (dx, 16), (0, 0)), 'edge')
    first = jpeg(picture_of(x), 80)
    return jpeg(first.crop((dx, dy, dx + picture.width, dy + picture.height)), 75)


KINDS = {'paper': paper, 'scan': scan, 'skew': skew, 'webp60': webp60, 'twice': twice}


def levels(picture, kind, rng):
    """Grey blacks and tinted paper, or too much contrast: of the true picture itself."""
    x = array(picture)
    if kind % 2:
        low, high = rng.uniform(15, 45), rng.uniform(205, 240)
        return picture_of((x - low) * 255 / (high - low))
    black = rng.uniform(12, 40)
    white = np.array([rng.uniform(225, 250), rng.uniform(220, 245), rng.uniform(205, 235)])
    return picture_of(black + x / 255 * (white - black))
