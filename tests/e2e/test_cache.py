# SPDX-License-Identifier: MIT
"""planche cache: what it says of entries that this test writes itself, by the description of the
format."""
import hashlib
import json
import os
import struct
import tempfile

import harness
from harness import run


def entry(key, content, texts=b"image/webp\0"):
    """The bytes of an entry."""
    size = 100 + len(texts) + 8
    head = b"PLNCHRES" + struct.pack("<IIQQ", 1, size, len(content), 1700000000 * 10**9)
    head += key + hashlib.sha256(content).digest() + struct.pack("<I", len(texts)) + texts
    return head + hashlib.sha256(head).digest()[:8] + content


class Cache(harness.Case):
    def setUp(self):
        super().setUp()
        keeper = tempfile.TemporaryDirectory(prefix="planche-cache-")
        self.addCleanup(keeper.cleanup)
        self.home = keeper.name
        self.folder = os.path.join(self.home, "planche", "results")

    def cache(self, *arguments, check=0):
        return run("cache", *arguments, env={"XDG_CACHE_HOME": self.home}, check=check)

    def facts(self, *arguments, check=0):
        return json.loads(self.cache(*arguments, "--json", check=check).stdout)

    def add(self, name, content, used):
        """An entry that was last used so many seconds after 2023; returns its path."""
        key = hashlib.sha256(name.encode()).digest()
        path = os.path.join(self.folder, key.hex()[:2], key.hex()[2:])
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "wb") as file:
            file.write(entry(key, content))
        os.utime(path, (1700000000 + used, 1700000000 + used))
        return path

    def test_nothing(self):
        """A look makes no folder."""
        self.assertEqual(self.facts()["entries"], 0)
        self.assertIn("0 results", self.cache().stdout)
        self.assertEqual(self.facts("prune")["removed"], 0)
        self.assertEqual(self.facts("verify")["damaged"], 0)
        self.assertEqual(os.listdir(self.home), [])

    def test_show_and_prune(self):
        paths = [self.add(str(i), bytes(1000), i * 100) for i in range(5)]
        size = os.path.getsize(paths[0])
        facts = self.facts("show")
        self.assertEqual((facts["entries"], facts["bytes"]), (5, 5 * size))
        self.assertEqual(facts["oldest_use"], "2023-11-14T22:13:20Z")
        self.assertEqual(facts["newest_use"], "2023-11-14T22:20:00Z")
        self.assertEqual(facts["folder"], self.folder)
        self.assertIn(f"5 results, {5 * size / 1024:.1f} KiB", self.cache().stdout)
        # By size, the one that was used first; limits of its own for age, or none.
        facts = self.facts("prune", "--max-size", 4 * size, "--max-age", "none")
        self.assertEqual((facts["removed"], facts["removed_bytes"], facts["entries"]), (1, size, 4))
        self.assertEqual([os.path.exists(path) for path in paths], [False] + 4 * [True])
        # All are older than the default age, but nobody has asked for that.
        self.assertEqual(self.facts("prune")["removed"], 0)
        os.utime(paths[4])
        self.assertEqual(self.facts("prune", "--max-age", "1w")["removed"], 3)
        self.assertEqual(self.facts("prune", "--all")["removed"], 1)
        self.assertEqual(self.facts()["entries"], 0)

    def test_verify(self):
        paths = [self.add(str(i), bytes([i]) * 1000, i) for i in range(3)]
        with open(paths[1], "r+b") as file:
            file.seek(-1, 2)
            file.write(b"?")
        result = self.cache("verify", check=1)
        self.assertIn(f"{paths[1]}: damaged", result.stderr)
        self.assertIn("2 results", result.stdout)
        self.assertFalse(os.path.exists(paths[1]))
        facts = self.facts("verify")
        self.assertEqual((facts["entries"], facts["damaged"]), (2, 0))

    def test_others(self):
        """Somebody else's file with the name of a result counts for nothing, and is no failure."""
        path = self.add("0", b"", 0)
        for name in "12":
            self.add(name, bytes(1000), 0)
        with open(path, "wb") as file:
            file.write(b"mine" + bytes(3 << 20))
        for arguments in (("show",), ("prune", "--max-size", "2M", "--max-age", "none"), ("verify",)):
            facts = self.facts(*arguments)
            self.assertEqual((facts["entries"], facts["foreign"], facts["foreign_bytes"]),
                             (2, 1, 4 + (3 << 20)))
        result = self.cache("prune", "--all")
        self.assertRegex(result.stdout, "foreign +1 file")
        self.assertEqual(result.stderr, "")
        self.assertIn(f"{path}: is no result", self.cache("verify").stderr)

    def test_abandoned(self):
        """What begins as entries do, or has nothing in it; others may have such names, too."""
        for folder, name, data in (("tmp", "0" * 16, b"PLNCHRESpart"), ("tmp", "1" * 16, b""), ("tmp", "2" * 16, b"mine"),
                                   ("tmp", "mydoc", b"part"), ("busy", "0" * 64, b"")):
            os.makedirs(os.path.join(self.folder, folder), mode=0o700, exist_ok=True)
            with open(os.path.join(self.folder, folder, name), "wb") as file:
                file.write(data)
        self.assertEqual(self.facts()["unfinished"], 2)
        self.assertEqual(self.facts("prune")["abandoned"], 2)
        self.assertEqual(os.listdir(os.path.join(self.folder, "busy")), [])
        self.assertEqual(sorted(os.listdir(os.path.join(self.folder, "tmp"))), ["2" * 16, "mydoc"])

    def test_mistakes(self):
        def said(*arguments, check=2):
            return self.cache(*arguments, check=check).stderr
        self.assertIn("did you mean 'planche cache prune'", said("prume"))
        self.assertIn("unexpected 'show'", said("show", "show"))
        self.assertIn("--all is for cache prune", said("--all"))
        for age in ("5", "0d", "-1d", "5y", "d", "99999999w", "1.5h"):
            self.assertIn("is not a time", said("prune", "--max-age", age))
        self.assertIn("is not a size", said("prune", "--max-size", "0"))
        missing = os.path.join(self.home, "missing")
        self.assertIn("no such folder", said("--cache", missing, check=3))
        os.mkdir(missing)
        os.chmod(missing, 0o777)
        self.assertIn("other users", said("--cache", missing, check=3))
        os.chmod(missing, 0o700)
        self.assertEqual(self.cache("--cache", missing).stderr, "")

    def test_closed_folder(self):
        """Of who owns it, or of who owns that above it; or what has its name is no folder."""
        def said(folder, status):
            result = self.as_nobody("cache", "verify", "--cache", folder, cwd="/")
            self.assertEqual(result.returncode, status, result.stderr)
            return result.stderr
        advice = "Permission denied; run this as who owns it, or choose another folder with --cache\n"
        entries = os.path.dirname(self.add("a", b"a", 0))
        for closed, status, why in ((entries, 1, f"{entries}: it cannot be listed"),
                                    (self.folder, 3, f"{self.folder}: is no folder for results"),
                                    (os.path.dirname(self.folder), 3, f"{self.folder}: is no folder for results")):
            for path in (self.home, os.path.dirname(self.folder), self.folder, entries):
                os.chmod(path, 0o000 if path == closed else 0o755)
            try:
                self.assertEqual(said(self.folder, status), f"planche: {why}: {advice}")
            finally:
                os.chmod(closed, 0o700)
        file = self.write("file", b"")
        self.assertIn(f"{file}: is no folder for results: Not a directory; choose another folder with --cache\n",
                      self.cache("verify", "--cache", file, check=3).stderr)


if __name__ == "__main__":
    harness.main()
