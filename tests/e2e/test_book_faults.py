# SPDX-License-Identifier: MIT
"""Books and a world that fails: killed at many points, full disks, files that cannot be read or
written. Whatever happens, the next run ends with the bytes of a run to which nothing happened."""
import contextlib
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import unittest.mock
import zipfile

import archives
import harness
import png

PAGES = 8
WORK = ".out.cbz.planche"


def noisy(seed, width=40, height=32):
    """A page that does not pack well, so that files have a size worth cutting."""
    value, samples = seed + 1, bytearray()
    for _ in range(width * height * 3):
        value = (value * 1103515245 + 12345) % (1 << 31)
        samples.append(value >> 16 & 0xff)
    return png.encode(width, height, 3, bytes(samples))


@contextlib.contextmanager
def small_disk(kilobytes):
    """A file system of so many bytes, or the test is skipped."""
    with tempfile.TemporaryDirectory(prefix="planche-disk-") as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "planche-test",
                                  folder], capture_output=True, check=False)
        if mounted.returncode != 0:
            raise unittest.SkipTest("mounting a small file system is not allowed here")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def ntfs_disk():
    """A folder whose file system keeps neither modes nor owners, or the test is skipped."""
    if not shutil.which("mkntfs") or not shutil.which("ntfs-3g"):
        raise unittest.SkipTest("ntfs-3g is not installed")
    with tempfile.TemporaryDirectory(prefix="planche-disk-") as folder:
        image, disk = os.path.join(folder, "image"), os.path.join(folder, "disk")
        os.mkdir(disk)
        with open(image, "wb") as file:
            file.truncate(8 << 20)
        subprocess.run(["mkntfs", "-q", "-F", image], capture_output=True, check=True)
        if subprocess.run(["ntfs-3g", image, disk], capture_output=True, check=False).returncode:
            raise unittest.SkipTest("mounting an NTFS image is not allowed here")
        try:
            yield disk
        finally:
            subprocess.run(["umount", disk], check=True)


class Methods(harness.Case):
    def test_a_method_that_is_not_read(self):
        """A page packed by Deflate64 is one failed page, which is named; the others are made."""
        names = ["1.png", "2.png", "3.png"]
        data = bytearray(archives.cbz([(name, harness.page(12, 16, seed=i)) for i, name in enumerate(names)]))
        with zipfile.ZipFile(self.write("b.cbz", bytes(data))) as book:
            local = book.getinfo("2.png").header_offset
        central = data.rindex(b"2.png") - 46
        self.assertEqual((data[local:local + 4], data[central:central + 4]), (b"PK\3\4", b"PK\1\2"))
        data[local + 8], data[central + 10] = 9, 9
        self.write("b.cbz", bytes(data))
        result = harness.run("b.cbz", "-o", "out.cbz", "-m", "small", cwd=self.folder, check=1)
        self.assertIn("2.png: is packed by Deflate64", result.stderr)
        with zipfile.ZipFile(self.path("out.cbz")) as book:
            self.assertEqual({"1.webp", "3.webp"} - set(book.namelist()), set())


