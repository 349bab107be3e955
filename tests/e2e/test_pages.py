# SPDX-License-Identifier: MIT
"""Pages through the command with a real model: what comes out is what it should be."""
import json
import os
import pty
import re
import struct
import subprocess
import zlib

import files
import harness
import png

SAMPLES = os.environ["SAMPLES"]


class Formats(harness.Case):
    model = True

    def test_every_format_from_every_format(self):
        self.write("a.png", harness.page(50, 37))
        kinds = {"png": png.Image, "jpg": files.Jpeg, "webp": files.Webp, "avif": files.Avif,
                 "jxl": files.Jxl}
        for extension in kinds:
            self.planche("a.png", "-o", "b." + extension)
        for source in map("b.".__add__, kinds):
            for extension in kinds:
                name = f"{source[2:]}-{extension}.{extension}"
                self.planche(source, "-o", name, "--again")
                data = self.read(name)
                result = kinds[extension](data)
                self.assertEqual((result.width, result.height), (200, 148))
        original = png.Image(harness.page(50, 37))
        for name in kinds:
            image = png.Image(self.read(name + "-png.png"))
            for channel in range(3):
                self.assertAlmostEqual(image.mean(channel), original.mean(channel), delta=10)

    def test_default_names_and_format(self):
        self.write("in/a.png", harness.page())
        self.planche("in/a.png")
        self.assertEqual(self.files("in"), ["a-2x.webp", "a.png"])
        self.assertEqual(files.Webp(self.read("in/a-2x.webp")).width, 96)
        self.planche("-f", "jpeg", "in/a.png")
        self.assertEqual(files.Jpeg(self.read("in/a-2x.jpg")).height, 128)
        self.planche("in/a.png", "-f", "png", "-o", "plain")
        self.assertEqual(png.Image(self.read("plain")).width, 96)
        self.planche("in/a.png", "-o", "UPPER.PNG")
        self.assertEqual(png.Image(self.read("UPPER.PNG")).width, 96)

    def test_folder(self):
        names = [f"page {i}.ü.png" for i in range(3)]
        for i, name in enumerate(names):
            self.write(name, harness.page(seed=i))
        result = self.planche(*names, "-j", "2", "-o", "new/deep/", "--json")
        self.assertEqual(result.stderr, "")
        self.assertEqual(self.files("new/deep"), [n.replace(".png", ".webp") for n in names])
        outputs = {json.loads(line)["output"] for line in result.stdout.splitlines()}
        self.assertEqual(outputs, {"new/deep/" + n.replace(".png", ".webp") for n in names})
        self.planche(names[0], "-f", "png", "-o", "new")
        self.assertIn(names[0], self.files("new"))

    def test_json(self):
        self.write("a.png", harness.page())
        result = self.planche("--json", "a.png", "-o", "b.png")
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.stdout.count("\n"), 1)
        page = json.loads(result.stdout)
        self.assertEqual({key: page[key] for key in (
            "input", "output", "input_width", "input_height", "output_width", "output_height",
            "model", "scale", "backend", "status", "error")}, {
                "input": "a.png", "output": "b.png", "input_width": 48, "input_height": 64,
                "output_width": 96, "output_height": 128, "model": harness.QUICK_MODEL, "scale": 2,
                "backend": "cpu", "status": "ok", "error": None})
        self.assertIn("x2", page["variant"])
        self.assertIn(page["isa"], ("avx512", "avx2", "neon", "portable"))
        self.assertEqual(page["precision"], "f32")
        for key in ("decode_ms", "network_ms", "encode_ms"):
            self.assertGreaterEqual(page[key], 0)
        self.assertGreater(page["peak_bytes"], 100000)
        masked = self.planche("--json", "--cpu-mask", "portable", "a.png", "-o", "c.png")
        self.assertEqual(json.loads(masked.stdout)["isa"], "portable")

    def test_result_line(self):
        """The same with and without a terminal."""
        self.write("a.png", harness.page())
        result = self.planche("a.png", "-o", "b.png")
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, r"^a.png -> b.png  48x64 -> 96x128  \d+\.\d s\n$")
        self.assertEqual(self.planche("--quiet", "a.png", "-o", "c.png").stderr, "")

    def test_tta(self):
        self.write("a.png", harness.page(40, 30))
        self.planche("a.png", "-o", "plain.png")
        self.planche("a.png", "--tta", "-o", "tta.png")
        self.planche("a.png", "--tta", "-o", "again.png", "--threads", "1", "--memory", "48M")
        self.assertEqual(self.read("tta.png"), self.read("again.png"))
        plain, tta = (png.Image(self.read(name)).samples for name in ("plain.png", "tta.png"))
        self.assertNotEqual(plain, tta)
        differences = [abs(a - b) for a, b in zip(plain, tta)]
        self.assertLess(sum(differences) / len(differences), 8)

    def test_quality_and_level(self):
        with open(os.path.join(SAMPLES, "manga.png"), "rb") as file:
            image = png.Image(file.read())
        crop = b"".join(image.samples[y * image.width + 40:y * image.width + 140]
                        for y in range(300, 380))
        self.write("a.png", png.encode(100, 80, 1, crop))
        size = {}
        for name, options in {"q20.jpg": ["-q", "20"], "q90.jpg": ["-q", "90"], "d.jpg": [],
                              "q20.webp": ["-q", "20"], "q90.webp": ["-q", "90"], "d.webp": [],
                              "l.webp": ["--lossless"], "1.png": ["--effort", "1"],
                              "9.png": ["--effort", "9"]}.items():
            self.planche("a.png", "-o", name, *options)
            size[name] = len(self.read(name))
        self.assertLess(size["q20.jpg"], size["q90.jpg"])
        self.assertLess(size["q20.webp"], size["q90.webp"])
        self.assertEqual(size["d.jpg"], size["q90.jpg"])
        self.assertEqual(size["d.webp"], size["q90.webp"])
        self.assertIn(b"VP8L", files.Webp(self.read("l.webp")).chunks)
        self.assertLessEqual(size["9.png"], size["1.png"])
        self.assertEqual(png.Image(self.read("9.png")).samples,
                         png.Image(self.read("1.png")).samples)

    def test_help_on_effort(self):
        """The efforts from which on a JPEG has tables of its own and is progressive are those that the help names."""
        text = " ".join(harness.run("help", "effort", check=0).stdout.split())
        told = re.search(r"From (\d) on JPEG has tables of its own, from (\d) on it is progressive", text)
        self.assertIsNotNone(told, text)
        own, progressive = map(int, told.groups())
        self.write("a.png", harness.page())
        jpeg = {}
        for effort in {own - 1, own, progressive - 1, progressive}:
            self.planche("a.png", "-o", f"{effort}.jpg", "--effort", str(effort))
            jpeg[effort] = self.read(f"{effort}.jpg")
        self.assertLess(len(jpeg[own]), len(jpeg[own - 1]))
        self.assertNotIn(b"\xff\xc2", jpeg[progressive - 1])
        self.assertIn(b"\xff\xc2", jpeg[progressive])


