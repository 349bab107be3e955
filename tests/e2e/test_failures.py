# SPDX-License-Identifier: MIT
"""Pages that cannot come out: a clear line, the right exit status, and nothing left behind."""
import contextlib
import json
import os
import signal
import struct
import subprocess
import time
import unittest
import zlib

import harness
import png


unittest_skip_root = unittest.skipIf(os.geteuid() == 0, "root may do everything")


def huge_png(width, height, size=0):
    """A PNG that claims to be large, with size bytes of compressed zeroes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (png.SIGNATURE + png.chunk(b"IHDR", header)
            + png.chunk(b"IDAT", zlib.compress(bytes(size))) + png.chunk(b"IEND", b""))


class BadPages(harness.Case):
    model = True

    def refuse(self, name, data, *says, options=()):
        self.write(name, data)
        before = self.files()
        result = self.planche(name, "-o", "out.png", "--json", *options, check=1)
        *warnings, failure = result.stderr.splitlines(keepends=True)
        self.assertLess(len(warnings), 3, result.stderr)
        self.assert_one_line(failure, name, *says)
        page = json.loads(result.stdout)
        self.assertNotEqual(page["status"], "ok")
        self.assertIn(page["error"], failure)
        self.assertEqual(self.files(), before, name)

    def test_not_images(self):
        self.refuse("empty.png", b"", "empty")
        self.refuse("text.jpg", b"hello, world\n" * 20)
        self.refuse("zeroes.webp", bytes(1000))
        self.refuse("signature.png", png.SIGNATURE)
        self.refuse("start.jpg", b"\xff\xd8\xff")
        self.refuse("riff.webp", b"RIFF\x10\0\0\0WEBPVP8 ")

    def test_truncated(self):
        self.write("a.png", harness.page(60, 60))
        for extension in ("png", "jpg", "webp"):
            self.planche("a.png", "--no-mark", "-o", "whole." + extension)
        for extension in ("png", "jpg", "webp"):
            data = self.read("whole." + extension)
            for share in (0.02, 0.3, 0.6, 0.98):
                self.refuse(f"cut.{extension}", data[:int(len(data) * share)])

    def test_damaged(self):
        data = harness.page(60, 60)
        at = data.index(b"IDAT") + 60
        self.refuse("a.png", data[:at] + bytes(20) + data[at + 20:])

    def test_claims(self):
        self.refuse("square.png", huge_png(65535, 65535, 100000))
        self.refuse("longest.png", huge_png(1, 2**31 - 1))
        self.refuse("none.png", huge_png(0, 10))
        self.refuse("flat.png", huge_png(10, 0))
        self.refuse("short.png", huge_png(2000, 2000, 1000))

    def test_wrong_extension_is_no_obstacle(self):
        self.write("really-png.jpg", harness.page())
        self.planche("really-png.jpg", "-o", "b.png")
        self.assertEqual(png.Image(self.read("b.png")).width, 96)

    def test_not_files(self):
        os.mkdir(self.path("folder"))
        os.mkfifo(self.path("fifo"))
        for name, status in (("fifo", 1), ("/dev/zero", 1), ("missing.png", 2)):
            result = self.planche(name, "-o", "out.png", check=status)
            self.assert_one_line(result.stderr, name)
        self.assert_one_line(self.planche("folder", "-o", "out.png", check=2).stderr, "out.png")
        self.assertEqual(self.files(), ["fifo", "folder"])

    def test_outputs_that_are_no_files(self):
        """They are neither replaced nor written into, and the message says what they are."""
        self.write("a.png", harness.page())
        os.mkfifo(self.path("pipe.png"))
        os.mkfifo(self.path("pipe.cbz"))
        self.write("book/1.png", harness.page())
        for words in (("a.png", "-o", "pipe.png"), ("a.png", "-o", "pipe.png", "--overwrite"),
                      ("a.png", "-o", "/dev/null", "--update"), ("book", "-o", "pipe.cbz")):
            self.assert_one_line(self.planche(*words, "--quiet", check=1).stderr, words[2],
                                 "is a pipe, a device or another special file")
        self.assert_one_line(self.planche("a.png", "-o", "/dev/stdout", check=2).stderr, "-o -")
        self.assert_one_line(self.planche("pipe.png", "-o", "b.png", check=1).stderr, "pipe.png: is a pipe")
        self.assertEqual(self.files(), ["a.png", "book", "pipe.cbz", "pipe.png"])

    @unittest_skip_root
    def test_unreadable(self):
        os.chmod(self.write("a.png", harness.page()), 0)
        self.assert_one_line(self.planche("a.png", check=1).stderr, "a.png")

    def test_others_go_on(self):
        self.write("1.png", harness.page())
        self.write("2.png", b"broken")
        self.write("3.png", harness.page(seed=3))
        result = self.planche("1.png", "2.png", "3.png", "-o", "out/", "--json", check=1)
        self.assertEqual(self.files("out"), ["1.webp", "3.webp"])
        self.assertEqual([json.loads(line)["status"] == "ok" for line in result.stdout.splitlines()],
                         [True, False, True])
        self.assertEqual(result.stderr.count("\n"), 1)


class OddPages(harness.Case):
    """Files that are not as they should be, and pages all the same."""
    model = True

    def animation(self, frames):
        frame = struct.pack(">IIIIIHHBB", 0, 20, 30, 0, 0, 1, 10, 0, 0)
        return png.encode(20, 30, 3, bytes(range(180)) * 10,
                          extra=[(b"acTL", struct.pack(">II", frames, 0)), (b"fcTL", frame)])

    def test_animations(self):
        self.write("a.png", self.animation(7))
        result = self.planche("a.png", "-o", "b.png", check=1)
        self.assert_one_line(result.stderr, "a.png", "an animation of 7 frames")
        self.assertEqual(self.files(), ["a.png"])
        self.write("a.png", self.animation(1))
        self.assertEqual(self.planche("a.png", "-o", "b.png").stderr.count("warning"), 0)
        self.assertEqual(png.Image(self.read("b.png")).width, 40)

    def test_an_animation_in_a_book_is_kept(self):
        os.mkdir(self.path("book"))
        self.write("book/1.png", harness.page())
        self.write("book/2.png", self.animation(3))
        result = self.planche("book", "-o", "made", check=1)
        self.assertIn("2.png: is an animation of 3 frames", result.stderr)
        self.assertEqual(self.files("made"), ["1.webp", "2.png"])
        self.assertEqual(self.read("made/2.png"), self.read("book/2.png"))

    def test_missing_end(self):
        whole = harness.page()
        self.write("a.png", whole)
        self.planche("a.png", "--no-mark", "-o", "a.jpg")
        for name, cut, what in (("a.png", 12, "the PNG file ends too early"),
                                ("a.jpg", 2, "without an end marker")):
            self.planche(name, "--no-mark", "-o", "whole.png", "--overwrite")
            self.write(name, self.read(name)[:-cut])
            result = self.planche(name, "--no-mark", "-o", "cut.png", "--overwrite")
            self.assertEqual(result.stderr.count(what), 1, result.stderr)
            self.assertEqual(self.read("cut.png"), self.read("whole.png"))

    def test_a_claimed_length_takes_no_memory(self):
        header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
        self.write("a.png", png.SIGNATURE + png.chunk(b"IHDR", header)
                   + struct.pack(">I", 2**31 - 1) + b"iTXtAAAA")
        for options in ((), ("--dry-run",)):
            result = self.planche("--memory", "64M", *options, "a.png", "-o", "b.png", check=1)
            self.assert_one_line(result.stderr, "a.png", "ends too early")
        self.assertEqual(self.files(), ["a.png"])


class Outputs(harness.Case):
    model = True

    def test_existing_outputs_are_kept(self):
        self.write("a.png", harness.page())
        self.write("b.png", b"precious")
        result = self.planche("a.png", "-o", "b.png", check=1)
        self.assert_one_line(result.stderr, "b.png", "--overwrite")
        self.assertEqual(self.read("b.png"), b"precious")
        self.assertEqual(self.files(), ["a.png", "b.png"])
        self.planche("a.png", "-o", "b.png", "--overwrite")
        self.assertEqual(png.Image(self.read("b.png")).width, 96)
        self.assertEqual(self.files(), ["a.png", "b.png"])

    def test_a_failed_page_keeps_what_it_was_to_replace(self):
        data = harness.page(60, 60)
        self.write("a.png", data[:len(data) // 2])
        self.write("b.png", b"precious")
        self.planche("a.png", "-o", "b.png", "--overwrite", check=1)
        self.assertEqual(self.read("b.png"), b"precious")
        self.assertEqual(self.files(), ["a.png", "b.png"])

    def test_places_that_cannot_be_written(self):
        self.write("a.png", harness.page())
        os.mkdir(self.path("folder.png"))
        for more in ((), ("--dry-run",)):
            result = self.planche("a.png", "-o", "no/such/b.png", *more, check=3)
            self.assert_one_line(result.stderr, "no/such/b.png: there is no such folder to write into; make it first")
        self.write("in/1.png", harness.page())
        for page, output in (("a.png", "/proc/b.png"), ("in", "/proc/b.cbz")):
            result = self.planche(page, "-o", output, "--quiet", check=1)
            self.assert_one_line(result.stderr, output + ": cannot be written: ")
            self.assertNotIn("no such folder", result.stderr)
        self.assert_one_line(self.planche("a.png", "-o", "a.png/b/", check=3).stderr, "a.png/b")
        self.assertEqual(self.files(), ["a.png", "folder.png", "in"])

    @unittest_skip_root
    def test_read_only_folder(self):
        self.write("a.png", harness.page())
        os.mkdir(self.path("out"), 0o555)
        self.assert_one_line(self.planche("a.png", "-o", "out/", check=1).stderr, "out")
        self.assertEqual(self.files("out"), [])

    def test_full_disk(self):
        self.write("a.png", harness.page())
        with open("/dev/full", "wb") as full:
            status = subprocess.run([harness.PLANCHE, "-m", harness.QUICK_MODEL, "--json", "a.png"],
                                    cwd=self.folder, stdout=full, stderr=subprocess.PIPE,
                                    check=False, timeout=harness.MARGIN_SECONDS)
        self.assertEqual(status.returncode, 1)


class Limits(harness.Case):
    model = True

    def test_max_pixels(self):
        self.write("a.png", harness.page(50, 40))
        result = self.planche("--max-pixels", "7999", "a.png", "-o", "b.png", check=1)
        self.assert_one_line(result.stderr, "a.png", "pixels")
        self.assertEqual(self.files(), ["a.png"])
        self.assert_one_line(result.stderr, "the result would have", "more than the limit of 7999 pixels",
                             "smaller scale", "--max-pixels")
        self.planche("--max-pixels", "8000", "a.png", "-o", "b.png")
        self.planche("--max-pixels", "8k", "a.png", "-o", "c.png")

    def test_limits_of_formats_are_known_beforehand(self):
        self.write("tall.png", png.encode(2, 8200, 1, bytes(16400)))
        result = self.planche("tall.png", "-o", "b.webp", "--json", check=1)
        self.assert_one_line(result.stderr, "tall.png", "16383", "PNG")
        self.assertLess(json.loads(result.stdout)["network_ms"], 1000)
        self.write("taller.png", png.encode(1, 33000, 1, bytes(33000)))
        self.assert_one_line(self.planche("taller.png", "-o", "b.jpg", check=1).stderr, "655")
        self.assertEqual(self.files(), ["tall.png", "taller.png"])


class Interruptions(harness.Case):
    model = True

    def is_writing(self, process):
        """Whether it has a file open in the folder, which has no name yet."""
        for name in os.listdir(f"/proc/{process.pid}/fd"):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{process.pid}/fd/{name}").startswith(self.path("out/")):
                    return True
        return False

    def interrupt(self, number):
        self.write("done.png", harness.page())
        self.write("large.png", png.encode(1500, 1500, 1, bytes(range(250)) * 9000, level=1))
        self.write("next.png", harness.page())
        process = subprocess.Popen(
            [harness.PLANCHE, "-m", harness.QUICK_MODEL, "--threads", "2", "--json", "done.png",
             "large.png", "next.png", "-o", "out/"], cwd=self.folder, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + harness.MARGIN_SECONDS
        while not os.path.exists(self.path("out/done.webp")) or not (self.files("out")[1:] or self.is_writing(process)):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=harness.MARGIN_SECONDS)
        self.assertEqual(process.returncode, -number, stderr)
        self.assertEqual(self.files("out"), ["done.webp"])
        self.assertEqual([json.loads(line)["status"] for line in stdout.splitlines()],
                         ["ok", "cancelled", "cancelled"])
        self.assert_one_line(stderr, "stopped with 1 of 3 pages done", "large.png, next.png")

    def test_ctrl_c(self):
        self.interrupt(signal.SIGINT)

    def test_sigterm(self):
        self.interrupt(signal.SIGTERM)


class BadModels(harness.Case):
    model = True

    def test_altered_model_files(self):
        self.write("a.png", harness.page())
        facts = harness.run("info", "--json", check=0).stdout
        where = json.loads(facts)["model_directory"]
        models = map(json.loads, harness.run("models", "--json", check=0).stdout.splitlines())
        stem = next(m["file"] for m in models
                    if (m["model"], m["scale"]) == (harness.QUICK_MODEL, harness.QUICK_SCALE))
        content = {}
        for ending in (".param", ".bin"):
            with open(os.path.join(where, stem + ending), "rb") as file:
                content[ending] = file.read()
            self.write("my" + ending, content[ending])
        harness.run("-m", "./my.param", "a.png", "-o", "b.png", cwd=self.folder, check=0)
        self.planche("a.png", "-o", "c.png")
        self.assertEqual(png.Image(self.read("b.png")).samples, png.Image(self.read("c.png")).samples)
        for ending, data in ((".param", content[".param"][:500]), (".param", b""),
                             (".param", content[".param"].replace(b"PReLU", b"Dream")),
                             (".bin", content[".bin"][:-4]), (".bin", b""),
                             (".bin", content[".bin"] + b"1234")):
            for other in (".param", ".bin"):
                self.write("my" + other, content[other])
            self.write("my" + ending, data)
            result = harness.run("-m", "./my.param", "a.png", "-o", "d.png", cwd=self.folder, check=3)
            self.assert_one_line(result.stderr, "my.")
        self.assertNotIn("d.png", self.files())


if __name__ == "__main__":
    harness.main()
