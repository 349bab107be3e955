# SPDX-License-Identifier: MIT
"""Pages of noise, and books of them, for queues: the tests and the bench share them."""
import os
import random
import sys
import zipfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import png  # pylint: disable=wrong-import-position  # noqa: E402


def make_png(width, height, seed):
    noise = random.Random(seed)
    return png.encode(width, height, 1, b"".join(noise.randbytes(width) for _ in range(height)), level=1)


def make_book(path, pages, seed, size=(40, 48), extra=()):
    with zipfile.ZipFile(path, "w") as book:
        for page in range(pages):
            book.writestr(zipfile.ZipInfo(f"{page:04}.png"), make_png(*size, f"{seed}-{page}"))
        for name, data in extra:
            book.writestr(zipfile.ZipInfo(name), data)
