# SPDX-License-Identifier: MIT
"""The command on a GPU: pages, books, requests and measurements name what made them. A software
device will do, but is slow: pages are small."""
import json
import os
import signal
import subprocess
import sys
import time
import unittest
import zipfile

import archives
import harness
import png
import server
from harness import run

PATHS = ("f32", "f16", "khr", "nv2", "wgmma")


def need_gpu():
    """The device to test, as planche info has it: PLANCHE_TEST_GPU, or else the first."""
    gpus = json.loads(run("info", "--json", check=0).stdout)["gpus"]
    index = int(os.environ.get("PLANCHE_TEST_GPU", "0"))
    if index < len(gpus) and gpus[index]["path"]:
        return gpus[index]
    problem = "there is no such Vulkan device"
    if os.environ.get("PLANCHE_REQUIRE_VULKAN") == "1":
        raise AssertionError("PLANCHE_REQUIRE_VULKAN is 1, but " + problem)
    harness.lacking.append(problem)
    print(f"***** SKIPPED: {problem}", file=sys.stderr)
    raise unittest.SkipTest(problem)


class Case(harness.Case):
    model = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device = need_gpu()
        cls.gpu = ("--backend", f"vulkan:{cls.device['index']}")

    def expect_device(self, page):
        self.assertEqual((page["status"], page["backend"], page["device"], page["redone"]),
                         ("ok", "vulkan", self.device["name"], None))
        self.assertGreater(page["gpu_ms"], 0)
        self.assertGreater(page["tiles"], 0)


