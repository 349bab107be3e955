# SPDX-License-Identifier: MIT
"""The configurations of nginx and Caddy in packaging/, run by nginx and Caddy in front of a real
planche serve: TLS, HTTP/2, a Unix socket, uploads, events, silence for Suwayomi."""
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest

import harness
import png
import server
import test_serve
import upstream as services

PACKAGING = os.path.join(test_serve.SOURCE, "packaging")
TOKEN = "a-token-for-the-tests"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(*parts):
    with open(os.path.join(PACKAGING, *parts), encoding="utf-8") as file:
        return file.read()


class Upstream(threading.Thread):
    """A stand-in for Planche that answers with events, the second of which waits for a word."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.go_on = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen(8)
        self.start()

    def run(self):
        connection, _ = self.listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                               b"Transfer-Encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n")
            self.go_on.wait(harness.MARGIN_SECONDS)
            connection.sendall(b"8\r\ndata: 2\n\r\n0\r\n\r\n")


class Front:
    """What both have to do; they are told apart by how they are started."""

    def setUp(self):
        super().setUp()
        for program in (self.program, "curl", "openssl"):
            if not shutil.which(program):
                self.skipTest(f"there is no {program}")
        os.chmod(self.folder, 0o755)  # for the user of nginx's workers
        self.socket, self.port = self.path("http.sock"), free_port()
        self.certificate, self.key = self.path("cert.pem"), self.path("key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                        self.key, "-out", self.certificate], check=True, capture_output=True)

    def start(self, command):
        with open(self.path("front.log"), "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder,
                                       env={**os.environ, "HOME": self.folder,
                                            "XDG_DATA_HOME": self.folder,
                                            "XDG_CONFIG_HOME": self.folder})
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        end = time.monotonic() + harness.MARGIN_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(self.read("front.log"))

    def planche(self):
        running = self.serve("--token-file", self.write("token", TOKEN.encode()),
                             listen=[f"unix:{self.socket}"])
        os.chmod(self.socket, 0o777)
        return running

    def curl(self, path, *arguments, token=True, check=0):
        """Status, version of HTTP and body. check: whether curl must fail; None: it may."""
        answer = self.path("answer")
        if os.path.exists(answer):
            os.remove(answer)
        result = subprocess.run(
            ["curl", "--silent", "--show-error", "--http2", "--cacert", self.certificate,
             "--max-time", str(harness.MARGIN_SECONDS), "--output", answer, "--write-out",
             "%{http_code} %{http_version}",
             *(("--header", f"Authorization: Bearer {TOKEN}") if token else ()), *arguments,
             f"https://localhost:{self.port}{path}"], capture_output=True, text=True, check=False)
        if check is not None:
            self.assertEqual(result.returncode != 0, check != 0, result.stderr)
        status, version = result.stdout.split()
        body = self.read("answer") if os.path.exists(answer) else b""
        return int(status), version, body

    def test_pages(self):
        running = self.planche()
        self.begin()
        page = self.write("page.png", self.page)
        self.assertEqual(self.curl("/healthz", token=False)[:2], (200, "2"))
        self.assertEqual(self.curl("/v1/status", token=False)[0], 401)
        status, version, direct = *self.curl("/v1/upscale", "--data-binary", "@" + page)[:2], None
        self.assertEqual((status, version), (200, "2"))
        result = self.read("answer")
        direct = running.post("/v1/upscale", self.page, authorization=f"Bearer {TOKEN}")
        self.assertEqual(result, direct.body)
        status, _, body = self.curl("/v1/upscale", "--form", "image=@" + page)
        self.assertEqual((status, body), (200, result))
        self.assertEqual(self.curl("/v1/upscale", "--data-binary", "@" + page, "--header",
                                   "If-None-Match: " + direct.fields["etag"])[0], 304)
        self.assertEqual(self.curl("/v1/upscale", "--data-binary", "no page")[0], 415)
        # In chunks, which Planche gets as they come.
        status, _, body = self.curl("/v1/upscale", "--http1.1", "--header",
                                    "Transfer-Encoding: chunked", "--data-binary", "@" + page)
        self.assertEqual((status, body), (200, result))
        status, _, body = self.curl("/suwayomi?format=png", "--form", "image=@" + page)
        self.assertEqual((status, body[:4]), (200, b"\x89PNG"))
        self.assertIn(b"<html", self.curl("/", token=False)[2][:400])

    def test_silence_for_suwayomi(self):
        """Not a byte of an error, neither of Planche's nor of what is in front of it."""
        running = self.planche()
        self.begin()
        page = self.write("page.png", self.page)
        with open(self.path("large"), "wb") as file:
            file.truncate(65 << 20)
        for arguments, token in ((["--form", "image=@" + page], False),
                                 (["--data-binary", "@" + self.path("large")], True)):
            _, _, body = self.curl("/suwayomi", *arguments, token=token, check=1)
            self.assertEqual(body, b"")
        # The text of an answer that comes before the body was sent may be cut off by Caddy.
        self.assertEqual(self.curl("/v1/upscale", "--data-binary", "@" + self.path("large"),
                                   check=None)[0], 413)
        self.assertEqual(running.stop(), 0)
        self.assertEqual(self.curl("/suwayomi", "--form", "image=@" + page, check=1)[2], b"")
        self.assertEqual(self.curl("/v1/status")[0], 502)

    def test_who_leaves_is_seen(self):
        running = self.planche()
        self.begin()
        page = self.write("slow.png", test_serve.slow_page(0, 4))
        with subprocess.Popen(["curl", "--silent", "--cacert", self.certificate, "--header",
                               f"Authorization: Bearer {TOKEN}", "--data-binary", "@" + page,
                               f"https://localhost:{self.port}/v1/upscale?tta=true"]) as client:
            with_token = {"authorization": f"Bearer {TOKEN}"}

            def pages():
                return running.get("/v1/status", **with_token).json()["pages"]
            end = time.monotonic() + harness.MARGIN_SECONDS
            while pages()["running"] == 0 and time.monotonic() < end:
                time.sleep(0.02)
            client.kill()
        while pages()["cancelled"] == 0 and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(pages()["cancelled"], 1)

    def test_events_pass_at_once(self):
        upstream = Upstream(self.socket)
        self.addCleanup(upstream.listener.close)
        self.begin()
        with subprocess.Popen(["curl", "--silent", "--no-buffer", "--cacert", self.certificate,
                               f"https://localhost:{self.port}/v1/books/1/events"],
                              stdout=subprocess.PIPE) as client:
            self.assertEqual(client.stdout.readline(), b"data: 1\n")  # the second is not sent yet
            upstream.go_on.set()
            self.assertEqual(client.stdout.read(), b"data: 2\n")


    def test_upstream(self):
        """WebSocket, uploads of any size, and Suwayomi's silence beside an upstream."""
        behind = services.Upstream(self, [self.page])
        self.serve("--upstream", behind.url, listen=[f"unix:{self.socket}"])
        os.chmod(self.socket, 0o777)
        self.begin(upstream=True)
        context = ssl.create_default_context(cafile=self.certificate)
        with socket.create_connection(("127.0.0.1", self.port), harness.MARGIN_SECONDS) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as c:
            c.sendall(b"GET /hubs/messages HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                      b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            answer = b""
            while not answer.endswith(b"hello"):
                piece = c.recv(4096)
                self.assertTrue(piece, answer)
                answer += piece
            self.assertTrue(answer.startswith(b"HTTP/1.1 101 "), answer)
            c.sendall(b"and back")
            self.assertEqual(c.recv(4096), b"and back")
        with open(self.path("large"), "wb") as file:
            file.truncate(65 << 20)
        page = self.curl("/api/v1/books/b1/pages/1", "--user", "reader:secret-of-komga", token=False)
        self.assertEqual((page[0], png.Image(page[2]).width), (200, 2 * png.Image(self.page).width))
        self.assertEqual(self.curl("/api/v1/books/b1/pages/1", token=False)[0], 401)
        self.assertEqual(self.curl("/upload", "--upload-file", self.path("large"), token=False)[0], 200)
        self.assertEqual(self.curl("/planche/suwayomi", "--form", "image=@" + self.path("large"), token=False,
                                   check=1)[2], b"")


class Nginx(Front, test_serve.Serve):
    program = "nginx"

    def begin(self, upstream=False):  # as it is
        part = self.write("planche_proxy.conf", configuration("nginx", "planche_proxy.conf").encode())
        site = configuration("nginx", "planche.conf")
        for old, new in (("/etc/ssl/certs/planche.pem", self.certificate),
                         ("/etc/ssl/private/planche.key", self.key),
                         ("/etc/nginx/planche_proxy.conf", part),
                         ("/run/planche/http.sock", self.socket),
                         ("planche.example.org", "localhost"),
                         ("    listen [::]:443 ssl http2;\n", ""),
                         ("listen 443", f"listen 127.0.0.1:{self.port}")):
            self.assertIn(old, site)
            site = site.replace(old, new)
        folders = "".join(f"{name}_temp_path {self.folder};\n" for name in
                          ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        whole = (f"pid {self.path('pid')};\nerror_log stderr;\ndaemon off;\nworker_processes 1;\n"
                 f"events {{}}\nhttp {{\naccess_log off;\n{folders}\n{site}}}\n")
        self.start(["nginx", "-e", "stderr", "-p", self.folder, "-c",
                    self.write("nginx.conf", whole.encode())])


class Caddy(Front, test_serve.Serve):
    program = "caddy"

    def begin(self, upstream=False):
        site = configuration("caddy", "Caddyfile")
        if upstream:  # as its comment says
            site = re.sub(r"\trequest_body @\w+ \{[^}]*\}\n", "", site)
            self.assertNotIn("max_size", site)
        for old, new in (("planche.example.org {",
                          "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
                          f"https://localhost:{self.port} {{\n\tbind 127.0.0.1\n"
                          f"\ttls {self.certificate} {self.key}"),
                         ("unix//run/planche/http.sock", "unix/" + self.socket)):
            self.assertIn(old, site)
            site = site.replace(old, new)
        self.start(["caddy", "run", "--adapter", "caddyfile", "--config",
                    self.write("Caddyfile", site.encode())])


if __name__ == "__main__":
    harness.main()
