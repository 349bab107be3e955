# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: running the command, models, pages, the exit status for meson."""
import fcntl
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

import png

PLANCHE = os.environ["PLANCHE"]
os.environ["PLANCHE_CONFIG"] = "none"  # who runs the tests may have defaults of their own
# The emulator that programs of a cross build need.
WRAPPER = tuple(os.environ.get("WRAPPER", "").split())
# Quick models for tests that need any model at all, the first preferred.
QUICK_MODEL, QUICK_SCALE = "realesr-animevideov3", 2
MARGIN_SECONDS = 150 * int(os.environ.get("PLANCHE_TEST_SLOWNESS", "2"))  # only against hangs
# What the command remembers of outputs must not outlive the tests, nor come from before them.
_STATE = tempfile.TemporaryDirectory(prefix="planche-state-")
os.environ["XDG_STATE_HOME"] = _STATE.name
NOBODY = 65534  # user and group
SEARCH_FAILED = 99  # of builds with AddressSanitizer: tests/support/leak_status.c
lacking = []  # models and programs that tests were skipped for


def run(*arguments, env=None, cwd=None, stdin=b"", text=True, check=None, program=PLANCHE,
        wrapper=WRAPPER):
    """Runs the command; .returncode, .stdout, .stderr. check: the exit status it must have."""
    result = subprocess.run([*wrapper, program, *map(str, arguments)], input=stdin,
                            capture_output=True, env={**os.environ, **(env or {})}, cwd=cwd,
                            timeout=MARGIN_SECONDS, check=False)
    result.stderr = result.stderr.decode()
    if text:
        result.stdout = result.stdout.decode()
    if result.returncode == SEARCH_FAILED and check is not None:
        # The search for leaks at the end crashed, once in a thousand runs, over a thread that had just been joined.
        # The program was done: the tests look at what it made, and at what it said before.
        result.returncode = check
        result.stderr = re.split(r"(?m)^(?:Tracer caught|==\d+==LeakSanitizer)", result.stderr)[0]
    if check is not None and result.returncode != check:
        raise AssertionError(f"{arguments}: exit status {result.returncode}, not {check}:\n"
                             f"{result.stderr}")
    return result


def cached_models():
    """{(model, scale, denoise)} of the cache; denoise is None for models without levels."""
    lines = run("models", "--json", check=0).stdout.splitlines()
    return {(m["model"], m["scale"], m["denoise"]) for m in map(json.loads, lines) if m["cached"]}


def need_model(model=QUICK_MODEL, scale=QUICK_SCALE):
    """For setUpClass: skips loudly, or fails if PLANCHE_REQUIRE_MODELS is 1."""
    if any(m[:2] == (model, scale) for m in cached_models()):
        return
    problem = f"{model} at scale {scale} is not cached; planche models fetch {model}"
    if os.environ.get("PLANCHE_REQUIRE_MODELS") == "1":
        raise AssertionError("PLANCHE_REQUIRE_MODELS is 1, but " + problem)
    lacking.append(problem)
    print(f"***** SKIPPED for want of a model: {problem}", file=sys.stderr)
    raise unittest.SkipTest(problem)


class Case(unittest.TestCase):
    """A test with a folder of its own, which must not outlive it."""
    model = False  # needs the quick model
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if cls.model:
            need_model()

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="planche-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, data):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def as_nobody(self, *arguments, cwd=None):
        """A run without root's rights; the test is skipped where that cannot be."""
        more = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        program = [*WRAPPER, PLANCHE]
        try:
            subprocess.run([*program, "--version"], capture_output=True, check=True, **more)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("others may not run the command here")
        return subprocess.run([*program, *arguments], cwd=cwd or self.folder, capture_output=True, check=False,
                              text=True, timeout=MARGIN_SECONDS, **more)

    def files(self, *names):
        """Every name in the folder, hidden ones too."""
        return sorted(os.listdir(self.path(*names)))

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def planche(self, *arguments, check=0, **more):
        """The command with the quick model, run in the test's folder."""
        return run("-m", QUICK_MODEL, "-s", QUICK_SCALE, *arguments, check=check, cwd=self.folder,
                   **more)

    def assert_one_line(self, stderr, *parts):
        """One line for people, with all parts in it."""
        self.assertEqual(stderr.count("\n"), 1, stderr)
        self.assertTrue(stderr.startswith("planche: "), stderr)
        for part in parts:
            self.assertIn(part, stderr)


class Tokens:
    """Lines that programs take one by one, with the shell's read, from a pipe with a name: they tell
    how often something was started that may write no files."""

    def __init__(self, case, *lines):
        self.path = case.path("tokens")
        os.mkfifo(self.path)
        self.file = os.open(self.path, os.O_RDWR)
        case.addCleanup(os.close, self.file)
        os.write(self.file, "".join(line + "\n" for line in lines).encode())

    def left(self):
        """Bytes that nobody has taken."""
        return struct.unpack("i", fcntl.ioctl(self.file, termios.FIONREAD, bytes(4)))[0]


def gradient(width, height, channels, depth=8, seed=1):
    """Smooth colour with a few hard lines, reproducible."""
    top = 255 if depth == 8 else 65535
    samples = bytearray()
    for y in range(height):
        for x in range(width):
            ink = (x * 7 + y * 3 + seed * 5) % 29 < 2
            values = [(x + seed) * top // (width + seed), y * top // max(height - 1, 1),
                      (x + y) * top // (width + height)]
            if channels < 3:
                values = [(x + y + seed) * top // (width + height + seed)]
            if ink:
                values = [0] * len(values)
            if channels in (2, 4):
                values.append(top * min(x, width - 1 - x) * 2 // width)
            for value in values:
                samples += min(value, top).to_bytes(depth // 8, "big")
    return bytes(samples)


def page(width=48, height=64, channels=3, depth=8, seed=1, extra=()):
    """A PNG file with something on it."""
    return png.encode(width, height, channels, gradient(width, height, channels, depth, seed),
                      depth, extra)


def main(threads=()):
    """unittest's main with meson's exit statuses: 77 if something was lacking and nothing failed. threads: names of
    tests that are all that runs under ThreadSanitizer, which makes pages 20 times slower."""
    few = os.environ.get("SANITIZED") == "thread" and len(sys.argv) == 1
    outcome = unittest.main(exit=False, verbosity=2, argv=[sys.argv[0], *threads] if few else None).result
    if not outcome.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if lacking else 0)