class Pages(Case):
    def test_like_the_cpu(self):
        self.write("a.png", harness.page(20, 12, 4))
        result = self.planche("a.png", "-o", "gpu.png", "--json", *self.gpu)
        page = json.loads(result.stdout)
        self.expect_device(page)
        self.assertEqual((page["precision"], page["tiles"]),
                         ("f32" if self.device["path"] == "f32" else "f16", 1))
        page = json.loads(self.planche("a.png", "-o", "cpu.png", "--json", "--backend=cpu").stdout)
        self.assertEqual((page["backend"], page["device"], page["gpu_ms"], page["tiles"]),
                         ("cpu", None, 0, 0))
        gpu, cpu = (png.Image(self.read(name)) for name in ("gpu.png", "cpu.png"))
        self.assertEqual((gpu.width, gpu.height, gpu.channels), (40, 24, 4))
        self.assertLessEqual(max(abs(a - b) for a, b in zip(gpu.samples, cpu.samples)), 1)
        result = self.planche("a.png", "-o", "tiles.png", "--json", "--tile=16", "-v", *self.gpu)
        self.assertEqual(json.loads(result.stdout)["tiles"], 2)
        self.assertRegex(result.stderr, r"2 x 1 tiles of .*, which take [12]\.\d\d times the arithmetic of a page in one")
        self.assertEqual(self.read("tiles.png"), self.read("gpu.png"))

    def test_chain_like_the_cpu(self):
        """Two networks, the second made for this page, and transparency that neither sees."""
        harness.need_model(harness.QUICK_MODEL, 3)
        self.write("a.png", harness.page(9, 7, 4))
        size = ("a.png", "--width", "50", "-s", "auto", "--json")
        page = json.loads(self.planche(*size, "-o", "gpu.png", *self.gpu).stdout)
        self.expect_device(page)
        self.assertEqual(page["chain"], [2, 3])
        self.planche(*size, "-o", "cpu.png", "--backend=cpu")
        gpu, cpu = (png.Image(self.read(name)) for name in ("gpu.png", "cpu.png"))
        self.assertEqual((gpu.width, gpu.height, gpu.channels), (50, 39, 4))
        self.assertLessEqual(max(abs(a - b) for a, b in zip(gpu.samples, cpu.samples)), 2)

    def test_several(self):
        names = [self.write(f"{i}.png", harness.page(6, 5, seed=i)) for i in range(3)]
        result = self.planche(*names, "-o", "out/", "--json", "--gpu-path=f32", "-v", *self.gpu)
        pages = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([page["input"] for page in pages], names)
        for page in pages:
            self.expect_device(page)
            self.assertEqual(page["precision"], "f32")
        self.assertIn(f"on {self.device['name']} (f32)", result.stderr)

    def test_book(self):
        pages = [(f"{i}.png", harness.page(6, 5, seed=i)) for i in range(2)]
        self.write("book.cbz", archives.cbz(pages))
        result = self.planche("book.cbz", "-o", "out.cbz", *self.gpu)
        self.assertIn(f"on {self.device['name']}", result.stderr)
        with zipfile.ZipFile(self.path("out.cbz")) as book:
            self.assertEqual(book.namelist(), [f"{i}.webp" for i in range(2)])

    def test_devices_that_are_not_there(self):
        self.write("a.png", harness.page())
        for arguments, problem in ((["--backend=vulkan:15"], "no GPU 15"),
                                   (["--backend=vulkan:0", "--precision=bf16"], "for CPUs"),
                                   (["--backend=cpu", "--precision=f16"], "for GPUs"),
                                   (["--backend=cpu", "--gpu-path=khr"], "for GPUs")):
            result = self.planche("a.png", "--json", *arguments, check=3)
            self.assert_one_line(result.stderr, problem)
            self.assertIn(problem, json.loads(result.stdout)["error"])
        self.assertEqual(self.files(), ["a.png"])

    def test_lists_that_are_none(self):
        self.write("a.png", harness.page())
        for devices in ("x", "", ",", "0,", ",0", "0,,1", "0,0", "1,0,1", "0 1"):
            result = self.planche("a.png", f"--backend=vulkan:{devices}", check=2)
            self.assert_one_line(result.stderr, "with numbers of GPUs")
        self.assertEqual(self.files(), ["a.png"])

    def test_nobody_asked_for_software(self):
        if self.device["type"] != "software":
            self.skipTest("the device is hardware")
        self.write("a.png", harness.page())
        page = json.loads(self.planche("a.png", "--json").stdout)
        self.assertEqual((page["backend"], page["device"]), ("cpu", None))
        os.symlink(harness.PLANCHE, self.path("realesrgan-ncnn-vulkan"))
        result = run("-s", "2", "-i", "a.png", "-o", "b.png", "-g", self.device["index"],
                     program=self.path("realesrgan-ncnn-vulkan"), cwd=self.folder, check=0)
        self.assertIn(f"there is no GPU {self.device['index']}", result.stderr)

    def test_interrupted(self):
        """Ctrl-C in the middle of a page."""
        self.write("a.png", harness.page(200, 200))
        with subprocess.Popen([harness.PLANCHE, "-m", harness.QUICK_MODEL, "-s", "2", "a.png",
                               *self.gpu], cwd=self.folder, stderr=subprocess.PIPE) as process:
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            start = time.monotonic()
            process.communicate(timeout=harness.MARGIN_SECONDS)
        if process.returncode != 0:  # a GPU may have been faster
            self.assertEqual(process.returncode, -signal.SIGINT)
            self.assertEqual(self.files(), ["a.png"])
            self.assertLess(time.monotonic() - start, 60)


