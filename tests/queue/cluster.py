# SPDX-License-Identifier: MIT
"""A queue of the tests' own: nats-server on loopback, fronts and workers as processes, books to make. Tests derive from
Queue. Without nats-server they are skipped, or fail if PLANCHE_REQUIRE_QUEUE is 1."""
import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from noise import make_book

PLANCHE, MAKE_MODEL = os.environ["PLANCHE"], os.environ["MAKE_MODEL"]
SLOWNESS = int(os.environ.get("PLANCHE_TEST_SLOWNESS", "2"))
SECONDS = 300 * SLOWNESS * (10 if os.environ.get("PLANCHE_TEST_QUEUE") == "long" else 1)  # only against hangs
# Of pages whose worker has gone: one that goes on slowly keeps its own. Tests wait until it is over.
LEASE = min(max(3, SLOWNESS), 10)
SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/bin")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Server:
    """nats-server with a store of its own."""

    def __init__(self, folder, config="", limit="1G"):
        self.port, self.folder, self.process = free_port(), folder, None
        self.config = os.path.join(folder, "server.conf")
        with open(self.config, "w", encoding="ascii") as file:
            file.write(f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "{folder}/store", '
                       f'max_file_store: {limit} }}\n' + config)
        self.start()

    def start(self):
        with open(os.path.join(self.folder, "server.log"), "ab") as log:
            self.process = subprocess.Popen([SERVER, "-c", self.config], stdout=log, stderr=log)
        end = time.monotonic() + SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                if probe.recv(64).startswith(b"INFO"):
                    return
            assert self.process.poll() is None and time.monotonic() < end, "nats-server does not start"
            time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(SECONDS)

    def request(self, subject, data=b"", api="$JS.API."):
        """What the server's API answers, or what it says of a message for a stream."""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as client, client.makefile("rb") as answers:
            client.sendall(f'CONNECT {{"verbose":false}}\r\nSUB answer 1\r\nPUB {api}{subject} answer {len(data)}\r\n'
                           .encode() + data + b"\r\n")
            while not (line := answers.readline()).startswith(b"MSG "):
                assert line, "the server has closed the connection"
            return json.loads(answers.read(int(line.split()[-1])))


class Proxy:
    """A way to the server that can stop, with all connections open; by itself where a client says some words.
    chance, a generator of random numbers: messages to clients come twice and in another order now and then."""

    def __init__(self, port, words=None, chance=None, near=0):
        self.words, self.stopped, self.chance = words, threading.Event(), chance
        self.listener = socket.create_server(("127.0.0.1", near))
        self.port, self.target, self.open = self.listener.getsockname()[1], port, threading.Event()
        self.open.set()
        self.ends = [self.listener]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.target))
                self.ends += [near, far]
                threading.Thread(target=self.copy, args=(near, far, self.words), daemon=True).start()
                copy = self.mangle if self.chance else self.copy
                threading.Thread(target=copy, args=(far, near, None), daemon=True).start()

    def close(self):
        self.open.set()
        for end in self.ends:
            shut(end)
            end.close()

    def copy(self, source, target, words):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if words and words in data and not self.stopped.is_set():
                    self.open.clear()
                    self.stopped.set()
                self.open.wait()
                target.sendall(data)
        shut(source)
        shut(target)

    def mangle(self, source, target, _):
        """A message is held back until the next one, or for a moment; and it, or its copy, goes then."""
        lock, held = threading.Lock(), []

        def send(frame):
            with lock, contextlib.suppress(OSError):
                target.sendall(frame + b"".join(held))
                held.clear()

        with contextlib.suppress(OSError), source.makefile("rb") as frames:
            while frame := frames.readline():
                message = frame.startswith((b"MSG ", b"HMSG "))
                if message:
                    frame += frames.read(int(frame.split()[-1]) + 2)
                draw = self.chance.random() if message else 1.0
                if draw < 0.4:
                    with lock:
                        held.append(frame)
                    threading.Timer(0.03, send, [b""]).start()
                if draw >= 0.2:
                    send(frame)
        shut(source)
        shut(target)


def shut(end):
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


