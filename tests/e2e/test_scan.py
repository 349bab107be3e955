#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""planche models scan and planche models FILE, and models by the names of their files."""
import json
import os
import struct
import harness
from harness import run


def safetensors(shapes, metadata=None):
    """A file of small numbers."""
    header, at = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, shape in shapes.items():
        count = 1
        for size in shape:
            count *= size
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + 4 * count]}
        at += 4 * count
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + struct.pack("<f", 0.01) * (at // 4)


def compact(features=8, scale=2, channels=3):
    shapes = {"body.0.weight": [features, channels, 3, 3], "body.0.bias": [features],
              "body.1.weight": [features]}
    shapes.update({"body.2.weight": [features, features, 3, 3], "body.2.bias": [features],
                   "body.3.weight": [features]})
    out = channels * scale * scale
    shapes.update({"body.4.weight": [out, features, 3, 3], "body.4.bias": [out]})
    return shapes


OMNISR = {"residual_layer.0.residual_layer.0.layer.0.fn.0.weight": [4], "input.weight": [4]}


class Scan(harness.Case):
    def setUp(self):
        super().setUp()
        self.env = {"PLANCHE_MODEL_DIR": self.path("cache")}

    def models(self, *arguments, check=0):
        return run("models", *arguments, env=self.env, check=check)

    def scan(self, *arguments, check=0):
        """Objects by the part of the path below the folder."""
        lines = self.models("scan", "--json", *arguments, check=check).stdout.splitlines()
        return {os.path.relpath(line["file"], self.path("m")): line for line in map(json.loads, lines)}

    def test_facts(self):
        self.write("m/a.safetensors", safetensors(compact(), {"license": "CC-BY-4.0"}))
        self.write("m/deep/er/grey.safetensors", safetensors(compact(scale=4, channels=1)))
        self.write("m/omni.safetensors", safetensors(OMNISR))
        self.write("m/odd.safetensors", safetensors(compact(channels=2)))
        self.write("m/broken.pth", b"no weights")
        self.write("m/page.png", harness.page())
        self.write("m/.hidden/b.safetensors", safetensors(compact()))
        absent = self.models("scan", self.path("m"), self.path("absent"), check=2)
        self.assert_one_line(absent.stderr, "absent: there is no such file or folder")
        self.assertEqual(absent.stdout, "")
        self.write("models.zip", b"")
        self.assert_one_line(self.models("scan", self.path("models.zip"), check=2).stderr, "models import takes models out")
        found = self.scan(self.path("m"))
        self.assertEqual(sorted(found), ["a.safetensors", "broken.pth", "deep/er/grey.safetensors", "odd.safetensors",
                                         "omni.safetensors"])
        first, grey = found["a.safetensors"], found["deep/er/grey.safetensors"]
        for key, value in {"format": "safetensors", "architecture": "Compact (SRVGG)", "scale": 2, "channels_in": 3,
                           "channels_out": 3, "licence": "CC-BY-4.0", "licence_file": None, "usable": True,
                           "reason": None, "us_per_pixel": None,
                           "bytes": os.path.getsize(self.path("m/a.safetensors"))}.items():
            self.assertEqual(first[key], value, key)
        self.assertEqual(first["parameters"], 8 * 27 + 8 + 8 + 8 * 72 + 8 + 8 + 12 * 72 + 12)
        self.assertIn("8 channels", first["network"])
        self.assertEqual((grey["scale"], grey["channels_in"], grey["licence"]), (4, 1, None))
        for name, architecture, reason in (("omni.safetensors", "OmniSR", "is not supported"),
                                           ("broken.pth", None, ""), ("odd.safetensors", "Compact (SRVGG)", "takes 2 channels")):
            self.assertFalse(found[name]["usable"])
            self.assertEqual(found[name]["architecture"], architecture)
            self.assertIn(reason, found[name]["reason"])
            self.assertNotIn(self.folder, found[name]["reason"])
        text = self.models("scan", self.path("m")).stdout
        self.assertEqual(len(text.splitlines()), 1 + 5 + 3)
        self.assertEqual(text.count("cannot be used: "), 3)

    def test_licences(self):
        cases = {"a": ("a.json", '{"license": "MIT", "tags": []}', "MIT"),
                 "b": ("b.txt", "Trained by me.\nLicence: CC BY 4.0.\n", "CC BY 4.0"),
                 "c": ("c.md", "# c\nAttribution-NonCommercial-ShareAlike 4.0 International", "CC-BY-NC-SA-4.0"),
                 "d": ("LICENSE", "Do as you like.", "see LICENSE"),
                 "e": ("e.json", '{"license": 7', None),
                 "f": ("f.txt", "A network.", None),
                 "g": ("g.txt", "License: \x1b[31mred\u202e\n", "?[31mred")}
        for name, (file, text, _) in cases.items():
            self.write(f"m/{name}/{name}.safetensors", safetensors(compact()))
            self.write(f"m/{name}/{file}", text.encode())
        found = self.scan(self.path("m"))
        for name, (file, _, licence) in cases.items():
            line = found[f"{name}/{name}.safetensors"]
            if name == "g":
                self.assertTrue(line["licence"].startswith(licence), line["licence"])
                continue
            self.assertEqual(line["licence"], licence, name)
            self.assertEqual(line["licence_file"], licence and self.path("m", name, file), name)
        self.assertNotIn("\x1b", self.models("scan", self.path("m")).stdout)

    def test_hostile_folders(self):
        name = "x\x1b]0;title\x07\u202e.safetensors"
        self.write("m/" + name, safetensors(compact()))
        os.symlink(self.path("m"), self.path("m/loop"))
        os.symlink(self.path("nowhere"), self.path("m/b.pth"))
        os.mkfifo(self.path("m/pipe.pth"))
        os.mkdir(self.path("m/folder.pth"))
        self.write("m/" + "d/" * 9 + "deep.safetensors", safetensors(compact()))
        self.write("m/" + "d/" * 8 + "less.safetensors", safetensors(compact()))
        result = self.models("scan", self.path("m"))
        self.assertNotIn("\x1b", result.stdout)
        self.assertNotIn("\u202e", result.stdout)
        self.assert_one_line(result.stderr, "too deep")
        self.assertEqual(sorted(self.scan(self.path("m"))), ["d/" * 8 + "less.safetensors", name])
        self.assert_one_line(self.models("scan", self.path("nowhere"), check=2).stderr, "nowhere")
        self.models("scan", check=2)
        os.mkdir(self.path("empty"))
        self.assertIn("no model", self.models("scan", self.path("empty")).stderr)

    def test_odd_names(self):
        """What names hold that is no UTF-8 or moves the cursor is shown as '?' by all that prints them: harness.run
        takes nothing else."""
        odd = os.fsdecode(b"\xe9\x1b[2J\xc2\x9b\xe2\x80\xae\xe6\xbc\xab")
        model = self.write(f"m/{odd}.safetensors", safetensors(compact()))
        page = self.write(f"{odd}.png", harness.page())
        self.write(f"{odd}/1.png", harness.page())
        broken = self.write(f"{odd}2.jpg", b"broken")
        out = self.path(f"out-{odd}.png")
        commands = [(["models", "scan", self.path("m")], 0), (["models", model], 0),
                    (["models", f"{model}+medium"], 0), (["models", "import", model], 1),
                    (["models", "path", "realcugan:2:0", "--model-dir", self.path(odd)], 1),
                    (["models", "--model-dir", self.path(odd)], 0),
                    (["bench", "-m", model, "--size", "32x32", "--runs", "1", "--profile"], 0),
                    (["preview", page, "-m", model, "-o", out], 0),
                    (["-m", model, page, broken, self.path(odd), "-o", self.path("to-" + odd) + "/", "--verbose"], 1),
                    (["-m", model, page, "-o", out, "--progress", "plain", "--overwrite"], 0),
                    (["-m", model, page, "-o", self.path(odd, odd, "x.png")], 3),
                    (["--dry-run", "-m", model, page, self.path(odd)], 0),
                    (["-m", odd, page], 2), ([odd + "3"], 2), (["--" + odd, page], 2), (["-f", odd, page], 2),
                    (["--config", odd, page], 2), (["help", odd], 2), (["cache", "--cache", self.path("no" + odd)], 3)]
        for command, status in commands:
            result = run(*command, env=self.env, check=status, cwd=self.folder)
            shown = result.stdout + result.stderr
            for bad in ("\x1b", "\x9b", "\u202e"):
                self.assertNotIn(bad, shown, command)
            self.assertTrue("?" in shown or "漫" not in shown, command)
        result = run("-m", model, broken, "-o", self.path("x.png"), env=self.env, check=1)
        self.assertEqual(result.stderr.count("2.jpg"), 1, result.stderr)
        lines = [run("models", "scan", "--json", self.path("m"), env=self.env, check=0).stdout,
                 run("--json", "-m", model, page, "--overwrite", "-o", out, env=self.env, check=0).stdout]
        for line in lines:
            name = json.loads(line)
            self.assertIn("?\x1b[2J\x9b\u202e漫", name.get("file", name.get("input")))

    def test_marks_of_odd_names(self):
        """A page's mark has its model's name as the result has: without records it says the same."""
        page = self.write("page.png", harness.page())
        for name in ("4x-漫画 & <é>", "漫" * 40):
            model = self.write(f"m/{name}.safetensors", safetensors(compact()))
            out = self.path("out.png")
            run("-m", model, page, "-o", out, "--overwrite", env=self.env, check=0)
            again = run("-m", model, page, "-o", out, "--update", check=0,
                        env={**self.env, "XDG_STATE_HOME": self.path("state", name)})
            self.assertIn("up to date", again.stderr)

    def test_one_file(self):
        self.write("m/a.safetensors", safetensors(compact()))
        text = self.models(self.path("m/a.safetensors"), "--speed").stdout
        for part in ("Compact (SRVGG)", "8 channels", "2x", "us per pixel", "nothing tells", "yes"):
            self.assertIn(part, text)
        self.write("m/omni.safetensors", safetensors(OMNISR))
        self.assertIn("no: is a network", self.models(self.path("m/omni.safetensors"), check=1).stdout)
        self.assertIn("no: ", self.models(self.path("m/none.pth"), check=1).stdout)
        self.write("m/grey.safetensors", safetensors(compact(channels=1)))
        for line in self.scan("--speed", self.path("m")).values():
            if line["architecture"] != "OmniSR":
                self.assertTrue(line["usable"])
                self.assertGreater(line["us_per_pixel"], 0)

    def test_what_is_no_model(self):
        """What people fetch in its place, and files that are named by mistake, are told as such."""
        for name, data, what in (("m/a.pth", b"version https://git-lfs.github.com/spec/v1\noid", "pointer of Git LFS"),
                                 ("m/b.safetensors", b"<!DOCTYPE html><html>", "web page"),
                                 ("m/c.onnx", b"<html>", "web page")):
            self.write(name, data)
            self.assertIn("no: is a " + what, self.models(self.path(name), check=1).stdout)
        page = self.write("page.png", harness.page())
        other = self.write("m/d.bin", b"")
        for name, what in ((page, "no model's file by its name"), (other, "name the .param"),
                           (self.path("m"), "planche models scan")):
            self.assert_one_line(self.models(name, check=2).stderr, what)
            self.assert_one_line(run("-m", name, page, env=self.env, check=2).stderr, what)
        self.write("m/half.safetensors", safetensors({name: shape for name, shape in compact().items()
                                                      if name != "body.2.weight"}))
        self.assertNotIn("to 0", self.models(self.path("m/half.safetensors"), check=1).stdout)

    def test_imported_by_name(self):
        self.assertNotIn("Imported", self.models().stdout)
        path = self.write("cache/imported/4x-Mine.v1.safetensors", safetensors(compact()))
        for name in ("4x-Mine.v1", "4x-Mine.v1.safetensors"):
            self.assertIn("Compact (SRVGG)", self.models(name).stdout)
        self.assertIn("realcugan", self.models("realcugan").stdout)
        self.models("realcugna", check=2)
        self.assertIn("  4x-Mine.v1\n", self.models().stdout)
        line = json.loads(self.models("--json").stdout.splitlines()[-1])
        self.assertEqual((line["model"], line["file"], line["imported"], line["bytes"], line["scale"]),
                         ("4x-Mine.v1.safetensors", "imported/4x-Mine.v1.safetensors", True, os.path.getsize(path), None))
        page = self.write("page.png", harness.page())

        def enlarge(name, check=0, **more):
            return run("-m", name, page, "-o", self.path("out.png"), "--overwrite", env=self.env, check=check, **more)

        enlarge(path)
        expected = self.read("out.png")
        for name in ("4x-Mine.v1", "4x-Mine.v1.safetensors"):
            os.unlink(self.path("out.png"))
            enlarge(name)
            self.assertEqual(self.read("out.png"), expected)
        self.assertIn("4x-Mine", enlarge("4x-Mine", check=2).stderr)
        self.write("cache/imported/4x-Mine.v1.pth", b"another")
        self.assert_one_line(enlarge("4x-Mine.v1", check=2).stderr, "several files", "extension")
        # A file of the name in the current folder is nearer.
        self.write("4x-Mine.v1.safetensors", b"nothing")
        self.assertNotEqual(enlarge("4x-Mine.v1.safetensors", check=None, cwd=self.folder).returncode, 0)


if __name__ == "__main__":
    harness.main()
