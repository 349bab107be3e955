# SPDX-License-Identifier: MIT
"""Books through the command: operands, shelves, what is said and answered."""
import fcntl
import io
import json
import os
import pty
import random
import shutil
import signal
import subprocess
import time
import zipfile

import archives
import files
import harness
import pdfs
import png


def entries(pages=3, extra=True):
    """A small book: pages in two chapters, and what is not a page."""
    made = [(f"ch{1 + i // 2}/{i + 1:03}.png", harness.page(20, 24, seed=i)) for i in range(pages)]
    return made + [("ComicInfo.xml", b"<ComicInfo><Title>T</Title></ComicInfo>"),
                   ("notes/read me.txt", b"text\r\n")] if extra else made


def names(pages=3, extension="webp"):
    return [f"ch{1 + i // 2}/{i + 1:03}.{extension}" for i in range(pages)]


class Books(harness.Case):
    model = True

    def book(self, name="book.cbz", pages=3, make=archives.cbz):
        return self.write(name, make(entries(pages)))

    def opened(self, name):
        return zipfile.ZipFile(io.BytesIO(self.read(name)))

    def pages_of(self, name):
        """{name: size} of the pages of a CBZ."""
        with self.opened(name) as book:
            webps = {entry: files.Webp(book.read(entry)) for entry in book.namelist()
                     if entry.endswith(".webp")}
        return {entry: (image.width, image.height) for entry, image in webps.items()}

    def lines(self, result):
        return [json.loads(line) for line in result.stdout.splitlines()]

    def tree(self, name):
        """Every file below a folder."""
        found = []
        for folder, _, inside in os.walk(self.path(name)):
            found += [os.path.relpath(os.path.join(folder, file), self.path(name))
                      for file in inside]
        return sorted(found)


class Containers(Books):
    def setUp(self):
        super().setUp()
        self.write("page.png", harness.page(12, 110))
        self.planche("page.png", "--no-mark", "-o", "page.jpg")
        self.jpeg = self.read("page.jpg")

    def test_strange_work_folders(self):
        """What lies under the name of a work folder or a temporary file, but is not Planche's, stays."""
        self.book()
        for name in ("mydoc", "settings", "output", "usual", "sub/mydoc", ".a.planche/mydoc"):
            with self.subTest(name):
                self.write("busy/.z.cbz.planche/" + name, b"mine")
                os.chmod(self.path("busy/.z.cbz.planche"), 0o700)
                for options in ((), ("--fresh",), ("--overwrite",)):
                    result = self.planche("book.cbz", "-o", "busy/z.cbz", *options, "--quiet", check=1)
                    self.assert_one_line(result.stderr, "busy/.z.cbz.planche", "exists already",
                                         "Planche does not know it")
                    self.assertEqual(self.tree("busy"), [".z.cbz.planche/" + name])
                shutil.rmtree(self.path("busy"))
        self.write("busy/.z.cbz.planche-0123456789abcdef/mydoc", b"mine")
        self.planche("book.cbz", "-o", "busy/z.cbz", "--quiet")
        self.assertEqual(self.tree("busy"), [".z.cbz.planche-0123456789abcdef/mydoc", "z.cbz"])

    def test_archives(self):
        for extension, make in (("cbz", archives.cbz), ("cbr", archives.cbr),
                                ("CBR", archives.cbr4), ("cb7", archives.cb7),
                                ("cbt", archives.cbt)):
            with self.subTest(extension):
                self.write("book." + extension, make(entries()))
                self.planche("book." + extension, "-o", "book-2x.cbz", "--overwrite")
                self.assertEqual(self.pages_of("book-2x.cbz"), dict.fromkeys(names(), (40, 48)))
                with self.opened("book-2x.cbz") as book:
                    kept = [entry for entry in book.namelist() if not entry.endswith("/")]
                    self.assertEqual(kept, names() + ["ComicInfo.xml", "notes/read me.txt"])
                    self.assertEqual(book.read("notes/read me.txt"), b"text\r\n")
                    self.assertEqual({book.getinfo(name).compress_type for name in names()},
                                     {zipfile.ZIP_STORED})

    def test_epub(self):
        self.write("book.epub", archives.epub([("images/1.jpg", archives.grey_jpeg(80, 220))]))
        self.planche("book.epub", "-o", "out/")
        self.assertEqual(self.files("out"), ["book.epub"])
        with self.opened("out/book.epub") as book, self.opened("book.epub") as before:
            self.assertEqual(book.namelist(), before.namelist())
            page = [name for name in book.namelist() if name.endswith("1.jpg")][0]
            self.assertEqual(files.Jpeg(book.read(page)).width, 160)
        self.planche("book.epub", "--to", "cbz", "-o", "out/")
        self.assertEqual(self.files("out"), ["book.cbz", "book.epub"])

    def test_pdf(self):
        self.write("book.pdf", archives.pdf([self.jpeg]))
        self.planche("book.pdf", "-o", "book.cbz")
        self.assertEqual(list(self.pages_of("book.cbz").values()), [(48, 440)])
        margins = archives.pdf_pages([([(self.jpeg, (3, 5, 8, 73.3333))], b"")], (14, 83))
        self.write("margins.pdf", margins)
        self.planche("margins.pdf", "-o", "margins.cbz")
        self.assertEqual(list(self.pages_of("margins.cbz").values()), [(84, 498)])

    def test_pdf_damaged(self):
        """A page that cannot be read is told, and the others are made; what poppler says is told once."""
        book = pdfs.Pdf()
        for _ in range(2):
            book.page(*pdfs.draw(book.jpeg(self.jpeg)))
            book.page(b"/Nothing Do")
        book.kids.append(book.add(b"(no page)"))
        self.write("book.pdf", book.finish())
        result = self.planche("book.pdf", "-o", "pdf.cbz", check=1)
        self.assertRegex(result.stderr, r"(?m)^planche: book\.pdf: 0005\.png: .*damaged")
        self.assertEqual(result.stderr.count("XObject 'Nothing' is unknown"), 1)
        self.assertEqual(len(self.pages_of("pdf.cbz")), 4)

    def test_pdf_drawn_twice(self):
        """An image alone is looked at, proven and taken out, a coarse one looked at and rendered, lines are
        only rendered; not so for every walk through the book."""
        os.mkdir(self.path("bin"))
        for program in ("pdftocairo", "pdftoppm"):
            with open(self.path("bin", program), "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\nread token <'{self.path('tokens')}'\n"
                           f"exec '{shutil.which(program)}' \"$@\"\n")
            os.chmod(file.name, 0o755)
        env = {**os.environ, "PATH": self.path("bin") + ":" + os.environ["PATH"]}
        whole = (0, 0, 30, 40)
        self.write("book.pdf", archives.pdf_pages([
            ([(self.jpeg, whole)], b""), ([(self.jpeg, (10, 10, 50, 50))], b""),
            ([], b"1 0 0 rg 0 0 9 9 re f")], (30, 40)))
        tokens = harness.Tokens(self, *[""] * 100)
        for arguments in (("-o", "book.cbz"), ("--dry-run", "-o", "other.cbz")):
            before = tokens.left()
            self.planche("book.pdf", *arguments, env=env)
            self.assertEqual(before - tokens.left(), 3 + 2 + 1)
        self.assertEqual(len(self.pages_of("book.cbz")), 3)

    def test_folder(self):
        for name, data in entries():
            self.write("folder/" + name, data)
        expected = sorted(names() + ["ComicInfo.xml", "notes/read me.txt"])
        self.planche("folder/", "-o", "other/")
        self.assertEqual(self.tree("other"), expected)
        self.assertIn("1 book (up to date)", self.planche("folder/", "-o", "other/").stderr)
        self.write("mine/file", b"mine")
        result = self.planche("folder/", "-o", "mine/", "--quiet", check=1)
        self.assert_one_line(result.stderr, "mine", "--overwrite adds to it")
        self.assertEqual(self.tree("mine"), ["file"])
        self.planche("folder", "-o", "plain")
        self.assertEqual(self.tree("plain"), expected)
        self.planche("folder")
        self.assertEqual(self.tree("folder-2x"), expected)
        self.planche("folder", "-o", "x.cbz")
        self.assertEqual(list(self.pages_of("x.cbz")), names())
        self.planche("folder", "--to", "cbz", "-o", "other/")
        self.assertEqual(list(self.pages_of("other/folder.cbz")), names())
        harness.run("-m", harness.QUICK_MODEL, ".", "-o", "../own/", cwd=self.path("folder"),
                    check=0)
        self.assertEqual(self.tree("own"), expected)
        self.planche("x.cbz", "--again", "--to", "folder", "-o", "unpacked/")
        self.assertEqual(self.tree("unpacked/x"), expected)

    def test_content_decides(self):
        self.write("wrong.cbr", archives.cbz(entries()))
        self.write("no extension", archives.cbt(entries()))
        self.planche("wrong.cbr", "no extension", "-o", "out/")
        self.assertEqual(self.files("out"), ["no extension.cbz", "wrong.cbz"])
        self.assertEqual(list(self.pages_of("out/wrong.cbz")), names())


