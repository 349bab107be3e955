# SPDX-License-Identifier: MIT
"""planche serve against what is done to it: pages in processes of their own, many clients of all
kinds, readers beside books, kill -9, a full disk."""
import glob
import os
import re
import select
import signal
import subprocess
import time

import harness
import load
import server
import test_serve


class Isolation(test_serve.Serve):
    """Pages are decoded in processes of their own, which nothing but their page depends on."""

    def isolated(self, *arguments, **more):
        running = self.serve(*arguments, **more)
        if not running.status()["isolated"]:
            self.skipTest("the kernel has no filters for system calls")
        return running

    def children(self, running, least=1):
        """Processes that wait for a page."""
        end = time.monotonic() + harness.MARGIN_SECONDS
        path = f"/proc/{running.process.pid}/task"
        while time.monotonic() < end:
            found = []
            for thread in os.listdir(path):
                with open(f"{path}/{thread}/children", encoding="ascii") as file:
                    found += map(int, file.read().split())
            if len(found) >= least:
                return found
            time.sleep(0.01)
        raise AssertionError(f"{least} were expected: {found}")

    def test_bytes_are_the_same(self):
        isolated, plain = self.isolated(), self.serve("--no-isolate")
        self.assertIs(plain.status()["isolated"], False)
        answers = [running.post("/v1/upscale", self.page) for running in (isolated, plain)]
        self.assertEqual(answers[0].status, 200)
        self.assertEqual(answers[0].body, answers[1].body)
        self.assertEqual(answers[0].fields["etag"], answers[1].fields["etag"])
        self.assertEqual(self.children(plain, 0), [])
        self.assertTrue(self.children(isolated))

    def test_a_process_that_hangs_or_dies_costs_its_page(self):
        running = self.isolated()
        form, kind = server.form(self.page)
        self.assertEqual(running.post("/v1/upscale", self.page).status, 200)
        for child in self.children(running):
            os.kill(child, signal.SIGSTOP)
        late = running.post("/suwayomi?deadline_ms=200", form, content_type=kind)
        self.assertEqual((late.status, late.body), (200, self.page))
        self.assertEqual(late.fields["x-planche-result"], "original; reason=deadline")
        running.wait_for_status(lambda s: s["pages"]["running"] == 0)
        for path, body, fields in (("/v1/upscale", self.page, {}),
                                   ("/suwayomi", form, {"content_type": kind})):
            for child in self.children(running):
                os.kill(child, signal.SIGSTOP)
            with running.connect() as c:
                c.send(c.request(path, "POST", body, **fields))
                running.wait_for_status(lambda s: s["pages"]["running"] == 1)
                time.sleep(0.1)
                for child in self.children(running):
                    os.kill(child, signal.SIGKILL)
                answer = c.answer()
            if path == "/suwayomi":
                self.assertEqual((answer.status, answer.body), (200, self.page))
            else:
                self.problem(answer, 500)
                self.assertNotIn(b"planche-decode", answer.body)
        self.assertEqual(running.post("/v1/upscale", self.page).status, 200)

    def test_where_it_cannot_be_done(self):
        missing = {"PLANCHE_DECODE": "/nowhere/planche-decode"}
        running = self.serve(env=missing)
        running.wait_for_line("pages are decoded in the server's process")
        self.assertIs(running.status()["isolated"], False)
        self.assertEqual(running.post("/v1/upscale", self.page).status, 200)
        for arguments, env, says in ((["--isolate"], missing, "/nowhere/planche-decode"),
                                     (["--isolate", "--no-isolate"], {}, "exclude each other")):
            result = subprocess.run([harness.PLANCHE, "serve", "--listen", "127.0.0.1:0",
                                     *arguments], env={**os.environ, **env}, text=True,
                                    capture_output=True, check=False)
            self.assertEqual(result.returncode, 3 if env else 2)
            self.assertIn(says, result.stderr)

class Idle(test_serve.Serve):
    def test_memory_with_a_driver(self):
        """Drivers are asked when the first page comes, and nobody who asks else waits for that."""
        drivers = glob.glob("/usr/share/vulkan/icd.d/lvp_icd*.json")
        if not drivers or os.environ.get("SANITIZED"):
            self.skipTest("there is no driver, or memory is a sanitizer's")
        with_driver = {"VK_DRIVER_FILES": drivers[0], "VK_ICD_FILENAMES": drivers[0]}
        running = self.serve("--backend", "auto", env=with_driver)
        self.assertEqual(running.get("/healthz").status, 200)
        self.assertLess(running.resident(), 40e6)
        with running.connect() as first, running.connect() as second:
            for connection in (first, second):
                connection.send(connection.request("/v1/upscale", "POST", self.page))
            self.assertEqual(running.get("/healthz").status, 200)
            for connection in (first, second):
                self.assertEqual(connection.answer().status, 200)


