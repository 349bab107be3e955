#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Planche's own networks as the command's users have them: no download, no cache, -n as a number,
grey pages, standard input, the resident process."""
import json
import math
import os
import shutil
import harness
from harness import run

NETWORK = os.path.join(os.environ["SAMPLES"], "..", "networks", "small-2x.planche")


class Own(harness.Case):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("home"))
        # No folder of models, no program that could download one, and nowhere to put it.
        self.env = {"HOME": self.path("home"), "PATH": "/nonexistent", "XDG_CACHE_HOME": "",
                    "XDG_CONFIG_HOME": "", "PLANCHE_MODEL_DIR": self.path("no-models")}
        self.write("a.png", harness.page())

    def make(self, *arguments, check=0, **more):
        return run(*arguments, "--json", "--overwrite", "--backend", "cpu", cwd=self.folder,
                   env=self.env, check=check, **more)

    def page(self, *arguments):
        lines = map(json.loads, self.make(*arguments).stdout.splitlines())
        return next(line for line in lines if line["type"] == "page")

    def test_no_download_and_no_cache(self):
        for model in ("small", "medium", "large"):
            page = self.page("-m", model, "a.png", "-o", "b.png")
            self.assertEqual((page["model"], page["variant"]), (model, model + "-2x"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["a.png", "b.png", "home"])
        self.assertEqual(os.listdir(self.path("home")), [])

    def test_levels(self):
        for level, variant in (("-1", "small-2x"), ("0", "small-2x-clean0"),
                               ("1.5", "small-2x-clean1.5"), ("3", "small-2x-clean3")):
            page = self.page("-m", "small", "-n", level, "a.png", "-o", "b.png")
            self.assertEqual(page["variant"], variant)
        for level in ("3.1", "-1.5", "1e0", "nan", "0x1", "1,5", ""):
            self.assert_one_line(self.make("-m", "small", "-n", level, "a.png", check=2).stderr,
                                 "is not a number from -1 to 3")
        for model in ("realcugan", "waifu2x-cunet", "realesrgan-x4fast"):
            self.assert_one_line(self.make("-m", model, "-n", "0.5", "a.png", check=2).stderr,
                                 "between whole numbers are for small, medium and large")
        self.assert_one_line(self.make("-m", "small", "-s", "1", "-n", "-1", "a.png", check=2).stderr,
                             "small at scale 1 has no denoise level -1; it has 0, 1, 2, 3")

    def test_a_page_decides(self):
        self.page("-m", "small", "--no-mark", "-q", "60", "a.png", "-o", "bad.jpg")
        page = self.page("bad.jpg", "-o", "b.png")
        self.assertEqual((page["model"], page["variant"], page["level"], page["grey"], page["reason"]),
                         ("auto", "medium-2x-clean2", 2.0, False, "JPEG 60"))
        self.assertEqual((page["measured"]["file_quality"], page["measured"]["chroma"]), (60, 4))
        # Each option has the place of its own part only.
        page = self.page("-m", "small", "bad.jpg", "-o", "b.png")
        self.assertEqual((page["variant"], page["level"]), ("small-2x-clean2", 2.0))
        page = self.page("-n", "1", "bad.jpg", "-o", "b.png")
        self.assertEqual((page["variant"], page["level"], page["measured"]),
                         ("medium-2x-clean1", None, None))
        self.assertIn("level 2 (JPEG 60)", run("-v", "--overwrite", "--backend", "cpu", "bad.jpg", "-o",
                                              "b.png", cwd=self.folder, env=self.env, check=0).stderr)
        self.assertEqual(self.page("a.png", "-o", "b.png")["reason"], "no sign of loss")
        answer = run("stdio", "--backend", "cpu", cwd=self.folder, env=self.env, check=0,
                     stdin=(json.dumps({"input": "bad.jpg", "output": "c.png"}) + "\n").encode()).stdout
        self.assertEqual(json.loads(answer.splitlines()[0])["level"], 2.0)

    def test_scales(self):
        """Whichever of them have a network of their own."""
        for scale in range(1, 6):
            page = self.page("-m", "small", "-s", scale, "a.png", "-o", "b.png")
            self.assertEqual(page["output_width"], scale * page["input_width"])
            self.assertGreaterEqual(math.prod(page["chain"]), scale)

    def test_a_file_is_the_same(self):
        shutil.copy(NETWORK, self.path("mine.planche"))
        self.page("-m", "small", "-n", "2.25", "--no-mark", "a.png", "-o", "b.png")
        page = self.page("-m", "./mine.planche", "-n", "2.25", "--no-mark", "a.png", "-o", "c.png")
        self.assertEqual(page["variant"], "mine-clean2.25")
        self.assertEqual(self.read("b.png"), self.read("c.png"))
        with open(self.path("mine.planche"), "r+b") as file:
            file.truncate(1000)
        result = self.make("-m", "./mine.planche", "a.png", check=3)
        self.assert_one_line(result.stderr, "mine.planche: 1000 bytes, where the header says")

    def test_models(self):
        for arguments, text in ((["fetch", "small"], "Nothing to fetch: it is built in"),
                                (["path", "small"], "has no files")):
            result = run("models", *arguments, cwd=self.folder, env=self.env)
            self.assertIn(text, result.stderr)
        self.assertEqual(run("models", "verify", env=self.env, check=0).stdout, "")
        run("models", "remove", "--all", env=self.env, check=0)
        listed = run("models", env=self.env, check=0).stdout
        self.assertRegex(listed, r"\nsmall +2  -1 to 3 +MIT .* built in\n")
        self.assertIn("In the library: small medium", listed)

    def test_stdio(self):
        with open(self.path("a.png"), "rb") as file:
            page = file.read()
        request = {"id": 1, "bytes": len(page), "model": "small", "denoise": 0.5, "format": "png"}
        wrong = {"id": 2, "bytes": len(page), "model": "small", "denoise": 4}
        stdin = b"".join(json.dumps(r).encode() + b"\n" + page for r in (request, wrong))
        result = run("stdio", "--backend", "cpu", stdin=stdin, text=False, env=self.env)
        self.assertIn(b'"variant":"small-2x-clean0.5"', result.stdout)
        self.assertIn(b"denoise must be a number from -1 to 3", result.stdout)


if __name__ == "__main__":
    harness.main()
