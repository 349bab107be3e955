# SPDX-License-Identifier: MIT
"""What becomes of results: their sizes, and what they say about themselves."""
import hashlib
import json
import random
import zipfile
import zlib

import files
import harness
import png


class Marks(harness.Case):
    model = True

    def test_results_say_what_they_were_made_from(self):
        page = harness.page()
        self.write("a.png", page)
        digest = hashlib.sha256(page).hexdigest().encode()
        for name in ("b.png", "b.jpg", "b.webp"):
            self.planche("a.png", "-o", name)
            self.assertIn(b'planche:Source="' + digest + b'"', self.read(name))
            self.planche("a.png", "-o", name, "--no-mark", "--overwrite")
            self.assertNotIn(b"planche", self.read(name))

    def test_marked_pages_are_left_alone(self):
        self.write("a.png", harness.page(20, 16))
        self.planche("a.png", "-o", "b.webp")
        result = self.planche("b.webp", "a.png", "-o", "out/", "--json")
        self.assertIn("b.webp: left alone", result.stderr)
        pages = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([(p["status"], p["output"], p["error"]) for p in pages],
                         [("marked", None, None), ("ok", "out/a.webp", None)])
        self.assertEqual(self.files("out"), ["a.webp"])
        self.assertEqual(self.planche("b.webp", "-o", "out/", "--quiet").stderr, "")
        self.planche("b.webp", "-o", "out/", "--again")
        self.assertEqual(files.Webp(self.read("out/b.webp")).width, 80)


class Sizes(harness.Case):
    model = True

    def size(self, *options):
        page = json.loads(self.planche("a.png", "-o", "b.png", "--overwrite", "--json", *options).stdout)
        image = png.Image(self.read("b.png"))
        self.assertEqual((page["output_width"], page["output_height"]), (image.width, image.height))
        return image.width, image.height

    def test_wanted_sizes(self):
        self.write("a.png", harness.page(48, 64))
        self.assertEqual(self.size("--width", "60"), (60, 80))
        self.assertEqual(self.size("--height", "80"), (60, 80))
        self.assertEqual(self.size("--fit", "80x80"), (60, 80))
        self.assertEqual(self.size("--fit", "1000x80", "--memory", "40M", "--threads", "1"), (60, 80))
        small = self.read("b.png")
        self.assertEqual(self.size("--fit", "1000x80", "--threads", "3"), (60, 80))
        self.assertEqual(self.read("b.png"), small)
        self.assertEqual(self.size("--width", "97"), (96, 128))
        for option, value in (("--width", "0"), ("--height", "-1"), ("--fit", "80"), ("--fit", "8x0")):
            self.planche("a.png", option, value, check=2)

    def test_light_stays(self):
        """Black and white lines of a pixel become the grey that is half as light: 188, not 128."""
        rows = b"".join((b"\xff" if y % 4 < 2 else b"\0") * 64 for y in range(64))
        self.write("a.png", png.encode(64, 64, 1, rows))
        self.planche("a.png", "-o", "b.png", "--width", "10")
        image = png.Image(self.read("b.png"))
        middle = [image.pixel(x, y)[0] for x in range(3, 7) for y in range(3, 7)]
        self.assertGreater(min(middle), 165)
        self.assertLess(max(middle), 205)


class Grey(harness.Case):
    model = True

    def test_pages_without_colours(self):
        grey = png.Image(harness.page(40, 30, channels=1))
        pixels = b"".join(bytes([grey.pixel(x, y)[0]]) * 3 for y in range(30) for x in range(40))
        profile = (b"iCCP", b"test\0\0" + zlib.compress(files.icc_profile()))
        self.write("a.png", png.encode(40, 30, 3, pixels))
        self.write("p.png", png.encode(40, 30, 3, pixels, extra=[profile]))
        for name in ("a.png", "p.png"):
            self.planche(name, "-o", "b.png", "--overwrite")
            image = png.Image(self.read("b.png"))
            self.assertEqual((image.channels, b"iCCP" in image.extra), (1, name == "p.png"))
            self.planche(name, "-o", "b.jpg", "--overwrite")
            self.assertEqual(files.Jpeg(self.read("b.jpg")).components, 1)
            self.planche(name, "-o", "b.png", "--grey", "keep", "--overwrite")
            self.assertEqual(png.Image(self.read("b.png")).channels, 3)
        self.write("c.png", png.encode(40, 30, 3, pixels[:-3] + b"\x10\x20\x30"))
        self.planche("c.png", "-o", "b.png", "--overwrite")
        self.assertEqual(png.Image(self.read("b.png")).channels, 3)
        self.planche("a.png", "--grey", "maybe", check=2)


