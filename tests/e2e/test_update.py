# SPDX-License-Identifier: MIT
"""Outputs that are there: which are up to date, and what a run does with the others."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
import zipfile

import archives
import harness


def book(*seeds):
    return archives.cbz([(f"{i}.png", harness.page(12, 16, seed=s)) for i, s in enumerate(seeds)])


class Outputs(harness.Case):
    model = True

    def library(self):
        self.write("lib/a.cbz", book(1, 2))
        self.write("lib/s/b.cbz", book(3))
        self.write("lib/s/cover.png", harness.page(12, 16, seed=9))
        for i in range(2):
            self.write(f"lib/scans/{i}.png", harness.page(12, 16, seed=i))

    def up(self, *arguments, **more):
        return self.planche("lib", "-o", "out", *arguments, **more)

    def statuses(self, *arguments):
        """{output: status} of a run, without the pages of books."""
        lines = map(json.loads, self.up("--json", *arguments).stdout.splitlines())
        return {line["output"][4:]: line["status"] for line in lines if line.get("book") is None}

    def times(self):
        return {os.path.join(folder, name): os.stat(os.path.join(folder, name)).st_ctime_ns
                for folder, _, names in os.walk(self.path("out")) for name in names}

    def replace(self, name, data):
        """A file of the same size and time, in another place of the disk."""
        old = os.stat(self.path(name))
        os.remove(self.path(name))
        self.write(name, data)
        os.utime(self.path(name), ns=(old.st_atime_ns, old.st_mtime_ns))


class Library(Outputs):
    ALL = ("s/cover.png", "scans", "a.cbz", "s/b.cbz")

    def setUp(self):
        super().setUp()
        self.library()
        self.up("--quiet")

    def test_forgotten_output(self):
        """The output, written without -o, is no second input."""
        os.mkdir(self.path("empty"))
        for name, why in (("out", "has written into this folder"), ("out/", "has written"), ("out/s", "has written"),
                          ("empty", "is empty")):
            self.assert_one_line(self.planche("lib", name, check=2).stderr, f"{name}: ", why, f"write -o {name}")
        self.assertEqual(self.files(), ["empty", "lib", "out"])
        self.write("more/page.png", harness.page(12, 16))
        for arguments in (("lib", "more"), ("more", "out", "-o", "new/"), ("out",)):
            self.planche(*arguments, "--dry-run")

    def test_nothing_to_do(self):
        before = self.times()
        for arguments in ([], ["--update"]):
            result = self.up(*arguments)
            self.assertEqual(result.stderr, "Skipped: 3 books (up to date), 1 page (up to date)\n")
        self.assertEqual(self.statuses(), dict.fromkeys(self.ALL, "up to date"))
        self.assertEqual(self.times(), before)
        self.assertEqual(self.up("--quiet").stderr, "")

    def test_nothing_needs_no_model(self):
        """Nor is it looked for when nothing is to be made."""
        self.up("--quiet", env={"PLANCHE_MODEL_DIR": self.folder})

    def test_touched(self):
        """The same bytes at another time are the same source, and are not read again and again."""
        for name in ("lib/a.cbz", "lib/scans/1.png", "lib/s/cover.png"):
            os.utime(self.path(name), (1, 1))
        for _ in range(2):
            self.assertEqual(self.statuses(), dict.fromkeys(self.ALL, "up to date"))

    def test_source_changed(self):
        before = self.times()
        self.write("lib/a.cbz", book(1, 5, 6))
        self.write("lib/s/cover.png", harness.page(12, 16, seed=10))
        result = self.up()
        self.assertIn("lib/a.cbz -> out/a.cbz  source changed\n", result.stderr)
        self.assertIn("Skipped: 2 books (up to date), 1 book (source changed), "
                      "1 page (source changed); --update makes these again\n", result.stderr)
        self.assertEqual(self.times(), before)
        self.assertIn("(source changed)", self.up("--dry-run").stdout)
        self.assertEqual(self.statuses("--update"),
                         {**dict.fromkeys(self.ALL, "up to date"), "a.cbz": "ok",
                          "s/cover.png": "ok"})
        with zipfile.ZipFile(self.path("out/a.cbz")) as made:
            self.assertEqual(len(made.namelist()), 3)
        self.assertEqual(self.statuses(), dict.fromkeys(self.ALL, "up to date"))

    def test_older_source(self):
        """A better scan may be older than the result."""
        self.write("lib/a.cbz", book(1, 5, 6))
        os.utime(self.path("lib/a.cbz"), (1, 1))
        self.assertEqual(self.statuses()["a.cbz"], "source changed")

    def test_other_settings(self):
        before = self.times()
        for other in (["-q", "50"], ["-s", "4"], ["--width", "20"], ["-f", "png", "--to", "cbz"]):
            with self.subTest(other):
                found = self.statuses(*other)
                self.assertEqual((found["a.cbz"], found["s/b.cbz"]), ("other settings",) * 2)
                self.assertEqual(found["s/cover.png"] == "up to date", other[0] == "-f")
        self.assertEqual({name: self.times()[name] for name in before}, before)
        for same in (["--grey", "auto"], ["--threads", "1"], ["--memory", "300M"], ["-f", "webp"]):
            self.assertEqual(self.statuses(*same), dict.fromkeys(self.ALL, "up to date"))
        result = self.up("-q", "50")
        self.assertIn("Skipped: 3 books (made with other settings), "
                      "1 page (made with other settings); --update makes these again\n", result.stderr)
        self.assertEqual(self.statuses("-q", "50", "--update"), dict.fromkeys(self.ALL, "ok"))
        self.assertFalse(set(self.times().values()) & set(before.values()))
        self.assertEqual(self.statuses("-q", "50"), dict.fromkeys(self.ALL, "up to date"))
        self.assertEqual(self.statuses(), dict.fromkeys(self.ALL, "other settings"))

    def test_page_added(self):
        before = self.times()
        self.write("lib/scans/2.png", harness.page(12, 16, seed=7))
        self.write("out/scans/mine.txt", b"mine")
        result = self.up()
        self.assertRegex(result.stderr,
                         r"lib/scans -> out/scans  3 pages: 1 enlarged, 2 up to date")
        self.assertEqual(self.files("out/scans"), ["0.webp", "1.webp", "2.webp", "mine.txt"])
        self.assertEqual({name: self.times()[name] for name in before}, before)
        self.assertEqual(self.statuses(), dict.fromkeys(self.ALL, "up to date"))

    def test_page_changed(self):
        """It is told of at every run until it is made again."""
        self.write("lib/scans/1.png", harness.page(14, 16, seed=7))
        for _ in range(2):
            result = self.up()
            self.assertIn("1 up to date, 1 left, source or result changed", result.stderr)
            self.assertIn("--update makes", result.stderr)
        self.assertIn("1 enlarged, 1 up to date", self.up("--update").stderr)
        self.assertEqual(self.statuses(), dict.fromkeys(self.ALL, "up to date"))

    def test_page_added_with_other_settings(self):
        """What is missing is made; the folder is not forgotten to be of two kinds."""
        self.write("lib/scans/2.png", harness.page(12, 16, seed=7))
        self.assertEqual(self.statuses("-q", "50")["scans"], "ok")
        self.assertEqual(self.statuses("-q", "50")["scans"], "other settings")
        before = self.times()
        self.assertEqual(self.statuses("-q", "50", "--update")["scans"], "ok")
        self.assertFalse({self.times()[name] for name in before if "scans" in name}
                         & set(before.values()))

    def test_output_page_removed(self):
        os.remove(self.path("out/scans/0.webp"))
        self.assertEqual(self.statuses()["scans"], "ok")
        self.assertEqual(self.files("out/scans"), ["0.webp", "1.webp"])

    def test_output_cut(self):
        """Of a disk that was full or pulled out: said at every run until it is made again."""
        whole = {name: self.read(f"out/{name}") for name in ("a.cbz", "s/cover.png", "scans/0.webp")}
        for size in (0, -1):
            for name, data in whole.items():
                self.write(f"out/{name}", data[:size])
            self.assertIn("(output changed)", self.up("--dry-run").stdout)
            for _ in range(2):
                result = self.up()
                self.assertIn("lib/a.cbz -> out/a.cbz  output changed\n", result.stderr)
                self.assertIn("1 up to date, 1 left, source or result changed", result.stderr)
                self.assertIn("Skipped: 1 book (up to date), 1 book (output changed), 1 page (output changed); "
                              "--update makes these again\n", result.stderr)
            self.assertEqual(self.read("out/a.cbz"), whole["a.cbz"][:size])
            self.assertEqual(self.statuses("--update"),
                             {"a.cbz": "ok", "s/cover.png": "ok", "scans": "ok", "s/b.cbz": "up to date"})
            self.assertEqual({name: self.read(f"out/{name}") for name in whole}, whole)
            self.assertEqual(self.statuses(), dict.fromkeys(self.ALL, "up to date"))

    def test_output_edited(self):
        """Whoever has put something into an output, or made it smaller, does not lose that."""
        with zipfile.ZipFile(self.path("out/a.cbz"), "a") as file:
            file.writestr("note.txt", "mine")
        self.write("out/s/cover.png", harness.page(3, 3))
        edited = {name: self.read(f"out/{name}") for name in ("a.cbz", "s/cover.png")}
        self.assertEqual(self.statuses("--update"), dict.fromkeys(self.ALL, "up to date"))
        self.assertEqual({name: self.read(f"out/{name}") for name in edited}, edited)

    def test_output_cut_at_once(self):
        """Of the same time: neither the folder's names nor the times of its pages tell."""
        for name in ("cc.png", "p.png"):
            self.write(f"f/{name}", harness.page(12, 16, seed=len(name)))
        for form in ("png", "jpg", "webp"):
            self.planche("f", "-o", f"g-{form}", "--to", "folder", "-f", form)
            page = f"g-{form}/p.{form}"
            data, old = self.read(page), os.stat(self.path(page))
            self.write(page, data[:-2])
            os.utime(self.path(page), ns=(old.st_atime_ns, old.st_mtime_ns))
            again = ("f", "-o", f"g-{form}", "--to", "folder", "-f", form)
            self.assertIn("1 left, source or result changed", self.planche(*again).stderr)
            self.assertIn("1 enlarged", self.planche(*again, "--update").stderr)
            self.assertEqual(self.read(page), data)

    def test_record_without_size(self):
        """Of an earlier version: an empty output is noticed all the same, and nothing else is."""
        folder = os.path.join(os.environ["XDG_STATE_HOME"], "planche/outputs")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                lines = [re.sub(r"^((?:\S+ ){7}\d+)/\d+ ", r"\1 ", line) for line in file]
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.writelines(lines)
        self.write("out/a.cbz", b"")
        self.write("out/s/b.cbz", self.read("out/s/b.cbz")[:-1])
        self.assertEqual(self.statuses(), {**dict.fromkeys(self.ALL, "up to date"), "a.cbz": "output changed",
                                           "s/b.cbz": "output changed"})

    def test_overwrite(self):
        before = self.times()
        self.assertEqual(self.statuses("--overwrite"), dict.fromkeys(self.ALL, "ok"))
        self.assertFalse(set(self.times().values()) & set(before.values()))

    def test_skip_existing(self):
        self.write("lib/a.cbz", book(1, 5, 6))
        self.assertEqual(self.statuses("--skip-existing", "-q", "50"),
                         dict.fromkeys(self.ALL, "exists"))
        for one, two in (("--update", "--overwrite"), ("--update", "--skip-existing")):
            self.assertIn("exclude each other", self.up(one, two, check=2).stderr)

    def test_records_are_lost(self):
        """Pages have marks; books of a library are known to be Planche's, and have their time."""
        shutil.rmtree(os.path.join(os.environ["XDG_STATE_HOME"], "planche"))
        found = self.statuses()
        self.assertEqual(found, {**dict.fromkeys(self.ALL, "up to date"), "scans": "ok"})
        shutil.rmtree(os.path.join(os.environ["XDG_STATE_HOME"], "planche"))
        self.write("lib/s/cover.png", harness.page(12, 16, seed=10))
        self.write("lib/s/b.cbz", book(4))
        later = time.time() + 100
        os.utime(self.path("lib/s/b.cbz"), (later, later))
        found = self.statuses()
        self.assertEqual((found["s/cover.png"], found["s/b.cbz"], found["a.cbz"]),
                         ("source changed", "source changed", "up to date"))
        shutil.rmtree(os.path.join(os.environ["XDG_STATE_HOME"], "planche"))
        self.assertEqual(self.statuses("-s", "4")["s/cover.png"], "source changed")
        self.assertEqual(self.statuses("--update")["s/cover.png"], "ok")

    def test_records_are_lost_and_outputs_cut(self):
        whole = {name: self.read(f"out/{name}") for name in ("a.cbz", "s/b.cbz", "s/cover.png")}
        for sizes in ((-1, 0, -20), (100, 40, 0)):
            for size, (name, data) in zip(sizes, whole.items()):
                self.write(f"out/{name}", data[:size])
            shutil.rmtree(os.path.join(os.environ["XDG_STATE_HOME"], "planche"))
            # What has lost its mark may be anybody's.
            unknown = {name for size, name in zip(sizes, whole) if size and name.endswith("cbz")}
            for _ in range(2):
                found = self.statuses()
                self.assertEqual({name: found[name] for name in whole},
                                 {name: "exists" if name in unknown else "output changed" for name in whole})
            self.statuses("--update")
            self.assertEqual({name for name in whole if self.read(f"out/{name}") != whole[name]}, unknown)
            self.statuses("--overwrite")
            self.assertEqual({name: self.read(f"out/{name}") for name in whole}, whole)

    def test_links_to_nowhere(self):
        """Of a disk that is not there: nothing is lost with them. A folder takes the place of none."""
        for lost in (False, True):
            for name in ("a.cbz", "s/cover.png", "scans"):
                os.rename(self.path("out", name), self.path(f"moved-{lost}-{os.path.basename(name)}"))
                os.symlink("nowhere", self.path("out", name))
            if lost:
                shutil.rmtree(os.path.join(os.environ["XDG_STATE_HOME"], "planche"))
            changed = dict.fromkeys(("a.cbz", "s/cover.png"), "output changed")
            others = {"s/b.cbz": "up to date", "scans": "exists"}
            self.assertEqual(self.statuses(), {**others, **changed})
            self.assertEqual(self.statuses("--update"), {**others, **dict.fromkeys(changed, "ok")})
            self.assertFalse(any(os.path.islink(self.path("out", name)) for name in changed))

    def test_records_cannot_be_kept(self):
        self.write("file", b"")
        self.write("lib/c.cbz", book(8))
        self.up("--quiet", env={"XDG_STATE_HOME": self.path("file")})
        self.assertIn("c.cbz", self.files("out"))
        self.write("lib/d.cbz", book(9))
        for place, reason in ((self.path("file"), "Not a directory"), ("/proc/nowhere", "Permission denied")):
            shutil.rmtree(self.path("out"))
            said = self.up(env={"XDG_STATE_HOME": place}).stderr.splitlines()
            found = [line for line in said if "cannot be noted" in line]
            self.assertEqual(len(found), 1, said)
            self.assertTrue(found[0].startswith(f"planche: {place}/planche/outputs/"), found)
            self.assertIn(f": {reason}; ", found[0])

    def test_records_are_damaged(self):
        folder = os.path.join(os.environ["XDG_STATE_HOME"], "planche/outputs")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "ab") as file:
                file.write(b"1 2 3\n\xff\0\n" + b"9" * 5000)
        self.assertEqual(self.statuses(), dict.fromkeys(self.ALL, "up to date"))

    def test_unknown(self):
        """Somebody else's files are neither up to date nor to be made again."""
        self.write("lib/c.cbz", book(8))
        for mine in (b"mine", b"mine, and longer than any head", book(8)):
            self.write("out/c.cbz", mine)
            self.assertEqual(self.statuses("--update")["c.cbz"], "exists")
            self.assertEqual(self.read("out/c.cbz"), mine)


