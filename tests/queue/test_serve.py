# SPDX-License-Identifier: MIT
"""planche serve --queue: a real nats-server on loopback and workers as processes. Pages and books that
come out have the bytes of a server without a queue; one that has no worker says so."""
import base64
import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
import browser  # pylint: disable=wrong-import-position
import prometheus
import server
from cluster import LEASE, PLANCHE, SECONDS, SERVER, SLOWNESS, Proxy, Queue, read, run_side_by_side, shut
from noise import make_book, make_png

PICTURES = os.environ.get("PLANCHE_TEST_PICTURES")
WAIT = min(SLOWNESS, 20)  # seconds without a worker after which there is none
LONG = min(SECONDS, 3600)  # without a worker, for tests that need none before then


class Serve(Queue):
    def serve(self, *more, queue=True, **settings):
        shared = ["--queue", f"nats://127.0.0.1:{self.server.port}", "--insecure-server", "--queue-wait", WAIT]
        return server.Server(self, "-m", self.path("tiny2x.param"), "--backend", "cpu", "-f", "png", "--books",
                             self.path("books-shared" if queue else "books-alone"), *(shared if queue else ()), *more,
                             env=self.env, quick=False, **settings)

    def worker(self, *more, port=None):
        return super().worker("--lease", min(SLOWNESS, LEASE), *more, port=port)

    def expect_empty(self):
        """The server has the files of its model in the queue for as long as it runs."""
        self.wait_for(lambda s, _: s["pages"] + s["results"] == 0, "something is left")

    def alone(self, pages):
        """What a server without a queue answers."""
        running = self.serve(queue=False)
        answers = [running.post("/v1/upscale", page) for page in pages]
        running.stop()
        return answers

    def wait_for_crew(self, running, count):
        return running.wait_for_status(lambda s: s["shared_queue"]["connected"] and
                                       len(s["shared_queue"]["workers"]) == count)["shared_queue"]


