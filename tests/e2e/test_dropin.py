# SPDX-License-Identifier: MIT
"""The command under the names of the ncnn programs: their options, files and messages."""
import json
import os
import shutil
import struct
import subprocess
import time

import files
import harness
import png

CUGAN, ESRGAN, WAIFU = (f"{name}-ncnn-vulkan" for name in ("realcugan", "realesrgan", "waifu2x"))
NOT_STARTED = 255  # what these programs exit with


class Linked(harness.Case):
    """A folder bin/ with the three links in it."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("bin"))
        for name in (CUGAN, ESRGAN, WAIFU):
            os.symlink(harness.PLANCHE, self.path("bin", name))

    def peer(self, name, *arguments, check=0, **more):
        return harness.run(*arguments, check=check, program=self.path("bin", name),
                           cwd=self.folder, **more)

    def size(self, name):
        image = png.Image(self.read(name))
        return image.width, image.height

    def refuse(self, name, *arguments, says):
        """Nothing is begun, and one line says why."""
        before = self.files()
        result = self.peer(name, *arguments, check=NOT_STARTED)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for text in says:
            self.assertIn(text, result.stderr)
        self.assertEqual(self.files(), before)


class Options(Linked):
    def test_help(self):
        for name in (CUGAN, WAIFU, ESRGAN):
            for arguments in (["-h"], [], ["-i", "a.png"], ["-o", "a.png"]):
                result = self.peer(name, *arguments, check=NOT_STARTED)
                text, nothing = result.stdout, result.stderr
                if name == ESRGAN:
                    text, nothing = nothing, text
                self.assertTrue(text.startswith(f"Usage: {name} -i infile -o outfile"), text)
                self.assertEqual(nothing, "")
                for letter in "ionstmgjxfvh" + ("c" if name == CUGAN else ""):
                    self.assertIn(f"\n  -{letter} ", text)
                for line in text.splitlines():
                    self.assertLessEqual(len(line), 80, line)

    def test_unknown_option(self):
        result = self.peer(WAIFU, "-c", "1", check=NOT_STARTED)
        self.assertIn("invalid option -- 'c'", result.stderr)

    def test_wrong_values(self):
        self.write("a.png", harness.page())
        page = ["-i", "a.png", "-o", "b.png"]
        for name in (CUGAN, WAIFU):
            for noise in ("-2", "4", "x", ""):
                self.refuse(name, *page, "-n", noise, says=["invalid noise argument"])
        for name, scales in {CUGAN: "05", ESRGAN: "015", WAIFU: ["0", "3", "64", "x"]}.items():
            for scale in scales:
                self.refuse(name, *page, "-s", scale, says=["invalid scale argument", scale])
        self.refuse(CUGAN, *page, "-s", "5", says=["it is 1, 2, 3 or 4"])
        for gap in ("-1", "4"):
            self.refuse(CUGAN, *page, "-c", gap, says=["invalid syncgap argument"])
        for tiles in ("31", "-32", "0,0", "x", "32,"):
            self.refuse(WAIFU, *page, "-t", tiles, says=["invalid tilesize argument", tiles])
        self.refuse(WAIFU, *page, "-g", "0,1", "-t", "64", says=["invalid tilesize argument"])
        for gpus in ("-2", "x", "1,", ""):
            self.refuse(WAIFU, *page, "-g", gpus, says=["invalid gpu argument"])
        for jobs in ("1", "0:1:1", "1:1:0", "x:1:1", "1:1:x"):
            self.refuse(WAIFU, *page, "-j", jobs, says=["invalid thread count argument", jobs])
        for jobs in ("1:0:1", "1:1,1:1", "1:x"):
            self.refuse(WAIFU, *page, "-j", jobs, says=["invalid jobs_proc thread count argument"])

    def test_wrong_paths(self):
        self.write("a.png", harness.page())
        self.write("in/a.png", harness.page())
        os.mkdir(self.path("out"))
        for output in ("b", "b.gif", "none/b"):
            self.refuse(CUGAN, "-i", "a.png", "-o", output,
                        says=["invalid outputpath extension type", output])
        for arguments in (["-i", "in", "-o", "b.png"], ["-i", "in", "-o", "none"],
                          ["-i", "a.png", "-o", "out"]):
            self.refuse(CUGAN, *arguments, says=["same time", arguments[1], arguments[3]])
        for letters in ("gif", "PNG", "jpeg", ""):
            self.refuse(CUGAN, "-i", "in", "-o", "out", "-f", letters,
                        says=["invalid format argument"])

    def test_models_that_are_not_there(self):
        self.write("a.png", harness.page())
        page = ["-i", "a.png", "-o", "b.png"]
        self.refuse(CUGAN, *page, "-m", "models-pro", says=["models-pro/up2x-conservative.param"])
        self.refuse(WAIFU, *page, "-m", "models-upconv_7_photo",
                    says=["models-upconv_7_photo/noise0_scale2.0x_model.param"])
        self.refuse(WAIFU, *page, "-m", "models-upconv_7_anime_style_art_rgb/", "-s", "1",
                    says=["noise0_model.param", "scale"])
        self.refuse(ESRGAN, *page, "-n", "realesrnet-x4plus",
                    says=["models/realesrnet-x4plus.param"])
        empty = self.path("empty")
        result = self.peer(ESRGAN, *page, check=NOT_STARTED, env={"PLANCHE_MODEL_DIR": empty})
        self.assertIn("planche models fetch realesr-animevideov3", result.stderr)


class Pages(Linked):
    model = True

    def esrgan(self, *arguments, **more):
        return self.peer(ESRGAN, "-s", "2", *arguments, **more)

    def test_same_as_planche(self):
        self.write("a.png", harness.page())
        self.esrgan("-i", "a.png", "-o", "b.png")
        self.planche("a.png", "-o", "c.png", "--no-mark")
        self.assertEqual(self.read("b.png"), self.read("c.png"))
        self.esrgan("-i", "a.png", "-o", "b.png", "-x")
        self.planche("a.png", "-o", "x.png", "--no-mark", "--tta")
        self.assertEqual(self.read("b.png"), self.read("x.png"))
        self.assertNotEqual(self.read("b.png"), self.read("c.png"))

    def test_options_as_getopt_takes_them(self):
        self.write("a.png", harness.page())
        for arguments in (["-ia.png", "-ob.png"], ["-vxi", "a.png", "-ob.png"],
                          ["operand", "-i", "a.png", "-o", "b.png"],
                          ["-i", "a.png", "-o", "b.png", "-g", "-1", "-t", "0", "-j", "1:2:2"],
                          ["-i", "a.png", "-ob.png", "-g-1", "-t32", "-j4:8", "-s", "2.0"],
                          ["-i", "a.png", "-ob.png", "-gauto", "-n", "realesr-animevideov3"],
                          ["-i", "a.png", "-o", "b.png", "-g", "0,1", "-t", "0,400", "-j",
                           "1:2,2:2", "-f", "jpg", "-m", "models"]):
            self.esrgan(*arguments)
            self.assertEqual(self.size("b.png"), (96, 128))
            os.remove(self.path("b.png"))

    def test_gpus_that_are_not_there(self):
        self.write("a.png", harness.page())
        for number in ("63", "64", "99999"):
            result = self.esrgan("-i", "a.png", "-o", "b.png", "-g", f"-1,{number},-1")
            self.assertIn(f"there is no GPU {number}", result.stderr)
            self.assertEqual(self.size("b.png"), (96, 128))

    def test_formats(self):
        self.write("a.png", harness.page())
        for name in ("b.png", "b.PNG", "b.jpg", "b.jpeg", "b.JPG", "b.webp", "b.WEBP"):
            self.esrgan("-i", "a.png", "-o", name)
            start = {"p": png.SIGNATURE, "j": b"\xff\xd8\xff", "w": b"RIFF"}[name[2].lower()]
            self.assertTrue(self.read(name).startswith(start), name)
        self.assertIn(b"VP8L", files.Webp(self.read("b.webp")).chunks)
        os.mkdir(self.path("in"))
        os.mkdir(self.path("out"))
        os.rename(self.path("b.jpg"), self.path("in", "one.two.jpg"))
        os.rename(self.path("b.webp"), self.path("in", "noextension"))
        for letters in ("png", "jpg", "webp"):
            self.esrgan("-i", "in/", "-o", "out", "-f", letters)
            self.assertEqual(self.files("out"), [f"noextension.{letters}", f"one.two.{letters}"])
            shutil.rmtree(self.path("out"))
            os.mkdir(self.path("out"))

    def test_transparency_is_kept(self):
        self.write("in/a.png", harness.page(channels=4))
        self.write("in/b.png", harness.page())
        os.mkdir(self.path("out"))
        result = self.esrgan("-i", "in/a.png", "-o", "c.jpg")
        self.assertIn("image in/a.png has alpha channel ! in/a.png will output c.jpg.png",
                      result.stderr)
        self.assertEqual(png.Image(self.read("c.jpg.png")).channels, 4)
        self.assertNotIn("c.jpg", self.files())
        self.esrgan("-i", "in", "-o", "out", "-f", "jpg")
        self.assertEqual(self.files("out"), ["a.jpg.png", "b.jpg"])
        transparent = (b"tRNS", struct.pack(">HHH", 0, 0, 0))
        self.write("t.png", harness.page(extra=[transparent]))
        self.esrgan("-i", "t.png", "-o", "t.jpg")
        self.assertEqual(png.Image(self.read("t.jpg.png")).channels, 4)

    def test_percents(self):
        self.write("a.png", harness.page())
        lines = self.esrgan("-i", "a.png", "-o", "b.png").stderr.splitlines()
        self.assertEqual(lines[0], "0.00%")
        for line in lines:
            self.assertRegex(line, r"^\d{1,2}\.00%$")
        self.assertEqual(lines, sorted(set(lines), key=lambda line: float(line[:-1])))

    def test_verbose(self):
        self.write("a.png", harness.page())
        result = self.esrgan("-i", "a.png", "-o", "b.png", "-v")
        self.assertEqual(result.stderr.splitlines()[-1], "a.png -> b.png done")
        self.assertEqual(result.stdout, "")

    def test_overwrites(self):
        self.write("a.png", harness.page())
        self.write("b.png", b"mine")
        self.esrgan("-i", "a.png", "-o", "b.png")
        self.assertEqual(self.size("b.png"), (96, 128))
        self.esrgan("-i", "b.png", "-o", "b.png")
        self.assertEqual(self.size("b.png"), (192, 256))

    def test_folders(self):
        """Every file is tried, each result has a name of its own, and the status tells."""
        for name in ("a.png", "a.jpg.png", "b.PNG", "nested/c.png", ".hidden.png"):
            self.write("in/" + name, harness.page(16, 16))
        self.planche("in/a.png", "-o", "in/a.jpg")
        self.planche("in/a.png", "-o", "in/a.webp")
        os.mkdir(self.path("out"))
        names = ["a.jpg.png", "a.png", "a.png.png", "a.webp.png", "b.png"]
        result = self.esrgan("-i", "in", "-o", "out", "-v")
        self.assertEqual(self.files("out"), names)
        self.assertIn("out/a.png ! in/a.png will output out/a.png.png", result.stderr)
        for name in self.files("out"):
            self.assertTrue(self.read("out/" + name).startswith(png.SIGNATURE))
        self.write("in/note.txt", b"not a page")
        self.write("in/z.png", harness.page()[:200])
        shutil.rmtree(self.path("out"))
        os.mkdir(self.path("out"))
        result = self.esrgan("-i", "in", "-o", "out", check=1)
        self.assertIn("decode image in/note.txt failed: ", result.stderr)
        self.assertIn("decode image in/z.png failed: ", result.stderr)
        self.assertEqual(self.files("out"), names)

    def test_results_among_pages(self):
        """No page is replaced by another's result before it is read."""
        self.write("in/a.jpg.png", harness.page(16, 16))
        self.write("in/a.png", harness.page(24, 16))
        self.esrgan("-i", "in/a.png", "-o", "in/a.jpg")
        for folder in ("in", "in/../in/"):
            result = self.esrgan("-i", "in", "-o", folder)
            self.assertIn("both in/a.jpg and ", result.stderr)
        self.assertEqual(self.files("in"), ["a.jpg", "a.jpg.png", "a.jpg.png.png",
                                            "a.jpg.png.png.png", "a.png"])
        self.assertEqual(self.size("in/a.png"), (96, 64))
        self.assertEqual(self.size("in/a.jpg.png"), (64, 64))

    def test_transparency_among_pages(self):
        """Nor by one that is called otherwise for its transparency."""
        self.write("in/a.png", harness.page(24, 16, channels=4))
        self.write("in/a.jpg.png", harness.page(16, 16))
        before = self.read("in/a.jpg.png")
        self.esrgan("-i", "in", "-o", "in", "-f", "jpg")
        self.assertEqual(self.files("in"), ["a.jpg.jpg", "a.jpg.png", "a.png", "a.png.png"])
        self.assertEqual(self.read("in/a.jpg.png"), before)
        self.assertEqual(self.size("in/a.png.png"), (48, 32))

    def test_failures(self):
        self.write("bad.png", harness.page()[:150])
        self.write("a.png", harness.page())
        before = self.files()
        for name in ("bad.png", "none.png"):
            result = self.esrgan("-i", name, "-o", "b.png", check=1)
            self.assertIn(f"decode image {name} failed: ", result.stderr)
        result = self.esrgan("-i", "a.png", "-o", "none/b.png", check=1)
        self.assertIn("encode image none/b.png failed: ", result.stderr)
        self.assertEqual(self.files(), before)

    def test_files_of_a_model(self):
        """A folder's own files come before Planche's: here, beside the command, and by a path."""
        cache = os.environ.get("PLANCHE_MODEL_DIR")
        if cache is None:
            cache = json.loads(harness.run("info", "--json", check=0).stdout)["model_directory"]
        self.write("a.png", harness.page())
        self.esrgan("-i", "a.png", "-o", "expected.png")
        for folder in ("models", "bin/models", "elsewhere"):
            os.mkdir(self.path(folder))
            for end in (".param", ".bin"):
                shutil.copy(os.path.join(cache, "realesr-animevideov3",
                                         "realesr-animevideov3-x2" + end),
                            self.path(folder, "mine" + end))
            self.esrgan("-i", "a.png", "-o", "b.png", "-n", "mine", "-m",
                        self.path(folder) if folder == "elsewhere" else "models",
                        env={"PLANCHE_MODEL_DIR": self.path("empty")})
            self.assertEqual(self.read("b.png"), self.read("expected.png"))
            # A network that enlarges twice runs two times, and the result is reduced.
            self.peer(ESRGAN, "-i", "a.png", "-o", "c.png", "-n", "mine", "-s", "3", "-m",
                      self.path(folder))
            self.assertEqual([side * 2 for side in self.size("c.png")],
                             [side * 3 for side in self.size("b.png")])
            os.remove(self.path(folder, "mine.bin"))
            self.refuse(ESRGAN, "-i", "a.png", "-o", "c.png", "-n", "mine", "-s", "2", "-m",
                        self.path(folder), says=["mine.param", "mine"])