def fair_page(seed):
    """The first one takes long enough for all others to come."""
    side = 300 if seed == 0 else 90
    return load.noise(side, side, seed)


class Fairness(test_serve.Serve):
    def test_a_reader_waits_for_one_page_of_a_book_at_most(self):
        """By the order in which requests end, as the log has it."""
        running = self.serve("-j", "1")
        sent = []

        def send(name, seed, priority):
            connection = running.connect()
            self.addCleanup(connection.close)
            connection.send(connection.request(f"/v1/upscale?priority={priority}", "POST",
                                               fair_page(seed), x_request_id=name))
            sent.append(connection)

        for number in range(5):
            send(f"book{number}", number, "background")
        for number in range(2):
            send(f"prefetch{number}", 10 + number, "normal")
        running.wait_for_status(lambda s: s["pages"]["running"] == 1 and
                                s["queue"]["books"] + s["queue"]["prefetch"] == 6)
        before = running.status()["pages"]["made"]
        send("reader", 20, "interactive")
        for connection in sent:
            self.assertEqual(connection.answer().status, 200)
        for number in range(8):
            running.wait_for_line(r"id=(book\d|prefetch\d|reader) ", number)
        order = [running.wait_for_line(r"id=(book\d|prefetch\d|reader) ", number).group(1)
                 for number in range(8)]
        self.assertLessEqual(order.index("reader"), before + 1, order)
        waited = order[order.index("reader") + 1:]
        books = [name for name in waited if name.startswith("book")]
        self.assertEqual(waited[len(waited) - len(books):], books, order)  # prefetch before them


class Load(test_serve.Serve):
    def test_many_clients_of_all_kinds(self):
        """tests/e2e/load.py, a small part: no answer that must not be, and memory that stays."""
        running = self.serve("--cache", self.path("cache"), cache=True)
        pages = load.learn(lambda data: running.post("/v1/upscale?format=png", data).body,
                           [load.noise(side, side, side) for side in (24, 40)])
        run = load.Load(running.address, running.process.pid, pages, 24, 200).run()
        self.assertEqual(run.wrong, [])
        self.assertEqual(sum(run.done.values()), 200)
        for kind in ("page", "slow", "half_closed", "aborted", "nonsense", "trickle"):
            self.assertGreater(run.done[kind], 0)
        status = running.wait_for_status(lambda s: s["connections"] == 1)
        self.assertEqual((status["memory"]["bodies"], status["pages"]["failed"]), (0, 0))
        if not os.environ.get("SANITIZED"):
            self.assertLess(max(run.memory) - run.memory[0], 20e6, run.memory)


class Faults(test_serve.Serve):
    def check_cache(self, folder):
        """All that is kept is sound, and served."""
        harness.run("cache", "verify", "--cache", folder)
        again = self.serve("--cache", folder, cache=True)
        answer = again.post("/v1/upscale", self.page)
        self.assertEqual(answer.status, 200)
        return answer.body

    def test_killed_in_each_phase(self):
        """kill -9 while a body comes, a page runs, a result is written and sent: what is kept is
        whole, and the next server goes on with it."""
        right = self.serve().post("/v1/upscale", self.page).body
        for phase in ("body", "run", "store", "send"):
            with self.subTest(phase=phase):
                folder = self.path("cache-" + phase)
                running = self.serve("--cache", folder, cache=True)
                with running.connect() as c:
                    data = c.request("/v1/upscale" + ("?tta=true" if phase == "run" else ""), "POST",
                                     test_serve.slow_page(0, 4) if phase == "run" else self.page)
                    c.send(data[:-100] if phase == "body" else data)
                    if phase == "run":
                        running.wait_for_status(lambda s: s["pages"]["running"] == 1)
                    elif phase == "send":
                        c.fill()
                    elif phase == "store":  # as soon as the result has a name of any kind
                        end = time.monotonic() + harness.MARGIN_SECONDS
                        while not any(files for _, _, files in os.walk(os.path.join(folder, "tmp"))) \
                                and not running.status()["pages"]["made"] \
                                and time.monotonic() < end:
                            pass
                        self.assertLess(time.monotonic(), end)
                    running.process.send_signal(signal.SIGKILL)
                    running.process.wait()
                self.assertEqual(self.check_cache(folder), right)

    def test_full_disk(self):
        """Results that do not fit are not kept, which is said; pages go on."""
        folder = self.path("small")
        os.mkdir(folder, 0o700)
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            self.skipTest("there is no small disk here")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        running = self.serve("--cache", folder, cache=True)
        page = load.noise(100, 100, 1)
        bodies = {running.post("/v1/upscale?format=png", page).body for _ in range(2)}
        self.assertEqual(len(bodies), 1)
        self.assertEqual(running.status()["pages"]["made"], 2)
        self.assertEqual(running.get("/healthz").status, 200)
        self.assertEqual(running.stop(), 0)


