# SPDX-License-Identifier: MIT
"""Faults of many machines: whatever happens to workers, fronts, the server and the ways between them, books have the
bytes that one machine makes. PLANCHE_TEST_QUEUE=long makes it 2,000 pages and 200 kills."""
import os
import random
import re
import signal
import struct
import subprocess
import time
import unittest
import zipfile

from cluster import LEASE, SECONDS, SERVER, SLOWNESS, Proxy, Queue, read
from noise import make_book, make_png

MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "planche.1.in")
BOOKS, PAGES, KILLS, WORKERS = (20, 100, 200, 8) if os.environ.get("PLANCHE_TEST_QUEUE") == "long" else (4, 40, 8, 4)


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
        self.drain(cut)

    def test_frozen_worker_and_drain(self):
        """One that sleeps loses its pages; one that is told to stop gives back what it has not begun."""
        self.make_books(1, 24, size=(400, 400))
        frozen = self.worker()
        front = self.front()
        self.wait_for(lambda s, _: s["running"] > 0, "nothing runs")
        frozen.send_signal(signal.SIGSTOP)
        second = self.worker()
        self.wait_for(lambda s, _: any(w["done"] > 2 for w in s["workers"]), "nothing is made")
        self.drain(second)
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
        state, failed = self.wait_for(lambda s, _: s["workers"], "the worker does not answer")
        self.assertEqual((state["failed"], state["pages"]), (1, 0))
        self.assertIn("0100.png", failed[0]["name"])
        text = subprocess.run(self.words("queue"), env=self.env, check=True, capture_output=True, timeout=SECONDS).stdout
        line = [one for one in text.splitlines() if one.startswith(b"failed: ")][0]
        self.assertEqual(line.count(b"0100.png"), 1, line)
        self.assertIn(b", %d tr" % failed[0]["tries"] + (b"y," if failed[0]["tries"] == 1 else b"ies,"), line)
        with open(MANUAL, encoding="utf-8") as file:
            part = file.read().split(".Pq Nm Cm queue :")[1].split(".Pp")[0]
        told = {key for one in (state, state["workers"][0], failed[0]) for key in one}
        self.assertEqual(told - set(re.findall(r"[a-z_]+", part)), set())
        with zipfile.ZipFile(self.path("out", "0.cbz")) as book:
            self.assertEqual(len(book.namelist()), 4)
        self.assertLess(failed[0]["age_seconds"], SECONDS)
        again = subprocess.run(self.words("queue", "retry"), env=self.env, capture_output=True, check=False, timeout=SECONDS)
        self.assertEqual(again.returncode, 1)
        self.assertIn(b"0100.png: its bytes are not in the queue any more", again.stderr)
        self.assertEqual(self.state()[0]["failed"], 1)
        subprocess.run(self.words("queue", "forget"), env=self.env, check=True, timeout=SECONDS)
        self.assertEqual(self.state()[0]["failed"], 0)

    def test_retry_and_purge(self):
        """A page that failed while no front was there is made again, and taken by the next front."""
        self.make_books(1, 1, size=(90, 90))
        front = self.front()
        self.wait_for(lambda s, _: s["pages"] == 1, "no page")
        front.kill()
        small = self.worker("--max-pixels", "1K")
        self.wait_for(lambda s, _: s["failed"] == 1, "it does not fail")
        self.drain(small)
        subprocess.run(self.words("queue", "retry"), env=self.env, check=True, timeout=SECONDS)
        self.assertEqual(self.state()[0]["failed"], 0)
        self.worker()
        self.wait_for(lambda s, _: s["results"] == 1, "it is not made")
        self.end_front(self.front())
        self.expect_books(1)
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

    def test_slow_machine(self):
        """The last pages do not wait for a machine that has become slow: another makes them, long before the lease is
        over. The first result counts, and the second is dropped."""
        self.make_books(1, 12, size=(400, 400))
        lease = min(90 * SLOWNESS, 3600)
        slow = self.worker("--lease", lease)
        front = self.front()
        self.wait_for(lambda s, _: s["running"] > 0, "nothing runs")
        slow.send_signal(signal.SIGSTOP)
        begin = time.monotonic()
        fast = self.worker("--lease", lease)
        self.end_front(front)
        self.assertLess(time.monotonic() - begin, lease / 2)
        slow.send_signal(signal.SIGCONT)
        self.drain(slow, fast)
        self.expect_books(1)
        self.expect_empty()

    def test_duplicate_and_reordered_messages(self):
        """Deliveries, answers and news come twice and in another order."""
        self.make_books(1, 40)
        proxy = Proxy(self.server.port, chance=random.Random(11))
        self.addCleanup(proxy.close)
        workers = [self.worker(port=proxy.port) for _ in range(2)]
        self.end_front(self.front(port=proxy.port))
        self.expect_books(1)
        self.drain(*workers)
        self.expect_empty()

    def test_clock_jumps(self):
        """The wall clocks of a front and of workers jump by an hour twice a second. Nothing waits for
        it: no lease is lost, and none is kept for longer."""
        self.make_books(1, 4, size=(800, 800))
        with open(self.path("clock"), "w+b") as file:
            file.write(bytes(16))
            file.flush()
            env = {"LD_PRELOAD": os.environ["CLOCK_SHIM"], "PLANCHE_TEST_CLOCK": self.path("clock")}
            workers = [self.worker(env=env) for _ in range(2)]
            self.wait_for(lambda s, _: len(s["workers"]) == 2, "no workers")
            front = self.front(env=env)
            self.wait_for(lambda s, _: s["running"] > 0, "nothing runs")
            chance, end = random.Random(3), time.monotonic() + SECONDS
            while front.poll() is None and time.monotonic() < end:
                file.seek(0)
                file.write(struct.pack("=q", chance.choice((-1, 0, 1)) * 3600 * 10**9))
                file.flush()
                time.sleep(0.5)
            self.end_front(front)
        consumer = self.server.request("CONSUMER.INFO.PLANCHE_JOBS.book-any")
        self.assertLess(consumer["delivered"]["consumer_seq"], 4 + 3)  # copies of the last pages
        self.expect_books(1)
        self.drain(*workers)
        # libnats takes an answer for late when the clock jumps, and what it sent is sent again: bytes may be left.
        self.wait_for(lambda s, _: s["pages"] + s["results"] == 0, "something is left")

    def test_full_disk_of_a_worker(self):
        """A worker that cannot keep the model gives its pages back, and rests."""
        self.make_books(1, 8)
        full = self.worker(env={"LD_PRELOAD": os.environ["FAULT_SHIM"], "PLANCHE_FAULT": "write:1:28:sticky",
                                "XDG_CACHE_HOME": self.path("full")})
        front = self.front()
        self.wait_for(lambda s, _: any(w["failed"] for w in s["workers"]), "nothing fails")
        whole = self.worker()
        self.end_front(front)
        self.expect_books(1)
        self.drain(full, whole)
        self.expect_empty()

    def test_worker_without_a_folder(self):
        """It says why it cannot keep the model, and takes no pages for half a lease each time."""
        self.make_books(1, 1)
        lease = 4 * LEASE  # half of which is more than the time from one look of an idle worker to the next
        alone = self.worker("--lease", lease, env={"XDG_CACHE_HOME": "/proc/nowhere"})
        front = self.front()
        lines, start = [], time.monotonic()
        while len(lines) < 2 and time.monotonic() < start + SECONDS:
            lines = [line for line in read(self.path("output.log")).decode().splitlines() if "cannot be kept" in line]
            time.sleep(0.01)
        self.assertEqual(len(lines), 2)
        self.assertGreater(time.monotonic() - start, lease / 2)
        for line in lines:
            self.assertRegex(line, "/proc/nowhere/.*: a model cannot be kept: Permission denied; other workers may")
        whole = self.worker()
        self.end_front(front)
        self.expect_books(1)
        self.drain(alone, whole)
        self.expect_empty()

    def test_full_disk_of_a_front(self):
        """A front that cannot write its book fails; the same command goes on once there is room."""
        self.make_books(1, 8)
        self.worker()
        front = self.front(env={"LD_PRELOAD": os.environ["FAULT_SHIM"], "PLANCHE_FAULT": "write:9:28:sticky"})
        self.assertNotEqual(front.wait(SECONDS), 0)
        self.end_front(self.front())
        self.expect_books(1)
        self.expect_empty()


if __name__ == "__main__":
    unittest.main()