class Survivors(harness.Case):
    """What must not get lost on the way."""
    model = True

    def test_grey_stays_grey(self):
        for depth in (8, 16):
            self.write("a.png", harness.page(channels=1, depth=depth))
            self.planche("a.png", "--overwrite", "-o", "b.png")
            image = png.Image(self.read("b.png"))
            self.assertEqual((image.channels, image.depth), (1, depth))
        self.planche("a.png", "-o", "b.jpg")
        self.assertEqual(files.Jpeg(self.read("b.jpg")).components, 1)
        self.planche("b.jpg", "--again", "-o", "c.png")
        self.assertEqual(png.Image(self.read("c.png")).channels, 1)

    def test_alpha(self):
        for channels in (2, 4):
            data = harness.page(channels=channels)
            before = png.Image(data)
            self.write("a.png", data)
            self.planche("a.png", "--overwrite", "-o", "b.png")
            image = png.Image(self.read("b.png"))
            self.assertEqual((image.channels, image.width), (channels, 96))
            for x, y in ((0, 0), (24, 30), (47, 63)):
                self.assertAlmostEqual(image.pixel(2 * x, 2 * y)[-1], before.pixel(x, y)[-1],
                                       delta=12)
        self.planche("a.png", "-o", "b.webp")
        self.assertTrue(files.Webp(self.read("b.webp")).alpha)
        self.assertIn("transparency", self.planche("a.png", "-o", "b.jpg").stderr)
        self.assertEqual(files.Jpeg(self.read("b.jpg")).components, 3)

    def test_opaque_alpha_stays_opaque(self):
        self.write("a.png", png.encode(20, 10, 4, b"\x20\x80\xd0\xff" * 200))
        self.planche("a.png", "-o", "b.png")
        image = png.Image(self.read("b.png"))
        self.assertEqual({image.pixel(x, y)[3] for x in range(40) for y in range(20)}, {255})

    def test_transparent_border_does_not_bleed(self):
        """Green behind full transparency must not show in the white in front of it."""
        rows = b"".join((b"\xff\xff\xff\xff" if 8 <= x < 24 else b"\0\xff\0\0")
                        for _ in range(32) for x in range(32))
        self.write("a.png", png.encode(32, 32, 4, rows))
        self.planche("a.png", "--grey", "keep", "-o", "b.png")
        image = png.Image(self.read("b.png"))
        for x in range(16, 48):
            red, green, blue, _ = image.pixel(x, 32)
            self.assertLess(green - min(red, blue), 12, f"column {x}")

    def test_16_bits(self):
        data = harness.page(channels=3, depth=16)
        self.write("a.png", data)
        self.planche("a.png", "-o", "b.png")
        image = png.Image(self.read("b.png"))
        self.assertEqual((image.depth, image.channels), (16, 3))
        low_bytes = set(image.samples[1::2])
        self.assertGreater(len(low_bytes), 100, "16 bits that were 8 bits in between")

    def test_icc_profile(self):
        profile = files.icc_profile()
        chunk = (b"iCCP", b"test\0\0" + zlib.compress(profile))
        self.write("a.png", harness.page(extra=[chunk]))
        for extension in ("png", "jpg", "webp"):
            self.planche("a.png", "-o", "b." + extension)
        kept = png.Image(self.read("b.png")).extra[b"iCCP"]
        self.assertEqual(zlib.decompress(kept[kept.index(0) + 2:]), profile)
        self.assertEqual(files.Jpeg(self.read("b.jpg")).icc, profile)
        self.assertEqual(files.Webp(self.read("b.webp")).chunks[b"ICCP"], profile)
        for source in ("b.jpg", "b.webp"):
            self.planche(source, "--again", "--overwrite", "-o", "c.jpg")
            self.assertEqual(files.Jpeg(self.read("c.jpg")).icc, profile)

    def test_resolution(self):
        self.write("a.png", harness.page(extra=[(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))]))
        self.planche("a.png", "-o", "b.png")
        x, y, unit = struct.unpack(">IIB", png.Image(self.read("b.png")).extra[b"pHYs"])
        self.assertEqual((x, unit), (y, 1))
        self.assertIn(x, (11811, 23622))

    def test_orientation(self):
        """A bright corner ends where the tag says it belongs."""
        width, height = 48, 32
        rows = b"".join(b"\xff\xff\xff" if x < 16 and y < 10 else b"\x20\x20\x20"
                        for y in range(height) for x in range(width))
        self.write("a.png", png.encode(width, height, 3, rows))
        self.planche("a.png", "--no-mark", "-q", "95", "-o", "a.jpg")
        corners = {1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}
        for orientation, corner in corners.items():
            self.write("b.jpg", files.jpeg_with_exif(self.read("a.jpg"), orientation))
            self.planche("b.jpg", "--overwrite", "-o", "c.png")
            image = png.Image(self.read("c.png"))
            swapped = orientation >= 5
            self.assertEqual((image.width, image.height),
                             (4 * height, 4 * width) if swapped else (4 * width, 4 * height))
            x = 8 if corner[1] == "l" else image.width - 9
            y = 8 if corner[0] == "t" else image.height - 9
            self.assertGreater(image.pixel(x, y)[0], 200, f"orientation {orientation}")
            self.assertLess(image.pixel(image.width - 1 - x, image.height - 1 - y)[0], 80)
            tag = files.exif_orientation(image.extra[b"eXIf"]) if b"eXIf" in image.extra else 1
            self.assertEqual(tag, 1)
            self.planche("b.jpg", "--overwrite", "-o", "c.jpg")
            self.assertEqual(files.Jpeg(self.read("c.jpg")).orientation, 1)


