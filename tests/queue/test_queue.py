# SPDX-License-Identifier: MIT
"""Many machines: books that are made by workers of a queue have the bytes that one machine makes, and nothing is left
of them in the queue."""
import base64
import contextlib
import hashlib
import json
import math
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import zipfile

from cluster import PLANCHE, SECONDS, SLOWNESS, Proxy, Queue, read, run_side_by_side, shut
from noise import make_book


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


class Idler:
    """Somebody who answers as a worker does, and takes no page."""

    def __init__(self, port):
        self.client = socket.create_connection(("127.0.0.1", port), SECONDS)
        self.client.sendall(b'CONNECT {"verbose":false}\r\nSUB planche.who 1\r\nPING\r\n')
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        about = dict.fromkeys(("slots", "running", "waiting", "done", "failed", "seconds", "pages_per_second"), 0)
        about |= dict.fromkeys(("id", "device", "numerics", "version"), "idler") | {"stopping": False}
        about = json.dumps(about).encode()
        with contextlib.suppress(OSError), self.client.makefile("rb") as asked:
            while line := asked.readline():
                if line.startswith(b"MSG "):
                    reply = line.split()[3]
                    self.client.sendall(b"PUB %s %d\r\n%s\r\n" % (reply, len(about), about))

    def close(self):
        shut(self.client)
        self.client.close()


class Lonely(Queue):
    def says(self, front, text, count=1):
        """Waits until the front has said something so often."""
        self.wait_for(lambda *_: read(self.path("output.log")).count(text) >= count or front.poll() is not None, text)
        self.assertGreaterEqual(read(self.path("output.log")).count(text), count)

    def expect_turns(self, *texts):
        """None was said twice without another between: a worker that answers late is one that has gone and come back."""
        said = [text for line in read(self.path("output.log")).splitlines() for text in texts if text in line]
        self.assertEqual([text for text, before in zip(said[1:], said) if text == before], [], said)

    def test_no_worker(self):
        """What waits is counted before a worker has ever been there. A front that has none says so, once, and again when
        none is left; and that its connection is lost, and back."""
        self.make_books(1, 3)
        proxy = Proxy(self.server.port)
        self.addCleanup(proxy.close)
        front = self.front(port=proxy.port)
        state, _ = self.wait_for(lambda s, _: s["pages"] == 3, "no pages")
        self.assertEqual((state["waiting"], state["running"]), ({"reader": 0, "prefetch": 0, "book": 3}, 0))
        self.says(front, b"planche: the queue has no worker: its pages wait")
        worker = Idler(self.server.port)
        self.says(front, b"planche: a worker of the queue is there now")
        worker.close()
        self.says(front, b"planche: the queue has no worker", 2)
        for end in proxy.ends:
            shut(end)
        proxy.listener.close()
        self.says(front, b"planche: the queue: the connection is lost; waiting for it")
        again = Proxy(self.server.port, near=proxy.port)
        self.addCleanup(again.close)
        self.says(front, b"planche: the queue: connected again")
        self.worker()
        self.end_front(front)
        self.expect_turns(b"the queue has no worker", b"a worker of the queue is there now")
        self.expect_turns(b"the connection is lost", b"connected again")
        self.expect_books(1)

    def test_no_worker_with_these_bytes(self):
        """Workers of another arithmetic are no help to --same-bytes, and get no page of it; without it any will do."""
        self.make_books(1, 2)
        other = self.worker(env={"PLANCHE_CPU_MASK": "1"})
        front = self.front("--same-bytes")
        self.says(front, b"planche: none of the queue's 1 workers computes as this machine does")
        state, _ = self.wait_for(lambda s, _: s["workers"], "the worker does not answer")
        self.assertEqual((state["waiting"]["book"], state["workers"][0]["done"]), (2, 0))
        time.sleep(2.5)  # the front looks every 2 seconds, and has no news
        self.worker()
        self.end_front(front)
        self.expect_turns(b"none of the queue's 1 workers", b"the queue has no worker", b"a worker of the queue is there now")
        self.expect_books(1)
        self.drain(other)


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


class Older(Queue):
    def test_streams_of_an_older_version(self):
        """They get the limits that this version relies on, and keep those that their owner has set."""
        day = 86400 * 10**9
        wanted = {"PLANCHE_DEAD": ("planche.dead.>", 0), "PLANCHE_RESULTS": ("planche.result.>", 3 * day)}
        for name, (subject, age) in wanted.items():
            made = self.server.request("STREAM.CREATE." + name, json.dumps(
                {"name": name, "subjects": [subject], "retention": "limits", "storage": "file", "num_replicas": 1,
                 "discard": "old", "max_age": age, "max_bytes": 10**7}).encode())
            self.assertEqual(made["config"]["max_msgs_per_subject"], -1)
        self.assertIsNotNone(self.state()[0])
        for name, (_, age) in wanted.items():
            config = self.server.request("STREAM.INFO." + name)["config"]
            self.assertEqual((config["max_msgs_per_subject"], config["discard"], config["discard_new_per_subject"],
                              config["allow_direct"]), (1, "new", True, True), name)
            self.assertEqual((config["max_age"], config["max_bytes"]), (age or 30 * day, 10**7), name)


