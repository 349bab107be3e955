#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns page.svg, strip.svg and painting.svg (RGB) and manga.svg (one channel) into PNG files, well
packed. Needs rsvg-convert (Debian: librsvg2-bin)."""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "e2e"))
import png  # noqa: E402


def rasterise(name, channels):
    source = os.path.join(HERE, name + ".svg")
    image = png.Image(subprocess.run(["rsvg-convert", source], check=True, capture_output=True).stdout)
    picked = bytearray()
    for i in range(0, len(image.samples), image.channels):
        picked += image.samples[i:i + channels]
    # Flat colours pack best unfiltered, gradients filtered: whichever comes out smaller.
    files = [png.encode(image.width, image.height, channels, bytes(picked), level=9, filters=f)
             for f in (False, True)]
    with open(os.path.join(HERE, name + ".png"), "wb") as file:
        file.write(min(files, key=len))


if __name__ == "__main__":
    rasterise("page", 3)
    rasterise("manga", 1)
    rasterise("strip", 3)
    rasterise("painting", 3)