class Sizes(harness.Case):
    model = True

    def test_odd_sizes(self):
        for width, height in ((1, 1), (1, 50), (50, 1), (3, 300), (17, 13), (64, 64)):
            self.write("a.png", harness.page(width, height))
            self.planche("a.png", "--overwrite", "-o", "b.png")
            image = png.Image(self.read("b.png"))
            self.assertEqual((image.width, image.height), (2 * width, 2 * height))

    def test_flat_pages_stay_flat(self):
        """A white page has no seams, dots or dark edges."""
        self.write("a.png", png.encode(70, 50, 1, b"\xff" * 3500))
        self.planche("a.png", "-o", "b.png")
        samples = png.Image(self.read("b.png")).samples
        self.assertGreaterEqual(min(samples), 252)


class Exactness(harness.Case):
    """The same bytes whatever the memory, the threads and the pages beside it."""
    model = True

    def compare(self, model, scale, sizes):
        harness.need_model(model, scale)
        for width, height in sizes:
            self.write("a.png", harness.page(width, height))
            options = ["-m", model, "-s", scale, "--overwrite"]
            self.planche("a.png", *options, "-o", "reference.png")
            done = 0
            for more in (["--threads", 1], ["--threads", 2], ["--threads", 3], ["-j", 3],
                         ["--memory", "24M"], ["--memory", "32M"], ["--memory", "48M"],
                         ["--memory", "96M", "--threads", 1], ["--memory", "2G"]):
                result = harness.run(*options, *more, "a.png", "-o", "other.png", cwd=self.folder)
                if result.returncode == 0:
                    self.assertEqual(self.read("other.png"), self.read("reference.png"), more)
                    done += 1
                else:
                    self.assertEqual(more[0], "--memory", result.stderr)
                    self.assertRegex(result.stderr, "memory")
            self.assertGreaterEqual(done, 6)

    def test_plain(self):
        self.compare(harness.QUICK_MODEL, harness.QUICK_SCALE, [(48, 64), (301, 45)])

    def test_page_wide_averages(self):
        self.compare("realcugan", 2, [(61, 83)])

    def test_sampled_averages(self):
        harness.need_model("realcugan", 2)
        self.write("a.png", harness.page(90, 160))
        for i, more in enumerate((["--threads", 1], ["--threads", 3], ["--memory", "64M"])):
            self.planche("-m", "realcugan", "--se", "sampled", *more, "a.png", "-o", f"{i}.png")
            self.assertEqual(self.read(f"{i}.png"), self.read("0.png"))


