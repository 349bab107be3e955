# SPDX-License-Identifier: MIT
"""The tables of annex K of the JPEG standard (ITU-T T.81) and libjpeg's rule of qualities."""

QUANT_Y = (16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57,
           69, 56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55,
           64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100,
           103, 99)
QUANT_C = (17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
           99, 99, 47, 66, 99, 99, 99, 99, 99, 99) + (99,) * 32


def luminance(quality):
    """The quantisation of luminance at a quality, in rows."""
    share = 5000 // quality if quality < 50 else 200 - 2 * quality
    return [max(1, min(255, (q * share + 50) // 100)) for q in QUANT_Y]
