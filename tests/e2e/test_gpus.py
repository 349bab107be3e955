#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""planche info and the GPUs of the machine, and machines without any."""
import json
import os

import harness
from harness import run

NO_DRIVERS = {"VK_DRIVER_FILES": "/nonexistent", "VK_ICD_FILENAMES": "/nonexistent"}
PATHS = ["f32", "f16", "khr", "nv2", "wgmma"]


def facts_of(env=None):
    return json.loads(run("info", "--json", env=env, check=0).stdout)


class Gpus(harness.Case):
    def test_list(self):
        facts = facts_of()
        if os.environ.get("PLANCHE_REQUIRE_VULKAN") == "1":
            self.assertTrue(facts["gpus"], "PLANCHE_REQUIRE_VULKAN is 1")
        text = run("info", check=0).stdout
        for index, gpu in enumerate(facts["gpus"]):
            self.assertEqual(gpu["index"], index)
            self.assertIn(f"GPU {index} ", text)
            self.assertIn(gpu["name"], " ".join(text.split()))
            self.assertIn(gpu["type"], ["integrated", "discrete", "virtual", "software", "other"])
            self.assertRegex(gpu["vulkan"], r"^1\.\d+$")
            self.assertGreater(gpu["memory_bytes"], 0)
            self.assertLessEqual(gpu["free_bytes"], gpu["memory_bytes"])
            self.assertTrue(gpu["path"] in PATHS or (gpu["path"] is None and gpu["reason"]))
            self.assertNotIn("", gpu["extensions"])
        software = [gpu["type"] == "software" for gpu in facts["gpus"]]
        self.assertEqual(software, sorted(software), "hardware comes first")

    def test_no_driver(self):
        facts = facts_of(NO_DRIVERS)
        self.assertEqual(facts["gpus"], [])
        if "gpus_problem" not in facts:
            self.assertIn("GPUs          none", run("info", env=NO_DRIVERS, check=0).stdout.splitlines())

    def test_tune_without(self):
        result = run("tune", env=NO_DRIVERS, check=3)
        self.assertIn("there is no GPU that could be measured; planche doctor says why", result.stderr)
        self.assertIn("vulkan:99", run("tune", "--backend", "vulkan:99", check=3).stderr)
        for wrong in (["a.png"], ["--seconds", "0"], ["--backend", "cuda"], ["--backend", "cpu"]):
            self.assertEqual(run("tune", *wrong, env=NO_DRIVERS, check=2).stdout, "")

    def test_no_library(self):
        """What the loader meets first cannot be loaded: as good as not there."""
        self.write("libvulkan.so.1", b"")
        env = {"LD_LIBRARY_PATH": self.folder}
        facts = facts_of(env)
        self.assertEqual(facts["gpus"], [])
        self.assertIn("no Vulkan", facts["gpus_problem"])
        text = " ".join(run("info", env=env, check=0).stdout.split())
        self.assertIn("no Vulkan", text[text.index(" GPUs "):])

    def test_another_library(self):
        """Something of that name which is not Vulkan's: the C library."""
        with open("/proc/self/maps", encoding="utf-8") as maps:
            libraries = [line.split()[-1] for line in maps if "/libc.so" in line]
        os.symlink(libraries[0], self.path("libvulkan.so.1"))
        facts = facts_of({"LD_LIBRARY_PATH": self.folder})
        self.assertIn("not Vulkan's", facts["gpus_problem"])


if __name__ == "__main__":
    harness.main()
