# SPDX-License-Identifier: MIT
"""Stand-ins of Komga, Kavita and Suwayomi for tests of planche serve --upstream: what they do with
credentials, tags, progress, events, WebSockets and ranges, and what servers do that fail."""
import array
import base64
import hashlib
import http.server
import json
import socket
import threading
import urllib.parse

import harness

USER = "Basic " + base64.b64encode(b"reader:secret-of-komga").decode()
KEY = "key-of-kavita-1234"
LARGE = 3 << 20  # bytes of a download
PAGES = 12       # of a book


def large(size=LARGE):
    """Bytes that show where some are missing or come twice; size is a multiple of 4."""
    return array.array("I", range(size // 4)).tobytes()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server_version, sys_version = "Stand-in", ""

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ValueError):
            self.close_connection = True

    def handle_expect_100(self):
        return self.path == "/slow" or super().handle_expect_100()

    def answer(self, status, body=b"", mime="text/plain", **fields):
        self.send_response(status)
        if mime:
            self.send_header("Content-Type", mime)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def raw(self, data, ends=True):
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = ends

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def go(self):
        own = self.server.owner
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        with own.changed:
            own.requests.append((self.command, self.path, dict(self.headers.items())))
            own.changed.notify_all()
        parts = url.path.strip("/").split("/")
        for name in ("faults", "komga", "kavita", "suwayomi"):
            if getattr(self, name)(own, parts, query):
                return
        self.answer(404, b"no such thing", x_own="404")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = go

    def page(self, number, disposition=True, **fields):
        """With the tag and fields that Komga gives it."""
        own = self.server.owner
        if not 0 <= number < PAGES:
            self.answer(404, b'{"status":404}', "application/json")
            return
        data = own.pages[number % len(own.pages)]
        tag = '"0' + hashlib.md5(data).hexdigest() + '"'
        fields = {"ETag": tag, "Cache_Control": "max-age=0, must-revalidate, private",
                  "Last_Modified": "Sun, 29 Nov 2026 10:00:00 GMT", **fields}
        if disposition:
            fields["Content_Disposition"] = f'inline; filename="p{number}.png"'
        if self.headers.get("If-None-Match") == tag:
            self.answer(304, b"", None, **fields)
        else:
            self.answer(200, data, own.mime, **fields)

    def komga(self, own, parts, query):
        """Pages want a name and a password; the rest is events, files, a login."""
        path = "/".join(parts)
        if path.startswith("api/v1/books/") or path.startswith("opds/"):
            if self.headers.get("Authorization") != USER:
                self.answer(401, b'{"error":"Unauthorized"}', "application/json",
                            WWW_Authenticate='Basic realm="Realm"', Set_Cookie="KOMGA-SESSION=s1")
            elif "pages" not in parts and own.broken:
                self.answer(500)
            elif "pages" not in parts:
                self.answer(200, json.dumps({"id": parts[-1], "seriesId": "S-" + parts[-1],
                                             "seriesTitle": "Series of " + parts[-1],
                                             "libraryId": "L1"}).encode(), "application/json")
            elif parts[-1] == "thumbnail":
                self.answer(200, own.pages[0], own.mime)
            else:
                zero = "v1.2" in parts or query.get("zero_based") == "true"
                self.page(int(parts[-1]) - (0 if zero else 1))
        elif path == "sse/v1/events":
            self.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n", ends=False)
            for number in range(2):
                event = b"data: %d\n\n" % number
                self.raw(b"%x\r\n%s\r\n" % (len(event), event), ends=False)
                own.event.wait(harness.MARGIN_SECONDS)
            own.ended.wait(harness.MARGIN_SECONDS)
            self.close_connection = True
        elif path == "file":
            self.download(int(query.get("size", LARGE)))
        elif path == "chunks":
            self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n", ends=False)
            data = large(1 << 18)
            for first in range(0, len(data), 50000):
                piece = data[first:first + 50000]
                self.raw(b"%x;name=value\r\n%s\r\n" % (len(piece), piece), ends=False)
            self.raw(b"0\r\nX: y\r\n\r\n", ends=False)
        elif path == "login":
            self.answer(302, b"", None, Location="http://elsewhere.example/", Set_Cookie="a=b; Path=/")
        elif path == "upload":
            data = self.body()
            self.answer(200, hashlib.sha256(data).hexdigest().encode(), X_Bytes=str(len(data)))
        else:
            return False
        return True

    def download(self, size):
        data = large(size)
        wanted = self.headers.get("Range")
        if wanted is None:
            self.answer(200, data, "application/zip", Accept_Ranges="bytes")
            return
        first, last = wanted.removeprefix("bytes=").split("-")
        first, last = int(first), min(int(last or len(data) - 1), len(data) - 1)
        self.answer(206, data[first:last + 1], "application/zip",
                    Content_Range=f"bytes {first}-{last}/{len(data)}")

    def kavita(self, own, parts, query):
        path = "/".join(parts)
        opds = parts[:2] == ["api", "opds"]
        key = parts[2] if opds and len(parts) > 2 else query.get("apiKey", self.headers.get("x-api-key"))
        if not (opds or path.startswith("api/reader/") or path == "hubs/messages"):
            return False
        if path == "hubs/messages":
            self.echo()
        elif key != KEY:
            self.answer(401)
        elif path == "api/reader/chapter-info":
            self.answer(200, json.dumps({"seriesId": 7, "libraryId": 3, "seriesName": "Akira",
                                         "pages": PAGES}).encode(), "application/json")
        elif opds:
            if query.get("saveProgress") != "false":
                own.progress.append((query["chapterId"], int(query["pageNumber"])))
            self.page(int(query["pageNumber"]), False, Cache_Control="max-age=86400")
        else:
            self.page(int(query["page"]), False)
        return True

    def suwayomi(self, own, parts, query):
        if parts[:3] != ["api", "v1", "manga"] or len(parts) not in (4, 8):
            return False
        if len(parts) == 4:
            self.answer(200, json.dumps({"id": int(parts[3]), "title": "Manga " + parts[3]}).encode(),
                        "application/json")
            return True
        if query.get("updateProgress") == "true":
            own.progress.append((parts[3], int(parts[-1])))
        self.page(int(parts[-1]), False, Cache_Control="max-age=86400")
        return True

    def echo(self):
        """A WebSocket's way to begin, then what comes goes back."""
        accept = base64.b64encode(hashlib.sha1((self.headers["Sec-WebSocket-Key"] +
                                                "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        self.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\nhello")
        while data := self.rfile.read1(65536):
            self.raw(data)

    def faults(self, own, parts, query):
        """Of a page too, if its book is named so."""
        name = parts[0] if len(parts) == 1 else parts[3] if len(parts) > 3 else ""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n"
        if name == "hang":
            own.ended.wait(harness.MARGIN_SECONDS)
        elif name == "cut":
            self.raw(head[:20])
        elif name == "short":
            self.raw(head + b"x" * 300)
        elif name == "long":
            self.raw(head + b"x" * 1300)
        elif name == "garbage":
            self.raw(b"\x00\x01 this is no answer\r\n\r\n")
        elif name == "split":
            self.raw(b"HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n")
        elif name == "twice":
            self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde")
        elif name == "busy":
            self.answer(503, b"later", Retry_After="7")
        elif name == "slow":
            self.raw(head + b"x" * 500, ends=False)
            own.event.wait(harness.MARGIN_SECONDS)
            self.raw(b"y" * 500)
        elif name == "hints":
            self.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 500 + head + b"x" * 1000)
        elif name == "drop":
            pass
        else:
            return False
        self.close_connection = self.close_connection or name != "busy"
        return True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass

    def get_request(self):
        connection, address = super().get_request()
        self.owner.connections.append(connection)
        return connection, address


class Upstream:
    """A running stand-in. pages: bytes of the pages of every book; .requests: what came."""

    def __init__(self, case, pages, mime="image/png", port=0):
        self.pages, self.mime = pages, mime
        self.requests, self.progress, self.connections = [], [], []
        self.broken = False  # what says of books to which series they belong
        self.changed = threading.Condition()
        self.event, self.ended = threading.Event(), threading.Event()
        self.start(port)
        case.addCleanup(self.stop)

    def start(self, port):
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.owner = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def stop(self):
        """As if the process died."""
        self.ended.set()
        self.event.set()
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.connections.clear()
        self.thread.join()

    def paths(self):
        with self.changed:
            return [path for _, path, _ in self.requests]

    def wait_for(self, right):
        """Until the list of paths is right."""
        with self.changed:
            if not self.changed.wait_for(lambda: right([p for _, p, _ in self.requests]),
                                         harness.MARGIN_SECONDS):
                raise AssertionError(self.requests)