class Streams(harness.Case):
    """planche - and -o -: a page through pipes."""
    model = True

    def filter(self, *arguments, data=None, check=0):
        return self.planche(*arguments, stdin=harness.page() if data is None else data, text=False,
                            check=check)

    def test_both_ways(self):
        self.write("a.png", harness.page())
        self.planche("a.png", "-o", "a.webp")
        through = self.filter("-", "-o", "-")
        self.assertEqual(through.stdout, self.read("a.webp"))
        self.assertRegex(through.stderr, r"^standard input -> standard output  48x64 -> 96x128  ")
        self.assertEqual(self.filter("-", "--quiet").stdout, self.read("a.webp"))  # a filter
        self.assertEqual(self.filter("a.png", "-o", "-", data=b"").stdout, self.read("a.webp"))
        self.filter("-", "-o", "b.webp")
        self.assertEqual(self.read("b.webp"), self.read("a.webp"))
        self.assertEqual(self.files(), ["a.png", "a.webp", "b.webp"])
        # A page that Planche has made goes through as well: who reads waits for one.
        self.assertTrue(self.filter("a.webp", "-o", "-", data=b"").stdout.startswith(b"RIFF"))

    def test_more_bytes_than_are_read_at_once(self):
        data = harness.page() + bytes(3 << 20)  # what is behind the end of an image is ignored
        self.write("a.png", data)
        self.planche("a.png", "-o", "a.webp")
        self.assertEqual(self.filter("-", "-o", "-", data=data).stdout, self.read("a.webp"))

    def test_formats(self):
        for name, magic in (("png", b"\x89PNG"), ("jpg", b"\xff\xd8"), ("webp", b"RIFF")):
            self.assertTrue(self.filter("-", "-f", name).stdout.startswith(magic))
            self.filter("-", "-o", "out." + name)
            self.assertTrue(self.read("out." + name).startswith(magic))

    def test_failures(self):
        self.write("b.png", b"precious")
        for data, arguments, says in ((b"", [], "is empty"), (b"text", [], "standard input: is not an image"),
                                      (None, ["-o", "b.png"], "--overwrite"),
                                      (None, ["-o", "no/b.png"], "no/b.png")):
            result = self.filter("-", *arguments, data=data, check=1)
            self.assertEqual(result.stdout, b"")
            self.assert_one_line(result.stderr, says)
        self.assertEqual(self.read("b.png"), b"precious")
        self.assertEqual(self.files(), ["b.png"])
        result = json.loads(self.filter("-", "-o", "c.png", "--json").stdout)
        self.assertEqual((result["input"], result["output"], result["status"]), ("-", "c.png", "ok"))

    def test_terminal(self):
        """No image on a terminal."""
        mine, theirs = pty.openpty()
        result = subprocess.run([harness.PLANCHE, "-"], stdin=subprocess.DEVNULL, stdout=theirs,
                                stderr=subprocess.PIPE, check=False)
        self.assertEqual(result.returncode, 2)
        self.assert_one_line(result.stderr.decode(), "standard output is a terminal")
        os.close(theirs)
        os.close(mine)


