# SPDX-License-Identifier: MIT
"""What becomes of results: their sizes, and what they say about themselves."""
import hashlib
import json
import random
import zipfile
import zlib

import archives
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


class Targets(harness.Case):
    """Pages as large as a target, by the least scale; the quick model has 2, 3 and 4."""
    model = True
    PAGES = {"page": (30, 42), "strip": (20, 90), "spread": (50, 35), "rule": (60, 4),
             "large": (100, 140), "exact": (80, 128), "just": (40, 64)}

    @classmethod
    def setUpClass(cls):
        for scale in (2, 3, 4):
            harness.need_model(harness.QUICK_MODEL, scale)

    def planche(self, *arguments, check=0, **more):
        return harness.run("-m", harness.QUICK_MODEL, *arguments, check=check, cwd=self.folder,
                           **more)

    def setUp(self):
        super().setUp()
        for name, (width, height) in self.PAGES.items():
            self.write(f"in/{name}.png", harness.page(width, height))

    def sizes(self, *arguments, **more):
        """Of the pages of in/, by name: (width, height, chain)."""
        lines = [json.loads(line) for line in
                 self.planche("--json", *arguments, **more).stdout.splitlines()]
        pages = [line for line in lines if line["type"] == "page"]
        return {(page["entry"] or page["input"]).split("/")[-1].split(".")[0]:
                (page["output_width"], page["output_height"], page["chain"]) for page in pages}

    FIT = {"page": (80, 112, [3]), "strip": (80, 360, [4]), "spread": (183, 128, [4]),
           "rule": (80, 5, [2]), "large": (80, 112, []), "exact": (80, 128, []),
           "just": (80, 128, [2])}

    def test_fit_fills_the_screen(self):
        """Dry runs and runs agree; a book has each page's own scale; the files are so large."""
        fit = ("in/", "-f", "png", "--fit", "80x128")
        self.assertEqual(self.sizes(*fit, "--dry-run"), self.FIT)
        self.assertEqual(self.sizes(*fit, "-o", "out/"), self.FIT)
        for name, (width, height, _) in self.FIT.items():
            image = png.Image(self.read(f"out/{name}.png"))
            self.assertEqual((image.width, image.height), (width, height))
        self.assertEqual(self.read("out/exact.png")[:8], b"\x89PNG\r\n\x1a\n")
        same = png.Image(self.read("out/exact.png"))
        before = png.Image(self.read("in/exact.png"))
        self.assertEqual([same.pixel(x, y) for y in range(128) for x in range(80)],
                         [before.pixel(x, y) for y in range(128) for x in range(80)])
        one = self.read("out/page.png")
        self.planche("in/page.png", "-o", "one.png", "--fit", "80\u00d7128", "--memory", "70M",
                     "--threads", "1")
        self.assertEqual(self.read("one.png"), one)

    def test_other_targets(self):
        chain = {"page": [2], "strip": [3], "spread": [2], "rule": [], "large": [], "exact": [],
                 "just": [2]}
        self.assertEqual({name: page[2] for name, page in
                          self.sizes("in/", "--width", "60", "--dry-run").items()}, chain)
        self.assertEqual(self.sizes("in/", "--height", "140", "--dry-run")["just"], (88, 140, [3]))
        # A scale that was given is kept; larger results are reduced.
        self.assertEqual(self.sizes("in/", "-s", "2", "--fit", "80x128", "--dry-run"),
                         {"page": (60, 84, [2]), "strip": (40, 180, [2]), "spread": (100, 70, [2]),
                          "rule": (80, 5, [2]), "large": (80, 112, [2]), "exact": (80, 128, [2]),
                          "just": (80, 128, [2])})
        # No page is enlarged more than 16 times, which is said.
        said = "becomes 480x672, smaller than was wanted: no page is enlarged more than 16 times"
        for where, more in (("in/page.png", ("--dry-run",)), ("in/page.png", ("-o", "o.webp")),
                            ("b.cbz", ("-o", "b2.cbz"))):
            self.write("b.cbz", archives.cbz([("1.png", self.read("in/page.png"))]))
            result = self.planche(where, *more, "--width", "99999")
            self.assertEqual(result.stderr.count(said), 1, result.stderr)
        self.assertNotIn("smaller", self.planche("in/page.png", "--width", "480", "--dry-run").stderr)
        # A device, and a chain: the page is too small for 4.
        self.assertEqual(self.sizes("in/large.png", "--device", "Kobo Libra 2", "--dry-run"),
                         {"large": (1200, 1680, [3, 4])})
        self.assertEqual(self.planche("--device", "list").stdout.split()[:2],
                         ["kobo-mini", "600x800"])

    def test_chains(self):
        """Scales that no network has, and reductions of what a chain reaches."""
        self.assertEqual(self.sizes("in/rule.png", "-s", "6", "-o", "a.png"),
                         {"rule": (360, 24, [2, 3])})
        self.assertIn(b"realesr-animevideov3-x2 2x + realesr-animevideov3-x3 3x", self.read("a.png"))
        self.assertEqual(self.sizes("in/rule.png", "-s", "5", "-o", "b.png"),
                         {"rule": (300, 20, [2, 3])})
        image = png.Image(self.read("b.png"))
        self.assertEqual((image.width, image.height), (300, 20))

    def test_variant(self):
        """The JSON line names the networks that ran, and so does a pane of the preview."""
        name = "realesr-animevideov3"
        for scale, variant in (("3", f"{name}-x3"), ("6", f"{name}-x2 2x + {name}-x3 3x")):
            page = self.planche("in/rule.png", "-s", scale, "-o", f"{scale}.png", "--json")
            self.assertEqual(json.loads(page.stdout)["variant"], variant)
        pane = harness.run("preview", "-m", name, "in/rule.png", "-s", "3", "-o", "sheet.png",
                           cwd=self.folder).stdout
        self.assertIn(f"({name}-x3)", pane)

    def test_book(self):
        """Each page has its own scale, ComicInfo.xml its own size; a stopped run knows its target."""
        with zipfile.ZipFile(self.path("a.cbz"), "w") as book:
            for name in ("page", "strip", "spread"):
                book.writestr(f"{name}.png", self.read(f"in/{name}.png"))
            sizes = "".join(f'<Page Image="{i}" ImageWidth="1" ImageHeight="1"/>' for i in range(3))
            book.writestr("ComicInfo.xml", f"<ComicInfo><Pages>{sizes}</Pages></ComicInfo>")
        fit = ("a.cbz", "-o", "b.cbz", "-f", "png", "--fit", "80x128")
        expected = {name: self.FIT[name] for name in ("page", "strip", "spread")}
        self.assertEqual(self.sizes(*fit, "--dry-run"), expected)
        self.assertEqual(self.sizes(*fit), expected)
        with zipfile.ZipFile(self.path("b.cbz")) as book:
            info = book.read("ComicInfo.xml").decode()
            for i, name in enumerate(("page", "spread", "strip")):
                image = png.Image(book.read(f"{name}.png"))
                self.assertEqual((image.width, image.height), self.FIT[name][:2])
                self.assertIn(f'Image="{i}" ImageWidth="{image.width}" '
                              f'ImageHeight="{image.height}"', info)

    def test_results_with_another_target_are_other_results(self):
        self.planche("in/", "-o", "out/", "--fit", "80x128", "-f", "png")
        again = self.planche("in/", "-o", "out/", "--fit", "80x128", "-f", "png", "--json")
        self.assertNotIn("enlarged\":7", again.stdout)
        before = self.read("out/page.png")
        self.planche("in/", "-o", "out/", "--fit", "60x128", "-f", "png", "--update")
        self.assertNotEqual(self.read("out/page.png"), before)

    def test_requests(self):
        """Of planche stdio, beside a target of its command line."""
        lines = [dict(id=1, input="in/page.png", output="1.png"),
                 dict(id=2, input="in/page.png", output="2.png", fit="40x400"),
                 dict(id=3, input="in/page.png", output="3.png", device="phone", scale=3),
                 dict(id=4, input="in/large.png", output="4.png", scale="auto")]
        answers = self.planche_stdio(lines, "--fit", "80x128")
        self.assertEqual({answer["id"]: (answer["output_width"], answer["chain"])
                          for answer in answers}, {1: (80, [3]), 2: (40, [2]), 3: (90, [3]), 4: (80, [])})

    def planche_stdio(self, lines, *arguments):
        requests = "".join(json.dumps(line) + "\n" for line in lines).encode()
        result = harness.run("stdio", "-m", harness.QUICK_MODEL, *arguments, check=0,
                             cwd=self.folder, stdin=requests)
        return [json.loads(line) for line in result.stdout.splitlines()]


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
            result = self.planche("a.cbz", "--dry-run", "-v", "--on-limit", way, check=int(way == "fail"))
            strip, other, _, _ = result.stdout.splitlines()
            self.assertTrue(strip.startswith(line), strip)
            self.assertEqual(other, "  enlarge  1/z.png")
            self.assertEqual(result.stderr, "")
        self.planche("a.cbz", "--dry-run", "--on-limit", "fail", "--on-error", "fail", check=1)
        result = self.planche("a.cbz", "--dry-run", "--on-limit", "fail", "--json", check=1)
        pages = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([page.get("fate") for page in pages], ["failed", "enlarged", None, None])
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