class Turns(test_serve.Serve):
    """Requests that hold what the server takes, and those that do not."""

    def unfinished(self, running, count):
        """Uploads whose last bytes do not come; the server has read their heads."""
        uploads = [running.connect() for _ in range(count)]
        for c in uploads:
            self.addCleanup(c.close)
            c.send(c.request("/v1/upscale", "POST", self.page)[:-10])
        self.assertEqual(running.get("/healthz").status, 200)
        return uploads

    def is_silent(self, connection):
        return not select.select([connection.socket], [], [], 0)[0]

    def test_health_with_many_uploads(self):
        """It is answered before any of the uploads that hold all there is has to end."""
        running = self.serve("--max-connections", "64")
        uploads = self.unfinished(running, 180)
        with running.connect() as c:
            self.assertEqual(c.ask("/healthz").status, 200)
            self.assertEqual(c.ask("/readyz").status, 200)
            self.assertIn("planche_http_connections ", c.ask("/metrics").body.decode())
        ended = [c for c in uploads if not self.is_silent(c)]
        self.assertEqual([c.answer().status for c in ended], [503] * (180 - 2 * 64))

    def test_turns(self):
        """So many requests are handled, as many more wait in their order; others are refused."""
        running = self.serve("--max-connections", "2")
        handled = self.unfinished(running, 2)
        waiting = self.unfinished(running, 1)
        gone = self.unfinished(running, 1)[0]
        refused = running.post("/v1/upscale", self.page)
        self.problem(refused, 503, "too many requests wait")
        self.assertEqual((refused.fields["retry-after"], refused.fields["connection"]), ("5", "close"))
        self.assertEqual(running.get("/healthz").status, 200)
        gone.close()
        while self.requests_of(running, "none") == 0:
            time.sleep(0.01)
        waiting += self.unfinished(running, 1)
        self.assertTrue(all(map(self.is_silent, handled + waiting)))
        for c in handled + waiting:
            c.send(self.page[-10:])
            self.assertEqual(c.answer().status, 200)
        self.assertIn("planche_http_requests_in_flight 1\n", running.get("/metrics").body.decode())

    def test_order_of_turns(self):
        """What a connection sends behind a request that waits comes after the requests of others
        that wait."""
        running = self.serve("--max-connections", "2")
        handled = self.unfinished(running, 2)
        first, second = running.connect(), running.connect()
        for c in (first, second):
            self.addCleanup(c.close)
        first.send(first.request("/v1/models") + first.request("/v1/models"))
        self.assertEqual(running.get("/healthz").status, 200)
        second.send(second.request("/v1/status"))
        self.assertEqual(running.get("/healthz").status, 200)
        handled[0].close()
        self.assertEqual([c.answer().status for c in (first, first, second)], [200, 200, 200])
        running.wait_for_line("route=/v1/models", 1)
        running.wait_for_line("route=/v1/status")
        routes = [match.group(1) for line in running.lines if (match := re.search("route=(/v1/[ms]\\S+)", line))]
        self.assertEqual(routes, ["/v1/models", "/v1/status", "/v1/models"])

    def requests_of(self, running, code):
        """Of no route, because they have ended before a handler had them."""
        metrics = running.get("/metrics").body.decode()
        found = re.search(rf'planche_http_requests_total{{[^}}]*code="{code}"[^}}]*}} (\d+)', metrics)
        return int(found.group(1)) if found else 0


if __name__ == "__main__":
    harness.main()
