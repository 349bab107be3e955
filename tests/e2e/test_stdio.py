# SPDX-License-Identifier: MIT
"""planche stdio: hundreds of pages in one process, flat memory, and requests of every kind of
badness in between."""
import contextlib
import json
import os
import signal
import subprocess
import threading
import time

import files
import harness
import png


class Server:
    """A running planche stdio. Answers are collected by a thread: self.answers[id] = [(answer, bytes)],
    their ids in self.order, progress in self.progress[id] = [fraction]."""

    def __init__(self, *arguments, cwd=None, env=None):
        self.process = subprocess.Popen(
            [harness.PLANCHE, "stdio", *map(str, arguments)], cwd=cwd, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(env or {})})
        self.answers, self.count, self.order, self.progress = {}, 0, [], {}
        self.arrived = threading.Condition()
        self.reader = threading.Thread(target=self.receive, daemon=True)
        self.reader.start()

    def receive(self):
        while line := self.process.stdout.readline():
            answer = json.loads(line)
            if "progress" in answer:
                with self.arrived:
                    self.progress.setdefault(answer["id"], []).append(answer["progress"])
                    self.arrived.notify_all()
                continue
            data = self.process.stdout.read(answer["bytes"])
            with self.arrived:
                self.order.append(answer["id"])
                self.answers.setdefault(answer["id"], []).append((answer, data))
                self.count += 1
                self.arrived.notify_all()

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, data=b"", **request):
        if data:
            request.setdefault("bytes", len(data))
        self.raw(json.dumps(request).encode() + b"\n" + data)

    def wait_for(self, count):
        """Until so many answers have come."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: self.count >= count, harness.MARGIN_SECONDS):
                raise AssertionError(f"{self.count} answers, not {count}")

    def wait_until_it_runs(self, identity):
        """Until a request with progress has some."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: self.progress.get(identity),
                                         harness.MARGIN_SECONDS):
                raise AssertionError(f"{identity} does not begin")

    def resident(self):
        """Bytes of resident memory."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("VmRSS:"))
        return int(line.split()[1]) << 10

    def finish(self):
        """Ends the input; the exit status."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.reader.join(harness.MARGIN_SECONDS)
        status = self.process.wait(harness.MARGIN_SECONDS)
        self.errors = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        return status

    def one(self, identity):
        (answer, data), = self.answers[identity]
        return answer, data


