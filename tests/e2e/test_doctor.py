#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""planche doctor: what it finds, what to do, the exit status."""
import json
import os
import unittest

import harness
from harness import run


class Doctor(harness.Case):
    def setUp(self):
        super().setUp()
        self.home = {"HOME": self.folder, "XDG_CACHE_HOME": "", "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "",
                     "PLANCHE_MODEL_DIR": ""}

    def doctor(self, *arguments, check=0, cwd=None, **variables):
        """{name: finding}; of several of a name the worst."""
        answer = json.loads(run("doctor", "--json", *arguments, env=self.home | variables, cwd=cwd,
                                check=check).stdout)
        self.assertEqual(answer["ok"], check == 0)
        levels = ["ok", "note", "problem"]
        found = {}
        for one in sorted(answer["findings"], key=lambda f: levels.index(f["level"])):
            if one["level"] != "ok":
                self.assertTrue(one["remedy"], one)
            found[one["name"]] = one
        self.assertEqual("problem" in [f["level"] for f in found.values()], check != 0)
        return found

    def test_all_is_well(self):
        found = self.doctor()
        for name in ("planche", "configuration", "CPU", "threads", "memory", "GPUs", "models", "engine", "formats",
                     "decode", "unpack", "poppler", "sandbox", "model folder", "cache", "state"):
            self.assertIn(name, found)
        for name in ("planche", "configuration", "models", "engine", "decode", "unpack", "model folder", "cache"):
            self.assertEqual(found[name]["level"], "ok", found[name])
        self.assertIn("built in: small, medium, large", found["models"]["text"])
        self.assertIn(self.path(".cache/planche/results"), found["cache"]["text"])
        self.assertEqual(self.files(), [])  # it writes nothing where no GPU is

    def test_problems(self):
        """What does not work, each with its remedy."""
        config = self.write("config.toml", b"qualty = 80\n")
        self.write(".config/planche/config", b"--quality 80\n")
        found = self.doctor("--cpu-mask", "portable", "--threads", "1000", "--cache", "/proc/none", "--memory", "8M",
                            check=1, PLANCHE_CONFIG=config,
                            PLANCHE_UNPACK="/none", PLANCHE_DECODE="/none", PATH="/none", PLANCHE_QUALIYT="80")
        for name, level, says in (("configuration", "problem", "did you mean quality?"),
                                  ("decode", "problem", "PLANCHE_DECODE"), ("unpack", "problem", "PLANCHE_UNPACK"),
                                  ("engine", "problem", "--memory"), ("poppler", "note", "pdfinfo"),
                                  ("variable", "note", "PLANCHE_QUALIYT"), ("threads", "note", "1000"),
                                  ("cache", "note", "/proc/none")):
            self.assertEqual(found[name]["level"], level, found[name])
            self.assertIn(says, found[name]["text"])
        self.assertEqual(found["variable"]["remedy"], "did you mean PLANCHE_QUALITY?")

    def test_folders(self):
        """What is not there yet is made in what is; a file is no folder, nor is anything in one."""
        self.write("file", b"")
        os.chmod(self.path("file"), 0o755)
        for path, level in (("new", "ok"), ("new/newer/", "ok"), (".", "ok"), ("file", "note"), ("file/new", "note"),
                            (self.path("new"), "ok"), (self.path("file"), "note")):
            found = self.doctor("--cache", path, cwd=self.folder)["cache"]
            self.assertEqual(found["level"], level, found)
            self.assertIn(f"{path} cannot be written to (Not a directory)" if level == "note" else
                          f"{path} can be written to", found["text"])
        self.assertEqual(self.files(), ["file"])

    def test_closed_model_folder(self):
        """It is told once, not for each model of the catalogue."""
        os.symlink("loop", self.path("loop"))
        found = self.doctor("--model-dir", self.path("loop/models"))
        self.assertEqual((found["model folder"]["level"], found["models"]["level"]), ("note", "ok"))

    def test_nothing_moves_the_cursor(self):
        """Whatever the configuration, variables and paths hold."""
        config = self.write("config.toml", b'"quali\\u001b[31mty" = 80\n')
        found = run("doctor", "--cache", "a\033[31mb", cwd=self.folder, check=1,
                    env=self.home | {"PLANCHE_CONFIG": config, "PLANCHE_QUALI\033Y": "80", "CLICOLOR_FORCE": "0"})
        self.assertNotIn("\033", found.stdout)
        for text in ("quali?[31mty", "a?[31mb", "PLANCHE_QUALI?Y"):
            self.assertIn(text, found.stdout)

    def test_library_that_cannot_be_loaded(self):
        """What the loader meets first is as good as not there."""
        for name, versions in (("avif", range(13, 20)), ("jxl", ("0.7", "0.8", "0.9", "0.10", "0.11", "0.12"))):
            for version in versions:
                self.write(f"lib{name}.so.{version}", b"")
        found = self.doctor(LD_LIBRARY_PATH=self.folder)["formats"]
        self.assertEqual((found["level"], found["remedy"]),
                         ("note", "install the package of that library, if such pages matter"))
        self.assertIn("cannot be loaded", found["text"])

    def test_no_home(self):
        """Nothing that is needed is there; what is built in works."""
        found = self.doctor(HOME="")
        for name in ("model folder", "cache", "state"):
            self.assertEqual(found[name]["level"], "note")
            self.assertIn("set ", found[name]["remedy"])

    def test_options(self):
        """It tries what the options and the configuration ask for."""
        for arguments, says in ((("-m", "nope"), "no model named 'nope'"), (("--backend", "vulkan:7"), "no page"),
                                (("-m", self.path("gone.param")), "gone.param")):
            self.assertIn(says, self.doctor(*arguments, check=1)["engine"]["text"])
        config = self.write("config.toml", b"[doctor]\nmodel = 'nope'\n")
        self.assertEqual(self.doctor(check=1, PLANCHE_CONFIG=config)["engine"]["level"], "problem")
        self.assert_one_line(run("doctor", "page.png", check=2).stderr, "unexpected")

    def test_colours(self):
        for variables, coloured in (({"CLICOLOR_FORCE": "1", "NO_COLOR": ""}, True), ({"CLICOLOR_FORCE": "0"}, False),
                                    ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False)):
            text = run("doctor", env=self.home | variables, check=0).stdout
            self.assertEqual("\033[32mok" in text, coloured)
            self.assertEqual("\033" in text, coloured)
        self.assertTrue(text.endswith("All that is needed works.\n"))
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines() if self.folder not in line), text)


if __name__ == "__main__":
    harness.main()