class Failures(Outputs):
    def test_pages_failed(self):
        """A page that has failed, for want of memory perhaps, is not forgotten."""
        self.write("lib/a.cbz", archives.cbz([("1.png", harness.page(12, 16)), ("2.png", b"x")]))
        self.write("lib/f/1.png", harness.page(12, 16))
        self.write("lib/f/2.png", b"x")
        self.up("--quiet", check=1)
        for _ in range(2):  # it fails again, since they are still missing
            self.assertIn("Skipped: 2 books (pages failed); --update makes these again\n",
                          self.up(check=1).stderr)
        self.assertIn("(pages failed)", self.up("--dry-run", check=1).stdout)
        result = self.up("--update", check=1)
        self.assertIn("2 pages: 1 enlarged, 1 failed", result.stderr)
        self.assertIn("2 pages: 1 up to date, 1 failed", result.stderr)
        self.write("lib/f/2.png", harness.page(12, 16, seed=3))
        self.assertIn("2 pages: 1 enlarged, 1 up to date", self.up(check=1).stderr)
        self.assertEqual(self.files("out/f"), ["1.webp", "2.webp"])


class OtherFiles(Outputs):
    def setUp(self):
        super().setUp()
        self.library()
        self.write("lib/s/series.json", b"{}")
        self.write("lib/notes/ComicInfo.xml", b"<ComicInfo/>")
        self.write("lib/s/Thumbs.db", b"junk")
        self.write("lib/scans/@eaDir/0.png/THUMB.jpg", b"junk")
        self.write("lib/scans/thumbs/0.png", harness.page(4, 4))
        os.utime(self.path("lib/s/series.json"), (1e9, 1e9))

    def test_copied(self):
        result = self.up()
        self.assertIn("Other files: 2 copied, 3 left out (Thumbs.db and the like)\n", result.stderr)
        self.assertEqual(self.files("out"), ["a.cbz", "notes", "s", "scans"])
        self.assertEqual(self.files("out/s"), ["b.cbz", "cover.png", "series.json"])
        self.assertEqual(self.files("out/scans"), ["0.webp", "1.webp"])
        self.assertEqual(self.read("out/notes/ComicInfo.xml"), b"<ComicInfo/>")
        self.assertEqual(os.stat(self.path("out/s/series.json")).st_mtime, 1e9)
        self.assertNotIn("copied", self.up().stderr)

    def test_changed(self):
        """What a tagger has written into the copy stays, until it is to be replaced."""
        self.up("--quiet")
        self.write("out/s/series.json", b'{"tagged": 1}')
        os.utime(self.path("lib/notes/ComicInfo.xml"), (1e9, 1e9))
        result = self.up()
        self.assertIn("Other files: 1 not replaced, copies differ", result.stderr)
        self.assertEqual(self.read("out/s/series.json"), b'{"tagged": 1}')
        self.assertIn("1 copied", self.up("--update").stderr)
        self.assertEqual(self.read("out/s/series.json"), b"{}")

    def test_skipped(self):
        result = self.up("--others", "skip")
        self.assertIn("3 left out (Thumbs.db and the like), 2 left alone\n", result.stderr)
        self.assertEqual(self.files("out/s"), ["b.cbz", "cover.png"])
        self.assertIn("--others", self.up("--others", "move", check=2).stderr)

    def test_json_and_dry_run(self):
        self.assertIn("lib/s/series.json -> out/s/series.json  (copy)",
                      self.up("--dry-run").stdout)
        self.assertFalse(os.path.exists(self.path("out")))
        lines = [json.loads(line) for line in self.up("--json").stdout.splitlines()]
        self.assertEqual([(line["output"], line["status"], line["error"]) for line in lines
                          if line["type"] == "other"],
                         [("out/notes/ComicInfo.xml", "copied", None),
                          ("out/s/series.json", "copied", None)])
        self.assertEqual([line["dropped"] for line in lines
                          if line["type"] == "book" and line["output"] == "out/scans"], [2])

    def test_cannot_be_copied(self):
        self.write("out/s/series.json/x", b"in the way")
        result = self.up("--quiet", check=1)
        self.assert_one_line(result.stderr, "series.json")


