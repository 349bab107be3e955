# SPDX-License-Identifier: MIT
"""Pages of noise, and books of them, for queues: the tests and the bench share them."""
import random
import struct
import zipfile
import zlib


def make_png(width, height, seed):
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(width) for _ in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def make_book(path, pages, seed, size=(40, 48), extra=()):
    with zipfile.ZipFile(path, "w") as book:
        for page in range(pages):
            book.writestr(zipfile.ZipInfo(f"{page:04}.png"), make_png(*size, f"{seed}-{page}"))
        for name, data in extra:
            book.writestr(zipfile.ZipInfo(name), data)
