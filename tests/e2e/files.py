# SPDX-License-Identifier: MIT
"""Looking into JPEG and WebP files without decoding them, and making an ICC profile."""
import struct


def fixed(value):
    return struct.pack(">i", round(value * 65536))


def xyz(x, y, z):
    return b"XYZ \0\0\0\0" + fixed(x) + fixed(y) + fixed(z)


def icc_profile():
    """A small RGB display profile, version 2, that is not sRGB."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 0x0200) + b"\0\0"
    name = b"Planche test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": xyz(0.2919, 0.6922, 0.0419),
        b"bXYZ": xyz(0.1572, 0.0666, 0.7841),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = (struct.pack(">I4sI", start + len(body), b"\0\0\0\0", 0x02100000) + b"mntrRGB XYZ "
              + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
              + fixed(0.9642) + fixed(1.0) + fixed(0.8249) + bytes(48))
    assert len(header) == 128
    return header + table + body


def exif(orientation):
    """A TIFF structure that holds nothing but an orientation."""
    return b"II*\0\x08\0\0\0" + struct.pack("<HHHIHH", 1, 0x0112, 3, 1, orientation, 0) + bytes(4)


def exif_orientation(data):
    """Of a TIFF structure; 1 if it has none."""
    order = "<" if data[:2] == b"II" else ">"
    at, = struct.unpack_from(order + "I", data, 4)
    count, = struct.unpack_from(order + "H", data, at)
    for i in range(count):
        tag, _, _, value = struct.unpack_from(order + "HHIH", data, at + 2 + 12 * i)
        if tag == 0x0112:
            return value
    return 1


class Jpeg:
    """width, height, components, icc, orientation."""

    def __init__(self, data):
        assert data[:2] == b"\xff\xd8" and data[-2:] == b"\xff\xd9", "not a whole JPEG file"
        self.icc, self.orientation, at = b"", 1, 2
        while data[at + 1] != 0xDA:
            marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
            content = data[at + 4:at + 2 + length]
            if marker in (0xC0, 0xC1, 0xC2):
                self.height, self.width, self.components = struct.unpack_from(">HHB", content, 1)
            elif marker == 0xE2 and content.startswith(b"ICC_PROFILE\0"):
                self.icc += content[14:]
            elif marker == 0xE1 and content.startswith(b"Exif\0\0"):
                self.orientation = exif_orientation(content[6:])
            at += 2 + length


def jpeg_with_exif(data, orientation):
    """The JPEG file with an orientation put at its front."""
    content = b"Exif\0\0" + exif(orientation)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + data[2:]


class Webp:
    """width, height, chunks (a dict), alpha."""

    def __init__(self, data):
        assert data[:4] == b"RIFF" and data[8:12] == b"WEBP", "not a WebP file"
        assert struct.unpack_from("<I", data, 4)[0] + 8 == len(data), "not a whole WebP file"
        self.chunks, at = {}, 12
        while at < len(data):
            kind, length = struct.unpack_from("<4sI", data, at)
            self.chunks[kind] = data[at + 8:at + 8 + length]
            at += 8 + length + length % 2
        self.alpha = b"ALPH" in self.chunks
        if b"VP8L" in self.chunks:
            bits, = struct.unpack_from("<I", self.chunks[b"VP8L"], 1)
            self.width, self.height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            self.alpha = self.alpha or bool(bits >> 28 & 1)
        else:
            self.width, self.height = (v & 0x3FFF for v in
                                       struct.unpack_from("<HH", self.chunks[b"VP8 "], 6))


class Avif:
    """width, height."""

    def __init__(self, data):
        assert data[4:8] == b"ftyp" and b"avif" in data[8:32], "not an AVIF file"
        self.width, self.height = struct.unpack_from(">II", data, data.index(b"ispe") + 8)


class Jxl:
    """width, height."""

    def __init__(self, data):
        if data[:2] != b"\xff\n":
            assert data[:12] == b"\0\0\0\x0cJXL \r\n\x87\n", "not a JPEG XL file"
            at = data.index(b"jxlc") + 4 if b"jxlc" in data else data.index(b"jxlp") + 8
            data = data[at:]
        self.bits = int.from_bytes(data[2:18], "little")
        small = self.take(1)
        self.height = self.side(small)
        ratio = self.take(3)
        numerator, denominator = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4),
                                  (2, 1))[ratio]
        self.width = self.height * numerator // denominator if ratio else self.side(small)

    def take(self, count):
        value = self.bits & (1 << count) - 1
        self.bits >>= count
        return value

    def side(self, small):
        if small:
            return (self.take(5) + 1) * 8
        return self.take((9, 13, 18, 30)[self.take(2)]) + 1