class Formats(Outputs):
    def test_keep(self):
        self.write("a.png", harness.page(12, 16))
        self.planche("a.png", "-o", "b.jpeg", "--no-mark")
        self.planche("a.png", "b.jpeg", "-f", "keep", "-o", "out/")
        self.assertEqual(self.files("out"), ["a.png", "b.jpeg"])
        self.assertEqual(self.read("out/b.jpeg")[:2], b"\xff\xd8")
        self.assertEqual(self.planche("a.png", "b.jpeg", "-f", "keep", "-o", "out/").stderr,
                         "Skipped: 2 pages (up to date)\n")
        self.write("c.cbz", archives.cbz([("a.png", self.read("a.png")),
                                          ("b.jpg", self.read("b.jpeg"))]))
        self.planche("c.cbz", "-f", "keep", "-o", "d.cbz")
        with zipfile.ZipFile(self.path("d.cbz")) as made:
            self.assertEqual(made.namelist(), ["a.png", "b.jpg"])

    def test_long_names(self):
        """They are shortened, and stay different; one that was named is refused before any work."""
        os.mkdir(self.path("in"))
        stems = ["\u00e9" * 120 + end for end in ("abcdefghijk", "abcdefghijl", "abcdefghij.x")]
        for i, stem in enumerate(stems):
            self.write(f"in/{stem[:118]}{stem[120:]}.png", harness.page(8, 8, seed=i))
            self.write(f"lib/{stem[:118]}{stem[120:]}.zip", book(i))
        pages = [os.path.join("in", name) for name in self.files("in")]
        self.planche(*pages, "-o", "out/")
        self.planche(*pages)
        self.planche("lib", "-o", "books")
        self.assertEqual((len(self.files("out")), len(self.files("in")), len(self.files("books"))),
                         (3, 6, 3))
        for name in self.files("out") + self.files("in") + self.files("books"):
            self.assertLessEqual(len(name.encode()), 255)
            self.assertIn(os.path.splitext(name)[1], (".webp", ".png", ".cbz"))
        self.assertIn("3 pages (up to date)", self.planche(*pages, "-o", "out/").stderr)
        result = self.planche(pages[0], "-o", "n" * 252 + ".png", check=2)
        self.assertIn("at most 255 bytes", result.stderr)