class Stdio(harness.Case):
    model = True
    quick = ["-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE]

    def serve(self, *arguments, **more):
        server = Server(*arguments, cwd=self.folder, **more)
        self.addCleanup(server.process.kill)
        return server

    def test_five_hundred_pages_in_flat_memory(self):
        """Under sanitizers, which have memory of their own, a tenth of them."""
        first, count = (10, 50) if os.environ.get("SANITIZED") else (100, 500)
        pages = [harness.page(48, 64, channels=(1, 3, 4)[i % 3], seed=i) for i in range(7)]
        expected = []
        for i, page in enumerate(pages):
            self.write("a.png", page)
            self.planche("a.png", "--overwrite", "-o", "b.png")
            expected.append(self.read("b.png"))
        server = self.serve(*self.quick, "-j", 2, "--memory", "256M", "-f", "png")
        resident = {}
        sent = 0
        for i in range(count):
            server.send(pages[i % 7], id=i)
            sent += 1
            if i % 10 == 3:
                server.raw(b'{"id": "not json"\n')
                server.send(id=f"fields {i}", wrong=1)
                server.send(b"not an image at all", id=f"page {i}")
                server.send(id=f"path {i}", input="missing.png")
                server.send(b"x" * 100, id=f"model {i}", model="nope")
                sent += 5
            if i + 1 in (first, count):
                server.wait_for(sent)
                resident[i + 1] = server.resident()
        self.assertEqual(server.finish(), 0, server.errors)
        for i in range(count):
            answer, data = server.one(i)
            self.assertEqual((answer["status"], answer["error"]), ("ok", None))
            self.assertEqual(data, expected[i % 7], f"page {i}")
        for i in range(3, count, 10):
            for kind in ("fields", "page", "path", "model"):
                answer, _ = server.one(f"{kind} {i}")
                self.assertNotEqual(answer["status"], "ok")
                self.assertTrue(answer["error"])
        self.assertEqual(len(server.answers[None]), count // 10)
        self.assertEqual(server.count, count * 3 // 2)
        print(f"resident after {first} pages {resident[first] >> 10} kB, after {count} {resident[count] >> 10} kB")
        if not os.environ.get("SANITIZED"):
            self.assertLess(resident[count], resident[first] + (4 << 20))
            self.assertLess(resident[count], 256 << 20)

    def test_requests(self):
        self.write("a.png", harness.page())
        server = self.serve(*self.quick, "-q", 50)
        server.send(id="default", input="a.png")
        server.send(id="jpg", input="a.png", format="jpg")
        server.send(id="file", input="a.png", output="b.png")
        server.wait_for(3)  # requests in flight are answered in any order
        server.send(id="again", input="a.png", output="b.png")
        server.wait_for(4)
        server.send(id="over", input="a.png", output="b.png", overwrite=True)
        server.send(harness.page(channels=1), id=-5, format="png", effort=9)
        server.send(harness.page(), id="lossless", lossless=True)
        server.send(harness.page(), id="better", quality=95)
        server.raw(b"\n  \n")
        server.raw(json.dumps({"id": "last", "input": "a.png"}).encode())  # no newline
        self.assertEqual(server.finish(), 0, server.errors)
        answer, data = server.one("default")
        self.assertEqual((answer["status"], answer["format"], answer["bytes"]),
                         ("ok", "webp", len(data)))
        self.assertEqual((answer["input_width"], answer["output_height"], answer["model"]),
                         (48, 128, harness.QUICK_MODEL))
        self.assertEqual(files.Webp(data).width, 96)
        self.assertEqual(files.Jpeg(server.one("jpg")[1]).height, 128)
        answer, data = server.one("file")
        self.assertEqual((answer["status"], answer["output"], data), ("ok", "b.png", b""))
        self.assertEqual(png.Image(self.read("b.png")).width, 96)
        self.assertNotEqual(server.one("again")[0]["status"], "ok")
        self.assertEqual(server.one("over")[0]["status"], "ok")
        self.assertEqual(png.Image(server.one(-5)[1]).channels, 1)
        self.assertIn(b"VP8L", files.Webp(server.one("lossless")[1]).chunks)
        self.assertGreater(len(server.one("better")[1]), len(server.one("default")[1]))
        self.assertEqual(server.one("last")[0]["status"], "ok")
        self.assertEqual(self.files(), ["a.png", "b.png"])

    def test_bad_requests(self):
        self.write("a.png", harness.page())
        self.write("empty.png", b"")
        self.write("text.txt", b"text")
        server = self.serve(*self.quick, "--max-bytes", "1M")
        bad = [dict(), dict(input="a.png", bytes=5), dict(input=5), dict(input=""),
               dict(bytes=0), dict(bytes=-1), dict(bytes=1.5), dict(bytes="7"),
               dict(output="b.png"), dict(input="a.png", scale=0), dict(input="a.png", scale="2"),
               dict(input="a.png", denoise=7), dict(input="a.png", format="gif"),
               dict(input="a.png", quality=0), dict(input="a.png", quality=True),
               dict(input="a.png", lossless=True, output="b.jpg"),
               dict(input="a.png", lossless=1), dict(input="a.png", model=""),
               dict(input="a.png", model="nope"), dict(input="a.png", scale=65),
               dict(input="a.png", scale="auto"), dict(input="a.png", fit="9"),
               dict(input="a.png", device="kobo"),
               dict(input="a.png", model="no.param"), dict(input="a.png", qualty=5),
               dict(input="empty.png"), dict(input="."), dict(input="/dev/zero"),
               dict(input="a.png", output="no/such/folder.png"),
               dict(input="a.png", output="b.gif"),
               dict(input="text.txt"),
               dict(input="a.png", output="./a.png", overwrite=True)]
        for i, request in enumerate(bad):
            if request.get("bytes") == 5:
                server.send(b"12345", id=i, **{**request, "bytes": 5})
            else:
                server.send(id=i, **request)
        for line in (b"garbage", b"[1, 2]", b"null", b'"text"', b"{" * 3000, b"\xff\xfe", b'{"id":1}x',
                     b'{"id":1,"id":2}', b'{"id":"a\\u0000b"}', b"y" * 200000):
            server.raw(line + b"\n")
        server.send(id=["list"], input="a.png")
        server.send(b"z" * (3 << 20), id="too much")
        server.send(b"12345", id="output for bytes", output="b.png")
        server.send(harness.page(), id="alive")
        self.assertEqual(server.finish(), 0, server.errors)
        for i, request in enumerate(bad):
            answer, data = server.one(i)
            self.assertNotEqual(answer["status"], "ok", request)
            self.assertTrue(answer["error"], request)
            self.assertEqual(data, b"")
        self.assertEqual(len(server.answers[None]), 11)
        self.assertIn("--max-bytes", server.one("too much")[0]["error"])
        self.assertIn("qualty", server.one(bad.index(dict(input="a.png", qualty=5)))[0]["error"])
        self.assertRegex(server.one(bad.index(dict(input="text.txt")))[0]["error"],
                         "^text.txt: is not an image")
        self.assertIn("is the input", server.one(len(bad) - 1)[0]["error"])
        self.assertNotEqual(server.one("output for bytes")[0]["status"], "ok")
        self.assertEqual(server.one("alive")[0]["status"], "ok")
        self.assertEqual(self.files(), ["a.png", "empty.png", "text.txt"])

    def test_input_ends_within_a_page(self):
        server = self.serve(*self.quick)
        server.send(harness.page(), id=1)
        server.raw(b'{"id": 2, "bytes": 100000}\nabc')
        self.assertEqual(server.finish(), 0)
        self.assertEqual(server.one(1)[0]["status"], "ok")
        self.assertIn("3 of 100000", server.one(2)[0]["error"])

    def test_an_absurd_number_of_bytes(self):
        server = self.serve(*self.quick)
        server.send(harness.page(), id=1)
        server.raw(b'{"id": 2, "bytes": 4611686018427387904}\nabc')
        self.assertEqual(server.finish(), 0)
        self.assertIn("--max-bytes", server.one(2)[0]["error"])

    def test_several_models_take_turns(self):
        harness.need_model("realesr-animevideov3", 3)
        harness.need_model("waifu2x-upconv7", 2)
        page = harness.page(20, 16)
        models = [("realesr-animevideov3", 2), ("realesr-animevideov3", 3), ("waifu2x-upconv7", 2)]
        server = self.serve("-j", 4, "--engines", 2, "-f", "png", "--memory", "1G")
        for i in range(12):
            server.send(page, id=i, model=models[i % 3][0], scale=models[i % 3][1])
        self.assertEqual(server.finish(), 0)
        for i in range(12):
            answer, data = server.one(i)
            self.assertEqual((answer["status"], answer["model"]), ("ok", models[i % 3][0]))
            self.assertEqual(png.Image(data).width, 20 * models[i % 3][1])
            self.assertEqual(data, server.one(i % 3)[1])

    def test_model_of_the_command_line_must_exist(self):
        server = self.serve(*self.quick, env={"PLANCHE_MODEL_DIR": self.folder})
        self.assertEqual(server.finish(), 3)
        self.assertIn("planche models fetch", server.errors)

    def test_memory_that_is_never_enough(self):
        server = self.serve("--memory", "1M")
        self.assertEqual(server.finish(), 3)
        self.assertIn("--memory", server.errors)

    def test_missing_model_of_a_request(self):
        server = self.serve(env={"PLANCHE_MODEL_DIR": self.folder})
        server.send(harness.page(), id=1, model="realcugan")
        self.assertEqual(server.finish(), 0)
        self.assertIn("planche models fetch", server.one(1)[0]["error"])

    def hold(self, *arguments, **request):
        """A server whose only worker has a page that takes long, with the id "hold"."""
        server = self.serve(*self.quick, "-j", 1, "-f", "png", *arguments)  # the last -j counts
        large = png.encode(2400, 2400, 1, bytes(240) * 24000, level=1)
        server.send(large, id="hold", progress=True, **request)
        server.wait_until_it_runs("hold")
        return server

    def test_an_interactive_request_overtakes(self):
        server = self.hold()
        page = harness.page(20, 16)
        server.send(page, id="b1", priority="background")
        server.send(page, id="n1")
        server.send(page, id="b2", priority="background")
        server.send(page, id="late", deadline_ms=3600000 * 2)
        server.send(page, id="soon", deadline_ms=3600000)
        server.send(page, id="i1", priority="interactive")
        server.send(page, id="n2", priority="normal")
        server.send(cancel="hold")
        self.assertEqual(server.finish(), 0, server.errors)
        self.assertEqual(server.order, ["hold", "i1", "soon", "late", "n1", "n2", "b1", "b2"])
        for identity in server.order[1:]:
            self.assertEqual(server.one(identity)[0]["status"], "ok")

    def test_cancel(self):
        server = self.hold()
        page = harness.page(20, 16)
        for identity in ("twice", 7, "twice", "7", None):
            server.send(page, id=identity)
        server.send(page)
        server.send(cancel="unknown")
        server.send(cancel="twice")
        server.send(cancel=7)
        server.send(cancel=None)
        server.wait_for(5)
        self.assertNotIn("hold", server.answers)
        server.send(cancel="hold")
        server.send(cancel="hold")
        self.assertEqual(server.finish(), 0, server.errors)
        self.assertEqual(server.order, ["twice", "twice", 7, None, None, "hold", "7"])
        for identity in ("twice", 7, None, "hold"):
            for answer, data in server.answers[identity]:
                self.assertEqual((answer["status"], data), ("cancelled", b""))
                self.assertTrue(answer["error"])
        self.assertEqual(server.one("7")[0]["status"], "ok")

    def test_deadline(self):
        server = self.hold()
        server.send(harness.page(), id="waits", deadline_ms=1)
        server.wait_for(1)  # before the worker is free
        server.send(harness.page(), id="in time", deadline_ms=3600000)
        server.send(cancel="hold")
        server.wait_for(3)
        large = png.encode(2400, 2400, 1, bytes(240) * 24000, level=1)
        server.send(large, id="runs", deadline_ms=200)
        self.assertEqual(server.finish(), 0, server.errors)
        self.assertEqual(server.order, ["waits", "hold", "in time", "runs"])
        for identity in ("waits", "runs"):
            answer, _ = server.one(identity)
            self.assertEqual(answer["status"], "deadline passed")
            self.assertIn("deadline", answer["error"])
        self.assertEqual(server.one("in time")[0]["status"], "ok")

    def test_waiting_for_an_engine_ends(self):
        """The only engine is in use: who needs another waits on a worker."""
        server = self.hold("-j", 2, "--engines", 1)
        page = harness.page(20, 16)
        server.send(page, id="cancelled", model="other.param")
        server.send(cancel="cancelled")
        server.wait_for(1)
        server.send(page, id="late", model="other.param", deadline_ms=300)
        server.wait_for(2)
        server.send(cancel="hold")
        self.assertEqual(server.finish(), 0, server.errors)
        self.assertEqual(server.order, ["cancelled", "late", "hold"])
        self.assertEqual(server.one("cancelled")[0]["status"], "cancelled")
        self.assertEqual(server.one("late")[0]["status"], "deadline passed")

    def test_more_requests_than_are_read_ahead(self):
        """Their number, and then their bytes."""
        server = self.serve(*self.quick, "-j", 1, "-f", "png", "--max-bytes", "1M")
        server.send(png.encode(600, 600, 1, bytes(600) * 600, level=1), id=0)
        for i in range(1, 150):
            server.send(harness.page(20, 16), id=i)
        for i in range(150, 156):
            server.send(b"x" * (1 << 20), id=i)
        self.assertEqual(server.finish(), 0, server.errors)
        for i in range(156):
            self.assertEqual(server.one(i)[0]["status"], "ok" if i < 150 else "damaged image")
        self.assertEqual(server.order, list(range(156)))

    def test_reading_stops(self):
        """A page that runs, 64 requests that wait, and one that does not fit in."""
        server = self.hold()
        line = json.dumps({"id": 1, "input": "missing.png"}).encode() + b" " * 8000 + b"\n"

        def write():
            with contextlib.suppress(BrokenPipeError):
                for _ in range(300):
                    server.raw(line)

        writer = threading.Thread(target=write)
        writer.start()
        writer.join(2)  # in vain, unless all are read
        server.process.send_signal(signal.SIGTERM)
        writer.join()
        with contextlib.suppress(BrokenPipeError):
            server.process.stdin.close()
        self.assertEqual(server.finish(), 0, server.errors)
        self.assertLessEqual(server.count, 66)
        for identity in server.answers:
            for answer, _ in server.answers[identity]:
                self.assertEqual(answer["status"], "cancelled")

    def test_progress(self):
        server = self.serve(*self.quick, "-j", 2, "-f", "png")
        page = harness.page(150, 200) if os.environ.get("SANITIZED") else harness.page(300, 400)
        begin = time.monotonic()
        for i in range(6):
            server.send(page, id=i, progress=i % 2 == 0)
        server.send(page, id="file", progress=False)
        server.wait_for(7)
        seconds = time.monotonic() - begin
        self.assertEqual(server.finish(), 0, server.errors)
        self.assertTrue(server.progress)
        for identity, values in server.progress.items():
            self.assertIn(identity, (0, 2, 4))
            self.assertEqual(values, sorted(values))
            self.assertTrue(0 <= values[0] and values[-1] <= 1)
            self.assertLessEqual(len(values), 1 + seconds * 10)
        for i in range(6):
            self.assertEqual(server.one(i)[0]["status"], "ok")
            self.assertEqual(server.one(i)[1], server.one(0)[1])

    def test_a_pipe_is_no_page(self):
        os.mkfifo(os.path.join(self.folder, "pipe.png"))
        server = self.serve(*self.quick, "-j", 1)
        server.send(id="bytes", input="pipe.png")
        server.send(id="file", input="pipe.png", output="b.png")
        server.send(id="device", input="/dev/zero", output="b.png")
        server.send(id="folder", input=".", output="b.png")
        server.send(harness.page(), id="alive")
        self.assertEqual(server.finish(), 0, server.errors)
        for identity in ("bytes", "file", "device", "folder"):
            self.assertIn("not a file", server.one(identity)[0]["error"])
        self.assertEqual(server.one("alive")[0]["status"], "ok")
        self.assertEqual(self.files(), ["pipe.png"])

    def test_wrong_values_name_their_field(self):
        self.write("a.png", harness.page())
        server = self.serve(*self.quick)
        bad = [dict(priority="high"), dict(priority=1), dict(priority=""), dict(priority=None),
               dict(deadline_ms=0), dict(deadline_ms=-5), dict(deadline_ms=1.5),
               dict(deadline_ms="100"), dict(progress=1), dict(progress="yes"), dict(cancel="x"), dict(cancel=["x"]),
               dict(cancel=1.5), dict(cancel=True), dict(cancel={})]
        for i, request in enumerate(bad):
            server.send(id=i, input="a.png", **request)
        server.send(id="bytes", cancel=3, bytes=5)
        server.raw(b"12345")
        server.send(id="alive", input="a.png")
        self.assertEqual(server.finish(), 0, server.errors)
        for i, request in enumerate(bad):
            answer, _ = server.one(i)
            self.assertEqual(answer["status"], "bad argument")
            self.assertIn(next(iter(request)), answer["error"])
        self.assertIn("cancel", server.one("bytes")[0]["error"])
        self.assertEqual(server.one("alive")[0]["status"], "ok")

    def stop(self, number):
        server = self.serve(*self.quick, "-j", 2)
        server.send(harness.page(), id="small")
        server.wait_for(1)
        large = png.encode(1500, 1500, 1, bytes(range(250)) * 9000, level=1)
        for i in range(3):
            server.send(large, id=i)
        server.process.send_signal(number)
        server.reader.join(harness.MARGIN_SECONDS)
        status = server.finish()
        self.assertEqual(server.errors, "")
        for i in range(3):
            for answer, _ in server.answers.get(i, []):
                self.assertEqual(answer["status"], "cancelled")
        self.assertGreaterEqual(server.count, 1)
        return status

    def test_sigterm(self):
        self.assertEqual(self.stop(signal.SIGTERM), 0)

    def test_ctrl_c(self):
        self.assertEqual(self.stop(signal.SIGINT), -signal.SIGINT)

    def test_idle_sigterm(self):
        server = self.serve(*self.quick)
        server.send(harness.page(), id=1)
        server.wait_for(1)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(harness.MARGIN_SECONDS), 0)
        server.finish()

    def test_unreadable_input(self):
        folder = os.open(self.folder, os.O_RDONLY)
        result = subprocess.run([harness.PLANCHE, "stdio"], stdin=folder, capture_output=True,
                                text=True, timeout=harness.MARGIN_SECONDS)
        os.close(folder)
        self.assertEqual(result.returncode, 1)
        self.assert_one_line(result.stderr, "standard input", "directory")

    def test_nobody_reads(self):
        read, write = os.pipe()
        process = subprocess.Popen([harness.PLANCHE, "stdio", *map(str, self.quick)],
                                   stdin=subprocess.PIPE, stdout=write, stderr=subprocess.PIPE)
        os.close(write)
        os.close(read)
        page = harness.page()
        _, stderr = process.communicate(f'{{"bytes": {len(page)}}}\n'.encode() + page,
                                        timeout=harness.MARGIN_SECONDS)
        self.assertEqual(process.returncode, 1)
        self.assert_one_line(stderr.decode(), "nobody reads")

    def test_nobody_reads_while_the_input_stays_open(self):
        read, write = os.pipe()
        process = subprocess.Popen([harness.PLANCHE, "stdio", *map(str, self.quick), "-j", "1"],
                                   stdin=subprocess.PIPE, stdout=write, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        os.close(write)
        os.close(read)
        large = png.encode(2400, 2400, 1, bytes(240) * 24000, level=1)
        # It may end before it has read the second request.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(b'{"input": "missing.png"}\n')
            process.stdin.write(f'{{"bytes": {len(large)}}}\n'.encode() + large)
            process.stdin.flush()
        self.assertEqual(process.wait(harness.MARGIN_SECONDS), 1)
        self.assert_one_line(process.stderr.read().decode(), "nobody reads")
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stderr.close()


if __name__ == "__main__":
    harness.main()