class Names(Books):
    def test_default(self):
        self.book("in/a book.cbz")
        self.planche("in/a book.cbz")
        self.assertEqual(self.files("in"), ["a book-2x.cbz", "a book.cbz"])

    def test_format_is_that_of_pages(self):
        self.book()
        self.planche("book.cbz", "--format", "png", "-o", "b.cbz")
        with self.opened("b.cbz") as book:
            self.assertEqual(book.namelist()[:3], names(extension="png"))
            self.assertEqual(png.Image(book.read("ch1/001.png")).width, 40)

    def test_long(self):
        """A longer extension must not make a name that no folder takes."""
        stems = ["\u00e9" * 124 + end for end in ("abc", "abd", "a\u00e9")]
        book = [(f"ch/{stem}.png", harness.page(8, 8, seed=i)) for i, stem in enumerate(stems)]
        expected = ["ch/" + "\u00e9" * 124 + end for end in ("ab.webp", "-1.webp", "a.webp")]
        self.write("book.cbz", archives.cbz(book))
        self.planche("book.cbz", "-o", "out.cbz")
        self.assertEqual(list(self.pages_of("out.cbz")), expected)
        self.planche("book.cbz", "-o", "out/", "--to", "folder")
        self.assertEqual(self.tree("out/book"), sorted(expected))
        self.write("long.cbz", archives.cbz(entries() + [("f/" + "n" * 256 + "/x.txt", b"")]))
        result = self.planche("long.cbz", "-o", "out/", "--to", "folder", check=1)
        self.assertIn("more than 255 bytes", result.stderr)
        self.assertEqual(self.files("out"), ["book"])
        self.planche("long.cbz", "-o", "long-2x.cbz")

    def test_several(self):
        self.book("1.cbz", 1)
        self.book("2.cbr", 1, archives.cbr)
        self.write("3.png", harness.page(8, 8))
        arguments = ["1.cbz", "2.cbr", "3.png", "-o", "out/"]
        self.planche(*arguments)
        self.assertEqual(self.files("out"), ["1.cbz", "2.cbz", "3.webp"])
        os.remove(self.path("out/2.cbz"))
        os.remove(self.path("out/3.webp"))
        result = self.planche(*arguments)
        self.assertIn("Skipped: 1 book (up to date)\n", result.stderr)
        self.assertEqual(self.files("out"), ["1.cbz", "2.cbz", "3.webp"])

    def test_height(self):
        self.book()
        self.planche("--height", "36", "book.cbz", "-o", "tablet.cbz")
        self.assertEqual(set(self.pages_of("tablet.cbz").values()), {(30, 36)})

    def refuse(self, *arguments, says=()):
        before = self.tree(".")
        self.assert_one_line(self.planche(*arguments, check=2).stderr, "see planche ", *says)
        self.assertEqual(self.tree("."), before)

    def test_mistakes(self):
        self.book()
        self.book("shelf/sub/book.cbz")
        self.book("shelf2/book.cbz")
        self.write("page.png", harness.page(8, 8))
        self.write("folder/page.png", harness.page(8, 8))
        self.refuse("book.cbz", "-o", "x.webp", says=["x.webp", ".cbz"])
        self.refuse("book.cbz", "-o", "x.cbr", says=["x.cbr", ".cbz"])
        self.refuse("book.cbz", "-o", "x", says=["x", ".cbz"])
        self.refuse("book.cbz", "--to", "epub", "-o", "x.cbz", says=["--to", "x.cbz"])
        self.refuse("book.cbz", "--to", "epub", says=["book.cbz", "EPUB"])
        self.refuse("folder", "-o", "x.epub", says=["folder", "EPUB"])
        self.refuse("page.png", "-o", "x.cbz", says=["x.cbz", "folder"])
        self.refuse("book.cbz", "page.png", "-o", "x.cbz", says=["2 inputs"])
        self.refuse("book.cbz", "--overwrite", "-o", "book.cbz", says=["is an input"])
        self.refuse("book.cbz", "shelf2/book.cbz", "-o", "out/", says=["out/book.cbz"])
        self.refuse("book.cbz", "./book.cbz", "-o", "out/", says=["./book.cbz is named twice"])
        self.refuse("shelf", "shelf/", "-o", "out/", says=["named twice"])
        self.refuse("shelf2", "-o", "x.cbz", says=["x.cbz", "shelf2"])
        self.refuse("shelf2", "-o", "./shelf2/", says=["is an input"])
        self.refuse("folder", "-o", "folder/out/", says=["folder"])
        self.refuse("folder", "--overwrite", "-o", "folder/", says=["is an input"])
        self.refuse("page.png", "folder", "-o", "folder/", says=["folder"])
        for option in (["--to", "cbz"], ["--on-error", "skip"], ["--fresh"], ["--max-entries", "9"],
                       ["--max-entry-size", "1G"], ["--max-book-size", "1G"],
                       ["--max-ratio", "9"]):
            self.refuse("page.png", *option, says=[option[0], "books"])
        for option, value in (("--to", "cbr"), ("--on-error", "ignore"), ("--skip-above", "0"),
                              ("--max-ratio", "0"), ("--max-entry-size", "x")):
            self.refuse("book.cbz", option, value, says=[option, value])