class Named(Outputs):
    def test_pages(self):
        for i in range(3):
            self.write(f"{i}.png", harness.page(12, 16, seed=i))
        pages = ["0.png", "1.png", "2.png", "-o", "out/"]
        self.planche(*pages)
        self.assertEqual(self.planche(*pages).stderr, "Skipped: 3 pages (up to date)\n")
        os.remove(self.path("out/1.webp"))
        self.write("2.png", harness.page(12, 16, seed=5))
        lines = self.planche(*pages).stderr.splitlines()
        self.assertRegex(lines[0], "^1.png -> out/1.webp ")
        self.assertEqual(lines[1:-1], [
            "2.png -> out/2.webp  source changed", "Pages: 1 enlarged",
            "Skipped: 1 page (up to date), 1 page (source changed); --update makes these again"])
        self.planche(*pages, "--update")
        self.assertEqual(self.planche(*pages).stderr, "Skipped: 3 pages (up to date)\n")

    def test_marks(self):
        """A page without a record has a mark; one without either is an error where it was named."""
        self.write("a.png", harness.page(12, 16))
        self.planche("a.png", "-o", "a.webp")
        self.planche("a.png", "--no-mark", "-o", "b.webp")
        shutil.rmtree(os.path.join(os.environ["XDG_STATE_HOME"], "planche"))
        self.planche("a.png", "-o", "a.webp")
        for arguments in ([], ["--dry-run"], ["--update"]):
            result = self.planche("a.png", "-o", "b.webp", *arguments, check=1)
            self.assertIn("--overwrite replaces it", result.stderr)

    def test_cut_without_a_record(self):
        """The mark is in the head of some formats, and goes with the end of others: what has none may be foreign, and
        stays."""
        self.write("a.png", harness.page(12, 16))
        for form in ("png", "jpg", "webp", "avif", "jxl"):
            again = ("a.png", "-o", f"o.{form}")
            self.planche(*again)
            whole = self.read(f"o.{form}")
            with self.subTest(form):
                for size in (30, len(whole) - (60 if form == "webp" else 1)):  # not only what fills up its last chunk
                    self.write(f"o.{form}", whole[:size])
                    shutil.rmtree(os.path.join(os.environ["XDG_STATE_HOME"], "planche"), ignore_errors=True)
                    unknown = form == "webp" or size == 30
                    wanted = "--overwrite replaces it" if unknown else "cut off; --update makes it again"
                    for _ in range(2):
                        self.assertIn(wanted, self.planche(*again, check=1).stderr)
                    self.planche(*again, "--update", check=1 if unknown else 0)
                    self.assertEqual(self.read(f"o.{form}"), whole[:size] if unknown else whole)
                    self.planche(*again, "--overwrite")
        for mine in (b"mine, and longer than any head", harness.page(12, 16), harness.page(12, 16)[:-5]):
            self.write("o.png", mine)
            shutil.rmtree(os.path.join(os.environ["XDG_STATE_HOME"], "planche"), ignore_errors=True)
            self.assertIn("--overwrite replaces it", self.planche("a.png", "-o", "o.png", "--update", check=1).stderr)
            self.assertEqual(self.read("o.png"), mine)

    def test_link_to_nowhere(self):
        self.write("a.png", harness.page(12, 16))
        os.symlink("nowhere", self.path("o.png"))
        self.assertIn("a link that leads nowhere; --update", self.planche("a.png", "-o", "o.png", check=1).stderr)
        self.planche("a.png", "-o", "o.png", "--update")
        self.assertEqual((os.path.islink(self.path("o.png")), self.files()), (False, ["a.png", "o.png"]))

    def test_one_book(self):
        self.write("a.cbz", book(1))
        for output in (["-o", "b.cbz"], [], ["-o", "out/"], ["-o", "f", "--to", "folder"]):
            self.planche("a.cbz", *output)
            self.assertEqual(self.planche("a.cbz", *output).stderr,
                             "Skipped: 1 book (up to date)\n")
        self.write("b.cbz", b"")
        self.assert_one_line(self.planche("a.cbz", "-o", "b.cbz", check=1).stderr, "cut off; --update makes it again")
        self.planche("a.cbz", "-o", "b.cbz", "--update")
        self.write("c.cbz", book(2))
        self.assert_one_line(self.planche("c.cbz", "-o", "b.cbz", check=1).stderr, "made from another file")

    def test_mount_point(self):
        """Pages cannot be moved onto a disk from beside it, so none is made."""
        disk = "/dev/shm"
        if not os.path.ismount(disk):
            self.skipTest("there is no other disk here")
        self.write("f/0.png", harness.page(12, 16))
        before = os.listdir("/dev")
        for more in ((), ("--overwrite",)):
            message = self.planche("f", "-o", disk + "/", "--quiet", *more, check=1).stderr
            self.assert_one_line(message, "a mount point", f"write into a folder on it, {disk}/NAME")
        self.assertNotIn(".shm.planche", set(os.listdir("/dev")) - set(before))

    def test_work_folder_is_none(self):
        """The message names what lies in its place, and does not say that it can be gone on from."""
        self.write("f/0.png", harness.page(12, 16))
        self.write("a.cbz", book(1))
        self.write(".o.planche", b"mine")
        os.mkdir(self.path("mine"))
        os.symlink("mine", self.path(".b.cbz.planche"))
        for source, output, what in (("f", "o", "file"), ("a.cbz", "b.cbz", "link")):
            message = self.planche(source, "-o", output, "--quiet", check=1).stderr
            self.assert_one_line(message, f".{output}.planche", f"a {what} of that name is there; rename or remove it\n")
        self.assertEqual((self.read(".o.planche"), self.files("mine")), (b"mine", []))

    def test_no_folder_for_nothing(self):
        self.write("bad.cbz", archives.cbz([("1.png", b"x")]))
        self.write("bad.png", b"x")
        os.mkdir(self.path("there"))
        for source in ("bad.cbz", "bad.png"):
            for output in ("new/", "there/", "new/x//y/", "there/x/y", self.path("new/x/")):
                self.planche(source, "-o", output + "/", check=1)
        for name in ("lib/s/t/bad.cbz", "lib/u/bad.png"):
            self.write(name, b"x")
        self.planche("lib", "-o", "new/x", check=1)
        self.assertEqual(self.files(), ["bad.cbz", "bad.png", "lib", "there"])
        self.assertEqual(self.files("there"), [])

    def test_another_page_in_its_place(self):
        """What was named is wanted, not the result of another page that lies there."""
        self.write("a.png", harness.page(12, 16))
        self.write("b.png", harness.page(12, 16, seed=5))
        self.planche("a.png", "-o", "o.png")
        for more in ((), ("--dry-run",)):
            self.assertIn("o.png: exists already and was made from another file",
                          self.planche("b.png", "-o", "o.png", *more, check=1).stderr)
        self.assert_one_line(self.planche("a.png", "-o", "o.png", "--effort", "2", check=1).stderr,
                             "with other settings; --update makes it again")
        self.planche("b.png", "-o", "o.png", "--skip-existing")
        self.planche("b.png", "-o", "o.png", "--update")
        self.assertIn("up to date", self.planche("b.png", "-o", "o.png").stderr)

    def test_dry_run_agrees(self):
        self.write("a.cbz", book(1))
        self.write("p.png", harness.page(8, 8))
        self.write("in/p.png", harness.page(8, 8))
        self.write("full/x", b"mine")
        for status, arguments in ((3, ["a.cbz", "-o", "none/x.cbz"]), (3, ["p.png", "-o", "none/x.png"]),
                                  (1, ["in", "-o", "full/"]),
                                  (1, ["a.cbz", "--to", "folder", "-o", "full"])):
            with self.subTest(arguments):
                for more in ([], ["--dry-run"]):
                    result = self.planche(*arguments, *more, "--quiet", check=status)
                    self.assert_one_line(result.stderr, arguments[-1].strip("/"))

    def test_all_failed(self):
        """A copy of a book is no result, whatever is said of its pages."""
        self.write("bad.cbz", archives.cbz([("1.png", b"x"), ("2.png", b"y")]))
        for more in (["--dry-run"], []):
            result = self.planche("bad.cbz", "-o", "out.cbz", *more, check=1)
            self.assertIn("bad.cbz: ", result.stderr)
            self.assertEqual(self.files(), ["bad.cbz"])
        self.assertIn("none of its 2 pages can be enlarged", result.stderr)

    def test_interrupted(self):
        """What was not begun is counted."""
        for i in range(4):
            pages = [(f"{k}.png", harness.page(200, 300, seed=10 * i + k)) for k in range(3)]
            self.write(f"lib/{i}.cbz", archives.cbz(pages))
        with subprocess.Popen([harness.PLANCHE, "-m", harness.QUICK_MODEL, "-s", "4", "--threads",
                               "1", "lib", "-o", "out"], cwd=self.folder, stderr=subprocess.PIPE,
                              text=True) as process:
            end = time.monotonic() + harness.MARGIN_SECONDS
            while not os.path.exists(self.path("out/.0.cbz.planche")):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.002)
            process.send_signal(signal.SIGINT)
            stderr = process.communicate()[1]
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertIn("\nBooks: 1 interrupted, 3 not started\n", stderr)

    def test_interrupted_while_comparing(self):
        """An input that is read to be compared with what its output was made from takes an hour here."""
        self.write("p.png", harness.page(8, 8))
        self.planche("p.png", "-o", "made/", "--quiet")
        os.rename(self.path("made"), self.path("out"))
        os.truncate(self.path("p.png"), 1 << 42)
        self.interrupt_once_open("p.png", "p.png", "-o", "out/p.webp")

    def test_interrupted_while_comparing_others(self):
        """Nor does a file that is not a page then count as one whose copy differs."""
        for name in ("lib/0.bin", "out/0.bin"):
            self.write(name, b"")
            os.truncate(self.path(name), 1 << 42)
        os.utime(self.path("out/0.bin"), (1e9, 1e9))
        self.write("lib/a.cbz", book(1))
        for more in ((), ("--update",), ("--dry-run",)):
            stdout, stderr = self.interrupt_once_open("lib/0.bin", "lib", "-o", "out", "--json", *more)
            line = next(line for line in map(json.loads, stdout.splitlines()) if line["type"] == "other")
            self.assertEqual(line.get("dry_run"), True if "--dry-run" in more else None)
            self.assertEqual((line["output"], line["status"], line["error"]), ("out/0.bin", "cancelled", "cancelled"))
            self.assertNotIn("differ", stderr)
            self.assertEqual(self.files("out"), ["0.bin"])
            self.assertEqual(os.stat(self.path("out/0.bin")).st_mtime, 1e9)

    def interrupt_once_open(self, name, *arguments):
        """stdout and stderr of a run that gets Ctrl-C when it has opened a file, and ends by it."""
        with subprocess.Popen([harness.PLANCHE, "-m", harness.QUICK_MODEL, *arguments], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                end = time.monotonic() + harness.MARGIN_SECONDS
                while not self.has_open(process, name):
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.002)
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=harness.MARGIN_SECONDS)
            finally:
                process.kill()
        self.assertEqual(process.returncode, -signal.SIGINT)
        return said

    def has_open(self, process, name):
        folder = f"/proc/{process.pid}/fd"
        for number in os.listdir(folder):
            try:
                if os.readlink(f"{folder}/{number}") == os.path.realpath(self.path(name)):
                    return True
            except FileNotFoundError:
                pass  # closed meanwhile
        return False


if __name__ == "__main__":
    harness.main()
