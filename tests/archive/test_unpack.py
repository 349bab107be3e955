#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""planche-unpack, the sandboxed program that unpacks RAR, 7z and tar: what it is held to, and what
the library makes of one that is missing, killed, or taken over by the archive it reads."""
import bz2
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from test_containers import (BUDGET, CANCELLED, DATA, ENTRIES, IO, LIMIT, LIST, RAR, UNSUPPORTED, Case,  # noqa: E402
                             archives)

UNPACK = os.environ["PLANCHE_UNPACK"]
INSTALLED = os.path.join(os.environ["LIBEXEC"], "planche-unpack")  # by "make install": found where no other is
EMULATED = bool(os.environ.get("WRAPPER"))
WIDE = (100, 10 ** 9, 10 ** 9, 1000)
ERROR, MEMORY, EXHAUSTED = range(1, 4)
ENTRY, END, CONTENT = range(16, 19)
NEXT, VERSION, NO_MEMORY = 16, "3", 2
SIZED = 16


def frame(kind, payload=b""):
    return struct.pack("=II", kind, len(payload)) + payload


def entry(name, size=None, flags=0):
    return frame(ENTRY, struct.pack("=QQqII", size or 0, 0, 0, flags | (SIZED if size is not None else 0), 0) + name)


def error(status, text, fatal=1):
    return frame(ERROR, struct.pack("=II", status, fatal) + text)


class Fake(Case):
    """The library and a program in place of planche-unpack."""

    def script(self, lines):
        path = os.path.join(self.folder, "fake-unpack")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + lines + "\n")
        os.chmod(path, 0o755)
        return {"PLANCHE_UNPACK": path}

    def fake(self, sent, then="sleep 100"):
        """One that sends this at once, whatever it is asked."""
        path = os.path.join(self.folder, "frames")
        with open(path, "wb") as file:
            file.write(sent)
        return self.script(f"cat '{path}'\n{then}")

    def test_sound(self):
        sent = entry(b"p.jpg", 3) + frame(CONTENT, b"one") + frame(CONTENT) + frame(END)
        self.is_sound(archives.cbr(ENTRIES), RAR, [("p.jpg", b"one")], env=self.fake(sent))

    def test_missing(self):
        for env in ({"PLANCHE_UNPACK": "/nowhere/planche-unpack"}, {"PLANCHE_UNPACK": "/dev/null"}):
            for make in (archives.cbr, archives.cb7, archives.cbt, lambda e: archives.cbt(e, "gz")):
                self.fails(make(ENTRIES), UNSUPPORTED, f"take the program {env['PLANCHE_UNPACK']}, which cannot be run",
                           env=env)

    def test_another_version(self):
        self.fails(archives.cbr(ENTRIES), IO, "is not that of this version", env=self.script("exit 2"))

    def test_killed(self):
        """At any moment; what came before is as it was."""
        sent = entry(b"p.jpg", 3) + frame(CONTENT, b"one") + frame(CONTENT) + entry(b"q.jpg", 10) + frame(CONTENT, b"two")
        for size in (0, 4, 20, len(entry(b"p.jpg")), len(sent) - 20, len(sent) - 2, len(sent)):
            with self.subTest(size=size):
                self.fails(archives.cbr(ENTRIES), IO, "planche-unpack was killed", env=self.fake(sent[:size], "kill -9 $$"))

    def test_crashed(self):
        """The archive is at fault, not the world."""
        sent = entry(b"p.jpg", 3) + frame(CONTENT, b"one")
        for size in (0, len(sent)):
            with self.subTest(size=size):
                self.fails(archives.cbr(ENTRIES), DATA, "planche-unpack crashed: the archive is damaged",
                           env=self.fake(sent[:size], "kill -SEGV $$"))

    def test_garbage(self):
        first = entry(b"p.jpg", 3)
        for sent in (b"Hello, world!", frame(0), frame(9), frame(CONTENT, b"early"),
                     frame(END, b"x"), frame(ENTRY, bytes(31)), entry(b"x" * 4098), entry(b"a\0b", 1),
                     struct.pack("=II", ENTRY, 0xffffffff), frame(MEMORY, b"1234"), frame(MEMORY, bytes(8)),
                     frame(MEMORY, b"\xff" * 8) * 200, error(0, b""), error(99, b"x"), error(7, b"x"), error(DATA, b"x" * 513),
                     frame(ERROR, b"x"), first + first, first + frame(END), first + struct.pack("=II", CONTENT, 1 << 20),
                     first + frame(CONTENT, bytes(200000))):
            with self.subTest(sent=sent[:40]):
                self.fails(archives.cbr(ENTRIES), IO, "sent what makes no sense", *WIDE, 50 << 20, env=self.fake(sent))

    def test_words(self):
        """What it says of an archive is shown as one line without control characters."""
        last = self.list(archives.cbr(ENTRIES), env=self.fake(error(DATA, b"is bad\n\x1b[31m\xff\0hidden")))[-1]
        self.assertRegex(last, rf"^status {DATA} .*: is bad \?\[31m\?$")

    def test_lies(self):
        """Names, sizes and limits are checked whatever it says."""
        data = archives.cbr(ENTRIES)
        endless = frame(CONTENT, bytes(50000)) * 100
        for name in (b"../evil", b"/../evil", b"C:..\\evil", b"a\nb", b"x" * 4097):
            self.fails(data, DATA, "name of an entry", env=self.fake(entry(name, 1)))
        for name in (b"/etc/evil", b"C:\\etc/evil"):
            self.is_sound(data, RAR, [("etc/evil", b"")], env=self.fake(entry(name, 0) + frame(CONTENT) + frame(END)))
        self.fails(data, LIMIT, "option max_entries", 1, *WIDE[1:],
                   env=self.fake(entry(b"a", 0) + frame(CONTENT) + entry(b"b", 0) + frame(CONTENT)))
        self.fails(data, DATA, "another size", env=self.fake(entry(b"a", 7) + frame(CONTENT, b"12345678")))
        self.fails(data, DATA, "another size", env=self.fake(entry(b"a", 7) + frame(CONTENT)))
        self.fails(data, LIMIT, "option max_entry_bytes", 100, 10 ** 6, *WIDE[2:], env=self.fake(entry(b"a") + endless))
        self.fails(data, LIMIT, "option max_ratio", *WIDE[:3], 5, env=self.fake(entry(b"a") + endless))

    def test_asleep(self):
        """Whoever waits for it may stop."""
        lines = self.list(archives.cbr(ENTRIES), option="-c", env=self.script("sleep 1000"))
        self.assertEqual(lines[-1], f"status {CANCELLED} cancelled")

    def test_exhausted(self):
        """Memory that was granted, but that the system has not."""
        told = frame(EXHAUSTED, struct.pack("=Q", 4096))
        for then in (error(DATA, b"no"), b""):
            self.fails(archives.cbr(ENTRIES), NO_MEMORY, "the system has no memory left for planche-unpack",
                       env=self.fake(told + then, "kill -9 $$"))

    def test_greedy(self):
        """Memory that it asks for is the caller's; what does not fit is denied."""
        asked = frame(MEMORY, struct.pack("=Q", 30 << 20))
        sound = entry(b"a", 0) + frame(CONTENT) + frame(END)
        self.is_sound(archives.cbr(ENTRIES), RAR, [("a", b"")], env=self.fake(asked + sound))
        lines = self.list(archives.cbr(ENTRIES), *WIDE, 40 << 20, env=self.fake(asked * 2 + error(DATA, b"no")))
        self.assertRegex(lines[-1], f"^status {BUDGET} .*memory")


