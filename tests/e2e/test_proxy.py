# SPDX-License-Identifier: MIT
"""planche serve --upstream: what is passed on, pages, prefetching, rules, and upstreams that fail."""
import glob
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import harness
import load
import load_proxy
import server
import upstream

PAGE = "/api/v1/books/b1/pages/"
READER = {"authorization": upstream.USER}


def width(page):
    """Of a PNG."""
    return int.from_bytes(page[16:20], "big")


class Proxy(harness.Case):
    model = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pages = [harness.page(32, 40, seed=seed) for seed in range(1, 9)]

    def serve(self, *arguments, up=None, **more):
        """self.up and a server before it."""
        self.up = up or upstream.Upstream(self, self.pages)
        return server.Server(self, "--upstream", self.up.url, *arguments, **more)

    def cached(self, *arguments, **more):
        return self.serve("--cache", self.path("results"), *arguments, cache=True, **more)

    def problem(self, answer, status, *says):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.fields["content-type"], "application/problem+json")
        for part in says:
            self.assertIn(part, answer.json()["detail"])


class Passing(Proxy):
    model = False

    def test_bytes(self):
        """Downloads, ranges, chunks, uploads, redirects and errors, on one connection."""
        running = self.serve()
        data = upstream.large()
        with running.connect() as c:
            answer = c.ask("/file")
            self.assertEqual((answer.status, answer.body == data), (200, True))
            answer = c.ask("/file", range="bytes=1000-70999")
            self.assertEqual((answer.status, answer.body == data[1000:71000]), (206, True))
            self.assertEqual(answer.fields["content-range"], f"bytes 1000-70999/{len(data)}")
            self.assertNotIn("x-planche-result", answer.fields)
            answer = c.ask("/file", "HEAD")
            self.assertEqual((answer.fields["content-length"], answer.body), (str(len(data)), b""))
            answer = c.ask("/login", cookie="x=y")
            self.assertEqual((answer.status, answer.fields["location"], answer.fields["set-cookie"]),
                             (302, "http://elsewhere.example/", "a=b; Path=/"))
            self.assertEqual(c.ask("/nothing").fields["x-own"], "404")
            body = os.urandom(700000)
            answer = c.ask("/upload", "POST", body)
            self.assertEqual(answer.body.decode(), hashlib.sha256(body).hexdigest())
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 90000]), body[i:i + 90000])
                              for i in range(0, len(body), 90000)) + b"0\r\n\r\n"
            c.send(c.request("/upload", "PUT", transfer_encoding="chunked") + chunks)
            answer = c.answer()
            self.assertEqual(answer.body.decode(), hashlib.sha256(body).hexdigest())
            c.send(c.request("/chunks"))
            status, fields = c.head()
            self.assertEqual((status, fields["transfer-encoding"]), (200, "chunked"))
            self.assertEqual(self.chunks(c), upstream.large(1 << 18))
            self.assertEqual(c.ask("/file", range="bytes=0-9").body, data[:10])
        with running.connect() as c:
            c.send(b"GET /chunks HTTP/1.0\r\n\r\n")
            self.assertEqual(c.head()[0], 200)
            with self.assertRaises(server.Closed) as closed:
                c.take(1 << 30)
            self.assertEqual(closed.exception.received, upstream.large(1 << 18))

    def chunks(self, c):
        data = b""
        while True:
            while b"\r\n" not in c.buffer:
                c.fill()
            size, c.buffer = c.buffer.split(b"\r\n", 1)
            piece = c.take(int(size, 16) + 2)
            if len(piece) == 2:
                return data
            data += piece[:-2]

    def test_what_the_upstream_is_told(self):
        running = self.serve()
        running.get("/seen?a=b%20c", "DELETE", host="comics.example:8443", connection="x-hop, close",
                    x_hop="1", te="trailers", x_forwarded_for="10.0.0.9", x_forwarded_proto="https",
                    cookie="a=b", x_api_key="k")
        method, path, fields = self.up.requests[-1]
        self.assertEqual((method, path), ("DELETE", "/seen?a=b%20c"))
        self.assertEqual(fields["Host"], "comics.example:8443")
        self.assertEqual(fields["X-Forwarded-For"], "10.0.0.9, 127.0.0.1")
        self.assertEqual((fields["x-forwarded-proto"], fields["X-Forwarded-Host"], fields["Via"]),
                         ("https", "comics.example:8443", "1.1 planche"))
        self.assertEqual((fields["cookie"], fields["x-api-key"], fields["X-Planche-Loop"]),
                         ("a=b", "k", "1"))
        for name in ("x-hop", "te"):
            self.assertNotIn(name, fields)

    def test_events_and_end(self):
        """Events come when they are sent; the end of the server ends them."""
        running = self.serve()
        with running.connect() as c:
            c.send(c.request("/sse/v1/events"))
            self.assertEqual(c.head()[1]["content-type"], "text/event-stream")
            self.assertEqual(c.take(14), b"9\r\ndata: 0\n\n\r\n")
            self.up.event.set()
            self.assertEqual(c.take(14), b"9\r\ndata: 1\n\n\r\n")
            running.process.send_signal(signal.SIGTERM)
            self.assertEqual(c.take(5), b"0\r\n\r\n")
        self.assertEqual(running.process.wait(harness.MARGIN_SECONDS), 0)

    def test_websocket(self):
        running = self.serve()
        with running.connect() as c:
            c.send(c.request("/hubs/messages", connection="Upgrade", upgrade="websocket",
                             sec_websocket_key="dGhlIHNhbXBsZSBub25jZQ==") + b"early")
            status, fields = c.head()
            self.assertEqual((status, fields["upgrade"], fields["sec-websocket-accept"]),
                             (101, "websocket", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            self.assertEqual(c.take(10), b"helloearly")
            data = os.urandom(300000)
            sender = threading.Thread(target=c.send, args=(data,))
            sender.start()
            self.assertEqual(c.take(len(data)), data)
            sender.join()
            self.assertIn(b"planche_upstream_tunnels 1", running.get("/planche/metrics").body)
            c.socket.shutdown(socket.SHUT_WR)
            self.assertTrue(c.is_closed())

    def test_slow_reader(self):
        """What a client does not read is not collected."""
        running = self.serve()
        with running.connect() as c:
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            c.ask("/file")
            before = running.resident()
            c.send(c.request("/file?size=24000000"))
            c.head()
            time.sleep(0.2)
            self.assertLess(running.resident() - before, 2 << 20)
            data = bytearray(c.buffer)
            while len(data) < 24000000:
                data += c.socket.recv(1 << 20)
            self.assertEqual(data == upstream.large(24000000), True)

    def test_own_addresses(self):
        running = self.serve()
        self.assertEqual(running.get("/planche/healthz").body, b"ok\n")
        self.assertIn(b"<html", running.get("/planche/").body)
        answer = running.get("/planche")
        self.assertEqual((answer.status, answer.fields["location"]), (308, "/planche/"))
        self.problem(running.get("/planche/v1/status", x_forwarded_for="10.0.0.1"), 403, "--token-file")
        self.problem(running.get("/planche/v1/status", host="comics.example"), 421)
        self.problem(running.get("/any", x_planche_loop="1"), 508)
        self.assertEqual(running.get("/healthz").fields["x-own"], "404")  # the upstream's

    def test_pages_of_other_sites(self):
        """A browser on this machine, at an address that others can reach."""
        running = self.serve(listen=["0.0.0.0:0"])
        own = f"127.0.0.1:{running.address[1]}"
        self.assertEqual(running.get("/planche/v1/status").status, 200)
        self.assertEqual(running.get("/planche/v1/books/1", "DELETE", host=own, origin="http://" + own).status, 404)
        self.problem(running.get("/planche/v1/status", host="evil.example"), 421)
        for fields in ({"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}):
            self.problem(running.get("/planche/v1/books/1", "DELETE", host=own, **fields), 403, "site")
            self.problem(running.post("/planche/v1/books?path=x", b"", host=own, **fields), 403, "site")
        self.assertEqual(running.get("/nothing", host="evil.example").fields["x-own"], "404")

    def test_suwayomi_gets_pages_alone(self):
        """Beside an upstream, too, its address answers nothing that is none."""
        running = self.serve()
        for path in ("/suwayomi", "/suwayomi/", "/upscail"):
            with running.connect() as c:
                c.send(c.request("/planche" + path, "POST", b"abc", transfer_encoding="chunked"))
                self.assertTrue(c.is_closed(), path)
        self.assertEqual(running.post("/planche//suwayomi/", b"abc").body, b"abc")  # the original
        with running.connect() as c:
            c.send(c.request("/planche/v1/upscale", "POST", b"abc", transfer_encoding="chunked"))
            self.problem(c.answer(), 400)

    def test_options(self):
        for options, says in ((("--upstream", "https://komga:25600"), "TLS"),
                              (("--upstream", "komga:25600"), "http://komga:25600"),
                              (("--upstream", "http://komga:25600/base"), "path"),
                              (("--upstream", "http://a:b@komga"), "password"),
                              (("--upstream", "ftp://komga"), "http://komga:25600"),
                              (("--rules", "rules.toml"), "--upstream")):
            failed = harness.run("serve", "--check", "--no-cache", *options, check=2)
            self.assertIn(says, failed.stderr)

    def test_compose_files(self):
        """Their commands are right."""
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not there")
        folder = os.path.join(os.path.dirname(__file__), "..", "..", "packaging", "compose")
        for path in sorted(glob.glob(os.path.join(folder, "*.yml"))):
            with open(path, encoding="utf-8") as file:
                services = yaml.safe_load(file)["services"]
            program, *arguments = services["planche"]["command"]
            self.assertEqual((program, len(services)), ("planche", 2), path)
            own = {"/cache": self.path("results")}
            harness.run(*(own.get(word, word) for word in arguments), "--check", check=0)
            for volume in services["planche"]["volumes"]:  # nothing that Docker would make a folder of
                self.assertNotIn(".", volume.split(":")[0], path)


class Faults(Proxy):
    model = False

    def test_answers_that_are_none(self):
        running = self.serve("--upstream-timeout", "1")
        with running.connect() as c, running.connect() as expects:
            expects.send(expects.request("/slow", "POST", content_length="9", expect="100-continue"))
            status, _ = expects.head()
            self.assertEqual((status, expects.take(500)), (200, b"x" * 500))
            for path, says in (("/cut", "without an answer"), ("/drop", "without an answer"),
                               ("/garbage", "first line"), ("/split", "control characters"),
                               ("/twice", "Content-Length"), (PAGE.replace("b1", "short") + "1", "midst")):
                self.problem(c.ask(path), 502, says)
            answer = c.ask("/busy")
            self.assertEqual((answer.status, answer.body, answer.fields["retry-after"]),
                             (503, b"later", "7"))
            self.assertEqual(c.ask("/long").body, b"x" * 1000)
            self.assertEqual(c.ask("/file", range="bytes=0-3").body, bytes(4))
            self.problem(c.ask("/hang"), 504, "does not answer")
            self.up.event.set()  # for longer than the body was waited for: nothing says "continue" now
            self.assertEqual(expects.take(500), b"y" * 500)
            answer = c.ask("/hints")
            self.assertEqual(answer.body, b"x" * 1000)
            self.assertIn(len(answer.interim), range(1, 65))
            with self.assertRaises(server.Closed) as closed:
                c.ask("/short")
            self.assertLessEqual(len(closed.exception.received), 300)

    def test_half_closed(self):
        """Clients that have sent all and say so."""
        running = self.serve()
        body = os.urandom(700000)
        for path, method, data, right in (("/file", "GET", b"", upstream.large()),
                                          ("/upload", "POST", body, hashlib.sha256(body).hexdigest().encode())):
            with running.connect() as c:
                c.send(c.request(path, method, data))
                c.socket.shutdown(socket.SHUT_WR)
                answer = c.answer()
                self.assertEqual((answer.status, answer.body == right), (200, True))
                self.assertTrue(c.is_closed())

    def test_dies_and_returns(self):
        running = self.serve()
        self.assertEqual(running.get("/login").status, 302)
        self.up.stop()
        self.problem(running.get("/login"), 502, "cannot be reached", "refused")
        self.problem(running.post("/upload", b"x" * 300000), 502)
        self.assertEqual(running.get("/planche/readyz").status, 200)
        self.up.ended.clear()
        self.up.start(self.up.port)
        self.assertEqual(running.get("/login").status, 302)

    def test_early_answer(self):
        """An upload that the upstream does not want."""
        running = self.serve()
        with running.connect() as c:
            c.send(c.request("/busy", "POST", content_length="100000000") + bytes(200000))
            self.assertEqual(c.answer().status, 503)


class Pages(Proxy):
    def test_komga(self):
        """Authorisation, size, type, tags; the upstream is asked for every page."""
        running = self.cached("--prefetch", "0")
        with running.connect() as c:
            answer = c.ask(PAGE + "1")
            self.assertEqual((answer.status, answer.body), (401, b'{"error":"Unauthorized"}'))
            self.assertEqual((answer.fields["www-authenticate"], answer.fields["set-cookie"]),
                             ('Basic realm="Realm"', "KOMGA-SESSION=s1"))
            answer = c.ask(PAGE + "1", **READER)
            self.assertEqual((answer.status, answer.fields["content-type"], width(answer.body)),
                             (200, "image/png", 64))
            self.assertEqual(answer.fields["x-planche-result"], "upscaled")
            self.assertEqual(answer.fields["content-disposition"], 'inline; filename="p0.png"')
            self.assertEqual(answer.fields["cache-control"], "private, max-age=0, must-revalidate")
            self.assertNotIn("last-modified", answer.fields)
            tag = answer.fields["etag"]
            again = c.ask(PAGE + "1", if_none_match='"other"', **READER)
            self.assertEqual((again.fields["x-planche-result"], again.body), ("cached", answer.body))
            before = len(self.up.requests)
            unchanged = c.ask(PAGE + "1", if_none_match=tag, **READER)
            self.assertEqual((unchanged.status, unchanged.fields["etag"], unchanged.body), (304, tag, b""))
            self.assertEqual(len(self.up.requests), before + 1)
            self.assertEqual(c.ask(PAGE + "1", if_none_match=tag).status, 401)
            self.assertEqual(c.ask(PAGE + "99", **READER).status, 404)
            webp = c.ask(PAGE + "1", accept="image/webp,*/*;q=0.8", **READER)
            self.assertEqual((webp.fields["content-type"], webp.body[8:12], webp.fields["vary"]),
                             ("image/webp", b"WEBP", "Accept"))
            self.assertEqual(webp.fields["content-disposition"], 'inline; filename="p0.webp"')
            opds = c.ask("/opds/v1.2/books/b1/pages/0", accept="image/webp,*/*", **READER)
            self.assertEqual((opds.fields["content-type"], opds.body), ("image/png", answer.body))
            base = c.ask("/comics" + PAGE + "1", **READER)  # Komga below a path
            self.assertEqual(base.status, 404)
            self.assertIn("/comics" + PAGE + "1", self.up.paths())

    def test_what_stays(self):
        """Thumbnails, ranges, HEAD, pages that are large enough, damaged, or Planche's own."""
        running = self.cached("--prefetch", "0", "--skip-above", "50")
        with running.connect() as c:
            answer = c.ask(PAGE + "1/thumbnail", **READER)
            self.assertEqual(answer.body, self.pages[0])
            answer = c.ask(PAGE + "1", range="bytes=0-", **READER)
            self.assertEqual((answer.body, "x-planche-result" in answer.fields), (self.pages[0], False))
            answer = c.ask(PAGE + "1", "HEAD", **READER)
            self.assertEqual((answer.status, "content-length" in answer.fields, "etag" in answer.fields),
                             (200, False, False))
            made = c.ask(PAGE + "1", **READER).body
            damaged = self.pages[0][:300]
            for page, reason in ((harness.page(60, 40), "threshold"), (damaged, "damaged"),
                                 (b"no image", "unsupported"), (made, "own-mark")):
                self.up.pages = [page]
                answer = c.ask(PAGE + "1", **READER)
                self.assertEqual((answer.fields["x-planche-result"], answer.body == page),
                                 (f"original; reason={reason}", True))
                self.assertIn("last-modified", answer.fields)
                self.assertEqual(answer.fields["vary"], "Accept")
                tag = answer.fields["etag"]
                self.assertEqual(c.ask(PAGE + "1", if_none_match=tag, **READER).status, 304)
            self.up.pages, self.up.mime = [harness.page(32, 40)], "text/html"
            self.assertEqual(c.ask(PAGE + "1", **READER).body, self.up.pages[0])

    def test_limits(self):
        """Pages that gain too little, and those that are too large to be taken into memory."""
        running = self.serve("--fit", "36x46", "--max-bytes", "8k")
        answer = running.get(PAGE + "1", **READER)
        self.assertEqual(answer.fields["x-planche-result"], "original; reason=threshold")
        self.up.pages = [os.urandom(9000)]
        answer = running.get(PAGE + "1", **READER)
        self.assertEqual((answer.fields["x-planche-result"], answer.body == self.up.pages[0]),
                         ("original; reason=too-large", True))

    def test_deadline(self):
        """The original now, and the result the next time."""
        self.pages = [harness.page(400, 500)]
        running = self.cached("--prefetch", "0", "--deadline", "1", "--rules",
                              self.write("rules.toml", b"[[rule]]\ntta = true\n"))
        answer = running.get(PAGE + "1", **READER)
        if answer.fields["x-planche-result"] == "upscaled":
            self.skipTest("this machine is too fast for this test")
        self.assertEqual((answer.fields["x-planche-result"], answer.body),
                         ("original; reason=deadline", self.pages[0]))
        self.assertEqual(answer.fields["cache-control"], "no-store")
        self.assertNotIn("etag", answer.fields)

    def test_secrets(self):
        """Keys are in no log, metric or name of a file."""
        running = self.cached("--log-level", "debug", "--prefetch", "1")
        kavita = f"/api/reader/image?chapterId=3&page=0&apiKey={upstream.KEY}"
        self.assertEqual(width(running.get(kavita, cookie="session=hidden-cookie").body), 64)
        running.get(PAGE + "1", **READER)
        running.get(f"/api/opds/{upstream.KEY}/image?chapterId=3&pageNumber=1&libraryId=1&seriesId=2")
        self.up.stop()
        running.get(kavita)
        text = running.get("/planche/metrics").body.decode() + running.get("/planche/v1/status").body.decode()
        self.assertEqual(running.stop(), 0)
        text += "".join(running.lines) + "".join(glob.glob(self.path("**"), recursive=True))
        for secret in (upstream.KEY, "secret-of-komga", upstream.USER.split()[1], "hidden-cookie"):
            self.assertNotIn(secret, text)


class Load(Proxy):
    def test_many_clients_and_faults(self):
        """load_proxy.py, a small part: no answer that must not be, and nothing that stays."""
        running = self.cached("--prefetch", "0", "--upstream-timeout", "60")
        pages = load_proxy.learn(f"http://127.0.0.1:{running.address[1]}", 4)
        run = load.Load(running.address, running.process.pid, pages, 16, 200, load_proxy.ProxyClient).run()
        self.assertEqual(run.wrong, [])
        self.assertEqual(sum(run.done.values()), 200)
        for kind, _ in load_proxy.ProxyClient.KINDS:
            self.assertGreater(run.done[kind.__name__], 0, run.done)
        end = time.monotonic() + harness.MARGIN_SECONDS
        while (status := running.get("/planche/v1/status").json())["connections"] > 1:
            self.assertLess(time.monotonic(), end, status)
            time.sleep(0.01)
        self.assertEqual((status["memory"]["bodies"], status["pages"]["failed"]), (0, 0))
        if not os.environ.get("SANITIZED"):
            self.assertLess(max(run.memory) - run.memory[0], 20e6, run.memory)

    def test_killed(self):
        """kill -9 while a page comes, is made, and is sent: what is kept is whole, and the next
        server goes on with it."""
        def serve(folder):
            return self.serve("--prefetch", "0", "--cache", folder, cache=True)

        right = serve(self.path("send")).get(PAGE + "1", **READER).body
        for phase in ("fetch", "run", "send"):
            folder = self.path(phase)
            running = serve(folder)
            with self.subTest(phase=phase), running.connect() as c:
                path = "/api/v1/books/slow/pages/1" if phase == "fetch" else PAGE + "1"
                c.send(c.request(path, **READER))
                self.up.wait_for(lambda paths, path=path: path in paths)
                if phase == "send":
                    c.fill()
                running.process.kill()
                running.process.wait()
                harness.run("cache", "verify", "--cache", folder, check=0)
                again = serve(folder).get(PAGE + "1", **READER)
                self.assertEqual((again.status, again.body), (200, right))


# As KOReader asks: by LuaSocket, with a name and a password, for what its screen can show.
LUA = r"""
local http, ltn12 = require("socket.http"), require("ltn12")
http.TIMEOUT = tonumber(arg[4])
local sink, file = {}, arg[3] ~= "" and assert(io.open(arg[3], "rb")):read("*a") or nil
local _, code, headers = http.request{
    url = arg[1], method = file and "POST" or "GET", sink = ltn12.sink.table(sink),
    source = file and ltn12.source.string(file),
    user = not file and "reader" or nil, password = not file and "secret-of-komga" or nil,
    headers = {["Accept-Encoding"] = "identity", ["Content-Length"] = file and #file,
               ["User-Agent"] = "KOReader/2025.10"}}
local body = table.concat(sink)
assert(io.open(arg[2], "wb")):write(body)
print(code, headers and headers["content-type"], headers and headers["x-planche-result"])
"""


class LuaSocket(Proxy):
    """KOReader's HTTP client."""

    def ask(self, running, path, file=""):
        self.write("client.lua", LUA.encode())
        result = subprocess.run(
            ["lua5.1", "client.lua", f"http://127.0.0.1:{running.address[1]}{path}", "answer", file,
             str(harness.MARGIN_SECONDS)], cwd=self.folder, capture_output=True, text=True, check=True)
        return result.stdout.split("\n")[0].split("\t"), self.read("answer")

    def test_pages(self):
        if not shutil.which("lua5.1") or subprocess.run(
                ["lua5.1", "-e", "require('socket.http')"], capture_output=True, check=False).returncode:
            self.skipTest("there is no lua-socket")
        running = self.cached("--prefetch", "0")
        told, body = self.ask(running, "/opds/v1.2/books/b1/pages/0")
        self.assertEqual((told, width(body)), (["200", "image/png", "upscaled"], 64))
        told, again = self.ask(running, "/opds/v1.2/books/b1/pages/0")
        self.assertEqual((told, again), (["200", "image/png", "cached"], body))
        told, body = self.ask(running, "/file?size=300000")
        self.assertEqual((told[0], body), ("200", upstream.large(300000)))
        self.assertEqual(self.ask(running, "/api/v1/books/busy/pages/1")[0][0], "503")
        self.write("page.png", self.pages[0])
        told, body = self.ask(running, "/planche/v1/upscale?format=png", "page.png")
        self.assertEqual((told[:2], width(body)), (["200", "image/png"], 64))


class Prefetch(Proxy):
    def numbers(self, start):
        """Numbers of pages that were asked for by addresses that begin so."""
        return sorted(int(p.removeprefix(start).split("&")[0].split("?")[0]) for p in self.up.paths()
                      if p.startswith(start))

    def test_pages_to_come(self):
        running = self.cached()
        running.get(PAGE + "3?zero_based=false", **READER)
        self.up.wait_for(lambda paths: len(paths) == 6)
        self.assertEqual(self.numbers(PAGE), [3, 4, 5, 6, 7, 8])
        self.assertEqual({f.get("authorization") for _, _, f in self.up.requests}, {upstream.USER})
        answer = running.get(PAGE + "4?zero_based=false", **READER)
        self.assertEqual(width(answer.body), 64)
        self.up.wait_for(lambda paths: len(paths) == 8)
        self.assertEqual(self.numbers(PAGE), [3, 4, 4, 5, 6, 7, 8, 9])

    def test_end_of_book(self):
        running = self.cached()
        running.get(PAGE + str(upstream.PAGES - 1), **READER)
        self.up.wait_for(lambda paths: len(paths) == 3)
        running.get(PAGE + str(upstream.PAGES), **READER)
        self.assertEqual(self.numbers(PAGE)[:4], [11, 12, 12, 13])

    def test_progress(self):
        """Pages that nobody has seen yet are not marked as read."""
        running = self.cached("--prefetch", "2")
        running.get(f"/api/opds/{upstream.KEY}/image?libraryId=1&seriesId=2&chapterId=5&pageNumber=1")
        self.up.wait_for(lambda paths: len(paths) == 3)
        self.assertEqual(self.numbers("/api/reader/image?chapterId=5&page="), [2, 3])
        running.get("/api/v1/manga/8/chapter/2/page/0?updateProgress=true", user_agent="other")
        self.up.wait_for(lambda paths: len(paths) == 6)
        self.assertEqual(self.numbers("/api/v1/manga/8/chapter/2/page/"), [0, 1, 2])
        self.assertEqual(self.up.progress, [("5", 1), ("8", 0)])

    def test_goes_elsewhere(self):
        self.pages = [harness.page(112, 140, seed=seed) for seed in range(1, 9)]
        running = self.cached()
        running.get(PAGE + "1", **READER)
        self.up.wait_for(lambda paths: PAGE + "2" in paths)
        running.get(PAGE.replace("b1", "b2") + "7", **READER)
        self.up.wait_for(lambda paths: PAGE.replace("b1", "b2") + "12" in paths)
        self.assertNotIn(PAGE + "6", self.up.paths())


class Rules(Proxy):
    RULES = b"""
# Which pages become larger, and how.
[[rule]]
server = "komga"
series = ["S-plain", "S-later"]
enlarge = false

[[rule]]
server = "suwayomi"
series = "Manga 8"
enlarge = false

[[rule]]
series = "Series of titled"   # by its title
format = 'jpg'
quality = 80

[[rule]]
library = 3
skip-above = 20
"""

    def test_series_and_libraries(self):
        path = self.write("rules.toml", self.RULES)
        running = self.cached("--rules", path, "--prefetch", "0")

        def result(book):
            answer = running.get(PAGE.replace("b1", book) + "1", **READER)
            return answer.fields.get("x-planche-result"), answer.fields["content-type"]
        self.assertEqual(running.get(PAGE.replace("b1", "plain") + "1").status, 401)
        self.assertEqual(result("plain"), (None, "image/png"))
        self.assertEqual(result("titled"), ("upscaled", "image/jpeg"))
        self.assertEqual(result("other"), ("upscaled", "image/png"))
        kavita = f"/api/reader/image?chapterId=3&page=0&apiKey={upstream.KEY}"
        self.assertEqual(running.get(kavita).fields["x-planche-result"], "original; reason=threshold")
        bookmark = f"/api/reader/bookmark-image?seriesId=3&page=0&apiKey={upstream.KEY}"
        self.assertEqual(running.get(bookmark).fields["x-planche-result"], "cached")
        chapters = [running.get(f"/api/v1/manga/{manga}/chapter/2/page/0").fields.get("x-planche-result")
                    for manga in (8, 9)]
        self.assertEqual(chapters, [None, "cached"])
        self.up.broken = True
        self.assertEqual(result("later")[0], "cached")
        self.up.broken = False
        self.assertEqual(result("later")[0], None)
        asked = len(self.up.requests)
        self.assertEqual(result("plain"), (None, "image/png"))
        self.assertEqual(len(self.up.requests), asked + 1)  # the series is known
        self.write("rules.toml", b"[[rule]]\nenlarge = true\nquality = 'high'\n")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for_line(r"rules.toml:3: quality must be .*the old rules hold")
        self.assertEqual(result("plain"), (None, "image/png"))
        self.write("rules.toml", b"")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for_line("the rules have been read again")
        self.assertEqual(result("plain"), ("cached", "image/png"))

    def test_check(self):
        for text, says in (("", None), (self.RULES.decode(), None),
                           ("[[rule]]\nmode1 = 'x'\n", ":2: there is no setting mode1"),
                           ("[[rule]]\n\nmodel = 'no-such'\n", ":3: "),
                           ("[rule]\n", "[[rule]]"), ("x = 1\n", ":1: only [[rule]]"),
                           ("[[rule]]\nseries = 1.5\n", ":2: series must be"),
                           ("[[rule]]\nfit = 'wide'\n", ":2: fit must be"),
                           ("[[rule]]\nscale = 'auto'\n", ":1: scale = \"auto\" needs a size"),
                           ("[[rule]]\nmodel = './no.param'\n", ":1: ./no.param"),
                           ("[[rule]\n", ":1: the name of a table has no end")):
            checked = harness.run("serve", "--check", "--no-cache", "--upstream", "http://127.0.0.1:1",
                                  "--rules", self.write("rules.toml", text.encode()))
            self.assertEqual(checked.returncode == 0, says is None, checked.stderr)
            self.assertIn(says or "", checked.stderr)
        rules = self.write("rules.toml", b"[[rule]]\nmodel = 'realcugan'\n")
        checked = harness.run("serve", "--check", "--no-cache", "--upstream", "http://127.0.0.1:1",
                              "--rules", rules, "--model-dir", self.folder, check=0)
        self.assertIn("realcugan", checked.stderr)
        self.assertIn("warnings", checked.stdout)


if __name__ == "__main__":
    harness.main()
