# SPDX-License-Identifier: MIT
"""planche serve: routes and errors, requests that are none, tokens, sockets, and its end."""
import base64
import json
import os
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

import harness
import png
import server

SOURCE = os.path.join(os.path.dirname(__file__), "..", "..")


def slow_page(seed=0, times=1):
    """A page that takes a while, with tta=true; times: of its sides. Sanitizers make any page slow."""
    width, height = (200 * times, 250 * times) if os.environ["SANITIZED"] else (400 * times, 500 * times)
    return png.encode(width, height, 3, bytes([seed, 128, 200]) * (width * height), 8)


def width(page):
    """Of a PNG."""
    return int.from_bytes(page[16:20], "big")


class Serve(harness.Case):
    model = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = harness.page(32, 40)

    def serve(self, *arguments, **more):
        return server.Server(self, *arguments, **more)

    def problem(self, answer, status, *says):
        """The answer is an error for people and programs."""
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.fields["content-type"], "application/problem+json")
        self.assertEqual(answer.fields["cache-control"], "no-store")
        problem = answer.json()
        self.assertEqual(problem["status"], status)
        for part in says:
            self.assertIn(part, problem["detail"])

    def occupy(self, running, count=2, times=4):
        """Pages that keep the workers busy until their clients leave; connections."""
        busy = []
        for seed in range(count):
            connection = running.connect()
            self.addCleanup(connection.close)
            connection.send(connection.request("/v1/upscale?tta=true", "POST",
                                               slow_page(seed, times)))
            busy.append(connection)
        running.wait_for_status(lambda s: s["pages"]["running"] == count)
        return busy