@unittest.skipIf(EMULATED, "what is started is not emulated")
class Places(Case):
    def test_places(self):
        """It is found beside the library, or the program that this is a part of, and in libexec of the
        folders above, from wherever it runs."""
        data = archives.cbr([("a", b"a")])
        env = {**os.environ, "PLANCHE_UNPACK": ""}
        with open(self.path, "wb") as file:
            file.write(data)
        for program, unpack in (("a/list", "a/planche-unpack"), ("b/bin/list", "b/libexec/planche/planche-unpack"),
                                ("c/lib/cpu-os/list", "c/libexec/planche/planche-unpack")):
            for source, target in ((LIST[-1], program), (UNPACK, unpack)):
                os.makedirs(os.path.join(self.folder, os.path.dirname(target)), exist_ok=True)
                shutil.copy(source, os.path.join(self.folder, target))
            # A link to it is as good.
            os.symlink(os.path.join(self.folder, program), os.path.join(self.folder, "link"))
            for name in (program, "link"):
                result = subprocess.run([os.path.join(self.folder, name), self.path], env=env, capture_output=True,
                                        check=False)
                self.assertEqual(result.stdout.splitlines()[-1], b"end", name)
            os.remove(os.path.join(self.folder, unpack))
            os.remove(os.path.join(self.folder, "link"))
            if os.path.exists(INSTALLED):
                continue
            result = subprocess.run([os.path.join(self.folder, program), self.path], env=env, capture_output=True,
                                    check=False)
            self.assertRegex(result.stdout.decode(), f"^status {UNSUPPORTED} .*/planche/planche-unpack, which cannot")


