# SPDX-License-Identifier: MIT
"""planche bench and bench/run: that they measure and say so; how fast is not asked."""
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import unittest

import harness
from harness import run

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench")
sys.path.insert(0, BENCH)
import peers  # noqa: E402
import report  # noqa: E402

KEYS = {"version", "model", "variant", "scale", "denoise", "se", "backend", "device",
        "gpu_path", "isa", "precision", "threads", "budget_bytes", "width", "height",
        "macs_per_pixel", "load_ms", "runs_ms", "best_ms", "median_ms", "us_per_pixel",
        "pages_per_second", "gflops", "gpu_ms", "gpu_gflops", "peak_gflops_before",
        "peak_gflops_after", "peak_gflops", "ratio", "weight_bytes", "peak_bytes",
        "peak_rss_bytes", "page_bytes"}
TINY = ("bench", "-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE, "--size", "20x12")


class Command(harness.Case):
    model = True

    def measure(self, *arguments):
        lines = run(*TINY, "--json", *arguments, check=0).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def test_json(self):
        measured, = self.measure("--runs", "3", "--threads", "1")
        self.assertEqual(set(measured), KEYS)
        for key, value in (("model", harness.QUICK_MODEL), ("scale", harness.QUICK_SCALE),
                           ("threads", 1), ("width", 20), ("height", 12), ("se", "exact"),
                           ("page_bytes", 20 * 12 * 3 * (1 + harness.QUICK_SCALE ** 2))):
            self.assertEqual(measured[key], value)
        runs = measured["runs_ms"]
        self.assertEqual((len(runs), runs), (3, sorted(runs)))
        self.assertEqual((measured["best_ms"], measured["median_ms"]), (runs[0], runs[1]))
        self.assertAlmostEqual(measured["us_per_pixel"], 1e3 * runs[0] / 240, delta=1e-3)
        self.assertAlmostEqual(measured["gflops"],
                               2e-6 * measured["macs_per_pixel"] * 240 / runs[0], delta=1e-3)
        self.assertGreater(measured["peak_bytes"], measured["weight_bytes"])
        self.assertGreater(measured["peak_rss_bytes"], measured["page_bytes"])
        if measured["isa"] in ("avx512", "avx2", "neon"):
            self.assertAlmostEqual(measured["ratio"], measured["gflops"] / measured["peak_gflops"],
                                   delta=1e-4)

    def test_several_models_and_masks(self):
        twice = self.measure("-m", harness.QUICK_MODEL, "--runs", "1", "--cpu-mask", "portable")
        self.assertEqual([m["isa"] for m in twice], ["portable"] * 2)

    def test_profile(self):
        measured, = self.measure("--runs", "1", "--profile")
        self.assertEqual(set(measured), KEYS | {"profile"})
        layers = measured["profile"]
        self.assertEqual({tuple(sorted(layer)) for layer in layers},
                         {("kind", "longest_ms", "macs", "ms", "name")})
        self.assertEqual({layer["longest_ms"] for layer in layers}, {None})  # a CPU has no dispatches
        total = sum(layer["macs"] for layer in layers)
        # Work at the page's edges that the result does not show is done, too.
        self.assertGreaterEqual(total, 0.999 * measured["macs_per_pixel"] * 240)

    def test_table(self):
        lines = run(*TINY, "--runs", "1", "--profile", check=0).stdout.splitlines()
        self.assertIn("RATIO", lines[0])
        self.assertTrue(lines[1].startswith(harness.QUICK_MODEL))
        self.assertTrue(any("LAYER" in line for line in lines[2:]))
        self.assertTrue(any("RSS " in line and "load " in line for line in lines[2:4]))
        self.assertLess(max(map(len, lines)), 80)

    def test_a_model_that_is_not_there(self):
        result = run("bench", "-m", "realcugan", "--model-dir", self.folder, "--json", check=3)
        self.assertEqual(result.stdout, "")
        self.assert_one_line(result.stderr, "realcugan")

    def test_signal(self):
        """The measuring process has the pipe, too, which ends when both have ended."""
        arguments = (*TINY[:-2], "--size", "2000x2000", "--runs", "1000", "--threads", "1")
        for number in (signal.SIGTERM, signal.SIGKILL):
            with subprocess.Popen([harness.PLANCHE, *map(str, arguments)], stdout=subprocess.PIPE) as process:
                self.assertIn(b"RATIO", process.stdout.readline())
                children, found = f"/proc/{process.pid}/task/{process.pid}/children", ""
                while not found:
                    time.sleep(0.01)
                    with open(children, encoding="ascii") as file:
                        found = file.read()
                process.send_signal(number)
                process.communicate(timeout=harness.MARGIN_SECONDS)
                self.assertEqual(process.returncode, -number)

    def test_a_page_that_cannot_be(self):
        result = run(*TINY, "--json", "--max-pixels", "100", check=1)
        self.assertEqual(result.stdout, "")
        self.assert_one_line(result.stderr, harness.QUICK_MODEL)

    def test_script(self):
        build = self.path("build", "tools", "planche")
        os.makedirs(build)
        os.symlink(harness.PLANCHE, os.path.join(build, "planche"))
        subprocess.run([sys.executable, os.path.join(BENCH, "run"), self.path("build"), "--no-peers",
                        "--only", f"{harness.QUICK_MODEL} {harness.QUICK_SCALE}x", "--size", "24x16",
                        "--rounds", "1", "--runs", "1", "--threads", "1", "--sections", "models",
                        "--output", self.path("results")], check=True, capture_output=True)
        with open(self.path("results", "models.json"), encoding="utf-8") as file:
            results = json.load(file)
        case, = results["cases"]
        self.assertEqual((case["size"], set(case["engine"][0])),
                         ("24x16", KEYS | {"seconds", "rss_bytes", "others", "cpu_seconds"}))
        self.assertEqual(case["command"]["runs"][0]["page"]["output_width"],
                         24 * harness.QUICK_SCALE)
        self.assertIn("--no-peers", case["peer"]["error"])
        self.assertIn(case["name"], self.read("results/models.md").decode())


class Usage(harness.Case):
    def test_refusals(self):
        for arguments, word in ((["--size", "0x5"], "size"), (["--size", "5"], "size"),
                                (["--size", "5x5x5"], "size"), (["--size", "5x99999"], "size"),
                                (["--runs", "0"], "runs"), (["-m", "nope"], "nope"),
                                (["--all", "-m", "realcugan"], "--all"), (["x"], "x"),
                                (["--paths", "--backend", "cpu"], "--paths"),
                                (["--paths", "--gpu-path", "f16"], "--paths"),
                                (["-m", "realcugan", "-s", "65"], "65"), (["-o", "x"], "-o")):
            result = run("bench", *arguments, check=2)
            self.assertEqual(result.stdout, "")
            self.assert_one_line(result.stderr, word, "see planche help ")

    def test_paths_without_a_gpu(self):
        result = run("bench", "--paths", "-m", harness.QUICK_MODEL, "-s", str(harness.QUICK_SCALE), check=3)
        self.assert_one_line(result.stderr, "there is no GPU")
        self.assertEqual(result.stdout.count("\n"), 1)  # the heading

    def test_help(self):
        self.assertEqual(run("help", "bench", check=0).stdout, run("bench", "-h", check=0).stdout)


class Scripts(harness.Case):
    """What bench/run is made of, as far as it needs neither network nor model."""

    def test_only_wanted_files_leave_a_package(self):
        program = next(iter(peers.PROGRAMS))
        wanted = [program, peers.MODEL_FOLDERS[0] + "/a.bin"]
        others = [program + ".exe", "../outside", "/absolute", peers.MODEL_FOLDERS[0] + "/../b.bin",
                  "package.json"]
        with tarfile.open(self.path("p.tgz"), "w:gz") as package:
            for name in wanted + others:
                member = tarfile.TarInfo("package/" + name)
                member.size = 4
                package.addfile(member, io.BytesIO(b"text"))
            link = tarfile.TarInfo("package/" + list(peers.PROGRAMS)[1])
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            package.addfile(link)
        peers.unpack(self.path("p.tgz"), self.path("out"))
        found = [os.path.relpath(os.path.join(top, name), self.path("out"))
                 for top, _, names in os.walk(self.path("out")) for name in names]
        self.assertEqual(sorted(found), sorted(wanted))
        self.assertEqual(self.files(), ["out", "p.tgz"])
        self.assertFalse(peers.are_there(self.path("out")))

    def test_table(self):
        self.assertEqual(report.table(("a", "bc"), [("x", 1), ("yy", 234)]),
                         ["| a  |  bc |", "| -- | --: |", "| x  |   1 |", "| yy | 234 |"])


if __name__ == "__main__":
    harness.main()