class Wrong(Queue):
    def refuse(self, status, says, *words):
        result = subprocess.run([PLANCHE, *words], env=self.env, capture_output=True, text=True, check=False, timeout=SECONDS)
        self.assertEqual((result.returncode, says in result.stderr), (status, True), (words, says, result.stderr))
        self.assertNotIn("secret", result.stderr)

    def test_options(self):
        """What is wrong with the queue's options is told before anything begins, whichever command has them."""
        make_book(self.path("0.cbz"), 1, 0)
        url = f"nats://127.0.0.1:{self.server.port}"
        wrong = [(2, "begins with nats:// or tls://, not with http://", "--queue", "http://me:secret@127.0.0.1:4222"),
                 (2, "from 1 to 65535, not 69758", "--queue", "nats://127.0.0.1:69758"),
                 (2, "not like nats://HOST:4222", "--queue", url + ",nats://"),
                 (3, "--queue-ca: none: No such file", "--queue", url, "--queue-ca", "none"),
                 (2, "--store: an address begins with http:// or https://, not with ftp://", "--queue", url, "--store", "ftp://nas/x"),
                 (2, "without its token: give it with --token-file", "--queue", url, "--store", "http://127.0.0.1:1"),
                 (3, "--store: none: No such file", "--queue", url, "--insecure-server", "--store", "none")]
        for status, says, *options in wrong:
            for command in (["worker"], ["queue"], ["serve", "--check", "--no-cache"], [self.path("0.cbz"), "-o", self.path("x.cbz"), "-m", "small"]):
                self.refuse(status, says, *command, *options)
        queue = ("--queue", url, "--insecure-server")
        self.refuse(2, "a queue's workers run one model", self.path("0.cbz"), "-o", self.path("x.cbz"), "-m", "levels+small", *queue)
        for name, says in (("x" * 64, "at most 63 characters"), ("a b", "letters, digits, -, _ and . only")):
            for kind in (".param", ".bin"):
                shutil.copy(self.path("tiny2x" + kind), self.path(name + kind))
            self.refuse(2, says, self.path("0.cbz"), "-o", self.path("x.cbz"), "-m", self.path(name + ".param"), *queue)
        self.refuse(2, "--store: without --queue a server has a folder", "serve", "--check", "--no-cache", "--store",
                    "http://me:pass@127.0.0.1:1")
        self.refuse(2, "an address such as 127.0.0.1:8377", "serve", "--check", "--listen", "abc")


class Full(Queue):
    limit = "150K"

    def is_full(self, size):
        """Whether the server has no place for so many bytes."""
        answer = self.server.request("planche.store", bytes(size), "")
        if "error" not in answer:
            self.server.request("STREAM.MSG.DELETE.PLANCHE_STORE", b'{"seq": %d}' % answer["seq"])
        return "error" in answer

    def test_full_disk(self):
        """Results that nobody takes fill the store; when they are taken the rest is made."""
        self.make_books(1, 16, size=(60, 60))
        with zipfile.ZipFile(self.path("alone", "0.cbz")) as book:
            needed = max(entry.file_size for entry in book.infolist()) + 1000  # of a result, with its message of 700 bytes
        front = self.front()
        self.wait_for(lambda s, _: s["pages"] == 16, "no pages")
        front.send_signal(signal.SIGSTOP)
        workers = [self.worker(), self.worker()]
        full, _ = self.wait_for(lambda s, _: s["pages"] == 0 or (s["results"] > 0 and self.is_full(needed)), "it is not full")
        front.send_signal(signal.SIGCONT)
        self.end_front(front)
        self.assertGreater(full["pages"], 0)
        self.expect_books(1)
        self.expect_empty()
        self.drain(*workers)