class Bombs(Case):
    def test_filter_bomb(self):
        """120 bytes that make libarchive take a gigabyte."""
        data = archives.rar4_filter_bomb(1000 << 20)
        self.assertLess(len(data), 200)
        self.fails(data, LIMIT, "a: to unpack it takes more than 400 MiB of memory")
        self.fails(archives.rar4_filter_bomb(300 << 20), BUDGET, "memory", *WIDE, 100 << 20)
        # Filters that are no bombs are only not supported.
        self.fails(archives.rar4_filter_bomb(10 << 20), DATA, "filter")
        if not EMULATED:
            self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 300 << 10)

    @unittest.skipIf(EMULATED, "emulators have signals of their own")
    def test_computing_time(self):
        """An archive that takes more seconds than it may."""
        info = tarfile.TarInfo("zeroes")
        info.size = 1 << 36
        data = bz2.compress(info.tobuf()) + bz2.compress(bytes(1 << 25)) * (1 << 11)
        slow = os.path.join(self.folder, "slow-unpack")
        with open(slow, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nulimit -S -t 1\nexec '{UNPACK}' \"$@\"\n")
        os.chmod(slow, 0o755)
        self.fails(data, LIMIT, "seconds of computing time", 100, 1 << 40, 1 << 40, 1 << 40, env={"PLANCHE_UNPACK": slow})


@unittest.skipIf(EMULATED, "emulators have limits of their own")
class Sandbox(Case):
    def start(self, seconds=77, most=1 << 30):
        """The program itself, about to read a tar, and the socket to ask it through."""
        with open(self.path, "wb") as file:
            file.write(archives.cbt(ENTRIES))
        archive = os.open(self.path, os.O_RDONLY)
        ours, its = socket.socketpair()

        def inherit():
            high = os.dup(its.fileno()), os.dup(archive)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
            os.closerange(5, 65536)

        program = subprocess.Popen([UNPACK, VERSION, f"tar:0:{os.path.getsize(self.path)}:0", str(1 << 22), str(most),
                                    str(seconds)], close_fds=False,
                                   stdout=subprocess.PIPE, preexec_fn=inherit)
        its.close()
        os.close(archive)
        self.addCleanup(program.wait)
        self.addCleanup(program.stdout.close)
        self.addCleanup(ours.close)
        self.addCleanup(program.kill)
        return program, ours

    def test_limits(self):
        program, requests = self.start()
        requests.send(struct.pack("=II", NEXT, 0))
        self.assertEqual(struct.unpack("=II", program.stdout.read(8))[0], ENTRY)
        limits, status = {}, {}
        with open(f"/proc/{program.pid}/limits", encoding="ascii") as file:
            for line in file.readlines()[1:]:
                limits[line[:26].strip()] = line[26:].split()[0]
        with open(f"/proc/{program.pid}/status", encoding="ascii") as file:
            for line in file:
                status[line.split(":")[0]] = line.split(":")[1].strip()
        self.assertEqual((limits["Max cpu time"], limits["Max file size"], limits["Max open files"],
                          limits["Max core file size"]), ("77", "0", "0", "0"))
        self.assertGreater(int(limits["Max address space"]), 1 << 30)
        self.assertLess(int(limits["Max address space"]), 3 << 29)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")  # a filter
        self.assertEqual(set(os.listdir(f"/proc/{program.pid}/fd")), set("01234"))

    def test_end(self):
        """It ends with the one who asks."""
        program, requests = self.start()
        requests.shutdown(socket.SHUT_WR)
        self.assertEqual(program.wait(timeout=60), 0)

    def test_usage(self):
        tar = "tar:0:1:2"
        for words in ([], ["1", tar, "1", "1", "1"], [VERSION, tar, "x", "1", "1"], [VERSION, tar, "1", "1", ""],
                      [VERSION, tar, "1", "1", "1", "1"],
                      *([VERSION, kind, "1", "1", "1"] for kind in ("zip:0:1:2", "tar", "tar:0:1", "tar:0:1:", "tar:0::2",
                                                                    "tar:0:1:2:3", "tar:0:1:2x", ":0:1:2", ""))):
            result = subprocess.run([UNPACK, *words], capture_output=True, check=False)
            self.assertEqual(result.returncode, 2, words)
            self.assertIn(b"is a part of libplanche", result.stderr)


if __name__ == "__main__":
    unittest.main()
