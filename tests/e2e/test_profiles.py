#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Chains of models and profiles as the command's users have them: pages, books, stdio, the
configuration, and what is wrong with a profile."""
import json
import os
import shutil
import archives
import harness
import png
from harness import run

NETWORK = os.path.join(os.environ["SAMPLES"], "..", "networks", "small-2x.planche")
PROFILE = """
scale = 2
[[pages]]
kind = "grey"
max-height = 64
model = "mine.planche"
[[pages]]
kind = "grey"
model = "small"
first = "medium"
levels = false
[[pages]]
model = "small"
"""


def scan(width, height, black=30, white=220):
    """Ink on paper, of one channel."""
    samples = bytes(black if (x // 4 + y // 4) % 4 == 0 else white
                    for y in range(height) for x in range(width))
    return png.encode(width, height, 1, samples)


class Profiles(harness.Case):
    def setUp(self):
        super().setUp()
        self.env = {"HOME": self.folder, "XDG_CONFIG_HOME": "", "PLANCHE_MODEL_DIR": self.path("m"),
                    "XDG_STATE_HOME": self.path("state")}
        shutil.copy(NETWORK, self.path("mine.planche"))
        self.write("colour.png", harness.page())
        self.write("low.png", scan(48, 64))
        self.write("high.png", scan(48, 65))
        self.write("p.toml", PROFILE.encode())

    def make(self, *arguments, check=0, **more):
        return run(*arguments, "--backend", "cpu", cwd=self.folder, env=self.env, check=check, **more)

    def page(self, *arguments):
        lines = self.make(*arguments, "--json", "--overwrite").stdout.splitlines()
        return next(line for line in map(json.loads, lines) if line["type"] == "page")

    def wrong(self, profile, *texts):
        self.write("wrong.toml", profile.encode())
        stderr = self.make("--for", "wrong.toml", "low.png", check=2).stderr
        for text in texts:
            self.assert_one_line(stderr, text)

    def test_chain(self):
        page = self.page("-m", "small+mine.planche", "colour.png", "-o", "a.png")
        self.assertEqual((page["model"], page["variant"], page["chain"], page["rule"]),
                         ("small+mine.planche", "small-1x-clean0 1x + mine 2x", [1, 2], None))
        page = self.page("-m", "small+mine.planche", "-s", "4", "-n", "1.5", "colour.png", "-o", "a.png")
        self.assertEqual(page["variant"], "small-1x-clean1.5 1x + mine 2x (2 times)")
        self.assert_one_line(self.make("-m", "small+smxll", "colour.png", check=2).stderr,
                             "no model named 'smxll'", "did you mean small?")
        answer = self.make("stdio", stdin=json.dumps(
            {"input": "colour.png", "output": "b.png", "model": "small+medium"}).encode() + b"\n")
        self.assertEqual(json.loads(answer.stdout.splitlines()[0])["model"], "small+medium")

    def test_explained(self):
        def explain(*arguments, check=0):
            return run("models", *arguments, cwd=self.folder, env=self.env, check=check)

        said = explain("grey,height<=9:levels+./mine.planche|small+medium").stdout
        for text in ("pages: grey, height <= 9, black and white point first", "./mine.planche: planche",
                     "pages: all\n    networks: small-1x-clean0 1x + medium-2x 2x\n    small\n    medium\n"):
            self.assertIn(text, said)
        lines = [json.loads(line) for line in
                 explain("--json", "small+mine.planche").stdout.splitlines()]
        self.assertEqual([(line["model"], line["scale"], line["networks"]) for line in lines],
                         [("small", None, None), ("mine.planche", 2, None)])
        self.write("broken.pth", b"x")
        self.assertIn("cannot be used", explain("small+broken.pth", check=1).stdout)
        self.assert_one_line(explain("small+smxll", check=2).stderr,
                             "no model named 'smxll'")

    def test_pages(self):
        page = self.page("--for", "p.toml", "low.png", "-o", "a.png")
        self.assertEqual((page["model"], page["rule"], page["black"], page["white"], page["grey"]),
                         ("levels+mine.planche", "grey, height <= 64", 30, 220, True))
        page = self.page("--for", "p.toml", "high.png", "-o", "a.png")
        self.assertEqual((page["model"], page["rule"], page["black"], page["white"]),
                         ("medium+small", "grey", None, None))
        page = self.page("--for", "p.toml", "colour.png", "-o", "a.png")
        self.assertEqual((page["model"], page["rule"], page["level"], page["grey"]),
                         ("levels+small", "all other pages", -1, False))
        said = self.make("-v", "--overwrite", "--for", "p.toml", "low.png", "-o", "a.png").stderr
        self.assertIn("alternative 1 (grey, height <= 64)", said)
        self.assertIn("black 30, white 220", said)

    def test_levels_are_the_clean_page(self):
        self.write("clean.png", scan(48, 64, 0, 255))
        for source, result in (("low.png", "a.png"), ("clean.png", "b.png")):
            self.page("-m", "levels+small", "-n", "0", "--no-mark", source, "-o", result)
        self.page("-m", "small", "-n", "0", "--no-mark", "clean.png", "-o", "c.png")
        self.assertEqual(self.read("a.png"), self.read("b.png"))
        self.assertEqual(self.read("b.png"), self.read("c.png"))

    def test_size(self):
        self.write("p.toml", b'height = 96\nwidth = 500\n[[pages]]\nmodel = "small"\n')
        page = self.page("--for", "p.toml", "colour.png", "-o", "a.png")
        self.assertEqual((page["output_width"], page["output_height"]), (72, 96))
        page = self.page("--for", "p.toml", "--height", "128", "colour.png", "-o", "a.png")
        self.assertEqual(page["output_height"], 128)

    def test_book(self):
        """Each page by its kind; a run with a changed profile, or file, is another one."""
        pages = {"1.png": self.read("low.png"), "2.png": self.read("high.png"),
                 "3.png": self.read("colour.png")}
        self.write("b.cbz", archives.cbz(list(pages.items())))
        lines = self.make("--for", "p.toml", "--json", "b.cbz", "-o", "out.cbz").stdout.splitlines()
        rules = [line["rule"] for line in map(json.loads, lines) if line["type"] == "page"]
        self.assertEqual(rules, ["grey, height <= 64", "grey", "all other pages"])

        def fate(check=0):
            return self.make("--for", "p.toml", "b.cbz", "-o", "out.cbz", check=check).stderr

        self.assertIn("up to date", fate())
        self.write("p.toml", PROFILE.replace("64", "63").encode())
        self.assertIn("other settings", fate(1))
        self.write("p.toml", PROFILE.encode())
        with open(self.path("mine.planche"), "ab") as file:
            file.write(b"")
        self.assertIn("up to date", fate())
        shutil.copy(os.path.join(os.path.dirname(NETWORK), "medium-2x.planche"),
                    self.path("mine.planche"))
        self.assertIn("other settings", fate(1))

    def test_configuration(self):
        self.write("config.toml", b'for = "manga"\n[profiles.manga]\nscale = 3\n[[profiles.manga.pages]]\n'
                                  b'model = "small"\n')
        config = ("--config", "config.toml")
        page = self.page(*config, "colour.png", "-o", "a.png")
        self.assertEqual((page["model"], page["scale"]), ("levels+small", 3))
        page = self.page(*config, "-m", "small", "colour.png", "-o", "a.png")
        self.assertEqual((page["model"], page["rule"]), ("small", None))
        self.assert_one_line(self.make(*config, "--for", "mange", "colour.png", check=2).stderr,
                             "no such profile; did you mean manga?")
        self.assert_one_line(self.make("--for", "p.toml", "-m", "small", "low.png", check=2).stderr,
                             "exclude each other")
        for wrong in (b"profiles = 3\n", b"[[profiles]]\n"):
            self.write("config.toml", wrong)
            self.assert_one_line(self.make(*config, "colour.png", check=2).stderr,
                                 "config.toml:1: profiles are tables: [profiles.NAME]")
        self.write("config.toml", b'[profiles.manga]\nsacle = 3\n')
        self.assert_one_line(self.make(*config, "colour.png", check=2).stderr,
                             "config.toml:2: there is no key 'sacle'; did you mean scale?")

    def test_errors(self):
        self.wrong('[[pages]]\nkind = "gray"\nmodel = "a"', "wrong.toml:2: there is no kind of pages "
                   "'gray'; did you mean grey?")
        self.wrong('[[pages]]\nmodl = "a"', "wrong.toml:2: there is no key of [[pages]] 'modl'",
                   "did you mean model?")
        self.wrong('height = "x"', "wrong.toml:1: height: a whole number from 1 to 1000000")
        self.wrong('[[pages]]\nkind = "grey"', "wrong.toml:1: pages: model is missing")
        self.wrong('[[pages]]\nmodel = "a|b"', "wrong.toml:2: model: one model or a chain")
        self.wrong('[[pages]]\nmodel = "grey:a|b"', "wrong.toml:2: model: one model or a chain")
        self.wrong('[[pages]]\nmodel = "a+"', "wrong.toml:2: model: a model's name is missing")
        self.wrong('[[pages]]\nmodel = "small"\n[[pages]]\nmodel = "small"',
                   "wrong.toml:3: pages: no page is left for this")
        self.wrong('[[pages]]\nmodel = "nothing"', "wrong.toml:2: model: there is no model named 'nothing'")
        self.wrong('first = "small+no.pth"', "wrong.toml:1: first: no.pth: no such model file")
        self.wrong('[[pages]]\nmax-height = 9\nmodel = "small"\n' * 16, "there are more than 15")
        self.wrong('levels = 1', "wrong.toml:1: levels: true or false")
        self.assert_one_line(self.make("--for", "none.toml", "low.png", check=2).stderr, "none.toml")

    def test_mangajanai(self):
        os.mkdir(self.path("janai"))
        for height in ("1200p", "1400p"):
            shutil.copy(NETWORK, self.path(f"janai/2x_MangaJaNai_{height}_V1_ESRGAN_70k.planche"))
        shutil.copy(NETWORK, self.path("janai/2x_IllustrationJaNai_V1_ESRGAN_120k.planche"))
        for name, height, number, rule in (("l.png", 1250, "1200p", "grey, height <= 1250"),
                                           ("h.png", 1251, "1400p", "grey")):
            self.write(name, scan(8, height))
            page = self.page("--for", "janai/", name, "-o", "a.png")
            self.assertEqual(page["rule"], rule)
            self.assertIn(f"levels+janai/2x_MangaJaNai_{number}", page["model"])
            self.assertEqual(page["scale"], 2)
        page = self.page("--for", "janai/", "colour.png", "-o", "a.png")
        self.assertIn("janai/2x_IllustrationJaNai_V1", page["model"])
        self.assert_one_line(self.make("--for", ".", "low.png", check=2).stderr,
                             "no file of MangaJaNai is in it")
        self.assert_one_line(self.make("--for", "janai/", "-s", "4", "low.png", check=2).stderr,
                             "no file of MangaJaNai is in it")
        self.assert_one_line(self.make("--for", "mangajanai", "low.png", check=2).stderr,
                             "no file of MangaJaNai is in it")

    def test_folders_with_signs(self):
        """A + or | in the name of a folder is no sign of a chain or a choice."""
        profile = b'scale = 2\n[[pages]]\nmodel = "mine.planche"\n'
        for folder in ("my+models", "grey:a+b"):
            self.write(f"{folder}/p.toml", profile)
            shutil.copy(NETWORK, self.path(f"{folder}/mine.planche"))
            shutil.copy(NETWORK, self.path(f"{folder}/2x_MangaJaNai_1200p_V1_ESRGAN_70k.planche"))
            page = self.page("--for", f"{folder}/p.toml", "colour.png", "-o", "a.png")
            self.assertEqual(page["model"], f"levels+./{folder}/mine.planche")
            page = self.page("--for", f"{folder}/", "low.png", "-o", "a.png")
            self.assertEqual(page["model"],
                             f"levels+./{folder}/2x_MangaJaNai_1200p_V1_ESRGAN_70k.planche")
        for folder in ("my|models", "a.pth+b"):
            os.rename(self.path("my+models"), self.path(folder))
            for name in (f"{folder}/p.toml", f"./{folder}/"):
                self.assert_one_line(self.make("--for", name, "low.png", check=2).stderr,
                                     f"{folder}/", "rename the folder or the file")
            os.rename(self.path(folder), self.path("my+models"))
        os.makedirs(self.path("m|n/imported"))
        shutil.copy(NETWORK, self.path("m|n/imported/clean.planche"))
        self.page("--model-dir", "m|n", "-m", "clean", "low.png", "-o", "a.png")
        self.assert_one_line(self.make("--model-dir", "m|n", "-m", "small+clean", "low.png",
                                       check=2).stderr, "m|n/imported/clean.planche", "rename")
        os.rename(self.path("m|n"), self.path("m+n"))
        page = self.page("--model-dir", "m+n", "-m", "small+clean", "low.png", "-o", "a.png")
        self.assertEqual(page["model"], "small+./m+n/imported/clean.planche")


if __name__ == "__main__":
    harness.main()
