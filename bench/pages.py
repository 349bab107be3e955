# SPDX-License-Identifier: MIT
"""Pages of any size: the sample page, repeated and cut."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
import png  # noqa: E402 # pylint: disable=wrong-import-position


class Pages:
    """Makes each size once, in a folder that the caller owns."""

    def __init__(self, folder, source=None):
        self.folder = folder
        self.source = source or os.path.join(ROOT, "samples", "page.png")
        self.image = None

    def get(self, width, height):
        path = os.path.join(self.folder, f"page-{width}x{height}.png")
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(self.make(width, height))
        return path

    def make(self, width, height, skip=0):
        """Its PNG; skip rows of the sample, so that pages differ."""
        if self.image is None:
            with open(self.source, "rb") as file:
                self.image = png.Image(file.read())
        image, stride = self.image, self.image.width * self.image.channels
        assert image.depth == 8, "a page of 8 bits is wanted"
        copies = -(-width // image.width)
        rows = [(image.samples[y * stride:(y + 1) * stride] * copies)[:width * image.channels]
                for y in range(min(height, image.height))]
        samples = b"".join(rows[(y + skip) % len(rows)] for y in range(height))
        return png.encode(width, height, image.channels, samples, level=3)