class Pages(Serve):
    def test_pages_and_metrics(self):
        """Two workers, one of which is killed with a page: same bytes, one page for two who ask, the cache, 304."""
        pages = [make_png(40, 48, seed) for seed in range(6)]
        big = make_png(900, 900, "big")
        *wanted, wanted_big = self.alone([*pages, big])
        running = self.serve("--cache", self.path("results"), cache=True)
        first, _ = self.worker(), self.worker()
        self.wait_for_crew(running, 2)
        answers = {}

        def ask(name, page):
            answers[name] = running.post("/v1/upscale", page)
        threads = [threading.Thread(target=ask, args=(number, page)) for number, page in enumerate([*pages, pages[0]])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, page in enumerate([*wanted, wanted[0]]):
            self.assertEqual((answers[number].status, answers[number].body), (200, page.body), number)
            self.assertEqual(answers[number].fields["x-planche-model"], page.fields["x-planche-model"])
        self.assertNotEqual(answers[0].fields["etag"], wanted[0].fields["etag"])  # any machine may have made it
        self.assertRegex(answers[1].fields["server-timing"], r"queue;dur=[\d.]+, decode;dur=[\d.]+, network;dur=[1-9\d.]+")
        self.assertEqual(running.status()["shared_queue"]["made"], len(pages))
        again = running.post("/v1/upscale", pages[2])
        self.assertEqual((again.fields["x-planche-result"], again.body), ("cached", wanted[2].body))
        self.assertEqual(running.post("/v1/upscale", pages[2], if_none_match=again.fields["etag"]).status, 304)
        # A worker dies with a page; what waits is seen meanwhile.
        first.send_signal(signal.SIGSTOP)
        late = threading.Thread(target=ask, args=("big", big))
        late.start()
        running.wait_for_status(lambda s: s["shared_queue"]["running"] > 0 or not late.is_alive())
        first.kill()
        late.join()
        self.assertEqual(answers["big"].body, wanted_big.body)
        self.check_metrics(running)
        self.expect_empty()
        self.assertEqual(running.stop(), 0)

    def check_metrics(self, running):
        rate = rb'planche_shared_queue_worker_pages_per_second\{host="[^"]+"\} \d*\.?0*[1-9]'
        running.wait_for_status(lambda _: re.search(rate, text := running.get("/metrics").body) and
                                b"planche_shared_queue_depth_pages 0\n" in text)
        text = running.get("/metrics").body
        families = prometheus.parse(text)

        def value(name, **labels):
            return families["planche_shared_queue_" + name].get(**labels)
        self.assertEqual((value("up"), value("failed_pages"), value("waiting_pages", **{"class": "reader"}), value("depth_pages")), (1, 0, 0, 0))
        self.assertEqual((value("results_total", result="made"), value("results_total", result="refused")), (7, 0))
        self.assertEqual(value("oldest_seconds"), 0)
        self.assertGreaterEqual(families["planche_pages_total"].get(result="upscaled", device="worker"), 7)

    def test_book(self):
        """A book through the server, while one of two workers is killed."""
        make_book(self.path("b.cbz"), 12, 0)
        results = []
        for queue in (False, True):
            running = self.serve(queue=queue)
            if queue:
                workers = [self.worker(), self.worker()]
                self.wait_for_crew(running, 2)
            book = running.post("/v1/books?name=b.cbz", read(self.path("b.cbz"))).json()
            if queue:
                self.wait_for(lambda s, _: any(w["done"] > 0 for w in s["workers"]), "nothing is made")
                workers[0].kill()
            end = running.wait_for_status(lambda _, b=book: running.get("/v1/books/" + b["id"]).json()["state"] in
                                          ("done", "failed"))
            self.assertIsNotNone(end)
            shown = running.get("/v1/books/" + book["id"]).json()
            self.assertEqual((shown["state"], len(shown["failed_pages"])), ("done", 0), shown)
            results.append(running.get("/v1/books/" + book["id"] + "/result").body)
            made = (running.status()["shared_queue"] or {"made": None})["made"]
            self.assertEqual(made, 12 if queue else None)
            running.stop()
        self.assertEqual(results[0], results[1])
        self.expect_empty()


class Absence(Serve):
    def test_no_worker(self):
        """503 with Retry-After, the original for Suwayomi, a page that is taken back; then a worker comes."""
        page = make_png(40, 48, 1)
        wanted, = self.alone([page])
        running = self.serve()
        running.wait_for_line("the queue has no worker: pages wait or are refused")
        refused = running.post("/v1/upscale", page)
        self.assertEqual((refused.status, refused.fields["retry-after"]), (503, "30"))
        self.assertIn("no worker", refused.json()["detail"])
        # What is no image is the client's fault, with a worker or without.
        self.assertEqual(running.post("/v1/upscale", b"a text, not a page").status, 415)
        self.assertEqual(running.post("/v1/upscale", page[:16] + bytes(17) + page[33:]).status, 422)
        original = running.post("/suwayomi", page)
        self.assertEqual((original.status, original.body), (200, page))
        self.assertEqual(original.fields["x-planche-result"], "original; reason=no-worker")
        self.wait_for(lambda s, _: s["pages"] == 0 and s["store_bytes"] < 20000, "the page is left")  # the model is there
        self.assertEqual(running.get("/readyz").status, 200)
        self.worker()
        self.wait_for_crew(running, 1)
        running.wait_for_line("workers of the queue are there")
        self.assertEqual(running.post("/v1/upscale", page).body, wanted.body)
        # The queue goes away, and comes back.
        self.server.stop(signal.SIGKILL)
        gone = running.post("/v1/upscale", make_png(40, 48, 2))
        self.assertEqual(gone.status, 503)
        self.assertIn("does not answer", gone.json()["detail"])
        self.server.start()
        self.wait_for_crew(running, 1)
        running.wait_for_line("the queue answers again|workers of the queue are there", 1)
        self.assertEqual(running.post("/v1/upscale", make_png(40, 48, 2)).status, 200)

    def test_makes_itself(self):
        """--no-worker make, with a queue that is not there when the server starts; a client that goes."""
        page = make_png(40, 48, 3)
        wanted, = self.alone([page])
        self.server.stop()
        running = self.serve("--no-worker", "make")
        self.assertEqual(running.post("/v1/upscale", page).body, wanted.body)
        self.assertFalse(running.status()["shared_queue"]["connected"])
        running.wait_for_line("does not answer")
        self.server.start()
        self.wait_for_crew(running, 0)
        self.assertEqual(running.stop(), 0)

    def test_gone_client_and_same_bytes(self):
        """The page of a client that has gone is taken back; --same-bytes asks for this machine's arithmetic."""
        running = self.serve("--same-bytes", "--queue-wait", LONG)
        with running.connect() as client:
            client.send(client.request("/v1/upscale", "POST", make_png(40, 48, 4)))
            self.wait_for(lambda s, _: s["pages"] == 1, "no page")
        self.wait_for(lambda s, _: s["pages"] == 0, "the page is left")
        page = make_png(40, 48, 5)
        wanted, = self.alone([page])
        self.worker("--backend", "cpu")
        answer = running.post("/v1/upscale", page)
        self.assertEqual((answer.body, answer.fields["etag"]), (wanted.body, wanted.fields["etag"]))

    def test_chains_are_made_here(self):
        """Workers run one model: a page of a chain is made by the server. A server of a chain alone refuses a queue."""
        page, chain = make_png(24, 24, 6), "/v1/upscale?model=levels%2Bsmall"
        alone = self.serve(queue=False)
        wanted = alone.post(chain, page)
        self.assertEqual(wanted.status, 200, wanted.body[:300])
        alone.stop()
        running = self.serve("--queue-wait", LONG)
        answer = running.post(chain, page)
        self.assertEqual((answer.status, answer.body), (200, wanted.body), answer.body[:300])
        self.assertEqual(running.status()["shared_queue"]["made"], 0)
        running.stop()
        result = subprocess.run(self.words("serve", "--check", "-m", "levels+small"), env=self.env, capture_output=True,
                                text=True, check=False, timeout=SECONDS)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("levels+small: workers of a queue run one model", result.stderr)

    def test_model_that_no_worker_has(self):
        """The page is refused at once, with 400 and without a path of the worker."""
        running = self.serve("--queue-wait", LONG)
        self.worker()
        self.wait_for_crew(running, 1)
        answer = running.post("/v1/upscale?model=realcugan", make_png(24, 24, 8))
        self.assertEqual((answer.status, answer.json()["detail"]), (400, "no worker of the queue has this model"))
        running.wait_for_line("does not have the model realcugan")
        _, failed = self.state()
        self.assertNotIn("/", failed[0]["message"].replace(" / ", ""))

    def test_refuses_servers_with_holes(self):
        words = [PLANCHE, "serve", "--check", "--queue", f"nats://127.0.0.1:{self.server.port}"]
        result = subprocess.run(words, env=self.env, capture_output=True, text=True, check=False, timeout=SECONDS)
        version = subprocess.run([SERVER, "--version"], capture_output=True, text=True, check=True)
        if any(f"v2.{minor}." in version.stdout for minor in range(11)):
            self.assertEqual(result.returncode, 3, result.stderr)
            self.assertIn("known holes", result.stderr)


class Urgency(Serve):
    def test_page_that_a_reader_wants_by_now(self):
        """What is made in advance becomes a reader's page when one asks for it; one that a worker has stays."""
        page = make_png(40, 48, 7)
        wanted, = self.alone([page])
        running = self.serve("--queue-wait", LONG)
        threads, answers = self.clients(running, page)
        threads[0].start()
        self.wait_for(lambda s, _: s["waiting"]["prefetch"] == 1 and s["pages"] == 1, "no page")
        job = self.job()
        self.assertEqual(job["subject"].split(".")[2], "prefetch")
        threads[1].start()
        self.wait_for(lambda s, _: s["pages"] == 1 and self.job()["subject"].split(".")[2] == "reader", "it is not raised")
        self.expect_made_once(running, threads, answers, wanted)

    def test_raised_page_of_a_server_that_died(self):
        """The job that a server has left is used by the next one. When that page is raised and made, no job of it is left
        for a worker to make again."""
        page = make_png(40, 48, 9)
        wanted, = self.alone([page])
        first = self.serve("--queue-wait", LONG)
        with first.connect() as client:
            client.send(client.request("/v1/upscale?priority=normal", "POST", page))
            self.wait_for(lambda s, _: s["pages"] == 1, "no page")
            first.process.kill()
            first.process.wait()
        running = self.serve("--queue-wait", LONG)
        threads, answers = self.clients(running, page)
        with socket.create_connection(("127.0.0.1", self.server.port), SECONDS) as client, client.makefile("rb") as heard:
            client.sendall(b'CONNECT {"verbose":false}\r\nSUB planche.wake 1\r\nPING\r\n')
            while heard.readline() != b"PONG\r\n":
                pass
            threads[0].start()
            while not heard.readline().startswith(b"MSG "):  # it waits for that job now
                pass
        threads[1].start()
        self.wait_for(lambda s, _: s["pages"] == 2, "it is not raised")
        self.give_result(json.loads(base64.b64decode(self.job()["data"])), wanted.body)
        self.expect_answers(threads, answers, wanted)
        self.assertEqual(self.state()[0]["pages"], 0)

    def test_raise_that_the_server_does_not_take(self):
        """The connection breaks with the message that raises a page: it is raised again, made once, and nothing is left."""
        page = make_png(40, 48, 10)
        wanted, = self.alone([page])
        proxy = Cut(self.server.port, b"PUB planche.job.reader.")
        self.addCleanup(proxy.close)
        running = self.serve("--queue-wait", LONG, "--queue", f"nats://127.0.0.1:{proxy.port}")
        threads, answers = self.clients(running, page)
        threads[0].start()
        self.wait_for(lambda s, _: s["waiting"]["prefetch"] == 1, "no page")
        threads[1].start()
        self.assertTrue(proxy.stopped.wait(SECONDS))
        self.wait_for(lambda s, _: s["waiting"]["reader"] == 1 and s["waiting"]["prefetch"] == 0, "it is not raised again")
        self.expect_made_once(running, threads, answers, wanted)

    def test_page_of_a_server_that_died_and_of_a_client_that_left(self):
        """The job that a server has left is used by the next one, and taken back when its client goes."""
        page, running = make_png(40, 48, 11), self.serve("--queue-wait", LONG)
        with running.connect() as client:
            client.send(client.request("/v1/upscale?priority=normal", "POST", page))
            self.wait_for(lambda s, _: s["pages"] == 1, "no page")
            running.process.kill()
            running.process.wait()
        left = self.job()["seq"]
        running = self.serve("--queue-wait", LONG)
        with running.connect() as client:
            client.send(client.request("/v1/upscale?priority=interactive", "POST", page))
            self.wait_for(lambda s, _: s["waiting"]["reader"] == 1, "it is not raised")
            self.assertEqual(self.server.request("STREAM.MSG.GET.PLANCHE_JOBS", b'{"seq": %d}' % left)["message"]["seq"], left)
        self.wait_for(lambda s, _: s["pages"] == 0, "the page is left")

    @staticmethod
    def clients(running, page):
        """Threads that ask for a page in advance and as a reader, when they are started; and their answers."""
        answers = []
        return [threading.Thread(target=lambda p=priority: answers.append(running.post("/v1/upscale?priority=" + p, page)))
                for priority in ("normal", "interactive")], answers

    def expect_answers(self, threads, answers, wanted):
        for thread in threads:
            thread.join()
        self.assertEqual([answer.body for answer in answers], [wanted.body] * 2)

    def expect_made_once(self, running, threads, answers, wanted):
        """A worker makes the page for both clients, and nothing is left of it."""
        self.worker()
        self.expect_answers(threads, answers, wanted)
        self.assertEqual(running.status()["shared_queue"]["made"], 1)
        self.expect_empty()

    def give_result(self, job, data):
        """What a worker tells of a job."""
        stored = self.server.request("planche.store", data, "")["seq"]
        made = {"input_width": 40, "input_height": 48, "output_width": 80, "output_height": 96, "format": job["page"]["format"],
                "switched": 0, "scale": 2, "passes": 1, "grey": 1, "chosen": 0}
        result = {"object": {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "seq": [stored]},
                  "source": job["source"], "page": made, "ms": 1.0, "numerics": "cpu", "worker": "test"}
        self.server.request("planche.result." + job["key"], json.dumps(result).encode(), "")

    def job(self):
        """The oldest job in the queue."""
        return self.server.request("STREAM.MSG.GET.PLANCHE_JOBS", b'{"next_by_subj": "planche.job.>", "seq": 1}')["message"]


class Cut(Proxy):
    """Ends the connection that has some words, without passing them on, once."""

    def copy(self, source, target, words):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if words and words in data and not self.stopped.is_set():
                    self.stopped.set()
                    break
                target.sendall(data)
        shut(source)
        shut(target)


class Torn(Proxy):
    """Ends its first connections in the middle of what the server sends."""
    cuts = 2

    def copy(self, source, target, words):
        if words is not None or self.cuts == 0:
            super().copy(source, target, words)
            return
        self.cuts, left = self.cuts - 1, 700000
        with contextlib.suppress(OSError):
            while left > 0 and (data := source.recv(min(left, 65536))):
                target.sendall(data)
                left -= len(data)
        shut(source)
        shut(target)


class Store(Serve):
    """The folder of a store by HTTP, for a worker that does not see it."""

    def prepare(self):
        os.mkdir(self.path("shared"))
        for name, token in (("token", "correct-horse"), ("other", "another-horse")):
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(token + "\n")

    def store(self, *more):
        return self.serve("--store", self.path("shared"), "--token-file", self.path("token"), *more, queue=False)

    def test_result_that_the_server_does_not_take(self):
        """A result that is too large for the server is no fault that passes: the page is given up at once."""
        self.make_books(1, 1, size=(300, 300))
        running = self.store("--max-bytes", "20K")
        front = self.front("--store", self.path("shared"))
        self.worker("--store", f"http://127.0.0.1:{running.address[1]}", "--token-file", self.path("token"))
        self.end_front(front, 1)
        self.assertIn(b"takes no object of this size (--max-bytes)", read(self.path("output.log")))

    def test_worker_elsewhere(self):
        """A page that is larger than a range, and the model: a worker fetches them from the server, over connections that
        break off, and sends the result. That costs none of the page's tries."""
        self.make_books(1, 1, size=(1100, 1100))
        running = self.store()
        way = Torn(running.address[1], words=b"no such words")
        self.addCleanup(way.close)
        address = f"http://127.0.0.1:{way.port}/"
        front = self.front("--store", self.path("shared"))
        wrong = self.worker("--store", address, "--token-file", self.path("other"))
        self.assertEqual(wrong.wait(SECONDS), 3)
        self.assertIn(b"it wants another token", read(self.path("output.log")))
        words = self.words("serve", "--check", "--no-cache", "-m", "small", "--store", address, "--token-file", self.path("other"))
        checked = subprocess.run(words, env=self.env, capture_output=True, check=False, timeout=SECONDS)
        self.assertEqual((checked.returncode, b"it wants another token" in checked.stderr), (3, True), checked.stderr)
        worker = self.worker("--store", address, "--token-file", self.path("token"))
        self.end_front(front)
        self.expect_books(1)
        self.expect_empty()
        self.drain(worker)
        self.assertEqual((way.cuts, os.listdir(self.path("shared"))), (0, []))
        self.assertEqual(self.server.request("CONSUMER.INFO.PLANCHE_JOBS.book-any")["delivered"]["consumer_seq"], 1)
        gone = subprocess.run(self.words("queue", "--store", self.path("none")), env=self.env, capture_output=True, check=False,
                              timeout=SECONDS)
        self.assertEqual(gone.returncode, 3)
        self.assertIn(b"none: No such file or directory", gone.stderr)

    def test_page_that_has_the_only_turn(self):
        """It waits for a worker that needs the store of the same server."""
        running = self.serve("--store", self.path("shared"), "--token-file", self.path("token"), "--max-connections", "1",
                             "--no-cache")
        worker = self.worker("--store", f"http://127.0.0.1:{running.address[1]}", "--token-file", self.path("token"))
        self.wait_for(lambda s, _: len(s["workers"]) == 1, "no worker")
        page, token = make_png(40, 30, 1), {"authorization": "Bearer correct-horse"}
        answer = running.post("/v1/upscale", page, **token)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertNotIn(b"too many requests wait", read(self.path("output.log")))
        self.drain(worker)

    def test_requests(self):
        left = ["0" * 64 + "-" + "0" * 15 + "1", "." + "0" * 64 + "-" + "0" * 15 + "1.planche-" + "0" * 16, "notes"]
        for name in left:
            with open(self.path("shared", name), "wb") as file:
                file.write(b"x")
            os.utime(self.path("shared", name), (1, 1))
        running, data = self.store(), bytes(range(200))
        running.wait_for_status(lambda _: os.listdir(self.path("shared")) == ["notes"])  # nobody took them for a week
        name = hashlib.sha256(data).hexdigest() + "-0000000000000001"
        path, token = "/v1/store/" + name, {"authorization": "Bearer correct-horse"}
        self.assertEqual(running.get(path).status, 401)
        self.assertEqual(running.get("/v1/store", **token).status, 204)
        self.assertEqual(running.get(path, "PUT", data + b"x", **token).status, 400)
        big = bytes(8 << 20)
        name_of_big = hashlib.sha256(big).hexdigest() + "-0000000000000001"
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(
            running.get("/v1/store/" + name_of_big, "PUT", big, **token).status)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((answers, sorted(os.listdir(self.path("shared")))), ([201] * 4, sorted(["notes", name_of_big])))
        self.assertEqual(running.get(path, "PUT", data, **token).status, 201)
        self.assertEqual(running.get(path, **token).body, data)
        part = running.get(path, range="bytes=10-19", **token)
        self.assertEqual((part.status, part.body), (206, data[10:20]))
        self.assertEqual(running.get(path, range="bytes=200-", **token).status, 416)
        for other in ("..%2ftoken", "token", name[:-1], name + "0", name.upper(), "%2e%2e"):
            self.assertEqual(running.get("/v1/store/" + other, **token).status, 404, other)
        os.symlink(self.path("token"), self.path("shared", "0" * 64 + "-" + "0" * 16))
        self.assertEqual(running.get("/v1/store/" + "0" * 64 + "-" + "0" * 16, **token).status, 404)
        self.assertEqual(running.get(path, "DELETE", **token).status, 204)
        self.assertEqual(running.get(path, **token).status, 404)
        running.stop()
        alone = self.serve("--store", self.path("shared"), queue=False)
        self.assertEqual(alone.get(path).status, 403)
        worker = self.worker("--store", f"http://127.0.0.1:{alone.address[1]}", "--token-file", self.path("token"))
        self.assertEqual(worker.wait(SECONDS), 3)
        self.assertIn(b"lets nobody into its store", read(self.path("output.log")))


class Silent(Serve):
    """A store's server that lets everybody in, and answers nothing more."""

    def prepare(self):
        os.mkdir(self.path("shared"))
        with open(self.path("token"), "w", encoding="ascii") as file:
            file.write("correct-horse\n")
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        self.port, self.asked, self.clients = listener.getsockname()[1], threading.Event(), []
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                self.clients.append(client)  # it stays open
                threading.Thread(target=self.answer, args=(client,), daemon=True).start()

    def answer(self, client):
        with contextlib.suppress(OSError):
            while b"GET /v1/store HTTP" in client.recv(65536):
                client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.asked.set()

    def end(self, process):
        """It is told to end while it waits for the store, which has its time limits much later."""
        self.assertTrue(self.asked.wait(SECONDS))
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
        if SLOWNESS <= 2:
            self.assertLess(time.monotonic() - begin, 10)

    def test_requests_that_are_cancelled(self):
        store = ("--store", f"http://127.0.0.1:{self.port}", "--token-file", self.path("token"))
        make_book(self.path("b.cbz"), 1, 0)
        words = self.words("--quiet", "-m", "small", self.path("b.cbz"), "-o", self.path("x.cbz"))
        self.end(self.begin(*words, *store))
        front = self.begin(*words, "--store", self.path("shared"))
        self.wait_for(lambda s, _: s["pages"] == 1, "no page")
        self.asked.clear()
        worker = self.worker(*store)
        self.end(worker)
        self.assertEqual(worker.returncode, 0)
        state, failed = self.state()
        self.assertEqual((state["waiting"]["book"], failed), (1, []))
        front.kill()


class Sweeps(Serve):
    def test_daily_sweep(self):
        """What nobody has taken for a week goes from the folders of a front and of a server that have run for a day."""
        with open(self.path("token"), "w", encoding="ascii") as file:
            file.write("correct-horse\n")
        for name in ("ours", "theirs"):
            os.mkdir(self.path(name))
        with open(self.path("clock"), "w+b") as clock:
            clock.write(bytes(16))
            clock.flush()
            self.env |= {"LD_PRELOAD": os.environ["CLOCK_SHIM"], "PLANCHE_TEST_CLOCK": self.path("clock")}
            left = self.leave("theirs", 1)
            running = self.serve("--store", self.path("theirs"), "--token-file", self.path("token"), queue=False)
            running.wait_for_status(lambda _: not os.path.exists(left))  # at its start
            self.make_books(1, 1)
            self.front("--store", self.path("ours"))
            self.wait_for(lambda s, _: s["pages"] == 1, "no page")
            left = [self.leave("ours", 2), self.leave("theirs", 3)]
            clock.seek(8)
            clock.write((86401 * 10**9).to_bytes(8, sys.byteorder))
            clock.flush()
            running.wait_for_status(lambda _: not any(map(os.path.exists, left)))
        self.assertEqual(len(os.listdir(self.path("ours"))), 3)  # the page and the model

    def leave(self, folder, number):
        path = self.path(folder, "0" * 64 + f"-{number:016}")
        with open(path, "wb") as file:
            file.write(b"x")
        os.utime(path, (1, 1))
        return path


class Page(Serve):
    def test_page_shows_workers(self):
        """In a browser: the table of workers in four languages, keys, a phone's width, no worker any more."""
        browser.need()
        home = tempfile.TemporaryDirectory(prefix="planche-browser-")
        self.addCleanup(home.cleanup)
        b = browser.Browser(home.name)
        self.addCleanup(b.end)
        running = self.serve()
        worker = self.worker()
        self.wait_for_crew(running, 1)
        b.open(running.names[0] + "/")
        b.wait("document.querySelectorAll('#worker-table tbody tr').length === 1")
        self.assertRegex(b.text("#worker-table tbody th"), rf"-{worker.pid}$")
        b.run("document.getElementById('worker-table').focus();")
        self.assertEqual(b.run("return document.activeElement.id;"), "worker-table")
        b.resize(360, 740)
        for language, title in (("ja", "キューのワーカー"), ("fr", "Machines de la file d’attente"),
                                ("de", "Rechner der Warteschlange"), ("en", "Workers of the queue")):
            b.choose("#language", language)
            self.assertEqual(b.text("#workers-title"), title)
            self.assertEqual(b.run("return document.documentElement.scrollWidth;"), 360)
            if PICTURES:
                b.run("document.getElementById('workers').scrollIntoView();")
                b.picture(os.path.join(PICTURES, f"workers-{language}.png"))
        worker.send_signal(signal.SIGTERM)
        b.wait("document.getElementById('worker-table').hidden && document.getElementById('workers').offsetParent")
        self.assertIn("No worker answers", b.text("#queue-state"))
        self.assertEqual([line for line in b.log() if "Password forms" not in line], [])


if __name__ == "__main__":
    run_side_by_side("test_page_shows_workers", "test_no_worker", "test_pages_and_metrics")