class Queue(unittest.TestCase):
    config, limit, scheme, host = "", "1G", "nats", "127.0.0.1"

    @classmethod
    def setUpClass(cls):
        if SERVER is None:
            problem = "nats-server is not installed (scripts/setup.sh queue)"
            if os.environ.get("PLANCHE_REQUIRE_QUEUE") == "1":
                raise AssertionError("PLANCHE_REQUIRE_QUEUE is 1, but " + problem)
            print(f"***** SKIPPED: {problem}", file=sys.stderr)
            raise unittest.SkipTest(problem)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="planche-queue-")
        self.folder = temporary.name
        self.addCleanup(temporary.cleanup)
        self.env = {**os.environ, "XDG_STATE_HOME": self.path("state"), "XDG_CACHE_HOME": self.path("cache"),
                    "PLANCHE_CONFIG": "none"}
        subprocess.run([MAKE_MODEL, self.path("tiny2x")], check=True)
        self.prepare()
        self.server = Server(self.folder, self.config, self.limit)
        self.addCleanup(lambda: self.server.stop(signal.SIGKILL))
        self.access = getattr(self, "access", [])
        self.processes, self.noted = [], open(self.path("output.log"), "ab")
        self.addCleanup(self.end_processes)

    def prepare(self):
        """Before the server starts."""

    def end_processes(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(SECONDS)
        self.noted.close()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def words(self, *arguments, port=None):
        """A command of the queue, with what it takes to enter."""
        return [PLANCHE, *map(str, arguments), *self.access, "--queue", f"{self.scheme}://{self.host}:{port or self.server.port}",
                "--insecure-server"]

    def begin(self, *words, env=None):
        process = subprocess.Popen(words, env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL, stdout=self.noted,
                                   stderr=self.noted)
        self.processes.append(process)
        return process

    def worker(self, *more, port=None, env=None):
        words = self.words("worker", "--threads", 1, "--jobs", 1, "--lease", LEASE, *more, port=port)
        return self.begin(*words, env=env)

    def front(self, *more, port=None, env=None):
        return self.begin(*self.words("--quiet", "-m", self.path("tiny2x.param"), self.path("in") + "/", "-o",
                                      self.path("out") + "/", *more, port=port), env=env)

    def state(self):
        result = subprocess.run(self.words("queue", "--json"), env=self.env, capture_output=True, check=False,
                                timeout=SECONDS)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        return (lines[0], lines[1:]) if lines else (None, [])

    def wait_for(self, wanted, what):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            state, failed = self.state()
            if state and wanted(state, failed):
                return state, failed
            time.sleep(0.1)
        raise AssertionError(f"{what}: {state} {failed}\n" + read(self.path("output.log")).decode()[-2000:])

    def make_books(self, books, pages, **more):
        os.mkdir(self.path("in"))
        for book in range(books):
            make_book(self.path("in", f"{book}.cbz"), pages, book, **more)
        subprocess.run([PLANCHE, "--quiet", "-m", self.path("tiny2x.param"), self.path("in") + "/", "-o",
                        self.path("alone") + "/"], env={**self.env, "XDG_STATE_HOME": self.path("state2")},
                       check=False, timeout=SECONDS, stderr=subprocess.DEVNULL)

    def expect_books(self, books):
        self.assertEqual(sorted(os.listdir(self.path("out"))), sorted(os.listdir(self.path("alone"))))
        for book in range(books):
            self.assertEqual(read(self.path("out", f"{book}.cbz")), read(self.path("alone", f"{book}.cbz")), book)

    def end_front(self, front, status=0):
        self.assertEqual(front.wait(SECONDS), status, read(self.path("output.log")).decode()[-2000:])

    def expect_empty(self):
        """Nothing is left of pages in the queue, once late copies are done."""
        self.wait_for(lambda s, _: s["pages"] + s["results"] + s["store_bytes"] == 0, "something is left")

    def drain(self, *workers):
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            self.assertEqual(worker.wait(SECONDS), 0)


def run_side_by_side(*first, at_once=3):
    """For __main__: its tests, several at once, those whose names are in first before the others. Each has a queue of
    its own, and most of them wait. With words on the command line: unittest's main."""
    if len(sys.argv) > 1:
        unittest.main()
    suites = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    cases = sorted((case for suite in suites for case in suite), key=lambda case: case.id().rsplit(".", 1)[1] not in first)

    def run(case):
        result, begin = unittest.TestResult(), time.monotonic()
        unittest.TestSuite([case]).run(result)
        words = "ok" if result.wasSuccessful() else "FAIL"
        words = f"skipped: {result.skipped[0][1]}" if result.skipped else words
        print(f"{case.id()} ... {words} ({time.monotonic() - begin:.1f} s)", file=sys.stderr, flush=True)
        return result

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        results = list(pool.map(run, cases))
    for result in results:
        for case, trace in result.errors + result.failures:
            print(f"{case}\n{trace}", file=sys.stderr)
    assert cases
    sys.exit(0 if all(result.wasSuccessful() for result in results) else 1)