class Shelves(Books):
    def shelf(self):
        self.book("library/top.cbz", 1)
        self.book("library/series/1.cbr", 1, archives.cbr)
        self.write("library/series/cover.png", harness.page(8, 8))
        self.write("library/series/notes.txt", b"notes")
        self.write("library/scans/a/1.png", harness.page(8, 8))
        self.write("library/scans/b/1.png", harness.page(8, 8, seed=2))
        self.write("library/scans/list.txt", b"list")
        self.write("library/texts/only.txt", b"text")
        self.write("library/.hidden/book.cbz", b"")
        os.symlink("..", self.path("library/loop"))
        os.symlink("nowhere", self.path("library/broken"))

    MIRRORED = ["scans/a/1.webp", "scans/b/1.webp", "scans/list.txt", "series/1.cbz",
                "series/cover.png", "series/notes.txt", "texts/only.txt", "top.cbz"]

    def test_shelf(self):
        self.shelf()
        before = self.tree("library")
        result = self.planche("library/", "-o", "upscaled/")
        self.assertEqual(self.tree("upscaled"), self.MIRRORED)
        self.assertEqual(self.tree("library"), before)
        self.assertIn("Books: 3 done. Pages: 5 enlarged\n", result.stderr)
        self.assertIn("Other files: 2 copied, 1 left alone\n"
                      "Links to folders: 1 not followed; name the folders themselves\n", result.stderr)
        self.assertEqual(self.files(), ["library", "upscaled"])

    def test_again(self):
        self.shelf()
        self.planche("library/", "-o", "upscaled/")
        times = {name: os.stat(self.path("upscaled", name)).st_mtime_ns for name in self.MIRRORED}
        result = self.planche("library/", "-o", "upscaled/")
        self.assertIn("Skipped: 3 books (up to date), 1 page (up to date)\n", result.stderr)
        self.assertEqual({name: os.stat(self.path("upscaled", name)).st_mtime_ns
                          for name in self.MIRRORED}, times)
        os.remove(self.path("upscaled/top.cbz"))
        result = self.planche("library/", "-o", "upscaled/", "--json")
        self.assertEqual([(line["type"], line["output"], line["status"])
                          for line in self.lines(result) if line.get("book") is None],
                         [("page", "upscaled/series/cover.png", "up to date"),
                          ("book", "upscaled/scans", "up to date"),
                          ("book", "upscaled/series/1.cbz", "up to date"),
                          ("book", "upscaled/top.cbz", "ok")])
        self.assertEqual(self.tree("upscaled"), self.MIRRORED)

    def test_again_in_parts(self):
        """A strip in parts is there when all parts are, and none of them is another page's."""
        self.book("library/a.cbz", 1)
        self.write("library/s/strip.png", harness.page(2, 8200))
        self.book("library/s/b.cbz", 1)
        split = ["library/", "-o", "out/", "--on-limit", "split"]
        made = ["a.cbz", "s/b.cbz", "s/strip-1.webp", "s/strip-2.webp"]
        self.planche(*split)
        self.assertEqual(self.tree("out"), made)
        self.assertIn("2 books (up to date), 1 page (up to date)", self.planche(*split).stderr)
        os.remove(self.path("out/s/strip-2.webp"))
        self.assertIn("strip-1.webp", self.planche(*split, check=1).stderr)
        self.planche("library/s/strip.png", "-o", "out/s/", "--on-limit", "split", "--overwrite")
        self.write("library/s/strip-2.png", harness.page(8, 8))
        self.assertIn("strip-1.webp", self.planche(*split, check=1).stderr)
        self.assertEqual(self.tree("out"), made)

    def test_output_inside(self):
        self.shelf()
        for _ in range(2):
            self.planche("library/", "-o", "library/upscaled/")
            self.assertEqual(self.tree("library/upscaled"), self.MIRRORED)

    def test_beside(self):
        self.shelf()
        self.planche("library", "--to", "cbz", "--quiet")
        self.assertEqual(self.tree("library-2x"),
                         ["scans.cbz", "series/1.cbz", "series/cover.png", "series/notes.txt",
                          "texts/only.txt", "top.cbz"])

    def test_one_name_twice(self):
        self.book("library/a.cbz", 1)
        self.write("library/a.cb7", archives.cb7(entries(1)))
        self.write("library/a.cbt", archives.cbt(entries(1)))
        self.write("library/p.jpg.png", harness.page(8, 8))
        self.planche("library/p.jpg.png", "-o", "library/p.jpg")
        self.write("library/p.png", harness.page(8, 8))
        self.planche("library/", "-o", "out/", "--again")
        made = self.tree("out")
        self.assertEqual(made, ["a.cb7.cbz", "a.cbt.cbz", "a.cbz", "p.jpg.webp", "p.png.webp",
                                "p.webp"])
        self.assertIn("3 books (up to date), 3 pages (up to date)",
                      self.planche("library/", "-o", "out/").stderr)
        self.assertEqual(self.tree("out"), made)

    def test_several_shelves(self):
        self.book("a/1.cbz", 1)
        self.book("b/1.cbz", 1)
        self.planche("a", "b/", "-o", "out/")
        self.assertEqual(self.tree("out"), ["a/1.cbz", "b/1.cbz"])
        os.mkdir(self.path("made"))
        self.planche("a", "b/", "-o", "made")
        self.assertEqual(self.tree("made"), ["a/1.cbz", "b/1.cbz"])

    def test_novels(self):
        """A book without pages that was found in a library is one of its other files; one that was
        named fails."""
        novel = archives.epub([])
        self.book("library/a.cbz", 1)
        self.write("library/s/novel.epub", novel)
        self.write("library/s/texts.zip", archives.cbz([("a.txt", b"text")]))
        dry = self.planche("library", "-o", "out/", "--dry-run")
        self.assertIn("library/s/novel.epub -> out/s/novel.epub  (copy)\n", dry.stdout)
        self.assertEqual(dry.stderr, "Other files: 2 copied\n")
        others = [{"type": "other", "input": f"library/s/{name}", "output": f"out/s/{name}",
                   "status": "copied", "error": None} for name in ("novel.epub", "texts.zip")]
        for option in (["--dry-run"], []):
            lines = self.lines(self.planche("library", "-o", "out/", "--json", *option))
            found = [line for line in lines if line["type"] == "other"]
            for line in found:
                line.pop("dry_run", None)
            self.assertEqual(found, others)
            self.assertEqual([line["input"] for line in lines if line["type"] == "book"], ["library/a.cbz"])
        self.assertEqual(self.read("out/s/novel.epub"), novel)
        self.assertEqual(self.tree("out"), ["a.cbz", "s/novel.epub", "s/texts.zip"])
        result = self.planche("library", "-o", "out/")
        self.assertIn("Skipped: 2 books (up to date)\n", result.stderr)
        self.write("library/s/novel.epub", archives.epub([]) + b"\n")
        result = self.planche("library", "-o", "out/", "--update")
        self.assertIn("library/s/novel.epub: has no pages, copied\n"
                      "Skipped: 1 book (up to date)\nOther files: 1 copied\n", result.stderr)
        self.assertEqual(self.read("out/s/novel.epub"), novel + b"\n")
        for _ in range(2):
            result = self.planche("library", "-o", "skip/", "--others", "skip")
            self.assertIn("Other files: 2 left alone\n", result.stderr)
            self.assertIn("library/s/novel.epub: has no pages, left alone\n", result.stderr)
            self.assertEqual(self.tree("skip"), ["a.cbz"])
        self.planche("library/s/novel.epub", "-o", "named/", "--quiet", check=1)
        self.planche("library/s/novel.epub", "library/a.cbz", "-o", "named/", "--quiet", check=1)

    def test_ornaments(self):
        """Small images of a text are no pages: a novel with a few is one without pages."""
        novel = archives.epub([("star.png", harness.page(40, 40)), ("line.png", harness.page(199, 20))])
        self.book("library/a.cbz", 1)
        self.write("library/novel.epub", novel)
        result = self.planche("library", "-o", "out/")
        self.assertIn("library/novel.epub: has no pages, copied\n", result.stderr)
        self.assertEqual(self.read("out/novel.epub"), novel)
        for option in (["--dry-run"], ["--to", "epub"], ["--to", "cbz"]):
            result = self.planche("library/novel.epub", "-o", "named/", *option, check=1)
            self.assertIn("library/novel.epub: has no pages: all images in it are as small as ornaments",
                          result.stderr)
        result = self.planche("library/novel.epub", "-o", "try.cbz", "--pages", "1")
        self.assertIn("0 pages", result.stderr)
        self.write("page.epub", archives.epub([("star.png", harness.page(40, 40)), ("page.png", b"damaged")]))
        result = self.planche("page.epub", "-o", "page-2x.epub", check=1)
        self.assertIn("page.epub: OEBPS/page.png: is not an image", result.stderr)
        self.assertFalse(os.path.exists(self.path("page-2x.epub")))

    def test_networks(self):
        """The only page of a run gives up the network that it does not need; the first of several, whose
        others lie in books, does not."""
        grey = png.encode(24, 20, 1, harness.gradient(24, 20, 1))
        self.write("grey.png", grey)
        self.write("grey.cbz", archives.cbz([("1.png", grey)]))
        self.book("other.cbz", 1)
        for inputs, given_up in ((["grey.cbz"], 1), (["grey.png"], 1), (["grey.cbz", "other.cbz"], 0),
                                 (["grey.png", "other.cbz"], 0)):
            output = "out-" + "-".join(inputs) + "/"
            result = harness.run(*inputs, "-o", output, "-m", "small", "--backend", "cpu", "-v", cwd=self.folder,
                                 check=0)
            self.assertEqual(result.stderr.count("is given up: no page runs on it"), given_up, inputs)

    def test_broken_book(self):
        self.shelf()
        self.write("library/series/0.cbz", b"this is no book")
        result = self.planche("library", "-o", "out/", check=1)
        self.assertIn("planche: library/series/0.cbz: ", result.stderr)
        self.assertIn("Books: 3 done, 1 failed. Pages: 5 enlarged\n", result.stderr)
        self.assertEqual(self.tree("out"), self.MIRRORED)
        result = self.planche("library", "-o", "out/", check=1)
        self.assertIn("\nBooks: 1 failed\nSkipped: 3 books (up to date), 1 page (up to date)", result.stderr)