class Terminal(harness.Case):
    """The progress bar is for people only."""
    model = True

    def on_terminal(self, *options):
        """What appears on a terminal that is standard error."""
        self.write("a.png", harness.page(200, 300))
        mine, theirs = pty.openpty()
        command = [harness.PLANCHE, "-m", harness.QUICK_MODEL, "--overwrite", *options, "a.png"]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=theirs,
                              env={**os.environ, "TERM": "xterm"}) as p:
            os.close(theirs)
            seen = b""
            try:
                while part := os.read(mine, 4096):
                    seen += part
            except OSError:
                pass  # the other end is closed
            self.assertEqual(p.wait(harness.MARGIN_SECONDS), 0)
        os.close(mine)
        return seen.decode()

    def test_bar(self):
        seen = self.on_terminal()
        self.assertRegex(seen, r"\[#*\.*\] +\d+%  a\.png  page 1/1")
        self.assertIn("a.png -> a-2x.webp  200x300 -> 400x600", seen)
        self.assertTrue(seen.endswith("\r\x1b[K"), "the bar is gone at the end")
        self.assertIn("page 1/1", self.on_terminal("--json"))

    def test_quiet(self):
        self.assertEqual(self.on_terminal("--quiet"), "")


class Memory(harness.Case):
    model = True

    def test_budget_that_is_named_is_enough(self):
        """The budget that the message names is enough, and says what it is for."""
        self.write("a.png", harness.page(60, 90))
        result = self.planche("a.png", "--memory", "1M", check=3)
        self.assert_one_line(result.stderr, harness.QUICK_MODEL, "--memory ")
        enough = result.stderr.split("(--memory ")[1].split(")")[0]
        self.planche("a.png", "--memory", enough)

    def test_fewer_jobs(self):
        """Pages at once share the budget: one page at a time needs less."""
        self.write("a.png", harness.page(900, 200))
        options = ("a.png", "-f", "png", "--threads", 1, "--overwrite", "--memory", "40M")
        result = self.planche("-j", "8", *options, check=1)
        self.assert_one_line(result.stderr, "(--memory ", "(--jobs 1)")
        self.planche("-j", "1", *options)

    def test_too_little_says_what_would_do(self):
        self.write("a.png", harness.page(3000, 12))
        result = self.planche("--memory", "30M", "a.png", "-o", "b.png", check=1)
        self.assert_one_line(result.stderr, "a.png", "--memory ")
        enough = result.stderr.split("--memory ")[1].split("M")[0]
        self.assertEqual(self.files(), ["a.png"])
        self.planche("--memory", enough + "M", "a.png", "-o", "b.png")

    def test_too_little_for_the_model(self):
        self.write("a.png", harness.page())
        for memory in ("1M", "18M"):
            result = self.planche("--memory", memory, "a.png", "-o", "b.png", check=3)
            self.assert_one_line(result.stderr, "memory")
        self.assertEqual(self.files(), ["a.png"])

    def test_budget_bounds_the_process(self):
        if os.environ.get("SANITIZED"):
            self.skipTest("a sanitizer's own memory is beyond any budget")
        self.write("a.png", harness.page(300, 400))
        command = [harness.PLANCHE, "-m", harness.QUICK_MODEL, "-s", str(harness.QUICK_SCALE),
                   "--memory", "64M", self.path("a.png"), "-o", self.path("b.png")]
        pid = os.posix_spawn(command[0], command, os.environ)
        _, status, usage = os.wait4(pid, 0)
        self.assertEqual(status, 0)
        self.assertLess(usage.ru_maxrss, 64 << 10)


if __name__ == "__main__":
    harness.main()