class Leaving(Case):
    """A page's process does not wait for the driver to put everything away; all others do."""
    library = os.environ["WATCH_EXIT_LIBRARY"]
    instrumented = os.environ["INSTRUMENTED"] == "1"

    def setUp(self):
        super().setUp()
        if os.environ["SANITIZED"]:
            self.skipTest("a sanitizer must be the first library")
        self.write("a.png", harness.page(6, 5))

    def came_to_exit(self, *arguments, **options):
        """Whether the process ran its exit handlers; its result."""
        env = {"LD_PRELOAD": self.library, "WATCH_EXIT": self.path("exit")}
        result = run(*arguments, env=env, cwd=self.folder, check=0, **options)
        came = "exit" in self.files()
        if came:
            os.unlink(self.path("exit"))
        return came, result

    def test_pages(self):
        came, result = self.came_to_exit("a.png", "-o", "b.png", "--json", *self.gpu)
        self.assertEqual(came, self.instrumented)
        self.expect_device(json.loads(result.stdout))  # a pipe: what was buffered came through
        self.assertEqual(self.files(), ["a.png", "b.png"])
        came, result = self.came_to_exit("a.png", "-o", "-", "-f", "png", *self.gpu, text=False)
        self.assertEqual(came, self.instrumented)
        self.assertEqual(result.stdout, self.read("b.png"))

    def test_others(self):
        self.assertTrue(self.came_to_exit("a.png", "-o", "c.png", "--backend=cpu")[0])
        self.assertTrue(self.came_to_exit("bench", "--size", "6x5", "--runs", "1", *self.gpu)[0])

    def test_full_disk(self):
        """What could not be written is the exit status still."""
        with open("/dev/full", "wb") as full:
            result = subprocess.run([harness.PLANCHE, "a.png", "-o", "d.png", "--json", *self.gpu], cwd=self.folder,
                                    stdout=full, stderr=subprocess.PIPE, timeout=harness.MARGIN_SECONDS, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"standard output", result.stderr)


class Requests(Case):
    def test_answers(self):
        self.write("a.png", harness.page(6, 5))
        requests = b'{"id": 1, "input": "a.png", "output": "b.png"}\n'
        result = run("stdio", "-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE, *self.gpu,
                     stdin=requests, cwd=self.folder, check=0)
        self.expect_device(json.loads(result.stdout))

    def test_server_names_it(self):
        if "without the server" in run("serve", "no-such-word").stderr:
            self.skipTest("without the server")
        running = server.Server(self, "-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE, *self.gpu, quick=False)
        self.assertEqual(running.post("/v1/upscale", harness.page(6, 5)).status, 200)
        self.assertEqual(running.status()["devices"], [
            {"name": self.device["name"], "backend": "vulkan", "memory": self.device["memory_bytes"]}])


class Measurements(Case):
    def test_profile(self):
        tiny = ("bench", "-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE, "--size", "6x5",
                "--runs", "1", "--profile", *self.gpu)
        measured = json.loads(run(*tiny, "--json", check=0).stdout)
        self.assertEqual((measured["backend"], measured["device"]), ("vulkan", self.device["name"]))
        self.assertIn(measured["gpu_path"], PATHS)
        self.assertAlmostEqual(measured["gpu_gflops"], 2e-6 * measured["macs_per_pixel"] * 30
                               / measured["gpu_ms"], delta=1e-3)
        self.assertIsNone(measured["ratio"])
        self.assertGreater(sum(layer["macs"] for layer in measured["profile"]), 0)
        self.assertGreater(max(layer["longest_ms"] for layer in measured["profile"]), 0)
        text = run(*tiny, check=0).stdout
        self.assertRegex(text, r"ms of GPU time per page, [0-9.]+ TFLOP/s")
        self.assertRegex(text, r"longest dispatch: [0-9.]+ ms, of ")
        self.assertIn(self.device["name"], text)

    def test_paths(self):
        tiny = ("bench", "-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE, "--size", "6x5",
                "--runs", "1", "--paths", *self.gpu)
        rows = [json.loads(line) for line in run(*tiny, "--json", check=0).stdout.splitlines()]
        self.assertEqual([row["gpu_path"] for row in rows], list(PATHS))
        self.assertGreater(rows[0]["gpu_ms"], 0)
        for row in rows:
            self.assertTrue("gpu_ms" in row or "lacks" in row["lacks"])
        self.assertRegex(rows[-1].get("lacks", "VK_NVX"), "VK_NV|Hopper")
        if os.environ.get("SANITIZED"):
            return  # a software device compiles all shaders again
        lines = run(*tiny, check=0).stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["PATH", *PATHS])


if __name__ == "__main__":
    harness.main()