class Failures(Books):
    def setUp(self):
        super().setUp()
        self.write("book.cbz", archives.cbz([("1.png", harness.page(8, 8)),
                                             ("ch/2.png", harness.page(8, 8, seed=2)[:150]),
                                             ("3.png", harness.page(8, 8, seed=3))]))

    def made(self, *options, check=1):
        result = self.planche("book.cbz", "-o", "out.cbz", "--overwrite", *options, check=check)
        self.assertRegex(result.stderr, r"(?m)^planche: book\.cbz: ch/2\.png: ")
        with self.opened("out.cbz") as book:
            return result, book.namelist(), book

    def test_keep(self):
        result, found, _ = self.made()
        self.assertEqual(found, ["1.webp", "ch/2.png", "3.webp"])
        self.assertIn("the original takes its place", result.stderr)
        self.assertIn("Books: 1 done. Pages: 2 enlarged, 1 failed\n", result.stderr)
        with self.opened("out.cbz") as book, self.opened("book.cbz") as before:
            self.assertEqual(book.read("ch/2.png"), before.read("ch/2.png"))

    def test_keep_zeros(self):
        """What is kept is packed where that helps, pages that were made are not."""
        self.write("zeros.cbz", archives.cbz([("1.png", harness.page(8, 8)), ("2.png", bytes(1 << 20)),
                                              ("3.png", png.encode(64, 64, 1, bytes(4096)))]))
        self.planche("zeros.cbz", "-o", "zeros-2x.cbz", "--format", "png", "--quiet", check=1)
        with self.opened("zeros-2x.cbz") as book:
            self.assertEqual([entry.compress_type for entry in book.infolist()],
                             [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
            self.assertEqual(book.read("2.png"), bytes(1 << 20))
            self.assertLess(book.getinfo("2.png").compress_size, (1 << 20) / 500)

    def test_skip(self):
        result, found, _ = self.made("--on-error", "skip")
        self.assertEqual(found, ["1.webp", "3.webp"])
        self.assertIn("left out", result.stderr)

    def test_fail(self):
        result = self.planche("book.cbz", "-o", "out.cbz", "--on-error", "fail", check=1)
        failure, summary = result.stderr.splitlines()
        self.assertRegex(failure, r"^planche: book\.cbz: ch/2\.png: ")
        self.assertEqual(summary, "Books: 1 failed")
        self.assertNotIn("out.cbz", self.files())

    def test_nothing_to_keep(self):
        """What is broken from its start is left out, not replaced by nothing; another page of the
        same book is kept as far as it goes."""
        page, noise = harness.page(20, 24), random.Random(1).randbytes(200000)
        book = bytearray(archives.cbz([("1.png", page), ("2.png", page + noise)] + entries(1)))
        book[book.index(b"1.png") + 5] = 7  # no kind of block
        end = book.index(b"ch1/001.png") - 30
        book[end - 100000:end] = b"\xff" * 100000
        self.write("book.cbz", book)
        result = self.planche("book.cbz", "-o", "out.cbz", check=1)
        lines = result.stderr.splitlines()
        self.assertRegex(lines[0], "1.png: is damaged .nothing of it could be read.; left out$")
        self.assertRegex(lines[1], "2.png: .*; the original takes its place$")
        with self.opened("out.cbz") as made:
            self.assertEqual(made.namelist()[:2], ["2.png", "ch1/001.webp"])
            kept = made.read("2.png")
            self.assertTrue(len(page) + 50000 < len(kept) < len(page + noise))
            self.assertEqual(kept[:len(page)], page)

    def test_exists(self):
        self.write("out.cbz", b"mine")
        result = self.planche("book.cbz", "-o", "out.cbz", check=1)
        failure, summary = result.stderr.splitlines()
        self.assertIn("; --overwrite replaces it", failure)
        self.assertEqual(summary, "Books: 1 failed")
        self.assertEqual(self.read("out.cbz"), b"mine")
        result = self.planche("book.cbz", "-o", "out.cbz", "--json", check=1)
        self.assertEqual(self.lines(result)[-1]["output_bytes"], 0)

    def test_no_useless_advice(self):
        self.write("file", b"mine")
        result = self.planche("book.cbz", "--to", "folder", "-o", "file", "--quiet", check=1)
        self.assert_one_line(result.stderr, "not a folder")
        self.assertNotIn("--overwrite", result.stderr)
        os.mkdir(self.path(".out.cbz.planche"))
        folder = os.open(self.path(".out.cbz.planche"), os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        for option in ([], ["--overwrite"]):
            result = self.planche("book.cbz", "-o", "out.cbz", "--quiet", *option, check=1)
            self.assert_one_line(result.stderr, "another run")
            self.assertNotIn("--overwrite", result.stderr)
        os.close(folder)

    def test_quiet(self):
        result, _, _ = self.made("--quiet")
        self.assert_one_line(result.stderr, "ch/2.png")

    def test_limits(self):
        for option, most in (("--max-entries", "2"), ("--max-entry-size", "100"),
                             ("--max-book-size", "200")):
            result = self.planche("book.cbz", "-o", "out.cbz", option, most, "--quiet",
                                  check=1)
            self.assert_one_line(result.stderr, "book.cbz", option)
            self.assertNotIn("out.cbz", self.files())

    def test_ratio(self):
        self.write("bomb.cbz", archives.cbz([("1.png", harness.page(8, 8)), ("0", bytes(500000))]))
        result = self.planche("bomb.cbz", "-o", "out.cbz", "--max-ratio", "100", "--quiet",
                                  check=1)
        self.assert_one_line(result.stderr, "bomb.cbz", "--max-ratio")
        self.planche("bomb.cbz", "-o", "out.cbz")

    def test_no_books(self):
        self.write("text.cbz", b"this is no book")
        for name, status in (("text.cbz", 1), ("missing.cbz", 2)):
            result = self.planche(name, "-o", "out.cbz", "--quiet", check=status)
            self.assert_one_line(result.stderr, name)

    def test_no_folder(self):
        self.write("file", b"")
        result = self.planche("book.cbz", "-o", "file/out.cbz", check=3)
        self.assertIn("file/out.cbz", result.stderr)
        self.assertEqual(self.planche("book.cbz", "-o", "file/out/", check=3).returncode, 3)


class Talk(Books):
    def test_json(self):
        page = harness.page(8, 8)
        self.write("book.cbz", archives.cbz([("1.png", page), ("2.png", page), ("bad.png", b"x"),
                                             ("ComicInfo.xml", b"<ComicInfo/>")]))
        self.write("page.png", page)
        result = self.planche("book.cbz", "page.png", "-o", "out/", "--json", check=1)
        *pages, book = self.lines(result)
        self.assertEqual([(p["type"], p["book"], p["entry"], p["fate"], p["status"] == "ok")
                          for p in pages],
                         [("page", None, None, "enlarged", True),
                          ("page", "book.cbz", "1.png", "enlarged", True),
                          ("page", "book.cbz", "2.png", "duplicate", True),
                          ("page", "book.cbz", "bad.png", "failed", False)])
        self.assertEqual([p.get("output_entry") for p in pages],
                         [None, "1.webp", "2.webp", "bad.png"])
        self.assertEqual((pages[1]["input_width"], pages[1]["output_width"]), (8, 16))
        self.assertEqual(pages[1]["input_bytes"], len(page))
        self.assertEqual({key: book[key] for key in (
            "type", "input", "output", "status", "error", "pages", "enlarged", "duplicate",
            "resumed", "marked", "large", "failed", "copied", "input_bytes", "output_bytes")}, {
                "type": "book", "input": "book.cbz", "output": "out/book.cbz", "status": "ok",
                "error": None, "pages": 3, "enlarged": 1, "duplicate": 1, "resumed": 0,
                "marked": 0, "large": 0, "failed": 1, "copied": 1,
                "input_bytes": len(self.read("book.cbz")),
                "output_bytes": len(self.read("out/book.cbz"))})
        again = self.lines(self.planche("book.cbz", "page.png", "-o", "out/", "--json",
                                        check=1))
        self.assertEqual([(line["type"], line["status"]) for line in again],
                         [("page", "up to date"), ("book", "pages failed")])

    def test_dry_run(self):
        self.book("shelf/book.cbz")
        self.write("shelf/page.png", harness.page(8, 8))
        before = self.tree(".")
        result = self.planche("shelf", "-o", "out/", "--dry-run")
        self.assertEqual(self.tree("."), before)
        self.assertEqual(result.stderr, "")
        page, book, totals = result.stdout.splitlines()
        self.assertEqual(page, "shelf/page.png -> out/page.webp")
        self.assertEqual(book, "shelf/book.cbz -> out/book.cbz  3 pages: 3 enlarged; 0.0 megapixels")
        self.assertRegex(totals, r"^1 book, 4 pages, 0\.0 megapixels: about .*; .* are free there$")
        detailed = self.planche("shelf", "-o", "out/", "--dry-run", "-v").stdout.splitlines()
        self.assertEqual(detailed[1:-2], [
            *[f"  enlarge  {name}" for name in names(extension="png")],
            "  copy     ComicInfo.xml", "  copy     notes/read me.txt"])
        lines = self.lines(self.planche("shelf", "-o", "out/", "--dry-run", "--json"))
        self.assertTrue(all(line["dry_run"] for line in lines))
        self.assertEqual(lines[-2]["pages"], 3)
        totals = lines[-1]
        self.assertEqual((totals["type"], totals["books"], totals["pages"], totals["input_pixels"]),
                         ("totals", 1, 4, 8 * 8 + 3 * 20 * 24))
        self.assertGreater(totals["free_bytes"], 0)
        self.assertGreater(totals["output_bytes"], 0)
        self.assertEqual(self.tree("."), before)
        self.planche("shelf", "-o", "out/", "--quiet")
        self.assertEqual(self.planche("shelf", "-o", "out/", "--dry-run").stdout.splitlines(), [
            "shelf/page.png -> out/page.webp  (up to date)",
            "shelf/book.cbz -> out/book.cbz  (up to date)"])

    def test_dry_run_of_other_files(self):
        """What it says of them is what the run says, and their bytes count."""
        self.write("shelf/page.png", harness.page(8, 8))
        self.write("shelf/s/book.cbz", archives.cbz([("1.png", harness.page(8, 8, seed=2)), ("film.mp4", bytes(400000)),
                                                     ("Thumbs.db", b"x")]))
        for name, size in (("film.mp4", 500000), ("read me.txt", 3), ("Thumbs.db", 1)):
            self.write("shelf/s/" + name, bytes(size))
        os.mkfifo(self.path("shelf/pipe"))
        for words in ("2 copied, 2 left out (Thumbs.db and the like), 1 left alone",
                      "1 not replaced, copies differ, 1 left out (Thumbs.db and the like), 1 left alone"):
            dry = self.planche("shelf", "-o", "out/", "--dry-run")
            self.assertEqual(dry.stderr, f"Other files: {words}\n")
            lines = self.lines(self.planche("shelf", "-o", "out/", "--dry-run", "--json"))
            others = [line for line in lines if line["type"] == "other"]
            self.assertEqual([line.pop("dry_run") for line in others], [True] * len(others))
            if "copied" in words:
                self.assertGreater(lines[-1]["output_bytes"], 900000)
                real = self.lines(self.planche("shelf", "-o", "out/", "--json"))
                self.assertEqual(others, [line for line in real if line["type"] == "other"])
                self.write("out/s/film.mp4", b"changed")
            self.assertIn(dry.stderr if "differ" in words else "", self.planche("shelf", "-o", "out/").stderr)

    def test_dry_run_of_pages(self):
        self.write("a.png", harness.page(8, 8))
        self.write("large.png", harness.page(8, 40))
        self.write("bad.png", b"x")
        self.planche("a.png", "-o", "made.webp")
        before = self.tree(".")
        result = self.planche("a.png", "made.webp", "large.png", "bad.png", "-o", "out/",
                              "--skip-above", "39", "--dry-run", check=1)
        self.assertEqual(result.stdout.splitlines(),
                         ["a.png -> out/a.webp", "made.webp  (Planche has made it)",
                          "large.png  (large enough)", result.stdout.splitlines()[-1]])
        self.assertIn("1 page, 0.0 megapixels", result.stdout.splitlines()[-1])
        self.assert_one_line(result.stderr, "bad.png")
        self.assertEqual(self.tree("."), before)

    def test_dry_run_of_entries(self):
        page = harness.page(8, 8)
        self.write("in/book.cbz", archives.cbz([("1.png", page), ("2.png", page), ("bad.png", b"x")]))
        result = self.planche("in/book.cbz", "--dry-run", "-v", check=1)
        first, second, bad, book, _ = result.stdout.splitlines()
        self.assertIn("3 pages: 1 enlarged, 1 repeated, 1 failed", book)
        self.assertEqual((first, second), ("  enlarge  1.png", "  repeat   2.png"))
        self.assertRegex(bad, r"^  fail     bad\.png: (?!in/)")
        self.assertEqual(bad.count("bad.png"), 1)
        self.assertEqual(self.planche("in/book.cbz", "--dry-run", check=1).stdout.splitlines()[:2], [bad, book])
        lines = self.lines(self.planche("in/book.cbz", "--dry-run", "--json", check=1))
        self.assertEqual([line["fate"] for line in lines[:-2]], ["enlarged", "duplicate", "failed"])

    def test_dry_run_counts_what_is_there(self):
        """Bytes of a page that fails count where they are in the output; a book that fails counts in nothing."""
        page, film = harness.page(8, 8), ("film.mp4", bytes(500000))
        self.write("in/book.cbz", archives.cbz([("1.png", page), film, ("bad.png", bytes(400000))]))
        self.write("in/none.cbz", archives.cbz([film, ("bad.png", bytes(400000))]))
        self.write("in/p.png", page)
        for what, pages, low, high in (("keep", 2, 900000, 1000000), ("skip", 2, 500000, 600000),
                                       ("fail", 1, 1, 100000)):
            lines = self.lines(self.planche("in", "-o", "out/", "--dry-run", "--json", "--on-error", what, check=1))
            self.assertEqual(lines[-1]["pages"], pages)
            self.assertTrue(low < lines[-1]["output_bytes"] < high, (what, lines[-1]))

    def test_dry_run_needs_no_model(self):
        self.book()
        result = harness.run("book.cbz", "--dry-run", cwd=self.folder, check=0,
                             env={"PLANCHE_MODEL_DIR": self.folder})
        self.assertIn("book.cbz -> book-2x.cbz", result.stdout)

    def test_some_pages(self):
        """Their names say that they are not the book; an EPUB becomes a CBZ; JSON speaks of them only."""
        self.book(pages=5)
        self.planche("book.cbz", "--pages", "2,4-")
        self.assertEqual(sorted(self.pages_of("book-2x-pages-2,4-.cbz")),
                         ["ch1/002.webp", "ch2/004.webp", "ch3/005.webp"])
        lines = self.lines(self.planche("book.cbz", "--sample", "2", "--json"))
        self.assertEqual([line["entry"] for line in lines[:-1]], ["ch1/002.png", "ch2/004.png"])
        self.assertEqual(sorted(self.pages_of("book-2x-sample-2.cbz")), ["ch1/002.webp", "ch2/004.webp"])
        self.write("book.epub", archives.epub([(f"{i}.png", harness.page(220, 210, seed=i)) for i in range(3)]))
        self.planche("book.epub", "--sample", "1")
        self.assertEqual(len(self.pages_of("book-2x-sample-1.cbz")), 1)
        self.planche("book.epub", "--sample", "1", "--to", "epub", "-o", "a.epub", check=1)
        for wrong in ("0", "a", "3-2", "1,", "1--2"):
            self.planche("book.cbz", "--pages", wrong, check=2)
        self.assert_one_line(self.planche("book.cbz", "--pages", "9", "--quiet", check=1).stderr, "5 pages")

    def test_skipped_pages(self):
        self.write("book.cbz", archives.cbz([("1.png", harness.page(8, 8)),
                                             ("large.png", harness.page(8, 40))]))
        self.planche("book.cbz", "--skip-above", "39", "-o", "a.cbz")
        with self.opened("a.cbz") as book:
            self.assertEqual(book.namelist(), ["1.webp", "large.png"])
        result = self.planche("a.cbz", "-o", "b.cbz", "--json")
        self.assertEqual([line["fate"] for line in self.lines(result)[:-1]], ["marked", "enlarged"])
        result = self.planche("a.cbz", "-o", "c.cbz", "--again", "--json")
        self.assertEqual([line["fate"] for line in self.lines(result)[:-1]],
                         ["enlarged", "enlarged"])

    def test_summary(self):
        self.book()
        result = self.planche("book.cbz", "-o", "out.cbz")
        self.assertEqual(result.stdout, "")
        book, pages, sizes = result.stderr.splitlines()
        self.assertRegex(book, r"^book\.cbz -> out\.cbz  3 pages: 3 enlarged  .* -> .*  0:0\d$")
        self.assertEqual(pages, "Books: 1 done. Pages: 3 enlarged")
        self.assertRegex(sizes, r"^[\d.]+ K?i?B -> [\d.]+ K?i?B in \d:\d\d, [\d.]+ (pages/s|s a page)$")
        self.assertEqual(self.planche("book.cbz", "-o", "b.cbz", "--quiet").stderr, "")
        self.assertIn("book.cbz: ch1/001.png -> ch1/001.webp  20x24 -> 40x48",
                      self.planche("book.cbz", "-o", "c.cbz", "-v").stderr)

    def test_no_pages(self):
        self.write("texts.cbz", archives.cbz([("a.txt", b"text")]))
        os.mkdir(self.path("empty"))
        for option in ([], ["--dry-run"]):
            result = self.planche("texts.cbz", "-o", "out/", "--quiet", *option, check=1)
            self.assert_one_line(result.stderr, "planche: texts.cbz: has no pages: ")
            line, = [line for line in self.lines(self.planche("texts.cbz", "-o", "out/", "--json", *option, check=1))
                     if line["type"] == "book"]
            self.assertEqual((line["status"], line["pages"]), ("damaged image", 0))
            self.assertNotIn("out", self.files())
        result = self.planche("empty", "-o", "out.cbz", "--quiet", check=1)
        self.assert_one_line(result.stderr, "empty: is an empty folder")
        # Nothing is nothing, whatever holds it.
        self.write("empty.cbz", archives.cbz([]))
        self.write("file.cbz", b"")
        for name, says in (("empty.cbz", "is an empty book"), ("file.cbz", "is an empty file")):
            for option in ((), ("--dry-run",)):
                result = self.planche(name, "-o", "out.cbz", "--quiet", *option, check=1)
                self.assert_one_line(result.stderr, f"{name}: {says}")

    def test_shelf(self):
        """An archive of archives: its books are made, and a dry run names them."""
        self.write("nested.zip", archives.cbz([("a/1.cbr", archives.cbr(entries(2))), ("2.cbz", archives.cbz(entries(1))),
                                               ("broken.cbz", b"PK\3\4")]))
        result = self.planche("nested.zip", "-o", "out.zip", check=1)
        self.assertIn("planche: nested.zip: broken.cbz: is cut short", result.stderr)
        with self.opened("out.zip") as shelf:
            self.assertEqual(shelf.namelist(), ["a/1.cbz", "2.cbz", "broken.cbz"])
            with zipfile.ZipFile(io.BytesIO(shelf.read("a/1.cbz"))) as book:
                self.assertIn("ch1/001.webp", book.namelist())
        self.planche("nested.zip", "-o", "out/", check=1)
        self.assertEqual(self.tree("out"), ["nested/2.cbz", "nested/a/1.cbz", "nested/broken.cbz"])
        result = self.planche("nested.zip", "-o", "other.zip", "--dry-run")
        self.assertIn("  book     a/1.cbr\n", result.stdout)
        self.assertIn("nested.zip -> other.zip  0 pages and 3 books in it\n", result.stdout)
        self.book("more/book.cbz")
        shutil.copy(self.path("nested.zip"), self.path("more"))
        *_, totals = self.planche("more", "-o", "new/", "--dry-run").stdout.splitlines()
        self.assertRegex(totals, r"^1 book, 3 pages, .*; books inside of archives \(3\) are not counted$")
        totals = self.lines(self.planche("more", "-o", "new/", "--dry-run", "--json"))[-1]
        self.assertEqual((totals["pages"], totals["inner_books"]), (3, 3))
        self.assertNotIn("no pages", result.stderr)

    def test_shelf_with_damaged_cover(self):
        """The cover alone fails, and a dry run says no more; with a page it would."""
        for name, whole in (("cover.png", True), ("01.png", False)):
            self.write("nested.zip", archives.cbz([(name, b"damaged"), ("2.cbz", archives.cbz(entries(1)))]))
            result = self.planche("nested.zip", "-o", "out.zip", "--dry-run", check=1)
            self.assertEqual("would fail" not in result.stderr, whole)
            self.planche("nested.zip", "-o", "out.zip", check=1)
            self.assertEqual(os.path.exists(self.path("out.zip")), whole)
            if whole:
                os.remove(self.path("out.zip"))

    def test_several_without_terminal(self):
        self.book("1.cbz")
        self.book("2.cbz")
        lines = self.planche("1.cbz", "2.cbz", "-o", "out/").stderr.splitlines()
        self.assertEqual([line.split("  ")[0] for line in lines[:2]],
                         ["1.cbz -> out/1.cbz", "2.cbz -> out/2.cbz"])

    def test_folders_are_not_made(self):
        self.book()
        result = self.planche("book.cbz", "-o", "none/dir/x.cbz", "--quiet", check=3)
        self.assert_one_line(result.stderr, "none/dir/x.cbz")
        self.planche("book.cbz", "-o", "none/dir/")
        self.planche("book.cbz", "--to", "folder", "-o", "other/dir/")
        self.assertEqual(self.files(), ["book.cbz", "none", "other"])

    def test_closed_output(self):
        self.write("page.png", harness.page(8, 8))
        with open("/dev/full", "wb") as full:
            result = subprocess.run([harness.PLANCHE, "-m", harness.QUICK_MODEL, "--json",
                                     "page.png"], cwd=self.folder, stdout=full, check=False,
                                    stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 1)
        self.assert_one_line(result.stderr, "standard output: cannot write: No space left on device")

    def shell(self, line):
        """A line of a shell in which $P is the command with the quick model."""
        return subprocess.run(["bash", "-c", "set -o pipefail; P='" + harness.PLANCHE + "'; " + line],
                              cwd=self.folder, check=False, capture_output=True, text=True)

    def test_no_output(self):
        """A standard output that is closed fails what writes there, and nothing else."""
        self.write("page.png", harness.page(8, 8))
        for command in ("models", "info", "--version", "help", "models --json", "page.png --dry-run",
                        "page.png --dry-run --json"):
            result = self.shell(f"$P {command} >&-")
            self.assertNotEqual(result.returncode, 0, command)
            self.assert_one_line(result.stderr, "standard output")
        self.assertEqual(self.shell("$P page.png -m " + harness.QUICK_MODEL + " >&-").returncode, 0)

    def test_only_head(self):
        """Who takes the first lines only hears nothing."""
        for i in range(3):
            self.book(f"many/{i}.cbz")
        for option in ((), ("--json",)):
            ours, theirs = os.pipe()
            os.close(ours)
            with os.fdopen(theirs, "wb") as nobody:
                result = subprocess.run([harness.PLANCHE, "many", "--dry-run", *option], cwd=self.folder,
                                        stdout=nobody, stderr=subprocess.PIPE, check=False)
            self.assertEqual((result.stderr, result.returncode), (b"", -signal.SIGPIPE))

    def on_terminal(self, *arguments):
        master, terminal = pty.openpty()
        with subprocess.Popen([harness.PLANCHE, "-m", harness.QUICK_MODEL, *arguments],
                              cwd=self.folder, stderr=terminal,
                              env={**os.environ, "TERM": "xterm"}) as process:
            os.close(terminal)
            shown = b""
            while True:
                try:
                    data = os.read(master, 65536)
                except OSError:
                    break
                shown += data
            self.assertEqual(process.wait(), 0)
        os.close(master)
        return shown.decode()

    def test_terminal(self):
        self.book("1.cbz")
        self.book("2.cbz")
        shown = self.on_terminal("1.cbz", "2.cbz", "-o", "out/")
        self.assertRegex(shown, r"\[[#.]+\] +\d+%  book 1/2  1\.cbz")
        self.assertIn("2.cbz -> out/2.cbz  3 pages: 3 enlarged", shown)
        self.assertIn("Books: 2 done. Pages: 6 enlarged", shown)
        for line in shown.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            if line.startswith("\033[K["):
                self.assertLess(len(line), 80 + len("\033[K"))
        self.assertEqual(self.on_terminal("1.cbz", "-o", "quiet.cbz", "--quiet"), "")

    def test_interrupt(self):
        count = 4 if os.environ.get("SANITIZED") else 12  # each takes long there
        pages = [(f"{i}.png", harness.page(200, 300, seed=i)) for i in range(count)]
        self.write("book.cbz", archives.cbz(pages))
        process = subprocess.Popen(
            [harness.PLANCHE, "-m", harness.QUICK_MODEL, "-s", "4", "--threads", "1", "book.cbz",
             "-o", "out.cbz"], cwd=self.folder, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + harness.MARGIN_SECONDS
        while not any(name.endswith(".webp") for name in self.tree(".out.cbz.planche")):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        stderr = process.communicate()[1]
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertRegex(stderr, r"planche: book.cbz: stopped .*the same command goes on")
        self.assertIn("\nBooks: 1 interrupted\n", stderr)
        self.assertEqual(self.files(), [".out.cbz.planche", "book.cbz"])
        self.planche("book.cbz", "-s", "4", "-o", "out.cbz", "--quiet")
        self.assertEqual(self.files(), ["book.cbz", "out.cbz"])


if __name__ == "__main__":
    harness.main()
