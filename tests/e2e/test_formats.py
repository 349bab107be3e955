# SPDX-License-Identifier: MIT
"""Pages in formats that are read but not written: in books, loose, and where they cannot be."""
import unittest
import struct
import subprocess
import os

import archives
import files
import harness
import png

WIDTH, HEIGHT = 40, 30


def rows():
    """The same page in every format: rows of (red, green, blue), of 64 colours."""
    return [[(x // 10 * 85, y // 8 * 85, (x + y) // 20 * 85) for x in range(WIDTH)]
            for y in range(HEIGHT)]


def bmp():
    body = b"".join(bytes(v for pixel in row for v in pixel[::-1]) for row in reversed(rows()))
    return (b"BM" + struct.pack("<IIIIiiHHIIiiII", 54 + len(body), 0, 54, 40, WIDTH, HEIGHT, 1, 24, 0, 0, 2835,
                                2835, 0, 0) + body)


def qoi():
    codes = b"".join(b"\xfe" + bytes(pixel) for row in rows() for pixel in row)
    return b"qoif" + struct.pack(">IIBB", WIDTH, HEIGHT, 3, 0) + codes + bytes(7) + b"\x01"


def tga():
    body = b"".join(bytes(v for pixel in row for v in pixel[::-1]) for row in rows())
    return struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, WIDTH, HEIGHT, 24, 0x20) + body


def psd():
    planes = b"".join(bytes(pixel[c] for row in rows() for pixel in row) for c in range(3))
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, HEIGHT, WIDTH, 8, 3)
    return head + struct.pack(">IIIH", 0, 0, 0, 0) + planes


def tiff():
    body = b"".join(bytes(pixel) for row in rows() for pixel in row)
    tags = [(256, 3, 1, WIDTH), (257, 3, 1, HEIGHT), (258, 3, 3, 8 + len(body)), (259, 3, 1, 1), (262, 3, 1, 2),
            (273, 4, 1, 8), (277, 3, 1, 3), (278, 3, 1, HEIGHT), (279, 4, 1, len(body))]
    at = 8 + len(body) + 6
    return (b"II*\0" + struct.pack("<I", at) + body + struct.pack("<HHH", 8, 8, 8) + struct.pack("<H", len(tags)) +
            b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4))


def gif(width=WIDTH, height=HEIGHT, frames=1):
    """Codes of nine bits that are never packed: a clear code keeps the table empty."""
    pixels = rows()
    palette = sorted({pixel for row in pixels for pixel in row})
    indices = [palette.index(pixels[y % HEIGHT][x % WIDTH]) for y in range(height) for x in range(width)]
    bits, count = 0, 0
    codes = [256]
    for i, index in enumerate(indices):
        codes += [index] + ([256] if i % 100 == 99 else [])
    for code in codes + [257]:
        bits |= code << count
        count += 9
    packed = bits.to_bytes((count + 7) // 8, "little")
    blocks = b"".join(bytes([len(packed[i:i + 255])]) + packed[i:i + 255] for i in range(0, len(packed), 255))
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x08" + blocks + b"\0"
    table = b"".join(bytes(pixel) for pixel in palette).ljust(768, b"\0")
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0xf7, 0, 0) + table + frame * frames + b";"


MAKERS = {"bmp": bmp, "qoi": qoi, "tga": tga, "psd": psd, "tif": tiff, "gif": gif}


class Formats(harness.Case):
    model = True

    def mean(self, name):
        image = png.Image(self.read(name))
        self.assertEqual((image.width, image.height), (2 * WIDTH, 2 * HEIGHT))
        return [image.mean(channel) for channel in range(3)]

    def test_loose(self):
        """Each becomes what the same page as a PNG becomes."""
        samples = b"".join(bytes(pixel) for row in rows() for pixel in row)
        self.write("page.png", png.encode(WIDTH, HEIGHT, 3, samples))
        self.planche("page.png", "-o", "expected.png", "--no-mark")
        for name, make in MAKERS.items():
            self.write("page." + name, make())
            self.planche("page." + name, "-o", name + ".png", "--no-mark")
            self.assertEqual(self.mean(name + ".png"), self.mean("expected.png"), name)

    def test_book(self):
        pages = [(f"{i}.{name}", make()) for i, (name, make) in enumerate(MAKERS.items())]
        pages += [("7.jxr", b"II\xbc\x01" + bytes(60)), ("8.gif", gif(frames=3))]
        self.write("book.cbz", archives.cbz(pages))
        result = self.planche("book.cbz", "-o", "out.cbz", check=1)
        for words in ("7.jxr: is a JPEG XR image, which Planche does not read",
                      "8.gif: is an animation of 3 frames"):
            self.assertIn(words, result.stderr)
        with archives.zipfile.ZipFile(self.path("out.cbz")) as book:
            names = [f"{i}.webp" for i in range(len(MAKERS))] + ["7.jxr", "8.gif"]
            self.assertEqual(sorted(book.namelist()), sorted(names))
            self.assertEqual(files.Webp(book.read("5.webp")).width, 2 * WIDTH)

    def test_epub(self):
        """A GIF page becomes PNG, and what refers to it follows; a rule is no page."""
        pages = [("i/1.gif", gif(200, 300)), ("i/rule.gif", gif(300, 20))]
        self.write("book.epub", archives.epub(pages))
        foreseen = self.planche("book.epub", "-o", "out.epub", "--dry-run").stdout
        self.assertIn("book.epub -> out.epub  1 page: 1 enlarged;", foreseen)
        self.planche("book.epub", "-o", "out.epub")
        with archives.zipfile.ZipFile(self.path("out.epub")) as book:
            self.assertEqual(png.Image(book.read("OEBPS/i/1.png")).width, 400)
            self.assertEqual(book.read("OEBPS/i/rule.gif"), pages[1][1])
            package = book.read("OEBPS/content.opf").decode()
        self.assertIn('href="i/1.png" media-type="image/png"', package)
        self.assertIn('href="i/rule.gif" media-type="image/gif"', package)

    def test_not_written(self):
        self.write("page.png", harness.page())
        result = self.planche("page.png", "-o", "page.gif", check=2)
        self.assertIn("cannot write page.gif", result.stderr)
        self.assertEqual(self.files(), ["page.png"])

    @unittest.skipIf(os.environ.get("SANITIZED"), "sanitizers take address space of their own")
    def test_without_memory(self):
        """Whatever the system gives, there is a page or an error, and no crash."""
        self.write("page.gif", gif())
        planche = os.environ["PLANCHE"]
        for kib in range(40000, 400000, 45000):
            result = subprocess.run(
                ["sh", "-c", f"ulimit -v {kib} && exec '{planche}' -m {harness.QUICK_MODEL} -s 2 --backend cpu "
                             "page.gif -o out.png --overwrite"],
                cwd=self.folder, capture_output=True, check=False, timeout=harness.MARGIN_SECONDS)
            self.assertIn(result.returncode, range(0, 128), result.stderr)


if __name__ == "__main__":
    harness.main()
