#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which quality of JPEG, AVIF and JPEG XL looks as good as WebP with another, by SSIM, and what it costs.

quality.py BUILD PAGE...

Encodes the middle of each page (800 pixels a side) with many qualities by the library, and compares with planche
compare. Between two qualities the logarithm of 1 - SSIM is interpolated.
"""
import ctypes
import json
import math
import os
import subprocess
import sys
import tempfile

SIDE = 800
WEBP = [80, 85, 90, 95]
OTHERS = {"jpg": [75, 80, 85, 90, 93, 95, 97], "avif": [55, 60, 65, 70, 75, 80, 85, 90, 95],
          "jxl": [65, 70, 75, 80, 85, 90, 95, 97]}
CHANNELS = [0, 1, 2, 3, 4, 1, 2, 3, 4]  # of enum planche_pixel_format


class Pixels(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("format", ctypes.c_int), ("width", ctypes.c_uint32),
                ("height", ctypes.c_uint32), ("stride", ctypes.c_size_t), ("data", ctypes.c_void_p)]


class Options(ctypes.Structure):
    """The beginning of struct planche_page_options."""
    _fields_ = [("struct_size", ctypes.c_size_t), ("format", ctypes.c_int), ("quality", ctypes.c_int),
                ("lossless", ctypes.c_int), ("effort", ctypes.c_int), ("overwrite", ctypes.c_int)]


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("message", ctypes.c_char * 512)]


class Library:
    def __init__(self, build):
        self.lib = ctypes.CDLL(os.path.join(build, "libplanche.so"))
        self.planche = os.path.join(build, "tools", "planche", "planche")

    def call(self, name, *arguments):
        error = Error()
        if getattr(self.lib, name)(*arguments, ctypes.byref(error)) != 0:
            sys.exit(error.message.decode())

    def read(self, path):
        """Pixels, which stay valid as long as the process."""
        image = ctypes.c_void_p()
        pixels = Pixels(struct_size=ctypes.sizeof(Pixels))
        self.call("planche_image_read", ctypes.byref(image), path.encode(), None)
        self.call("planche_image_get_pixels", image, ctypes.byref(pixels))
        return pixels

    def read_middle(self, path):
        """As read, of the middle alone."""
        pixels = self.read(path)
        width, height = min(SIDE, pixels.width), min(SIDE, pixels.height)
        size = CHANNELS[pixels.format] * (2 if pixels.format > 4 else 1)
        pixels.data += (pixels.height - height) // 2 * pixels.stride + (pixels.width - width) // 2 * size
        pixels.width, pixels.height = width, height
        return pixels

    def write(self, path, pixels, quality=0, effort=0, lossless=0):
        options = Options(struct_size=ctypes.sizeof(Options), quality=quality, effort=effort, lossless=lossless,
                          overwrite=1)
        self.call("planche_image_write", path.encode(), ctypes.byref(pixels), None, ctypes.byref(options))

    def measure(self, pixels, reference, extension, quality, folder):
        """-log10(1 - SSIM), bytes."""
        path = os.path.join(folder, "page." + extension)
        self.write(path, pixels, quality)
        result = subprocess.run([self.planche, "compare", "--json", reference, path], check=True,
                                capture_output=True, text=True)
        return -math.log10(max(1e-12, 1 - json.loads(result.stdout)["ssim"])), os.path.getsize(path)


def equal(curve, wanted):
    """The quality and the bytes at which a curve {quality: (similarity, bytes)} has a similarity."""
    qualities = sorted(curve)
    for low, high in zip(qualities, qualities[1:]):
        (a, few), (b, many) = curve[low], curve[high]
        if a <= wanted <= b:
            part = (wanted - a) / (b - a) if b > a else 0
            return low + (high - low) * part, few * (many / few) ** part
    return None


def main():
    library = Library(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        reference = os.path.join(folder, "reference.png")
        for page in sys.argv[2:]:
            pixels = library.read_middle(page)
            library.write(reference, pixels)
            curves = {extension: {q: library.measure(pixels, reference, extension, q, folder) for q in qualities}
                      for extension, qualities in OTHERS.items()}
            print(page)
            for quality in WEBP:
                similarity, size = library.measure(pixels, reference, "webp", quality, folder)
                line = f"  webp {quality}: SSIM {1 - 10 ** -similarity:.5f}, {size} bytes"
                for extension, curve in curves.items():
                    same = equal(curve, similarity)
                    line += f"; {extension} {same[0]:.0f}, {same[1] / size:.2f} times" if same else f"; {extension} ?"
                print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
