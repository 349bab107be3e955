# SPDX-License-Identifier: MIT
"""The same page through every instruction set that the CPU has: at most one level apart. The
environment variable PLANCHE_TEST_OTHER names the command of another build, for another architecture
say, that is compared as well."""
import json
import os

import harness
import png

OTHER = os.environ.get("PLANCHE_TEST_OTHER")


class InstructionSets(harness.Case):
    model = True

    def enlarge(self, name, *options, **more):
        harness.run(*options, "a.png", "-o", name, cwd=self.folder, check=0, **more)
        return png.Image(self.read(name)).samples

    def compare(self, model, width, height):
        harness.need_model(model, 2)
        self.write("a.png", harness.page(width, height))
        options = ("-m", model, "-s", 2)
        facts = json.loads(harness.run("info", "--json", check=0).stdout)
        results = {isa: self.enlarge(isa + ".png", "--cpu-mask", isa, *options)
                   for isa in facts["features"]}
        if OTHER:
            results["other"] = self.enlarge("other.png", *options, program=OTHER, wrapper=())
        self.assertIn("portable", results)
        reference = results[facts["isa"]]
        self.assertEqual(len(reference), width * height * 12)
        self.assertGreater(len(set(reference)), 64)
        for isa, samples in results.items():
            self.assertEqual(len(samples), len(reference))
            worst = max(abs(a - b) for a, b in zip(samples, reference))
            self.assertLessEqual(worst, 1, isa)

    def test_plain(self):
        self.compare(harness.QUICK_MODEL, 45, 38)

    def test_page_wide_averages(self):
        self.compare("realcugan", 31, 26)


class Precision(harness.Case):
    model = True

    def test_bf16(self):
        self.write("a.png", harness.page(45, 38))
        options = ("-m", harness.QUICK_MODEL, "--precision", "bf16", "--json", "a.png")
        refused = harness.run(*options, "--cpu-mask", "avx512", cwd=self.folder, check=3)
        self.assert_one_line(refused.stderr, "AVX512-BF16")
        features = json.loads(harness.run("info", "--json", check=0).stdout)["features"]
        if "avx512bf16" not in features or os.environ.get("PLANCHE_CPU_MASK"):
            self.skipTest("this CPU has no AVX512-BF16")
        for name, memory in (("b.png", "1G"), ("c.png", "40M")):
            page = harness.run(*options, "--memory", memory, "-o", name, cwd=self.folder, check=0)
            self.assertEqual(json.loads(page.stdout)["precision"], "bf16")
        self.assertEqual(self.read("b.png"), self.read("c.png"))
        harness.run("-m", harness.QUICK_MODEL, "a.png", "-o", "d.png", cwd=self.folder, check=0)
        pairs = list(zip(png.Image(self.read("b.png")).samples,
                         png.Image(self.read("d.png")).samples))
        worst = max(abs(a - b) for a, b in pairs)
        self.assertTrue(0 < worst < 32, worst)

    def test_int8(self):
        harness.need_model(harness.QUICK_MODEL, 4)
        self.write("a.png", harness.page(45, 38))
        plain = ("-m", harness.QUICK_MODEL, "-s", 4, "--json", "a.png", "--overwrite")
        options = (*plain, "--precision", "int8")
        refused = harness.run(*options, "--cpu-mask", "avx512", cwd=self.folder, check=3)
        self.assert_one_line(refused.stderr, "AVX512-VNNI")
        features = json.loads(harness.run("info", "--json", check=0).stdout)["features"]
        masks = [isa for isa in ("avxvnni", "avx512vnni") if isa in features]
        if not masks or os.environ.get("PLANCHE_CPU_MASK"):
            self.skipTest("this CPU has no VNNI")
        results = set()
        for isa in masks:
            for threads in (1, 3):
                page = harness.run(*options, "--cpu-mask", isa, "--threads", threads,
                                   "-o", "b.png", cwd=self.folder, check=0)
                self.assertEqual(json.loads(page.stdout)["precision"], "int8")
                results.add(self.read("b.png"))
        self.assertEqual(len(results), 1)
        harness.run(*plain, "-o", "d.png", cwd=self.folder, check=0)
        pairs = list(zip(png.Image(self.read("b.png")).samples,
                         png.Image(self.read("d.png")).samples))
        error = sum((a - b) ** 2 for a, b in pairs) / len(pairs)
        self.assertTrue(0 < error < 100, error)  # 28 dB
        misfit = harness.run(*options, "-s", 2, "-o", "e.png", cwd=self.folder, check=3)
        self.assert_one_line(misfit.stderr, "layer Resize_40")


if __name__ == "__main__":
    harness.main()
