# SPDX-License-Identifier: MIT
"""Many machines: a real nats-server on loopback, workers as processes, and what may happen to all of
them. Books that come out have the bytes that one machine makes, whatever happened.

PLANCHE_TEST_QUEUE=long makes it 2,000 pages and 200 kills. Without nats-server it is skipped, or fails if
PLANCHE_REQUIRE_QUEUE is 1."""
import contextlib
import json
import math
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile
import zlib

PLANCHE, MAKE_MODEL = os.environ["PLANCHE"], os.environ["MAKE_MODEL"]
LONG = os.environ.get("PLANCHE_TEST_QUEUE") == "long"
BOOKS, PAGES, KILLS, WORKERS = (20, 100, 200, 8) if LONG else (4, 40, 8, 4)
SLOWNESS = int(os.environ.get("PLANCHE_TEST_SLOWNESS", "2"))
SECONDS = 300 * SLOWNESS * (10 if LONG else 1)  # only against hangs
LEASE = 3
SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/bin")


def make_png(width, height, seed):
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(width) for _ in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def make_book(path, pages, seed, size=(40, 48), extra=()):
    with zipfile.ZipFile(path, "w") as book:
        for page in range(pages):
            book.writestr(zipfile.ZipInfo(f"{page:04}.png"), make_png(*size, f"{seed}-{page}"))
        for name, data in extra:
            book.writestr(zipfile.ZipInfo(name), data)


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

    def request(self, subject):
        """What the server's API answers."""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as client, client.makefile("rb") as answers:
            client.sendall(f'CONNECT {{"verbose":false}}\r\nSUB answer 1\r\nPUB $JS.API.{subject} answer 0\r\n\r\n'.encode())
            while not (line := answers.readline()).startswith(b"MSG "):
                assert line, "the server has closed the connection"
            return json.loads(answers.read(int(line.split()[-1])))


class Proxy:
    """A way to the server that can stop, with all connections open; by itself where a client says some words."""

    def __init__(self, port, words=None):
        self.words, self.stopped = words, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
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
                for a, b, words in ((near, far, self.words), (far, near, None)):
                    threading.Thread(target=self.copy, args=(a, b, words), daemon=True).start()

    def close(self):
        self.open.set()
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def copy(self, source, target, words):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if words and words in data and not self.stopped.is_set():
                    self.open.clear()
                    self.stopped.set()
                self.open.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Queue(unittest.TestCase):
    config, limit = "", "1G"

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
        self.server = Server(self.folder, self.config, self.limit)
        self.addCleanup(lambda: self.server.stop(signal.SIGKILL))
        self.processes, self.noted = [], open(self.path("output.log"), "ab")
        self.addCleanup(self.end_processes)

    def end_processes(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(SECONDS)
        self.noted.close()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def words(self, *arguments, port=None):
        return [PLANCHE, *map(str, arguments), "--queue", f"nats://127.0.0.1:{port or self.server.port}",
                "--insecure-server"]

    def begin(self, *words):
        process = subprocess.Popen(words, env=self.env, stdin=subprocess.DEVNULL, stdout=self.noted,
                                   stderr=self.noted)
        self.processes.append(process)
        return process

    def worker(self, *more, port=None):
        return self.begin(*self.words("worker", "--threads", 1, "--jobs", 1, "--lease", LEASE, *more, port=port))

    def front(self, *more):
        return self.begin(*self.words("--quiet", "-m", self.path("tiny2x.param"), self.path("in") + "/", "-o",
                                      self.path("out") + "/", *more))

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
        self.wait_for(lambda s, _: s["pages"] == 0 and s["results"] == 0, "something is left")


class Deliveries(Queue):
    def test_each_page_is_delivered_once(self):
        """Pages that come while other requests of a worker are under way are not dropped."""
        self.make_books(1, 150, size=(8, 8))
        front = self.front()
        self.begin(*self.words("worker", "--threads", 2, "--jobs", 8))
        self.end_front(front)
        self.expect_books(1)
        delivered = self.server.request("CONSUMER.INFO.PLANCHE_JOBS.book-any")["delivered"]["consumer_seq"]
        self.assertLess(delivered, 150 + 5)

    def test_bytes_that_are_gone(self):
        """A job whose bytes are gone is put again at once: by a front that waits, and by one that finds it."""
        self.make_books(1, 6)
        front = self.front()
        self.wait_for(lambda s, _: s["pages"] == 6, "no pages")
        front.kill()
        self.server.request("STREAM.PURGE.PLANCHE_STORE")
        front = self.front()
        self.wait_for(lambda s, _: s["store_bytes"] > 0 and s["pages"] == 6, "no pages")
        self.server.request("STREAM.PURGE.PLANCHE_STORE")
        begin = time.monotonic()
        self.worker()
        self.end_front(front)
        if SLOWNESS == 1:  # not when the front looks after its jobs, 20 s later
            self.assertLess(time.monotonic() - begin, 15)
        self.expect_books(1)
        self.expect_empty()


def make_safetensors(path):
    """A small network of the Compact architecture, 2x."""
    noise, tensors, data = random.Random(5), {}, b""
    shapes = {"body.0.weight": (8, 3, 3, 3), "body.0.bias": (8,), "body.1.weight": (8,), "body.2.weight": (8, 8, 3, 3),
              "body.2.bias": (8,), "body.3.weight": (8,), "body.4.weight": (12, 8, 3, 3), "body.4.bias": (12,)}
    for name, shape in shapes.items():
        values = [noise.uniform(-0.1, 0.1) for _ in range(math.prod(shape))]
        tensors[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * len(values)]}
        data += struct.pack(f"<{len(values)}f", *values)
    head = json.dumps(tensors).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(head)) + head + data)