class Lies(Queue):
    def lie(self, number, lie, **more):
        """Tells a result for a job that is in the queue."""
        message = self.server.request("STREAM.MSG.GET.PLANCHE_JOBS", json.dumps({"seq": number}).encode())
        job = json.loads(base64.b64decode(message["message"]["data"]))
        data = lie(int(job["name"][-8:-4]))
        stored = self.server.request("planche.store", data, "")["seq"]
        page = {"input_width": 40, "input_height": 48, "output_width": 80, "output_height": 96, "format": job["page"]["format"],
                "switched": 0, "scale": 2, "passes": 1, "grey": 1, "chosen": 0, **more}
        result = {"object": {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "seq": [stored]},
                  "source": job["source"], "page": page, "ms": 1.0, "numerics": "cpu", "worker": "liar"}
        self.server.request("planche.result." + job["key"], json.dumps(result).encode(), "")
        self.wait_for(lambda s, _: s["results"] == 0, "a result was not looked at")

    def test_results_that_are_none(self):
        """A result of the right size and sum, with the right head, whose picture is damaged in its middle, and one that
        is another page's, do not count. The third for a page ends it, with the worker's name."""
        self.make_books(1, 3)
        words = ["--quiet", "-f", "png", "-m", self.path("tiny2x.param"), self.path("in", "0.cbz"), "-o", self.path("png.cbz")]
        subprocess.run([PLANCHE, *words], env={**self.env, "XDG_STATE_HOME": self.path("state2")}, check=True, timeout=SECONDS)
        with zipfile.ZipFile(self.path("png.cbz")) as book:
            pages = [book.read(name) for name in sorted(book.namelist())[:3]]

        def damage(page):
            data = bytearray(pages[page])
            data[len(data) * 3 // 4] ^= 1
            return bytes(data)
        front = self.front("-f", "png")
        self.wait_for(lambda s, _: s["pages"] == 3, "no pages")
        self.lie(1, damage)
        self.lie(2, lambda page: pages[page - 1])
        self.lie(3, damage)
        self.lie(3, lambda page: pages[page], output_width=70)
        self.lie(3, lambda page: pages[page - 1])
        worker = self.worker()
        self.end_front(front, 1)
        self.assertIn(b"3 results of workers are damaged, the last one by liar: it is another page", read(self.path("output.log")))
        with zipfile.ZipFile(self.path("out", "0.cbz")) as book:
            made = [book.read(name) for name in sorted(book.namelist())[:3]]
        self.assertEqual(sum(page in made for page in pages), 2)
        self.drain(worker)
        self.expect_empty()


    def test_result_that_cannot_be_decoded(self):
        """A picture that no front can decode, here an animation of the right size, ends its page at once."""
        def animate(_):
            frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 80, 96, 0) + b"\x02\x02\x4c\x01\x00"
            return b"GIF89a" + struct.pack("<HHBBB", 80, 96, 0x80, 0, 0) + bytes(6) + frame + frame + b";"
        self.make_books(1, 1)
        front = self.front("-f", "png")
        self.wait_for(lambda s, _: s["pages"] == 1, "no page")
        self.lie(1, animate)
        self.end_front(front, 1)
        self.assertRegex(read(self.path("output.log")), rb"the result of liar cannot be decoded here: .*animation of 2 frames")
        self.expect_empty()


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
        self.drain(late)
        self.expect_books(1)
        self.expect_empty()

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
        self.assertEqual(os.listdir(self.path("shared")), [])

    def test_worker_that_does_not_know_the_folder(self):
        """A worker without --store takes nothing from a folder's pages: it says what it lacks, to the front, too, and gives
        them back. One that has a folder makes the pages of a front without, where that one finds them."""
        os.mkdir(self.path("shared"))
        self.make_books(1, 4)
        front = self.front("--store", self.path("shared"))
        self.wait_for(lambda s, _: s["pages"] == 4, "no pages")
        blind = self.worker()
        self.wait_for(lambda s, _: s["workers"] and "that this command does not know" in s["workers"][0].get("problem", ""),
                      "it does not say so")
        self.wait_for(lambda *_: b"none of the queue's 1 workers makes its pages: one says: pages" in
                      read(self.path("output.log")), "the front does not say so")
        state, failed = self.state()
        self.assertEqual((state["pages"], failed), (4, []))
        self.drain(blind)
        worker = self.worker("--store", self.path("shared"))
        self.end_front(front)
        self.expect_books(1)
        os.rename(self.path("out"), self.path("out2"))
        self.end_front(self.front("--overwrite", env={"XDG_STATE_HOME": self.path("state3")}))
        self.expect_books(1)
        self.drain(worker)
        self.expect_empty()
        self.assertEqual(os.listdir(self.path("shared")), [])

    def test_what_is_left(self):
        """What nobody has taken for a week goes when a front comes, all with purge; other files stay."""
        os.mkdir(self.path("shared"))
        objects = [digit * 64 + "-" + "0" * 15 + digit for digit in "12"]
        names = [name for one in objects for name in (one, f".{one}.planche-" + "0" * 16)] + ["notes", "1" * 64]
        for name in names:
            with open(self.path("shared", name), "wb") as file:
                file.write(b"x")
            if "2" not in name:
                os.utime(self.path("shared", name), (1, 1))
        os.utime(self.path("shared", names[2]), (4000000000, 4000000000))  # by a clock that is ahead
        self.make_books(1, 1)
        self.worker("--store", self.path("shared"))
        self.end_front(self.front("--store", self.path("shared")))
        self.assertEqual(sorted(os.listdir(self.path("shared"))), sorted(names[2:]))
        subprocess.run(self.words("queue", "purge", "--store", self.path("shared")), env=self.env, check=True, timeout=SECONDS)
        self.assertEqual(sorted(os.listdir(self.path("shared"))), sorted(names[4:]))


if __name__ == "__main__":
    run_side_by_side("test_no_worker", "test_each_page_is_delivered_once", "test_full_disk")
