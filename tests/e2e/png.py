# SPDX-License-Identifier: MIT
"""PNG files with nothing but the standard library: enough to make test pages and to look at results."""
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data) & 0xFFFFFFFF))


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(kind, row, above, step):
    """One row (bytes) as PNG filter kind stores it."""
    if kind == 0:
        return row
    left = bytes(step) + row[:-step] if len(row) >= step else bytes(len(row))
    if kind == 1:
        return bytes((x - a) & 255 for x, a in zip(row, left))
    if kind == 2:
        return bytes((x - b) & 255 for x, b in zip(row, above))
    if kind == 3:
        return bytes((x - (a + b) // 2) & 255 for x, a, b in zip(row, left, above))
    corner = bytes(step) + above[:-step]
    return bytes((x - paeth(a, b, c)) & 255 for x, a, b, c in zip(row, left, above, corner))


def unfiltered(kind, data, above, step):
    row = bytearray(data)
    for i, x in enumerate(row):
        a = row[i - step] if i >= step else 0
        b = above[i]
        c = above[i - step] if i >= step else 0
        row[i] = (x + (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) & 255
    return bytes(row)


def cheapest(row, above, step):
    """The filter whose result is smallest in sum, as libpng's manual suggests."""
    tries = ((kind, filtered(kind, row, above, step)) for kind in range(5))
    return min(tries, key=lambda t: sum(min(x, 256 - x) for x in t[1]))


def encode(width, height, channels, samples, depth=8, extra=(), level=6, filters=False):
    """A PNG file. samples: bytes, rows of interleaved channels, 16-bit samples high byte first.
    extra: chunks (kind, data) between IHDR and IDAT. filters: choose one for each row."""
    step = channels * depth // 8
    stride = width * step
    assert len(samples) == stride * height
    rows, above = [], bytes(stride)
    for y in range(height):
        row = samples[y * stride:(y + 1) * stride]
        kind, data = cheapest(row, above, step) if filters else (0, row)
        rows.append(bytes([kind]) + data)
        above = row
    header = struct.pack(">IIBBBBB", width, height, depth, COLOUR_TYPE[channels], 0, 0, 0)
    return (SIGNATURE + chunk(b"IHDR", header) + b"".join(chunk(k, d) for k, d in extra)
            + chunk(b"IDAT", zlib.compress(b"".join(rows), level)) + chunk(b"IEND", b""))


def chunks(data):
    """(kind, content) of every chunk."""
    assert data[:8] == SIGNATURE, "not a PNG file"
    at = 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + 8 + length]
        at += 12 + length


class Image:
    """A decoded file: width, height, channels, depth, samples (as for encode), extra (a dict)."""

    def __init__(self, data):
        stream, self.extra = b"", {}
        for kind, content in chunks(data):
            if kind == b"IHDR":
                (self.width, self.height, self.depth, colour, _, _,
                 interlaced) = struct.unpack(">IIBBBBB", content)
                assert self.depth in (8, 16) and not interlaced and colour != 3
                self.channels = CHANNELS[colour]
            elif kind == b"IDAT":
                stream += content
            else:
                self.extra[kind] = content
        raw = zlib.decompress(stream)
        step = self.channels * self.depth // 8
        stride = self.width * step
        assert len(raw) == (stride + 1) * self.height, "rows are missing"
        rows, above = [], bytes(stride)
        for y in range(self.height):
            line = raw[y * (stride + 1):(y + 1) * (stride + 1)]
            above = unfiltered(line[0], line[1:], above, step)
            rows.append(above)
        self.samples = b"".join(rows)

    def pixel(self, x, y):
        """The samples of a pixel, as numbers."""
        size = self.depth // 8
        at = (y * self.width + x) * self.channels * size
        return tuple(int.from_bytes(self.samples[at + i * size:at + (i + 1) * size], "big")
                     for i in range(self.channels))

    def mean(self, channel=0):
        size = self.depth // 8
        step = self.channels * size
        return sum(self.samples[channel * size::step]) / (self.width * self.height)