class Limits(harness.Case):
    """At 2x the strip is higher than a WebP can be; its gutter is in the middle."""
    model = True
    WIDTH, HEIGHT = 4, 8240

    def setUp(self):
        super().setUp()
        ink = random.Random(1).randbytes(self.WIDTH * 3)
        rows = [b"\xff" * len(ink) if 4000 <= y < 4010 else ink[y % 9:] + ink[:y % 9]
                for y in range(self.HEIGHT)]
        self.strip = png.encode(self.WIDTH, self.HEIGHT, 3, b"".join(rows))
        self.write("in/strip.png", self.strip)

    def enlarge(self, *options, **more):
        return self.planche("in/strip.png", *options, **more)

    def test_fail(self):
        self.assert_one_line(self.enlarge("-o", "a.webp", check=1).stderr, "16383", "--on-limit")
        self.assertIn("16383", self.enlarge("--on-limit", "fail", check=1).stderr)
        self.assertEqual(self.files("in"), ["strip.png"])
        self.enlarge("--on-limit", "stretch", check=2)

    def test_switch(self):
        result = self.enlarge("-o", "out/", "--json")
        page = json.loads(result.stdout)
        self.assertEqual((page["output"], page["parts"]), ("out/strip.jpg", 1))
        self.assertIn("too large for webp", result.stderr)
        self.assertEqual(self.files("out"), ["strip.jpg"])
        self.assertEqual(files.Jpeg(self.read("out/strip.jpg")).height, 2 * self.HEIGHT)

    def test_split(self):
        page = json.loads(self.enlarge("-o", "a.webp", "--on-limit", "split", "--json").stdout)
        self.assertEqual((page["output"], page["parts"]), ("a-1.webp", 2))
        self.assertEqual(self.files(), ["a-1.webp", "a-2.webp", "in"])
        heights = [files.Webp(self.read(f"a-{part}.webp")).height for part in (1, 2)]
        self.assertEqual(sum(heights), 2 * self.HEIGHT)
        self.assertTrue(8000 <= heights[0] <= 8020, heights)

    def test_dry_run(self):
        with zipfile.ZipFile(self.path("a.cbz"), "w") as book:
            book.writestr("1/strip.png", self.strip)
            book.writestr("1/z.png", harness.page(20, 20))
        expected = {"fail": "  fail     1/strip.png: ", "split": "  enlarge  1/strip.png: split into 2",
                    "switch": "  enlarge  1/strip.png: switched to jpg"}
        for way, line in expected.items():
            result = self.planche("a.cbz", "--dry-run", "--on-limit", way, check=int(way == "fail"))
            _, strip, other = result.stdout.splitlines()
            self.assertTrue(strip.startswith(line), strip)
            self.assertEqual(other, "  enlarge  1/z.png")
            self.assertEqual(result.stderr, "")
        self.planche("a.cbz", "--dry-run", "--on-limit", "fail", "--on-error", "fail", check=1)
        result = self.planche("a.cbz", "--dry-run", "--on-limit", "fail", "--json", check=1)
        pages = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([page.get("fate") for page in pages], ["failed", "enlarged", None])
        self.assertEqual((pages[1]["output_width"], pages[2]["failed"]), (40, 1))
        reduced = self.planche("a.cbz", "--dry-run", "--height", "900").stdout
        self.assertNotIn("jpg", reduced)
        self.assertIn("16383", self.enlarge("-o", "q.webp", "--dry-run", check=1).stderr)
        self.assertIn("strip-2x.webp: switched to jpg", self.enlarge("--dry-run").stdout)
        self.assertEqual(self.files(), ["a.cbz", "in"])

    def test_books(self):
        """A page in parts is resumed like others."""
        with zipfile.ZipFile(self.path("a.cbz"), "w") as book:
            book.writestr("1/strip.png", self.strip)
            book.writestr("1/z.png", harness.page(20, 20)[:300])
        options = ("a.cbz", "-o", "b.cbz", "--on-limit", "split", "-j", "1", "--json")
        self.planche(*options, "--on-error", "fail", check=1)
        result = self.planche(*options, check=1)
        self.assertEqual(json.loads(result.stdout.splitlines()[0])["fate"], "resumed")
        with zipfile.ZipFile(self.path("b.cbz")) as book:
            self.assertEqual(book.namelist(), ["1/strip-1.webp", "1/strip-2.webp", "1/z.png"])
            heights = [files.Webp(book.read(name)).height for name in book.namelist()[:2]]
        self.assertEqual(sum(heights), 2 * self.HEIGHT)


if __name__ == "__main__":
    harness.main()