class Faults(harness.Case):
    model = True

    def setUp(self):
        super().setUp()
        entries = [(f"{i:02}.png", noisy(i)) for i in range(PAGES)]
        entries[3:3] = [("ComicInfo.xml", b"<ComicInfo><Pages><Page Image='1' ImageSize='1'/></Pages>"
                                          b"</ComicInfo>"), ("again.png", noisy(1))]
        self.write("in.cbz", archives.cbz(entries))
        self.planche("in.cbz", "-o", "expected.cbz", "--quiet")
        self.expected = self.read("expected.cbz")
        os.remove(self.path("expected.cbz"))

    def start(self, *arguments, **more):
        command = [*harness.WRAPPER, harness.PLANCHE, "-m", harness.QUICK_MODEL, "-s",
                   str(harness.QUICK_SCALE), "in.cbz", "-o", "out.cbz", "--quiet", *arguments]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **more)

    def go_on(self, output="out.cbz", folder=None):
        """The next run, and what it leaves."""
        folder = folder or self.folder
        path = os.path.join(folder, output)
        self.assertFalse(os.path.exists(path), "an incomplete book has its final name")
        before = set(os.listdir(folder)) - {WORK}
        before = {name for name in before if not name.startswith(WORK + "-")}
        self.planche("in.cbz", "-o", path, "--quiet")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), self.expected)
        os.remove(path)
        self.assertEqual(set(os.listdir(folder)), before)

    def count(self, ending):
        """Files in the work folder."""
        try:
            return sum(name.endswith(ending) for name in os.listdir(self.path(WORK)))
        except FileNotFoundError:
            return 0

    def written(self):
        """Bytes of the output that is being put together, which has another name yet."""
        with contextlib.suppress(FileNotFoundError):
            return sum(os.path.getsize(self.path(name)) for name in os.listdir(self.folder)
                       if name.startswith(WORK + "-"))
        return 0

    def strike(self, number, reached, *arguments, **more):
        """Sends a signal as soon as reached() says so; returns whether it hit. What is under the final
        name then is whole: it is there if the run was faster."""
        process = self.start(*arguments, **more)
        limit = time.monotonic() + harness.MARGIN_SECONDS
        while process.poll() is None and not reached() and time.monotonic() < limit:
            time.sleep(0.0002)
        process.send_signal(number)
        process.communicate(timeout=harness.MARGIN_SECONDS)
        self.assertIn(process.returncode, (0, -number))
        if os.path.exists(self.path("out.cbz")):
            self.assertEqual(self.read("out.cbz"), self.expected)
            os.remove(self.path("out.cbz"))
        return process.returncode == -number

    def strike_and_go_on(self, number, wanted, ending=".page"):
        hit = self.strike(number, lambda: self.count(ending) >= wanted)
        self.go_on()
        return hit

    def test_killed_at_every_page(self):
        hits = [self.strike_and_go_on(signal.SIGKILL, wanted) for wanted in range(1, PAGES + 1)]
        self.assertGreaterEqual(sum(hits), PAGES // 2, hits)

    def test_killed_while_reading(self):
        hits = [self.strike_and_go_on(signal.SIGKILL, 1, name) for name in ("settings", ".in")]
        self.assertTrue(any(hits))

    def test_killed_again_and_again(self):
        hits = [self.strike(signal.SIGKILL, lambda wanted=wanted: self.count(".page") >= wanted)
                for wanted in range(1, PAGES, 2)]
        self.assertGreaterEqual(sum(hits), 2, hits)
        self.go_on()

    def test_killed_while_writing(self):
        for share in (1, 3, 5, 7):
            size = len(self.expected) * share // 8
            self.strike(signal.SIGKILL, lambda size=size: self.written() >= size)
            self.go_on()

    def test_interrupted(self):
        hits = [self.strike_and_go_on(signal.SIGINT, wanted) for wanted in (1, PAGES // 2, PAGES)]
        self.assertTrue(any(hits))

    def test_fixed_modes(self):
        """On NTFS every folder belongs to the same user, and everybody may write into it."""
        with ntfs_disk() as disk:
            shutil.copy(self.path("in.cbz"), disk)
            home, self.folder = self.folder, disk
            try:
                hit = self.strike(signal.SIGINT, lambda: self.count(".page") >= PAGES // 2)
                self.assertTrue(hit and self.count(".page"), "the signal came too late")
                result = self.planche("in.cbz", "-o", "out.cbz")
                self.assertRegex(result.stderr, r"[1-9]\d* made before|[1-9]\d* resumed")
                self.assertEqual(self.read("out.cbz"), self.expected)
                self.assertEqual(self.files(), ["in.cbz", "out.cbz"])
            finally:
                self.folder = home

    def test_killed_at_the_end(self):
        """A complete book whose work folder is still there loses it, also when it is passed over."""
        os.makedirs(self.path("shelf"))
        os.rename(self.path("in.cbz"), self.path("shelf/in.cbz"))
        self.planche("shelf", "-o", "out", "--quiet")
        info = os.stat(self.path("out/in.cbz"))
        self.write("out/.in.cbz.planche/output", f"{info.st_dev} {info.st_ino}\n".encode())
        os.chmod(self.path("out/.in.cbz.planche"), 0o700)
        self.planche("shelf", "-o", "out", "--quiet")
        self.assertEqual(self.files("out"), ["in.cbz"])

    @unittest.skipIf(harness.WRAPPER, "what is started is not emulated")
    def test_interrupted_while_others_work(self):
        """A program that reads PDFs sleeps: nobody has to wait for it."""
        os.mkdir(self.path("bin"))
        with open(self.path("bin", "pdfinfo"), "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nread token <'{self.path('tokens')}'\nsleep 1000\n")
        os.chmod(file.name, 0o755)
        self.write("in.cbz", b"%PDF-1.4\n")
        env = {**os.environ, "PATH": self.path("bin") + ":" + os.environ["PATH"]}
        tokens = harness.Tokens(self, "")
        self.strike(signal.SIGINT, lambda: tokens.left() == 0, env=env)
        self.assertFalse(os.path.exists(self.path("out.cbz")))

    @unittest.skipIf(harness.WRAPPER, "what is started is not emulated")
    def test_unpacker_killed(self):
        """The program that unpacks a book is killed in the middle of it: the book fails, and the next run
        makes it."""
        pages = [(f"{i:02}.png", noisy(i)) for i in range(PAGES)]
        self.write("in.cbr", archives.cbr(pages))
        self.write("sent", b"".join([
            struct.pack("=IIQQqII", 16, 38, len(pages[0][1]), 0, 0, 16, 0), b"00.png",
            struct.pack("=II", 18, len(pages[0][1])), pages[0][1], struct.pack("=II", 18, 0),
            struct.pack("=IIQQqII", 16, 38, len(pages[1][1]), 0, 0, 16, 0), b"01.png",
            struct.pack("=II", 18, 1000), pages[1][1][:500]]))
        with open(self.path("unpack"), "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nread kind <'{self.path('tokens')}'\n"
                       f"test $kind = sound && exec '{os.environ['PLANCHE_UNPACK']}' \"$@\"\n"
                       f"cat '{self.path('sent')}'\nkill -9 $$\n")
        os.chmod(file.name, 0o755)
        harness.Tokens(self, "sound", *["killed"] * 9)
        before = set(os.listdir(self.folder))
        result = self.planche("in.cbr", "-o", "out.cbz", check=1, env={"PLANCHE_UNPACK": self.path("unpack")})
        self.assertIn("planche-unpack was killed", result.stderr)
        self.assertEqual(set(os.listdir(self.folder)) - {WORK}, before)
        self.planche("in.cbr", "-o", "out.cbz")
        self.assertEqual(set(os.listdir(self.folder)), before | {"out.cbz"})

    def test_model_swapped(self):
        """Pages of another model under the same name, in files of the same size, are not gone on
        with."""
        shutil.copytree(self.cache(), self.path("models", harness.QUICK_MODEL))
        folder = self.path("models", harness.QUICK_MODEL)
        self.strike(signal.SIGINT, lambda: self.count(".page") >= 2, "--model-dir", "models")
        self.assertTrue(self.count(".page"), "the signal came too late")
        for name in filter(lambda name: name.endswith(".bin"), os.listdir(folder)):
            with open(os.path.join(folder, name), "r+b") as file:
                middle = os.fstat(file.fileno()).st_size // 8 * 4
                file.seek(middle)
                weights = bytearray(file.read(4096))
                weights[::4] = bytes(value ^ 0x80 for value in weights[::4])
                file.seek(middle)
                file.write(weights)
        for output in ("out.cbz", "whole.cbz"):
            self.planche("in.cbz", "-o", output, "--quiet", "--model-dir", "models")
        self.assertEqual(self.read("out.cbz"), self.read("whole.cbz"))
        self.assertNotEqual(self.read("out.cbz"), self.expected)

    def limited(self, size):
        """A run in which no file can be larger than this."""
        process = self.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                   (size, size)))
        stderr = process.communicate(timeout=harness.MARGIN_SECONDS)[1].decode()
        return process.returncode, stderr

    def test_writes_fail_at_a_byte(self):
        whole = len(self.expected)
        for size in (0, 16, 700, whole // PAGES // 2, whole // PAGES, whole // 2, whole - 1):
            with self.subTest(size=size):
                status, stderr = self.limited(size)
                self.assertEqual(status, 1)
                self.assert_one_line(stderr, "out.cbz", "File too large")
                self.go_on()

    def test_full_disk(self):
        """At the first page, in the middle, and when all pages are made and the book is written."""
        for kilobytes, least, most in ((16, 0, 0), (72, 1, PAGES - 1), (140, PAGES, PAGES)):
            with self.subTest(kilobytes=kilobytes), small_disk(kilobytes) as disk:
                path = os.path.join(disk, "out.cbz")
                result = self.planche("in.cbz", "-o", path, "--quiet", check=1)
                self.assert_one_line(result.stderr, path, "No space left")
                self.assertEqual("; the same command goes on" in result.stderr, bool(least))
                self.assertFalse(os.path.exists(path))
                self.assertEqual(os.listdir(disk), [WORK] if least else [])
                work = os.listdir(os.path.join(disk, WORK)) if least else []
                made = [name for name in work if name.endswith(".page")]
                subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
                self.assertTrue(least <= len(made) <= most, made)
                self.go_on(path, disk)

    def test_nothing_left_of_the_writer(self):
        """An output that a killed run was putting together goes with the next run."""
        self.write(f"{WORK}-0123456789abcdef", b"half a book")
        self.write(f"{WORK}/settings", b"planche of others\n")
        os.chmod(self.path(WORK), 0o700)
        self.write("another.cbz.planche-0123456789abcdef", b"not ours")
        self.go_on()
        self.assertIn("another.cbz.planche-0123456789abcdef", self.files())
        self.assertNotIn(f"{WORK}-0123456789abcdef", self.files())

    def as_nobody(self, *arguments):
        shutil.copytree(self.cache(), self.path("models", harness.QUICK_MODEL),
                        dirs_exist_ok=True)
        return super().as_nobody("-m", harness.QUICK_MODEL, "-s", str(harness.QUICK_SCALE),
                                 "--quiet", "--model-dir", "models", *arguments)

    def cache(self):
        """Where the quick model is: others may not look into root's."""
        folder = json.loads(harness.run("info", "--json", check=0).stdout)["model_directory"]
        return os.path.join(folder, harness.QUICK_MODEL)

    def test_read_only_target(self):
        os.mkdir(self.path("locked"), 0o555)
        os.chmod(self.folder, 0o755)
        result = self.as_nobody("in.cbz", "-o", "locked/out.cbz")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assert_one_line(result.stderr, "locked/out.cbz", "Permission denied")
        self.assertEqual(self.files("locked"), [])

    def test_read_only_parent(self):
        """The folder is the user's, what it lies in is not: the message says what to do, and that works."""
        self.write("f/0.png", harness.page(12, 16))
        for name, mode in (("f", 0o755), ("locked", 0o755), ("locked/out", 0o777), ("locked", 0o555)):
            os.makedirs(self.path(name), exist_ok=True)
            os.chmod(self.path(name), mode)
        os.chmod(self.folder, 0o755)
        result = self.as_nobody("f", "-o", "locked/out/")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assert_one_line(result.stderr, "write into a folder in it, locked/out/NAME\n")
        self.assertEqual(self.as_nobody("f", "-o", "locked/out/NAME").stderr, "")
        self.assertEqual(self.files("locked/out/NAME"), ["0.webp"])

    def test_unreadable_page(self):
        os.makedirs(self.path("book/inner"))
        os.mkdir(self.path("open"))
        os.chmod(self.path("open"), 0o777)
        os.chmod(self.folder, 0o755)
        self.write("book/1.png", noisy(1))
        self.write("book/inner/2.png", noisy(2))
        os.chmod(self.path("book/inner/2.png"), 0)
        self.write("book/ComicInfo.xml", b"<ComicInfo/>")
        os.chmod(self.path("book/ComicInfo.xml"), 0)
        result = self.as_nobody("book", "-o", "open/out.cbz", "--on-error", "fail")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assert_one_line(result.stderr, "book", "ComicInfo.xml", "Permission denied")
        self.assertEqual([name for name in self.files("open") if name != WORK], [])
        for way in ("keep", "skip"):
            result = self.as_nobody("book", "-o", f"open/{way}.cbz", "--on-error", way)
            self.assertEqual(result.returncode, 1, result.stderr)
            for name in ("inner/2.png", "ComicInfo.xml"):
                self.assertIn(f"planche: book: {name}: cannot be read: Permission denied; left out\n",
                              result.stderr)
            with zipfile.ZipFile(self.path("open", f"{way}.cbz")) as book:
                self.assertEqual(book.namelist(), ["1.webp", "inner/"])
        os.chmod(self.path("book"), 0)
        result = self.as_nobody("book", "-o", "open/out.cbz")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("book", result.stderr)
        os.chmod(self.path("book"), 0o755)

    def peak(self, pages):
        """The most memory, in MiB, of a run over a book with so many pages."""
        self.write("in.cbz", archives.cbz([(f"{i:04}.png", noisy(i, 16, 16)) for i in range(pages)]))
        # What is freed counts, not what an address sanitizer keeps of it.
        calm = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        with unittest.mock.patch.dict(os.environ, ASAN_OPTIONS=calm):
            process = self.start("--memory", "256M", "--jobs", "2", "--threads", "2")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.communicate()
        self.assertEqual(process.returncode, 0)
        os.remove(self.path("out.cbz"))
        return usage.ru_maxrss / 1024

    @unittest.skipIf(os.environ.get("SANITIZED"), "sanitizers have memory of their own")
    def test_flat_memory(self):
        self.assertLess(self.peak(1000), self.peak(50) + 24)

    def test_work_folder_gone(self):
        """Somebody removes the work folder while it is needed: an error, and no book."""
        process = self.start()
        while process.poll() is None and self.count(".page") < 2:
            time.sleep(0.0005)
        for name in os.listdir(self.path(WORK)) if os.path.isdir(self.path(WORK)) else []:
            with contextlib.suppress(OSError):
                os.remove(self.path(WORK, name))
        stderr = process.communicate(timeout=harness.MARGIN_SECONDS)[1].decode()
        if process.returncode == 0:
            self.assertEqual(self.read("out.cbz"), self.expected)
            os.remove(self.path("out.cbz"))
        else:
            self.assertEqual(process.returncode, 1, stderr)
        self.go_on()


if __name__ == "__main__":
    harness.main()