def field(number, value):
    """A field of a protobuf message: a number, or bytes of less than 16 KB."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    value = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(value) & 127 | 128, len(value) >> 7]) + value


def make_onnx(path):
    """A convolution and a shuffle of pixels, 2x."""
    noise = random.Random(6)
    weights = struct.pack("<324f", *[noise.uniform(-0.1, 0.1) for _ in range(324)])
    tensor = field(1, 12) + field(1, 3) + field(1, 3) + field(1, 3) + field(2, 1) + field(8, "w") + field(9, weights)
    pads = field(1, "pads") + b"".join(field(8, 1) for _ in range(4))
    block, mode = field(1, "blocksize") + field(3, 2), field(1, "mode") + field(4, "CRD")
    nodes = [field(1, "x") + field(1, "w") + field(2, "c") + field(3, "c") + field(4, "Conv") + field(5, pads),
             field(1, "c") + field(2, "y") + field(3, "s") + field(4, "DepthToSpace") + field(5, block) +
             field(5, mode)]
    axes = b"".join(field(1, field(1, 3) if axis == 1 else field(2, "n")) for axis in range(4))
    port = field(2, field(1, field(1, 1) + field(2, axes)))
    graph = (b"".join(field(1, node) for node in nodes) + field(5, tensor) + field(11, field(1, "x") + port) +
             field(12, field(1, "y") + port))
    with open(path, "wb") as file:
        file.write(field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17)))


class Models(Queue):
    def test_models_of_other_formats(self):
        os.mkdir(self.path("in"))
        make_book(self.path("in", "0.cbz"), 2, 0)
        self.worker()
        for name, make in (("a.safetensors", make_safetensors), ("a.onnx", make_onnx)):
            make(self.path(name))
            words = ["--quiet", "--overwrite", "-m", self.path(name), self.path("in", "0.cbz"), "-o"]
            subprocess.run([PLANCHE, *words, self.path("alone.cbz")], env=self.env, check=True, timeout=SECONDS)
            self.end_front(self.begin(*self.words(*words, self.path("made.cbz"))))
            self.assertEqual(read(self.path("alone.cbz")), read(self.path("made.cbz")), name)
        self.expect_empty()


class Faults(Queue):
    def disturb(self, front):
        """Kills workers at random, and the front and the server now and then, until all was done."""
        chance = random.Random(7)
        workers = [self.worker() for _ in range(WORKERS)]
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.1, 0.6))
            victim = chance.randrange(WORKERS)
            workers[victim].kill()
            workers[victim].wait()
            workers[victim] = self.worker()
            if kill % 4 == 1:
                self.server.stop(signal.SIGKILL if kill % 8 == 1 else signal.SIGTERM)
                self.server.start()
            if kill % 4 == 3 and front.poll() is None:
                front.kill()
                front.wait()
                front = self.front()
        return front

    def test_kills_of_everything(self):
        self.make_books(BOOKS, PAGES)
        front = self.disturb(self.front())
        self.end_front(front)
        self.expect_books(BOOKS)
        # A server that was killed has acknowledged jobs back; nothing is done for them any more.
        state, failed = self.wait_for(lambda s, _: s["running"] == 0, "something runs")
        self.assertEqual((sum(state["waiting"].values()), failed), (0, []))

    def test_partition(self):
        self.make_books(1, 30)
        proxy = Proxy(self.server.port)
        self.addCleanup(proxy.close)
        cut = self.worker(port=proxy.port)
        self.wait_for(lambda s, _: len(s["workers"]) == 1, "no worker")
        front = self.front()
        self.wait_for(lambda s, _: s["workers"] and s["workers"][0]["done"] > 3, "nothing is made")
        proxy.open.clear()
        time.sleep(LEASE / 2)
        self.worker()
        self.end_front(front)
        proxy.open.set()
        self.expect_books(1)
        self.expect_empty()
        cut.send_signal(signal.SIGTERM)
        self.assertEqual(cut.wait(SECONDS), 0)

    def test_frozen_worker_and_drain(self):
        """One that sleeps loses its pages; one that is told to stop gives back what it has not begun."""
        self.make_books(1, 24, size=(400, 400))
        frozen = self.worker()
        front = self.front()
        self.wait_for(lambda s, _: s["running"] > 0, "nothing runs")
        frozen.send_signal(signal.SIGSTOP)
        second = self.worker()
        self.wait_for(lambda s, _: any(w["done"] > 2 for w in s["workers"]), "nothing is made")
        second.send_signal(signal.SIGTERM)
        self.assertEqual(second.wait(SECONDS), 0)
        self.worker()
        self.end_front(front)
        frozen.send_signal(signal.SIGCONT)
        self.expect_books(1)
        self.expect_empty()

    def test_damage(self):
        """A page that is at fault itself is given up at once; it is told of, tried again, and removed."""
        os.mkdir(self.path("in"))
        make_book(self.path("in", "0.cbz"), 2, 0, extra=[("0100.png", make_png(90, 90, 1)), ("0101.png", b"none")])
        self.worker("--max-pixels", "10K")
        self.end_front(self.front(), 1)
        state, failed = self.state()
        self.assertEqual((state["failed"], state["pages"]), (1, 0))
        self.assertIn("0100.png", failed[0]["name"])
        with zipfile.ZipFile(self.path("out", "0.cbz")) as book:
            self.assertEqual(len(book.namelist()), 4)
        subprocess.run(self.words("queue", "retry"), env=self.env, check=True, timeout=SECONDS)
        self.wait_for(lambda s, _: s["pages"] == 0, "was not tried again")
        subprocess.run(self.words("queue", "purge"), env=self.env, check=True, timeout=SECONDS)
        state, failed = self.state()
        self.assertEqual((state["failed"], state["pages"], state["store_bytes"], failed), (0, 0, 0, []))

    def test_poison(self):
        """A page that ends every worker is given up after three, and the book goes on without it."""
        os.mkdir(self.path("in"))
        make_book(self.path("in", "0.cbz"), 1, 0, size=(3000, 3000))
        front = self.front()
        for _ in range(3):
            worker = self.worker()
            self.wait_for(lambda s, _: any(w["running"] for w in s["workers"]), "nothing runs")
            worker.kill()
            worker.wait()
        self.worker()
        self.end_front(front, 1)
        _, failed = self.state()
        self.assertIn("3 workers have taken this page", failed[0]["message"])

    def test_refuses_servers_with_holes(self):
        words = [word for word in self.words("queue") if word != "--insecure-server"]
        result = subprocess.run(words, env=self.env, capture_output=True, text=True, check=False, timeout=SECONDS)
        version = subprocess.run([SERVER, "--version"], capture_output=True, text=True, check=True).stdout
        if any(f"v2.{minor}." in version for minor in range(11)):
            self.assertEqual(result.returncode, 3)
            self.assertRegex(result.stderr, r"known holes; use 2\.11\.16, 2\.12\.7 or 2\.14\.0")
        self.assertEqual(subprocess.run(self.words("queue"), env=self.env, check=False,
                                        stdout=subprocess.DEVNULL, timeout=SECONDS).returncode, 0)


class Token(Queue):
    config = 'authorization { token: "correct horse" }\n'

    def test_token(self):
        for text, status in (("correct horse\n", 0), ("wrong\n", 3)):
            with open(self.path("token"), "w", encoding="ascii") as file:
                file.write(text)
            result = subprocess.run(self.words("queue", "--queue-auth", self.path("token")), env=self.env,
                                    capture_output=True, check=False, timeout=SECONDS)
            self.assertEqual(result.returncode, status, result.stderr)


class Full(Queue):
    limit = "150K"

    def test_full_disk(self):
        """Results that nobody takes fill the store; when they are taken the rest is made."""
        self.make_books(1, 16, size=(60, 60))
        front = self.front()
        self.wait_for(lambda s, _: s["pages"] == 16, "no pages")
        front.send_signal(signal.SIGSTOP)
        workers = [self.worker(), self.worker()]
        self.wait_for(lambda s, _: s["results"] > 0, "nothing is made")
        time.sleep(2)
        full, _ = self.state()
        front.send_signal(signal.SIGCONT)
        self.end_front(front)
        self.assertGreater(full["pages"], 0)
        self.expect_books(1)
        self.expect_empty()
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            self.assertEqual(worker.wait(SECONDS), 0)


class Late(Queue):
    def test_late_result(self):
        """A result that is told when who waited has taken another, and has gone, leaves nothing behind."""
        self.make_books(1, 1)
        proxy = Proxy(self.server.port, b"PUB planche.result.")
        self.addCleanup(proxy.close)
        late = self.worker(port=proxy.port)
        front = self.front()
        self.assertTrue(proxy.stopped.wait(SECONDS))
        self.worker()
        self.end_front(front)
        proxy.open.set()
        late.send_signal(signal.SIGTERM)
        self.assertEqual(late.wait(SECONDS), 0)
        self.expect_books(1)
        state, _ = self.state()
        self.assertEqual((state["results"], state["pages"], state["store_bytes"]), (0, 0, 0))

    def test_numbers_that_were_used(self):
        """A server that has lost its jobs, but not what workers have acknowledged, passes over new ones."""
        self.make_books(2, 24, size=(8, 8))
        self.worker()
        one, two = self.path("in", "0.cbz"), self.path("in", "1.cbz")
        words = self.words("--quiet", "-m", self.path("tiny2x.param"), "-o", self.path("out") + "/")
        self.end_front(self.begin(*words, one))
        self.server.stop()
        shutil.rmtree(self.path("store", "jetstream", "$G", "streams", "PLANCHE_JOBS", "msgs"))
        self.server.start()
        begin = time.monotonic()
        self.end_front(self.begin(*words, two))
        if SLOWNESS == 1:  # not when the front looks after its jobs, 20 s later
            self.assertLess(time.monotonic() - begin, 15)
        self.expect_books(2)
        self.expect_empty()


class Folder(Queue):
    def test_shared_folder(self):
        os.mkdir(self.path("shared"))
        self.make_books(1, 8)
        front = self.front("--store", self.path("shared"))
        self.worker("--store", self.path("shared"))
        self.end_front(front)
        self.expect_books(1)
        self.expect_empty()
        self.assertEqual([name for name in os.listdir(self.path("shared")) if not name.endswith(".part")], [])


if __name__ == "__main__":
    unittest.main()