class Programs(Linked):
    """Defaults and levels of each program, with its own models."""

    def same(self, program, arguments, *planche):
        self.write("a.png", harness.page(32, 32))
        self.peer(program, "-i", "a.png", "-o", "b.png", *arguments)
        harness.run("a.png", "-o", "c.png", "--overwrite", "--no-mark", *planche,
                    check=0, cwd=self.folder)
        self.assertEqual(self.read("b.png"), self.read("c.png"))

    def test_realcugan(self):
        harness.need_model("realcugan", 2)
        harness.need_model("realcugan", 3)
        self.same(CUGAN, [], "-m", "realcugan", "-s", "2", "-n", "-1")
        self.same(CUGAN, ["-n", "3", "-s", "3", "-m", "models-se/", "-c", "1"], "-m", "realcugan", "-s", "3", "-n", "3")
        result = self.peer(CUGAN, "-i", "a.png", "-o", "b.png", "-v")
        self.assertEqual((result.stdout, result.stderr), ("a.png -> b.png done\n", ""))

    def test_averages_are_sampled(self):
        harness.need_model("realcugan", 2)
        self.write("a.png", harness.page(16, 600))
        modes = {"0": "sampled", "1": "exact"}
        if not os.environ.get("SANITIZED"):  # each takes long there
            modes |= {"2": "sampled", "3": "sampled"}
        for gap, mode in modes.items():
            self.peer(CUGAN, "-i", "a.png", "-o", "b.png", "-c", gap)
            harness.run("-m", "realcugan", "a.png", "-o", "c.png", "--overwrite", "--no-mark", "--se",
                        mode, check=0, cwd=self.folder)
            self.assertEqual(self.read("b.png"), self.read("c.png"), gap)

    def test_realesrgan(self):
        harness.need_model("realesr-animevideov3", 4)
        harness.need_model("realesr-animevideov3", 3)
        self.same(ESRGAN, [], "-m", "realesr-animevideov3", "-s", "4")
        self.same(ESRGAN, ["-s", "3"], "-m", "realesr-animevideov3", "-s", "3")

    def test_waifu2x(self):
        harness.need_model("waifu2x-cunet", 2)
        harness.need_model("waifu2x-cunet", 1)
        harness.need_model("waifu2x-upconv7", 2)
        self.same(WAIFU, [], "-m", "waifu2x-cunet", "-s", "2", "-n", "0", "--se", "sampled")
        self.same(WAIFU, ["-n", "-1"], "-m", "waifu2x-cunet", "-s", "2", "-n", "-1")
        self.same(WAIFU, ["-s", "1", "-n", "2"], "-m", "waifu2x-cunet", "-s", "1", "-n", "2")
        self.same(WAIFU, ["-m", "models-upconv_7_anime_style_art_rgb", "-n", "3"],
                  "-m", "waifu2x-upconv7", "-n", "3")

    def test_waifu2x_again_and_again(self):
        """The same file runs for 4, 8 and more, with 16 bits between: single runs that write 16 bits,
        from a page that has them, are the same."""
        harness.need_model("waifu2x-upconv7", 2)
        self.write("a.png", harness.page(12, 9, depth=16))
        model = ["-m", "models-upconv_7_anime_style_art_rgb"]
        last = "a.png"
        for scale in (2, 4, 8):
            step = f"step{scale}.png"
            harness.run("-m", "waifu2x-upconv7", "-n", "0", last, "-o", step, "--no-mark",
                        check=0, cwd=self.folder)
            last = step
            self.peer(WAIFU, "-i", "a.png", "-o", "b.png", "-s", scale, *model)
            self.assertEqual(self.read("b.png"), self.read(last))
        self.peer(WAIFU, "-i", "a.png", "-o", "b.png", "-s", "32", *model)
        self.assertEqual(self.size("b.png"), (384, 288))
        self.write("bad.png", harness.page()[:200])
        before = self.files()
        self.peer(WAIFU, "-i", "bad.png", "-o", "c.png", "-s", "4", *model, check=1)
        self.peer(WAIFU, "-i", "a.png", "-o", "none/c.png", "-s", "4", *model, check=1)
        self.assertEqual(self.files(), before)

    def test_scales_without_a_network(self):
        """Where the peers load a file that is not there, or compute rubbish, a chain is reduced."""
        harness.need_model("realesrgan-x4plus-anime", 4)
        self.write("a.png", harness.page(8, 6))
        self.peer(ESRGAN, "-i", "a.png", "-o", "b.png", "-n", "realesrgan-x4plus-anime", "-s", "2")
        self.assertEqual(self.size("b.png"), (16, 12))

    def test_waifu2x_does_nothing(self):
        harness.need_model("waifu2x-cunet", 2)
        self.write("a.png", harness.page())
        mask = os.umask(0o027)
        self.addCleanup(os.umask, mask)
        self.peer(WAIFU, "-i", "a.png", "-o", "b.png", "-s", "1", "-n", "-1")
        self.assertEqual(self.read("b.png"), self.read("a.png"))
        self.assertEqual(os.stat(self.path("b.png")).st_mode & 0o777, 0o640)
        result = self.peer(WAIFU, "-i", "a.png", "-o", "b.jpg", "-s", "1", "-n", "-1", check=1)
        self.assertIn("nothing to do", result.stderr)
        self.assertEqual(self.files(), ["a.png", "b.png", "bin"])


if __name__ == "__main__":
    harness.main()