class Routes(Serve):
    def test_small_routes(self):
        running = self.serve()
        with running.connect() as c:
            self.assertEqual(c.ask("/healthz").body, b"ok\n")
            self.assertEqual(c.ask("/readyz").body, b"ready\n")
            status = c.ask("/v1/status").json()
            self.assertEqual(status["connections"], 1)
            self.assertEqual(status["queue"]["limit"], 32)
            models = c.ask("/v1/models").json()
            self.assertEqual(models["default"], harness.QUICK_MODEL)
            listed = map(json.loads, harness.run("models", "--json").stdout.splitlines())
            self.assertEqual([m["here"] for m in models["models"]],
                             [bool(m["cached"] or m["built_in"]) for m in listed])
            head = c.ask("/healthz", "HEAD")
            self.assertEqual((head.status, head.fields["content-length"]), (200, "3"))
            options = c.ask("/v1/status", "OPTIONS")
            self.assertEqual((options.status, options.fields["allow"]), (204, "GET, HEAD"))
            self.problem(c.ask("/nothing"), 404)
            self.problem(c.ask("/healthz%2f"), 404)
            self.problem(c.ask("/%zz"), 404)
            self.assertEqual(c.ask("/%68ealthz").status, 200)
            wrong = c.ask("/v1/upscale")
            self.problem(wrong, 405)
            self.assertEqual(wrong.fields["allow"], "POST")
        for name in ("server", "date", "x-request-id", "x-content-type-options"):
            self.assertIn(name, wrong.fields)
        self.assertNotIn("access-control-allow-origin", wrong.fields)

    def test_pages(self):
        running = self.serve("-f", "png")
        self.write("a.png", self.page)
        self.planche("a.png", "-o", "b.png")
        expected = self.read("b.png")
        with running.connect() as c:
            answer = c.ask("/v1/upscale", "POST", self.page)
            self.assertEqual(answer.body, expected)
            self.assertEqual(answer.fields["content-type"], "image/png")
            self.assertEqual(answer.fields["x-planche-result"], "upscaled")
            self.assertEqual(answer.fields["x-planche-size"], "64x80")
            self.assertRegex(answer.fields["server-timing"],
                             r"^queue;dur=[\d.]+, decode;dur=[\d.]+, network;dur=[\d.]+, encode;")
            tag = answer.fields["etag"]
            self.assertRegex(tag, '^"[0-9a-f]{32}"$')
            for name in ("image", "file", "else"):
                body, kind = server.form(self.page, name)
                again = c.ask("/v1/upscale", "POST", body, content_type=kind)
                self.assertEqual((again.body, again.fields["etag"]), (expected, tag))
            body, kind = server.form(self.page, more=[("other", "x"), ("more", "")])
            self.assertEqual(c.ask("/v1/upscale", "POST", body, content_type=kind).body, expected)
            made = c.ask("/v1/status").json()["pages"]["made"]
            same = c.ask("/v1/upscale", "POST", self.page, if_none_match=f'"x", {tag}')
            self.assertEqual((same.status, same.fields["etag"], same.body), (304, tag, b""))
            self.assertEqual(c.ask("/v1/status").json()["pages"]["made"], made)
            other = c.ask("/v1/upscale?format=jpg&quality=80&mark=false", "POST", self.page,
                          if_none_match=tag)
            self.assertEqual(other.fields["content-type"], "image/jpeg")
            self.assertNotEqual(other.fields["etag"], tag)
            self.assertEqual(c.ask("/v1/upscale?scale=auto&width=100", "POST", self.page).fields[
                "x-planche-size"], "100x125")
            form, kind = server.form(self.page, "file",
                                     more=[("scale", "2"), ("noise", "-1"), ("style", "art")])
            self.assertEqual(c.ask("/api", "POST", form, content_type=kind).body, expected)
            body, kind = server.form(b"", filename=None, more=[("page", "x")])
            self.problem(c.ask("/v1/upscale", "POST", body.replace(b'"image"', b'"other"'),
                               content_type=kind), 400, "image")
        # No word of the query is in the log.
        self.assertFalse([line for line in running.lines if "quality" in line])
        self.assertTrue([line for line in running.lines
                         if "method=POST route=/v1/upscale status=304" in line])

    def test_errors(self):
        running = self.serve("--max-bytes", "100K", "--max-pixels", "50K")
        for query, says in [("foo=1", "foo"), ("scale=0", "scale"), ("scale=x", "scale"),
                            ("quality=1&quality=2", "twice"), ("model=none", "none"),
                            ("model=/etc/passwd.param", "/v1/models"), ("tta=maybe", "tta"),
                            ("format=gif", "format"), ("scale=%4", "escape"),
                            ("bytes=3", "bytes"), ("input=/etc/passwd", "input"),
                            ("width=-1", "width"), ("deadline_ms=0", "deadline_ms"),
                            ("format=jpg&lossless=true", "never lossless")]:
            self.problem(running.post("/v1/upscale?" + query, self.page), 400, says)
        with running.connect() as c:
            self.problem(c.ask("/v1/upscale", "POST"), 400, "no image")
            form, kind = server.form(self.page)
            self.problem(c.ask("/v1/upscale", "POST", form[:-20], content_type=kind), 400, "part")
            self.problem(c.ask("/v1/upscale", "POST", b"x" * 100), 415)
            self.problem(c.ask("/v1/upscale", "POST", self.page[:-300]), 422)
            self.problem(c.ask("/v1/upscale", "POST", harness.page(150, 150)), 422, "limit")
            self.assertEqual(c.ask("/healthz").status, 200)
        self.problem(running.post("/v1/upscale", b"x" * 102401), 413, "larger than the 102400 bytes")
        with running.connect() as c:
            late = c.ask("/v1/upscale?tta=true&deadline_ms=1", "POST", harness.page(100, 100))
            self.problem(late, 503, "deadline")
            self.assertRegex(late.fields["retry-after"], r"^[1-9]\d*$")
        for status, reason in ((422, "limit"), (503, "deadline"), (413, "larger"), (400, "twice")):
            running.wait_for_line(rf'msg=request .*status={status} .*reason="[^"]*{reason}')

    def test_pages_that_never_fit(self):
        """Nobody is told to come again."""
        running = self.serve("--memory", "48M", "--engines", "1", "--threads", "1")
        never = running.post("/v1/upscale?scale=4", png.encode(3000, 2000, 1, bytes(6000000), 8))
        self.problem(never, 503, "memory budget")
        self.assertNotIn("retry-after", never.fields)

    def test_levels(self):
        """Also between whole numbers, and nunif's -1, which is a level."""
        running = self.serve("-f", "png", quick=False)
        tags = {level: running.post(f"/v1/upscale?model=small&denoise={level}", self.page).fields
                ["etag"] for level in ("-1", "1", "1.5")}
        self.assertEqual(len(set(tags.values())), 3)
        for level in tags:
            form, kind = server.form(self.page, "file", more=[("noise", level), ("scale", "2")])
            answer = running.post("/api?model=small", form, content_type=kind)
            self.assertEqual((answer.status, answer.fields["etag"]), (200, tags[level]))
        for level in ("4", "x", "1" * 20):
            form, kind = server.form(self.page, "file", more=[("noise", level)])
            self.problem(running.post("/api", form, content_type=kind), 400, "denoise")
        form, kind = server.form(self.page)
        answer = running.post("/suwayomi?model=small&denoise=1.5", form, content_type=kind)
        self.assertEqual(answer.fields["x-planche-result"], "upscaled")

    def test_chains(self):
        """Of names that /v1/models has; the + may come as itself or escaped."""
        running = self.serve("-f", "png", quick=False)
        tags = {}
        for model in ("small", "small%2Bmedium", "small+medium", "levels%2Bsmall"):
            answer = running.post(f"/v1/upscale?model={model}&denoise=1", self.page)
            self.assertEqual(answer.status, 200, model)
            self.assertEqual(answer.fields["x-planche-size"], "64x80")
            tags[model] = answer.fields["etag"]
        self.assertEqual(tags["small%2Bmedium"], tags["small+medium"])
        self.assertEqual(len(set(tags.values())), 3)
        for model in ("small%2Bx.param", "small%2Bhuge", "small%2B"):
            self.problem(running.post(f"/v1/upscale?model={model}", self.page), 400, "model")

    def test_errors_are_for_clients(self):
        """No option of the command and no path of the server."""
        running = self.serve(quick=False, env={"PLANCHE_MODEL_DIR": self.path("models")})
        for query, says in (("model=huge", "huge"), ("model=x.param", "/v1/models"),
                            ("model=waifu2x-cunet", "/v1/models"), ("scale=64&format=jpg", "pixels"),
                            ("model=small&scale=64", "the result would"), ("device=x", "docs/devices.md")):
            answer = running.post("/v1/upscale?" + query,
                                  self.page if "scale" not in query
                                  else harness.page(1100, 4) if "jpg" in query
                                  else png.encode(600, 900, 1, bytes(540000), 8))
            self.problem(answer, answer.status, says)
            self.assertIn(answer.status, (400, 422), query)
            for word in ("--", ".param ", "PLANCHE_", self.folder, "option"):
                self.assertNotIn(word, answer.json()["detail"])
        self.assertTrue([line for line in running.lines if self.path("models") in line])

    def test_openapi(self):
        """The file, the route table and the answers say the same."""
        with open(os.path.join(SOURCE, "docs/openapi.json"), encoding="utf-8") as file:
            api = json.load(file)
        with open(os.path.join(SOURCE, "tools/planche/serve/routes.def"), encoding="utf-8") as file:
            routes = re.findall(r'^ROUTE\("(\w+)", "([^"]+)", (\w+|\d)', file.read(), re.M)
        # What a path begins with is a * in the table.
        described = {(method.upper(), path.replace("{file}", "*")): operation
                     for path, item in api["paths"].items() for method, operation in item.items()}
        self.assertEqual({route[:2] for route in routes}, set(described))
        operations = [operation["operationId"] for operation in described.values()]
        self.assertEqual(len(operations), len(set(operations)))
        running = self.serve("--token-file", self.write("token", b"a-long-token\n"))
        for method, path, flags in routes:
            operation = described[method, path]
            self.assertEqual("OPEN" in flags, operation.get("security") == [])
            self.check_answers(api, running, method, path, operation)

    def check_answers(self, api, running, method, path, operation):
        names = [p["$ref"].rsplit("/", 1)[1] for p in operation.get("parameters", ())
                 if "$ref" in p]
        for parameter in operation.get("parameters", ()):
            for place in ("*", "{%s}" % parameter.get("name")):
                path = path.replace(place, parameter.get("example", place))
        body, kind = server.form(self.page, "file") if method == "POST" else (b"", None)
        fields = {"authorization": "Bearer a-long-token", "content_type": kind}
        query = "?" + "&".join(f"{name}=x" for name in names) if names else ""
        for target in (path, path + query if method == "POST" and names else path):
            answer = running.get(target, method, body, **fields)
            described = operation["responses"][str(answer.status)]
            kind_of = answer.fields["content-type"].split(";")[0]
            wanted = next(k for k in described["content"]
                          if kind_of == k or (k == "image/*" and kind_of.startswith("image/")))
            self.check_schema(api, described["content"][wanted]["schema"], answer)
            for name in described.get("headers", ()):
                self.assertTrue(name.lower() in answer.fields or target != path, name)
        for name in names:  # each is known: what is wrong is the value
            self.assertIn(name, api["components"]["parameters"])
            if path in ("/v1/upscale", "/v1/books"):
                wrong = running.get(f"{path}?{name}=%01", method, body, **fields)
                self.problem(wrong, 400)
                self.assertNotIn("unknown parameter", wrong.json()["detail"])

    def check_schema(self, api, schema, answer):
        if "$ref" in schema:
            self.conform(api, schema, answer.json())

    def conform(self, api, schema, value):
        """Enough of JSON Schema for what the file uses."""
        if "$ref" in schema:
            schema = api["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if value is None:
            self.assertTrue(schema.get("nullable"))
            return
        types = {"object": dict, "array": list, "string": str, "boolean": bool,
                 "integer": int, "number": (int, float)}
        self.assertIsInstance(value, types[schema["type"]])
        if schema["type"] == "object":
            self.assertEqual(set(value), set(schema["properties"]))
            for name, inner in schema["properties"].items():
                self.conform(api, inner, value[name])
        for item in value if schema["type"] == "array" else ():
            self.conform(api, schema["items"], item)


class Transport(Serve):
    def test_keep_alive_and_pipelining(self):
        running = self.serve("-f", "png")
        with running.connect() as c:
            pages = [harness.page(16 + i, 16, seed=i) for i in range(4)]
            sent = b"".join(c.request("/v1/upscale", "POST", page) + c.request("/healthz")
                            for page in pages)
            c.send(sent)
            for page in pages:
                answer = c.answer()
                self.assertEqual(answer.fields["x-planche-size"], f"{2 * width(page)}x32")
                self.assertEqual(c.answer().body, b"ok\n")
            c.send(c.request("/healthz") * 500 + b"\r\n" + c.request("/healthz", connection="close"))
            for _ in range(501):
                self.assertEqual(c.answer().status, 200)
            self.assertTrue(c.is_closed())
        with running.connect() as c:
            c.send(b"GET /healthz HTTP/1.0\r\n\r\n")
            answer = c.answer()
            self.assertEqual(answer.fields["connection"], "close")
            self.assertTrue(c.is_closed())
        with running.connect() as c:
            c.send(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            self.assertEqual(c.answer().fields["connection"], "keep-alive")
            self.assertEqual(c.ask("/healthz").status, 200)

    def test_chunks(self):
        running = self.serve("-f", "png")
        expected = running.post("/v1/upscale", self.page).body
        chunks = b""
        for start in range(0, len(self.page), 1000):
            part = self.page[start:start + 1000]
            chunks += b"%x;ext\r\n%s\r\n" % (len(part), part)
        chunks += b"0\r\nTrailer: x\r\n\r\n"
        with running.connect() as c:
            head = c.request("/v1/upscale", "POST", transfer_encoding="chunked",
                             content_length=None)
            c.send(head + chunks + c.request("/healthz"))
            self.assertEqual(c.answer().body, expected)
            self.assertEqual(c.answer().body, b"ok\n")
            c.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(len(head + chunks)):
                c.send((head + chunks)[i:i + 1])
            self.assertEqual(c.answer().body, expected)
            c.send(head + b"5\r\nabcdefg\r\n")
            self.problem(c.answer(), 400, "chunks")
            self.assertTrue(c.is_closed())

    def test_expect(self):
        running = self.serve("--max-bytes", "100K")
        with running.connect() as c:
            c.send(c.request("/v1/upscale", "POST", expect="100-continue",
                             content_length=str(len(self.page))))
            self.assertEqual(c.head(), (100, {}))
            c.send(self.page)
            self.assertEqual(c.answer().status, 200)
            # Wrong requests are answered before the body comes.
            c.send(c.request("/v1/upscale", "POST", expect="100-continue", content_length="200000"))
            answer = c.answer()
            self.assertEqual((answer.status, answer.interim), (413, []))
            self.assertTrue(c.is_closed())
        with running.connect() as c:
            c.send(c.request("/v1/upscale", "POST", expect="miracles", content_length="5"))
            self.problem(c.answer(), 417)

    def test_what_is_no_request(self):
        running = self.serve()
        smuggled = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
        post = b"POST /v1/upscale HTTP/1.1\r\nHost: localhost\r\n"
        for text, status in [
                (post + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                (post + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
                (post + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
                (post + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
                (post + b"Transfer-Encoding:\x0bchunked\r\n\r\n", 400),
                (post + b"X: a\r\n folded\r\nContent-Length: 0\r\n\r\n", 400),
                (post + b"X: a\nContent-Length: 0\r\n\r\n", 400),
                (post + b"Content-Length : 5\r\n\r\nabcde", 400),
                (b"GET / HTTP/1.1\r\n\r\n", 400),
                (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
                (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
                (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
                (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"F: v\r\n" * 101 + b"\r\n", 431),
                (b"GET / HTTP/1.1\r\nHost: a\r\nF: " + b"v" * 33000 + b"\r\n\r\n", 431)]:
            with self.subTest(text=text[:80]), running.connect() as c:
                c.send(text + smuggled)
                self.problem(c.answer(), status)
                self.assertTrue(c.is_closed())  # what followed is not answered
        self.assertFalse([line for line in running.lines if "/v1/status" in line])

    def test_answers_come_before_the_body_is_read(self):
        """A client that goes on sending sees the error, not a broken connection."""
        running = self.serve("--max-bytes", "100K")
        with running.connect() as c:
            c.send(c.request("/v1/upscale", "POST", content_length="900000") + b"x" * 900000)
            self.problem(c.answer(), 413)
            self.assertTrue(c.is_closed())

    def test_clients_that_leave(self):
        running = self.serve("--threads", "1")
        busy, = self.occupy(running, 1)
        for leave in (lambda c: c.close(), lambda c: c.socket.shutdown(socket.SHUT_WR)):
            before = running.status()["pages"]["cancelled"]
            c = running.connect()
            self.addCleanup(c.close)
            c.send(c.request("/v1/upscale", "POST", self.page))
            running.wait_for_status(lambda s: s["queue"]["readers"] == 1)
            leave(c)
            after = running.wait_for_status(lambda s: s["queue"]["readers"] == 0)
            self.assertEqual(after["pages"]["cancelled"], before + 1)
            self.assertEqual(after["pages"]["running"], 1)
        busy.close()  # nobody wants the page that runs, and its result would be kept nowhere
        running.wait_for_status(lambda s: s["pages"]["running"] == 0)
        with running.connect() as c:
            c.send(c.request("/v1/upscale", "POST", self.page)[:-10])
        with running.connect() as c:
            c.send(b"GET /hea")
        status = running.wait_for_status(lambda s: s["connections"] == 1)
        self.assertEqual((status["memory"]["bodies"], status["pages"]["made"]), (0, 0))
        with running.connect() as c: # half-closed, but answered before that is seen
            c.send(c.request("/healthz"))
            c.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(c.answer().status, 200)

    def test_open_files(self):
        """As many as the connections may need, or fewer connections."""
        for hard, connections, soft in ((4096, 256, 256 * 5 + 320), (512, 51, 512)):
            running = self.serve(preexec_fn=lambda hard=hard: resource.setrlimit(
                resource.RLIMIT_NOFILE, (200, hard)))
            self.assertEqual(resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)[0], soft)
            self.assertIn(f"planche_http_connections_limit {2 * connections + 64}\n",
                          running.get("/metrics").body.decode())
            self.assertEqual(any("taken as 51" in line for line in running.lines), connections == 51)

    def test_connections_are_bounded(self):
        running = self.serve("--max-connections", "4")
        most = 2 * 4 + 64
        self.assertIn(f"planche_http_connections_limit {most}\n", running.get("/metrics").body.decode())
        for wait in (lambda c: self.assertEqual(c.ask("/healthz").status, 200), # idle ones make room, and heads
                     lambda c: c.send(b"GET /healthz HTTP/1.1\r\n")):
            for _ in range(most + 2):
                c = running.connect()
                self.addCleanup(c.close)
                wait(c)
            self.assertLessEqual(running.status()["connections"], most)


class Order(Serve):
    def test_one_page_for_many(self):
        running = self.serve("-f", "png", "--threads", "1")
        connections = [running.connect() for _ in range(4)]
        for c in connections:
            self.addCleanup(c.close)
            c.send(c.request("/v1/upscale", "POST", slow_page()))
        answers = {c.answer().body for c in connections}
        self.assertEqual(len(answers), 1)
        pages = running.status()["pages"]
        self.assertEqual((pages["made"], pages["shared"]), (1, 3))
        self.assertGreater(pages["page_seconds"], 0)

    def test_queue_is_bounded(self):
        running = self.serve("--threads", "1", "--queue", "2")
        busy, = self.occupy(running, 1)
        waiting = []
        for seed, priority in ((1, "background"), (2, "interactive"), (3, "normal")):
            c = running.connect()
            self.addCleanup(c.close)
            waiting.append(c)
            c.send(c.request(f"/v1/upscale?priority={priority}", "POST",
                             harness.page(16, 16, seed=seed)))
        running.wait_for_status(lambda s: s["queue"]["readers"] + s["queue"]["prefetch"] == 2
                                and s["queue"]["books"] == 1)
        full = running.post("/v1/upscale", self.page)
        self.problem(full, 503, "waiting")
        self.assertRegex(full.fields["retry-after"], r"^[1-9]\d*$")
        self.assertEqual(running.get("/readyz").status, 503)
        self.assertEqual(running.get("/healthz").status, 200)
        form, kind = server.form(self.page)
        original = running.post("/suwayomi", form, content_type=kind)
        self.assertEqual(original.body, self.page)
        self.assertEqual(original.fields["x-planche-result"], "original; reason=queue")
        busy.close()
        for c in waiting:
            self.assertEqual(c.answer().status, 200)
        self.assertEqual(running.get("/readyz").status, 200)

    def test_memory_is_bounded(self):
        """Bodies that do not fit wait; the small ones of others go through afterwards."""
        running = self.serve("--memory", "64M", "--max-bytes", "16M", "--engines", "1")
        limit = running.status()["memory"]["bodies_limit"]
        self.assertEqual(limit, 16 << 20)
        first = running.connect()
        first.send(first.request("/v1/upscale", "POST", content_length=str(16 << 20)))
        running.wait_for_status(lambda s: s["memory"]["bodies"] == limit)
        second = running.connect()
        self.addCleanup(second.close)
        second.send(second.request("/v1/upscale", "POST", self.page))
        self.assertEqual(running.get("/healthz").status, 200)
        first.close()
        self.assertEqual(second.answer().status, 200)
        status = running.wait_for_status(lambda s: s["memory"]["bodies"] == 0)
        self.assertLessEqual(status["memory"]["bodies_peak"], limit)

    def test_idle_models_go(self):
        running = self.serve("--unload-after", "1")
        status = running.status()
        self.assertEqual((status["engines"], status["devices"]), (0, []))
        running.post("/v1/upscale", self.page)
        running.wait_for_status(lambda s: s["engines"] == 0)
        self.assertEqual(running.post("/v1/upscale", self.page).status, 200)
        if not os.environ["SANITIZED"]:
            self.assertLess(running.resident(), 40e6)


class Suwayomi(Serve):
    def post(self, running, page, query="", path="/suwayomi", **fields):
        body, kind = server.form(page)
        return running.post(path + query, body, content_type=kind, **fields)

    def original(self, answer, page, reason):
        self.assertEqual((answer.status, answer.body), (200, page))
        self.assertEqual(answer.fields["x-planche-result"], f"original; reason={reason}")
        self.assertEqual(answer.fields["cache-control"], "no-store")
        self.assertNotIn("set-cookie", answer.fields)

    def test_results_and_originals(self):
        running = self.serve("--max-pixels", "900K", "--max-bytes", "200K")
        for path in ("/suwayomi", "/upscale", "/convert"):
            answer = self.post(running, self.page, path=path)
            self.assertEqual(answer.fields["content-type"], "image/webp")
            self.assertEqual(answer.body[8:12], b"WEBP")
        marked = answer.body
        self.original(self.post(running, marked), marked, "own-mark")
        jpeg = self.post(running, self.page, "?format=jpg&mark=false")
        self.assertEqual(jpeg.fields["content-type"], "image/jpeg")
        again = self.post(running, jpeg.body)  # a JPEG stays one
        self.assertEqual(again.fields["content-type"], "image/jpeg")
        damaged = self.page[:-300]
        self.original(self.post(running, damaged), damaged, "damaged")
        large = png.encode(500, 500, 3, bytes(750000), 8)
        self.original(self.post(running, large), large, "too-large")
        text = b"<html>a page that is none</html>"
        self.original(self.post(running, text), text, "unsupported")
        for query in ("?foo=1", "?scale=x", "?deadline=soon", "?model=none", "?%"):
            self.original(self.post(running, self.page, query), self.page, "parameters")
        slow = slow_page()
        late = self.post(running, slow, "?tta=true&deadline_ms=100")
        self.original(late, slow, "deadline")
        running.wait_for_status(lambda s: s["pages"]["running"] == 0)

    def test_silence(self):
        """Nothing that could be taken for a page."""
        running = self.serve("--max-bytes", "100K", "--token-file",
                             self.write("token", b"a-long-token\n"))
        form, kind = server.form(self.page)
        token = {"authorization": "Bearer a-long-token"}
        large, _ = server.form(b"x" * 200000)
        for body, fields in [(form, {}), (b"", token), (large, token), (form[:-100], token),
                             (form, {"transfer_encoding": "chunked", **token}),
                             (form, {"expect": "miracles", **token}),
                             (form, {"cookie": "x" * 40000, **token})]:
            with self.subTest(fields=fields, size=len(body)), running.connect() as c:
                c.send(c.request("/suwayomi", "POST", body, content_type=kind, **fields))
                self.assertTrue(c.is_closed())
        with running.connect() as c:
            c.send(b"POST /suwayomi HTTP/9.9\r\nHost: a\r\n\r\n")
            self.assertTrue(c.is_closed())
        self.assertEqual(self.post(running, self.page, **token).fields["x-planche-result"],
                         "upscaled")

    def test_addresses_nearly_right(self):
        """What people write into settings: a page, or nothing."""
        running = self.serve()
        body, kind = server.form(self.page)
        for path in ("/suwayomi/", "//suwayomi", "/suwayomi//?mark=false", "/%73uwayomi/"):
            answer = self.post(running, self.page, path=path)
            self.assertEqual(answer.fields["x-planche-result"], "upscaled", path)
        for path in ("/", "//", "/?wait=600", "/suwayomi2", "/suwayomi/x", "/v2/upscale", "/%zz"):
            for more in ({}, {"host": "evil.example"}, {"expect": "miracles"}):
                with self.subTest(path=path, more=more), running.connect() as c:
                    c.send(c.request(path, "POST", body, content_type=kind, **more))
                    self.assertTrue(c.is_closed())
        self.assertTrue([line for line in running.lines if "is /suwayomi" in line])
        for path, status in (("/v1/none", 404), ("/v1/", 404), ("/api/x", 404), ("/healthz", 405),
                             ("/v1/status", 405)):
            self.problem(running.post(path, body, content_type=kind), status)

    def test_interim_answers(self):
        """wait= goes on beyond the deadline, and says so; behind a proxy it does not."""
        running = self.serve("--deadline", "1", "--threads", "1")
        busy, = self.occupy(running, 1)
        form, kind = server.form(self.page)
        told, silent = running.connect(), running.connect()
        for c, more in ((told, {}), (silent, {"via": "1.1 nginx"})):
            self.addCleanup(c.close)
            c.send(c.request("/suwayomi?wait=600&quality=7" + str(len(more)), "POST", form,
                             content_type=kind, **more))
        self.assertEqual(told.head(), (102, {}))
        late = self.post(running, self.page, "?quality=70")
        self.original(late, self.page, "deadline")
        busy.close()
        for c in (told, silent):
            answer = c.answer()
            self.assertEqual(answer.fields["x-planche-result"], "upscaled")
        self.assertEqual(answer.interim, [])

    def test_end_of_the_server(self):
        """A page in flight is made, or comes back; of a process that is killed nothing comes that
        is not the beginning of the image."""
        running = self.serve("--threads", "1")
        body, kind = server.form(slow_page())
        with running.connect() as c:
            c.send(c.request("/suwayomi", "POST", body, content_type=kind))
            running.wait_for_status(lambda s: s["pages"]["running"] == 1)
            begin = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            answer = c.answer()
            # It comes back if it takes longer than the 20 seconds that there are.
            given_up = ["original; reason=shutdown"] if time.monotonic() - begin > 20 else []
            self.assertIn(answer.fields["x-planche-result"], ["upscaled", *given_up])
            self.assertEqual(answer.fields["connection"], "close")
            self.assertTrue(c.is_closed())
        self.assertEqual(running.process.wait(harness.MARGIN_SECONDS), 0)
        running = self.serve("--threads", "1")
        with running.connect() as c:
            c.send(c.request("/suwayomi?tta=true", "POST", body, content_type=kind))
            running.wait_for_status(lambda s: s["pages"]["running"] == 1)
            running.process.kill()
            self.assertTrue(c.is_closed())


class Cache(Serve):
    def serve(self, *arguments, **more):
        return super().serve("--cache", self.path("results"), *arguments, cache=True, **more)

    def test_pages_are_kept(self):
        running = self.serve()
        first = running.post("/v1/upscale", self.page)
        self.assertEqual(first.fields["x-planche-result"], "upscaled")
        for again in (running, self.serve()):  # of this process, and of another
            for _ in range(2):
                answer = again.post("/v1/upscale", self.page)
                self.assertEqual(answer.fields["x-planche-result"], "cached")
                self.assertEqual(answer.body, first.body)
                for name in ("etag", "content-type", "x-planche-size", "x-planche-model"):
                    self.assertEqual(answer.fields[name], first.fields[name])
        body, kind = server.form(self.page)
        self.assertEqual(again.post("/suwayomi", body, content_type=kind).fields[
            "x-planche-result"], "cached")
        self.assertEqual(again.post("/v1/upscale?quality=50", self.page).fields[
            "x-planche-result"], "upscaled")
        self.assertEqual(again.get("/v1/status").json()["pages"]["made"], 1)
        self.assertEqual(running.stop(), 0)

    def test_pages_go_on(self):
        """After the deadline, and when the client leaves while the page runs."""
        running = self.serve("--threads", "1")
        form, kind = server.form(slow_page())
        for deadline in range(50, 5000, 50):  # a page that has not begun by its reader's is never made: the next, then
            late = running.post(f"/suwayomi?tta=true&deadline_ms={deadline}", form, content_type=kind)
            self.assertIn(late.fields["x-planche-result"], ("original; reason=deadline", "upscaled", "cached"))
            if any(running.status()["pages"][what] for what in ("running", "made")):
                break
        running.wait_for_status(lambda s: s["pages"]["made"] == 1)
        with running.connect() as c:
            c.send(c.request("/v1/upscale", "POST", slow_page(1)))
            running.wait_for_status(lambda s: s["pages"]["running"] == 1 or s["pages"]["made"] == 2)
        running.wait_for_status(lambda s: s["pages"]["made"] == 2)
        for path, body, kind in (("/suwayomi?tta=true", form, kind), ("/v1/upscale", slow_page(1), None)):
            answer = running.post(path, body, content_type=kind)
            self.assertEqual(answer.fields["x-planche-result"], "cached")

    def test_one_page_for_two_servers(self):
        servers = [self.serve("--threads", "1") for _ in range(2)]
        connections = [running.connect() for running in servers]
        for c in connections:
            self.addCleanup(c.close)
            c.send(c.request("/v1/upscale", "POST", slow_page()))
        answers = [c.answer() for c in connections]
        self.assertEqual(answers[0].body, answers[1].body)
        self.assertEqual(sorted(a.fields["x-planche-result"] for a in answers),
                         ["cached", "upscaled"])
        self.assertEqual(sum(s.status()["pages"]["made"] for s in servers), 1)

    def entries(self):
        return {os.path.join(folder, name) for folder, _, names in
                os.walk(self.path("results")) for name in names if len(name) == 62}

    def test_first_reads_wait_for_nobody(self):
        """After a restart entries are checked beside the pages; what is damaged is made again."""
        first = self.serve()
        pages = [harness.page(24, 24, seed=seed) for seed in range(4)]
        bodies, paths = [], []
        for page in pages:
            bodies.append(first.post("/v1/upscale", page).body)
            first.wait_for_status(lambda s: s["cache"]["stores"] == len(bodies))
            paths += self.entries() - set(paths)
        self.assertEqual(first.stop(), 0)
        for path in paths[2:]:
            with open(path, "r+b") as f:
                f.seek(-1, os.SEEK_END)
                last = f.read(1)[0]
                f.seek(-1, os.SEEK_END)
                f.write(bytes([last ^ 1]))

        running = self.serve("--threads", "1", "--queue", "1")
        answer = running.post("/v1/upscale", pages[2])
        self.assertEqual((answer.fields["x-planche-result"], answer.body), ("upscaled", bodies[2]))
        running.wait_for_status(lambda s: s["pages"]["running"] == 0)
        self.occupy(running, 1)
        waiting = running.connect()
        self.addCleanup(waiting.close)
        waiting.send(waiting.request("/v1/upscale", "POST", self.page))
        running.wait_for_status(lambda s: s["queue"]["readers"] == 1)
        self.problem(running.post("/v1/upscale", harness.page(16, 16)), 503, "waiting")
        form, kind = server.form(pages[1])
        for _ in range(2):
            for answer, body in ((running.post("/v1/upscale", pages[0]), bodies[0]),
                                 (running.post("/suwayomi", form, content_type=kind), bodies[1])):
                self.assertEqual(answer.fields.get("x-planche-result"), "cached")
                self.assertEqual(answer.body, body)
        damaged = running.connect()
        self.addCleanup(damaged.close)
        damaged.send(damaged.request("/v1/upscale", "POST", pages[3]))
        status = running.wait_for_status(lambda s: s["queue"]["readers"] == 2)
        now, cache = status["pages"], status["cache"]
        self.assertEqual((now["running"], now["made"], now["shared"]), (1, 1, 0))
        self.assertEqual((cache["hits"], cache["misses"], cache["damaged"]), (4, 5, 2))
        metrics = running.get("/metrics").body.decode()
        self.assertIn('planche_cache_requests_total{result="hit"} 4\n', metrics)
        self.assertIn('planche_cache_requests_total{result="miss"} 5\n', metrics)

    def test_damage(self):
        """Entries that are damaged or gone are made again; the status counts."""
        running = self.serve()

        def ask(result):
            answer = running.post("/v1/upscale", self.page)
            self.assertEqual((answer.status, answer.fields["x-planche-result"]), (200, result))
            return answer.body

        body = ask("upscaled")
        # The result goes out before it is stored.
        cache = running.wait_for_status(lambda s: s["cache"]["stores"] == 1)["cache"]
        [path] = self.entries()
        self.assertEqual((cache["entries"], cache["bytes"]), (1, os.path.getsize(path)))
        self.assertEqual(ask("cached"), body)
        os.truncate(path, os.path.getsize(path) - 1)
        self.assertEqual(ask("upscaled"), body)
        cache = running.wait_for_status(lambda s: s["cache"]["stores"] == 2)["cache"]
        self.assertEqual((cache["hits"], cache["misses"], cache["damaged"]), (1, 2, 1))
        shutil.rmtree(self.path("results"))
        self.assertEqual(ask("upscaled"), body)
        running.wait_for_status(lambda s: s["cache"]["stores"] == 3)
        self.assertEqual(ask("cached"), body)

    def test_folders_that_cannot_be(self):
        self.write("file", b"")
        for folder in (self.path("file"), self.path("file/below"), "/proc/none/results"):
            result = harness.run("serve", "--listen", "127.0.0.1:0", "--cache", folder, check=3)
            self.assert_one_line(result.stderr, folder)


class Access(Serve):
    def test_tokens(self):
        running = self.serve("--token-file", self.write("token", b"a-long-token\nnot this\n"))
        basic = base64.b64encode(b"anybody:a-long-token").decode()
        right = [f"Bearer a-long-token", f"bearer  a-long-token", f"Basic {basic}"]
        wrong = ["", "Bearer", "Bearer a-long-toke", "Bearer a-long-token2", "Bearer not this",
                 "Basic " + base64.b64encode(b"a-long-token").decode(), "Basic !",
                 "Basic " + base64.b64encode(b"a-long-token:x").decode(), "a-long-token"]
        for value in right:
            self.assertEqual(running.get("/v1/status", authorization=value).status, 200, value)
        for value in wrong:
            refused = running.get("/v1/status", authorization=value)
            self.problem(refused, 401)
            self.assertIn("www-authenticate", refused.fields)
        self.problem(running.get("/v1/status"), 401)
        self.assertEqual(running.get("/v1/status?token=a-long-token").status, 200)
        self.assertEqual(running.get("/v1/status?token=a-long-toke").status, 401)
        self.assertEqual(running.post("/v1/upscale?token=a-long-token", self.page).status, 401)
        for path in ("/healthz", "/readyz"):
            self.assertEqual(running.get(path).status, 200)
        self.assertFalse([line for line in running.lines if "a-long-tok" in line])

    def test_hosts(self):
        running = self.serve("--host", "comics.example")
        for host, status in [("localhost", 200), ("LOCALHOST:80", 200), ("127.0.0.1:1", 200),
                             ("127.9.9.9", 200), ("[::1]:8377", 200), ("comics.example:9", 200),
                             ("evil.example", 421), ("127.0.0.1.evil.example", 421),
                             ("localhost.evil.example", 421), ("192.168.1.1", 421), ("", 421)]:
            self.assertEqual(running.get("/healthz", host=host).status, status, host)
        with running.connect() as c:
            c.send(b"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.problem(c.answer(), 421)
        form, kind = server.form(self.page)
        with running.connect() as c:
            c.send(c.request("/suwayomi", "POST", form, content_type=kind, host="evil.example"))
            self.assertTrue(c.is_closed())

    def test_pages_of_other_sites(self):
        running = self.serve("--host", "comics.example")
        port = running.address[1]
        own = f"127.0.0.1:{port}"
        for fields, right in [({"origin": f"http://{own}"}, True),
                              ({"origin": f"HTTP://{own}".lower(), "sec_fetch_site": "same-origin"}, True),
                              ({"origin": "https://comics.example"}, True),
                              ({"sec_fetch_site": "none"}, True),
                              ({"origin": "https://evil.example"}, False),
                              ({"origin": "http://127.0.0.1:1"}, False),
                              ({"origin": f"http://{own}.evil.example"}, False),
                              ({"origin": "null"}, False),
                              ({"sec_fetch_site": "cross-site"}, False)]:
            answer = running.post("/v1/upscale", self.page, host=own, **fields)
            if right:
                self.assertEqual(answer.status, 200, fields)
            else:
                self.problem(answer, 403, "site")
        form, kind = server.form(self.page)
        with running.connect() as c:
            c.send(c.request("/suwayomi", "POST", form, content_type=kind, origin="null"))
            self.assertTrue(c.is_closed())
        self.assertEqual(running.get("/healthz", sec_fetch_site="cross-site").status, 200)
        guarded = self.serve("--token-file", self.write("token", b"a-long-token\n"))
        self.assertEqual(guarded.post("/v1/upscale", self.page, origin="https://a.example",
                                      authorization="Bearer a-long-token").status, 200)

    def test_refused_command_lines(self):
        short = self.write("short", b"short\n")
        os.chmod(short, 0o600)
        for arguments, status, says in [
                (["--listen", "0.0.0.0:0"], 2, "--token-file"),
                (["--listen", "127.0.0.1"], 2, "8377"),
                (["--listen", "127.0.0.1:99999"], 2, "65535"),
                (["--listen", "127.0.0.1:8o"], 2, "65535"),
                (["--listen", "unix:"], 2, "path"),
                (["--listen", "unix:" + "x" * 200], 2, "path"),
                (["--listen", "unix:/nonexistent/a"], 3, "there is no such folder; make it"),
                (["--listen", "[::1:1"], 2, "address"),
                (["--token-file", short], 3, "openssl"),
                (["--token-file", "/nonexistent"], 3, "token"),
                (["--token-file", short, "--no-token"], 2, "exclude"),
                (["-m", "none"], 2, "none"), (["page.png"], 2, "page.png"),
                (["-f", "keep"], 2, "keep"), (["--watchdog", "0"], 2, "watchdog")]:
            result = harness.run("serve", *arguments, check=status)
            self.assert_one_line(result.stderr, says)

    def test_what_no_page_could_be_made_with(self):
        """It shows at the start, also with --check."""
        checks = ["serve", "--check", "--no-isolate", "--no-cache"]
        refused = harness.run(*checks, "--memory", "45M", check=3).stderr
        advice = re.search(r"--memory (\d+M), which 2 engines share; (\d+M) with --engines 1", refused)
        harness.run(*checks, "--memory", advice[1], check=0)
        harness.run(*checks, "--memory", advice[2], "--engines", "1", check=0)
        result = harness.run("serve", "--no-isolate", "--memory", "10M", "--listen", "127.0.0.1:0", check=3)
        self.assertIn("--memory", result.stderr)
        for backend, status in (("vulkan:99", 3), ("none", 2)):
            self.assert_one_line(harness.run(*checks, "--backend", backend, check=status).stderr)
        for words, status in ((("--library-root", self.path("none")), 3), (("-m", self.path("none.param")), 2)):
            self.assert_one_line(harness.run(*checks, *words, check=status).stderr, "none")

    def test_reason_of_a_closed_connection(self):
        running = self.serve("--token-file", self.write("token", b"a-long-token\n"))
        with self.assertRaises(server.Closed):
            running.post("/suwayomi", self.page)
        running.wait_for_line(r'route=/suwayomi status=0 .*reason="a token is wanted')

    def test_quiet(self):
        checks = ["serve", "--check", "--no-isolate", "--no-cache", "-m", "realcugan", "--model-dir",
                  self.folder]
        warned = harness.run(*checks, check=0)
        self.assertIn("level=warn", warned.stderr)
        self.assertIn("warnings", warned.stdout)
        self.assertEqual(harness.run(*checks, "--quiet", check=0).stderr, "")

    def test_everybody(self):
        running = self.serve("--no-token", listen=["0.0.0.0:0"])
        self.assertEqual(running.get("/v1/status", host="any.example").status, 200)

    def test_unix_socket(self):
        path = self.path("http.sock")
        left = socket.socket(socket.AF_UNIX)  # of a process that was killed
        left.bind(path)
        left.close()
        running = self.serve(listen=[f"unix:{path}", "127.0.0.1:0", "[::1]:0"]
                             if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6")
                             else [f"unix:{path}", "127.0.0.1:0"])
        self.assertEqual(running.address, path)
        self.assertTrue(stat.S_ISSOCK(os.stat(path).st_mode))
        self.assertEqual(running.get("/v1/status", host="whatever").status, 200)
        self.assertEqual(running.post("/v1/upscale", self.page).status, 200)
        second = harness.run("serve", "--listen", f"unix:{path}", check=3)
        self.assert_one_line(second.stderr, "another program", "--listen")
        self.assertNotIn("port", second.stderr)
        self.assertEqual(running.stop(), 0)
        self.assertFalse(os.path.exists(path))
        self.write("file", b"x")
        harness.run("serve", "--listen", f"unix:{self.path('file')}", check=3)
        self.assertEqual(self.read("file"), b"x")


class Life(Serve):
    def test_service_manager(self):
        """Sockets that are handed over, notices, and the watchdog."""
        listener = socket.create_server(("127.0.0.1", 0))
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.bind(self.path("notify"))
        notices.settimeout(harness.MARGIN_SECONDS)
        self.addCleanup(listener.close)
        self.addCleanup(notices.close)
        command = f'export LISTEN_PID=$$ LISTEN_FDS=1; exec "{harness.PLANCHE}" serve'
        process = subprocess.Popen(
            ["sh", "-c", f"{command} --log-level error 3<&{listener.fileno()}"],
            pass_fds=[listener.fileno()],
            env={**os.environ, "NOTIFY_SOCKET": self.path("notify"), "WATCHDOG_USEC": "100000"})
        self.addCleanup(process.kill)
        seen = [notices.recv(100) for _ in range(4)]
        self.assertEqual(sorted(set(seen)), [b"READY=1", b"WATCHDOG=1"])
        with server.Connection(listener.getsockname()) as c:
            self.assertEqual(c.ask("/healthz").status, 200)
        process.send_signal(signal.SIGTERM)
        while (notice := notices.recv(100)) != b"STOPPING=1":
            self.assertEqual(notice, b"WATCHDOG=1")
        self.assertEqual(process.wait(harness.MARGIN_SECONDS), 0)

    def test_drain(self):
        running = self.serve()
        busy = self.occupy(running, times=1)
        idle = running.connect()
        self.addCleanup(idle.close)
        self.assertEqual(idle.ask("/healthz").status, 200)
        half = running.connect()
        self.addCleanup(half.close)
        half.send(b"GET /readyz HTTP/1.1\r\n")
        running.wait_for_status(lambda s: s["connections"] == 5)
        begin = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        running.wait_for_line("ending")
        self.assertTrue(idle.is_closed())
        half.send(b"Host: localhost\r\n\r\n")
        self.assertEqual((answer := half.answer()).status, 503)
        self.assertEqual(answer.body, b"ending\n")
        with self.assertRaises(ConnectionRefusedError):
            running.connect()
        busy[0].close()
        answer = busy[1].answer()
        self.assertEqual(answer.fields["connection"], "close")
        # A page that takes longer than the 20 seconds that there are is given up.
        self.assertIn(answer.status, (200, 503) if time.monotonic() - begin > 20 else (200,))
        self.assertEqual(running.process.wait(harness.MARGIN_SECONDS), 0)

    def test_second_signal(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT)):
            running = self.serve()
            self.occupy(running)
            running.process.send_signal(first)
            running.wait_for_line("ending")
            self.assertEqual(running.stop(second), -second)
        running = self.serve()
        running.process.send_signal(signal.SIGHUP)
        running.wait_for_line("SIGHUP")
        self.assertEqual(running.get("/healthz").status, 200)
        self.assertEqual(running.stop(signal.SIGINT), 0)

    def test_watchdog(self):
        """A page that runs for too long makes the server unready, but it still answers."""
        running = self.serve("--watchdog", "1", "--threads", "1")
        self.occupy(running, 1)
        end = time.monotonic() + harness.MARGIN_SECONDS
        status = running.status()
        while status["pages"]["oldest_seconds"] <= 1 and status["pages"]["running"] == 1 and \
                time.monotonic() < end:
            time.sleep(0.05)
            status = running.status()
        if status["pages"]["running"] == 1:
            self.assertEqual(running.get("/readyz").status, 503)
        self.assertEqual(running.get("/healthz").status, 200)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd-analyze")
    def test_sandbox_of_the_service(self):
        template = os.path.join(SOURCE, "packaging/systemd/planche.service.in")
        with open(template, encoding="utf-8") as file:
            text = file.read().replace("@bindir@", "/usr/bin")
        unit = self.write("planche.service", text.encode())
        result = subprocess.run(["systemd-analyze", "security", "--offline=true", unit],
                                capture_output=True, text=True, check=False)
        level = re.search(r"exposure level for planche.service: ([\d.]+)", result.stdout)
        self.assertLess(float(level.group(1)), 2.0)
        for call in ("seccomp", "landlock_create_ruleset", "landlock_restrict_self"):
            self.assertRegex(text, rf"\nSystemCallFilter=.*\b{call}\b")  # or the manager ends it
        self.assertIn("\nSystemCallErrorNumber=EPERM\n", text)

    def test_no_wake_ups(self):
        running = self.serve()
        with running.connect() as c:
            self.assertEqual(c.ask("/healthz").status, 200)
        running.post("/v1/upscale", self.page)
        before, end = running.switches() - 2, time.monotonic() + harness.MARGIN_SECONDS
        while running.switches() > before + 1:  # what the last page leaves to be done comes to an end
            self.assertLess(time.monotonic(), end)
            before = running.switches()
            time.sleep(0.7)


if __name__ == "__main__":
    harness.main(threads=("Routes.test_pages", "Routes.test_small_routes", "Transport.test_clients_that_leave",
                          "Transport.test_connections_are_bounded", "Order.test_queue_is_bounded",
                          "Order.test_memory_is_bounded", "Order.test_idle_models_go", "Suwayomi.test_interim_answers",
                          "Cache.test_pages_are_kept", "Cache.test_damage", "Life.test_second_signal"))
