#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a build may be without: it works if it is there, and is refused with a reason if it is not."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.environ["E2E"])
import archives  # noqa: E402
import harness  # noqa: E402
from harness import run  # noqa: E402

HAS = set(os.environ["FEATURES"].split())
LIBRARIES = {"gif": "giflib", "tiff": "libtiff", "jp2": "OpenJPEG", "heic": "libheif"}


class Features(harness.Case):
    def setUp(self):
        super().setUp()
        self.write("a.png", harness.page())

    def make(self, *arguments, **more):
        return run("-m", "small", "--backend", "cpu", *arguments, cwd=self.folder, **more)

    def test_version_names_the_libraries(self):
        text = run("--version", check=0).stdout
        for feature, library in LIBRARIES.items():
            self.assertEqual(library in text, feature in HAS, text)
        lines = text.splitlines()
        for feature in ("avif", "jxl"):
            line = next(line for line in lines if line.startswith(f"lib{feature}"))
            self.assertEqual("which this build is without" in line, feature not in HAS, line)

    def test_fetch(self):
        text = run("models", "fetch", "--quiet", "--registry", "http://127.0.0.1:1", "realcugan", check=3,
                   env={"PLANCHE_MODEL_DIR": self.path("models"), "PATH": self.folder}).stderr
        self.assertEqual("was built without libcurl" in text, "fetch" not in HAS, text)

    def test_avif_and_jpeg_xl(self):
        for feature, name in (("avif", "AVIF"), ("jxl", "JPEG XL")):
            if feature in HAS:
                self.make("a.png", "-o", f"b.{feature}", check=0)
                self.make(f"b.{feature}", "-o", f"{feature}.png", check=0)
                continue
            self.assert_one_line(self.make("a.png", "-o", f"b.{feature}", check=1).stderr,
                                 f"was built without {name}", "choose another format")
            self.write(f"c.{feature}", {"avif": b"\0\0\0\x1cftypavif" + bytes(60),
                                        "jxl": b"\xff\x0a" + bytes(60)}[feature])
            self.assert_one_line(self.make(f"c.{feature}", "-o", "d.png", check=1).stderr,
                                 f"c.{feature}: ", f"was built without {name}")
            self.assertEqual(set(self.files()) & {f"b.{feature}", "d.png"}, set())

    def test_queue(self):
        for command in ("worker", "queue"):
            self.assertIn("Usage:", run(command, "--help", check=0).stdout)
            if "queue" not in HAS:
                self.assert_one_line(run(command, check=2).stderr, "was built without queues")

    def test_doctor(self):
        """What the build is without is a note with its remedy, and no fault."""
        findings = json.loads(run("doctor", "--json", check=0, env={"HOME": self.folder}).stdout)["findings"]
        told = [one["text"] for one in findings if one["remedy"] and "install a build with" in one["remedy"]]
        for feature, name in (("avif", "AVIF"), ("jxl", "JPEG XL"), ("vulkan", "Vulkan"), ("unpack", "libarchive")):
            found = [text for text in told if f"was built without {name}" in text]
            self.assertEqual(len(found), feature not in HAS, told)
        formats = [one["text"] for one in findings if one["name"] == "formats" and one["level"] == "ok"]
        for feature in ("avif", "jxl"):
            self.assertEqual(f"lib{feature} " in formats[0], feature in HAS, formats)

    def test_gpus(self):
        stdout = run("info", check=0).stdout
        self.assertEqual("was built without Vulkan" in stdout, "vulkan" not in HAS, stdout)
        if "vulkan" not in HAS:
            self.assert_one_line(run("--backend", "vulkan", "a.png", "-o", "b.png", cwd=self.folder,
                                     check=3).stderr, "was built without Vulkan")
        run("-m", "small", "a.png", "-o", "auto.png", cwd=self.folder, check=0)

    def test_server(self):
        if "server" in HAS:
            self.assertIn("--listen", run("help", "serve", check=0).stdout)
        else:
            self.assert_one_line(run("serve", check=2).stderr, "was built without the server")

    def test_books(self):
        self.write("a.cbz", archives.cbz([("1.png", self.read("a.png"))]))
        self.make("a.cbz", "-o", "b.cbz", check=0)
        self.write("a.cbt", archives.cbt([("1.png", self.read("a.png"))]))
        result = self.make("a.cbt", "-o", "c.cbz", env={} if "unpack" in HAS else {"PLANCHE_UNPACK": ""})
        self.assertEqual(result.returncode, 0 if "unpack" in HAS else 1)
        self.assertEqual("which cannot be run" in result.stderr, "unpack" not in HAS, result.stderr)


if __name__ == "__main__":
    harness.main()
