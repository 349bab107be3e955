# SPDX-License-Identifier: MIT
"""planche serve: books that are sent or named, their events, results, and what they survive."""
import json
import os
import re
import signal
import time
import unittest

import archives
import harness
import png
import server

PAGES = 5


def slow_page():
    """A page that keeps a worker busy until its client leaves."""
    width, height = 1600, 2000
    return png.encode(width, height, 3, bytes([7, 128, 200]) * (width * height), 8)


class Events:
    """The events of a book, one after the other, on a connection of their own."""

    def __init__(self, running, book, **fields):
        self.connection = running.connect()
        self.connection.send(self.connection.request(f"/v1/books/{book}/events", **fields))
        self.status, self.fields = self.connection.head()
        self.text = ""

    def block(self):
        """The lines of a block; None: that was all."""
        while "\n\n" not in self.text:
            size, rest = self.connection.buffer.split(b"\r\n", 1) \
                if b"\r\n" in self.connection.buffer else (b"", b"")
            if not size or len(rest) < int(size, 16) + 2:
                self.connection.fill()
                continue
            data, self.connection.buffer = rest[:int(size, 16)], rest[int(size, 16) + 2:]
            if not data:
                return None
            self.text += data.decode()
        block, self.text = self.text.split("\n\n", 1)
        return dict(line.split(": ", 1) for line in block.split("\n") if line != ":")

    def __iter__(self):
        while (block := self.block()) is not None:
            if "data" in block:
                yield block["event"], block["id"], json.loads(block["data"])

    def until(self, right):
        """The first event that is right."""
        return next(event for event in self if right(*event))

    def last(self):
        return list(self)[-1]


class Books(harness.Case):
    model = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pages = [(f"{i:02}.png", harness.page(96, 128, seed=i)) for i in range(PAGES)]
        cls.book = archives.cbz(cls.pages + [("bad.png", b"no image"), ("ComicInfo.xml", b"<ComicInfo/>")])

    def serve(self, *arguments, **more):
        return server.Server(self, "--books", self.path("books"), *arguments, **more)

    def events(self, running, book, **fields):
        events = Events(running, book, **fields)
        self.addCleanup(events.connection.close)
        return events

    def send(self, running, book=None, query=""):
        """The id of a book that was accepted."""
        answer = running.post("/v1/books" + query, book or self.book)
        self.assertEqual(answer.status, 202, answer.body)
        book = answer.json()
        self.assertEqual(answer.fields["location"], "/v1/books/" + book["id"])
        self.assertRegex(book["id"], "^[0-9a-f]{32}$")
        self.assertIn(book["state"], ("waiting", "running"))
        return book["id"]

    def show(self, running, book):
        return running.get("/v1/books/" + book).json()

    def made(self, *arguments, book=None, to="made.cbz"):
        """What the command makes of the book."""
        self.planche(self.write("source.cbz", book or self.book), "-o", self.path(to), "--fresh",
                     "--overwrite", *arguments, check=0 if book else 1)
        return self.read(to)

    def result(self, running, book, **fields):
        return running.get(f"/v1/books/{book}/result", **fields)

    def hold(self, running, book):
        """Stops a book between two pages, for as long as the connection that is returned is open: a
        reader's page goes before the next of the book's."""
        reader = running.connect()
        self.addCleanup(reader.close)
        request = reader.request("/v1/upscale?tta=true", "POST", slow_page())
        reader.send(request[:-1])
        self.events(running, book).until(lambda kind, _, data: data["pages"]["done"] > 0)
        before = self.show(running, book)["pages"]["done"]
        reader.send(request[-1:])
        running.wait_for_status(lambda s: s["pages"]["running"] == 1 and s["queue"]["books"] == 1
                                and s["queue"]["readers"] == 0)
        state = self.show(running, book)
        self.assertEqual(state["state"], "running")
        # The page that ran, and one that may have begun before the reader's came.
        self.assertLessEqual(state["pages"]["done"], before + 2)
        self.assertLess(state["pages"]["done"], state["pages"]["total"])
        return reader

    def test_upload(self):
        """From the upload to the result, which is the command's."""
        running = self.serve("--threads", "2")
        body, kind = server.form(self.book, "book", "../B\u00fccher/B\u00f6 k.cbr")
        answer = running.post("/v1/books?format=png&scale=2", body, content_type=kind)
        self.assertEqual(answer.status, 202, answer.body)
        book = answer.json()["id"]
        self.assertEqual(self.result(running, book).status, 409)
        events = self.events(running, book)
        self.assertEqual((events.status, events.fields["content-type"],
                          events.fields["cache-control"], events.fields["x-accel-buffering"]),
                         (200, "text/event-stream", "no-cache, no-transform", "no"))
        told = list(events)
        self.assertEqual({kind for kind, _, _ in told[:-1]}, {"progress"})
        parts = [data["pages"]["parts"] for _, _, data in told]
        self.assertEqual(parts, sorted(parts))
        kind, last, data = told[-1]
        self.assertEqual((kind, last, data["state"]), ("done", "end", "done"))
        self.assertEqual(data["pages"], {"total": PAGES + 1, "done": PAGES + 1, "parts": PAGES + 1,
                                         "failed": 1})
        self.assertEqual([page["page"] for page in data["failed_pages"]], ["bad.png"])
        self.assertTrue(data["failed_pages"][0]["reason"].startswith("is not an image"))
        self.assertEqual(data["result"]["name"], "B\u00f6 k-2x.cbz")
        self.assertEqual(data["settings"], {"format": "png", "scale": 2})
        self.assertEqual(running.get(f"/v1/books/{book}/events", last_event_id="end").status, 204)
        self.assertEqual(running.get("/v1/books").json()["books"], [{**data, "failed_pages": None}])
        self.assertEqual(self.show(running, book), data)
        made = self.made("-f", "png")
        self.check_result(running, book, made)
        self.assertEqual(running.get("/v1/books").json()["room"]["bytes"], len(made))
        metrics = running.get("/metrics").body.decode()
        for line in ('planche_books_total{state="done"} 1', 'planche_books{state="kept"} 1',
                     f'planche_books_pages_total{{result="ok"}} {PAGES}',
                     'planche_books_pages_total{result="error"} 1'):
            self.assertIn(line, metrics)
        self.check_removal(running, book)

    def check_result(self, running, book, made):
        whole = self.result(running, book)
        self.assertEqual((whole.status, whole.fields["content-type"]),
                         (200, "application/vnd.comicbook+zip"))
        self.assertEqual(whole.fields["content-disposition"],
                         "attachment; filename=\"B__ k-2x.cbz\"; "
                         "filename*=UTF-8''B%C3%B6%20k-2x.cbz")
        self.assertEqual(whole.body, made)
        tag, size = whole.fields["etag"], len(made)
        self.assertRegex(tag, '^"[0-9a-f]{32}"$')
        head = running.get(f"/v1/books/{book}/result", "HEAD")
        self.assertEqual(running.get(f"/v1/books/{book}/result", "HEAD", range="bytes=0-1").status, 200)
        self.assertEqual((head.status, head.fields["content-length"], head.fields["accept-ranges"]),
                         (200, str(size), "bytes"))
        for asked, first, last in (("bytes=0-9", 0, 9), ("bytes=7-", 7, size - 1),
                                   ("bytes=-5", size - 5, size - 1),
                                   (f"bytes=10-{2 * size}", 10, size - 1)):
            part = self.result(running, book, range=asked, if_range=tag)
            self.assertEqual((part.status, part.body), (206, made[first:last + 1]), asked)
            self.assertEqual(part.fields["content-range"], f"bytes {first}-{last}/{size}")
        for asked in ({"range": "bytes=0-9", "if_range": '"other"'}, {"range": "bytes=9-1"},
                      {"range": "pages=1-2"}, {"range": "bytes=0-1,3-4"}):
            self.assertEqual(self.result(running, book, **asked).status, 200, asked)
        beyond = self.result(running, book, range=f"bytes={size}-")
        self.assertEqual((beyond.status, beyond.fields["content-range"]), (416, f"bytes */{size}"))
        self.assertEqual(self.result(running, book, if_none_match=tag).status, 304)
        self.assertEqual(self.result(running, book, if_match='"other"').status, 412)

    def check_removal(self, running, book):
        self.assertEqual(running.get(f"/v1/books/{book}", "DELETE", origin="http://evil.example").status,
                         403)
        self.assertEqual(running.get(f"/v1/books/{book}", "DELETE").status, 204)
        self.wait_until_gone(running, book)
        self.assertEqual(self.files("books"), ["lock"])
        line = running.wait_for_line(r'msg="(book .*)"').group(1)
        self.assertRegex(line, rf"^book [0-9a-f]{{16}}: done, pages={PAGES + 1} failed=1 in=\d+ out=\d+")
        self.assertNotIn(book, "".join(running.lines))

    def wait_until_gone(self, running, book):
        end = time.monotonic() + harness.MARGIN_SECONDS
        while (status := running.get(f"/v1/books/{book}").status) != 404:
            self.assertEqual((status, time.monotonic() < end), (200, True))
            time.sleep(0.01)

    def test_library(self):
        """Books below a root; nothing else."""
        self.write("library/series/one.cbz", self.book)
        for name, data in self.pages[:2]:
            self.write("library/chapter/" + name, data)
        self.write("other/secret.cbz", self.book)
        for link, to in (("out", "../other"), ("out.cbz", "../other/secret.cbz"),
                         ("absolute.cbz", self.path("other/secret.cbz")), ("in", "series")):
            os.symlink(to, self.path("library", link))
        os.mkfifo(self.path("library/pipe.cbz"))
        running = self.serve("--library-root", self.path("library"))
        for path, status in (("../other/secret.cbz", 403), ("series/../../other/secret.cbz", 403),
                             (self.path("other/secret.cbz"), 403), ("out/secret.cbz", 403),
                             ("out.cbz", 403), ("absolute.cbz", 403), ("pipe.cbz", 403),
                             ("%2e%2e/other/secret.cbz", 403), ("none.cbz", 404),
                             ("series/one.cbz/x", 404), ("a" * 1100, 400), ("x%00", 400), ("%ff", 400)):
            answer = running.post("/v1/books?path=" + path, b"")
            self.assertEqual(answer.status, status, (path, answer.body))
            self.assertNotIn(self.folder, answer.body.decode())
        for path, name in (("in/one.cbz", "one-2x.cbz"), ("chapter/", "chapter-2x.cbz")):
            book = running.post("/v1/books?format=png&path=" + path, b"").json()["id"]
            kind, _, data = self.events(running, book).last()
            self.assertEqual((kind, data["result"]["name"]), ("done", name), data)
            if path == "chapter/":
                expected = archives.listed(self.pages[:2])
                self.planche(self.path("library/chapter"), "-f", "png", "--to", "cbz", "-o",
                             self.path("chapter.cbz"))
                self.assertEqual(self.result(running, book).body, self.read("chapter.cbz"))
                self.assertEqual(data["pages"]["total"], len(expected))
            else:
                self.assertEqual(self.result(running, book).body, self.made("-f", "png"))
        self.assertEqual(self.read("library/series/one.cbz"), self.book)

    def test_killed(self):
        """A reader's page goes first; kill -9 and SIGTERM in the middle cost nothing that is done."""
        alone = ("--jobs", "1", "--threads", "1")
        running = self.serve(*alone)
        pages = archives.cbz([(f"{i}.png", harness.page(192, 256, seed=i)) for i in range(PAGES)])
        book = self.send(running, pages, "?format=png")
        second = self.send(running, archives.cbz(self.pages[:1]), "?format=png&name=second.cbz")
        self.hold(running, book)
        running.stop(signal.SIGKILL)
        os.makedirs(self.path("books", "0123456789abcdef"))  # an upload that was cut off
        self.write("books/fedcba9876543210/mydoc", b"mine")
        running = self.serve(*alone)
        self.events(running, book).until(lambda kind, _, data: data["pages"]["done"] > 0)
        self.assertEqual(running.stop(), 0)
        running = self.serve(*alone)
        kind, _, data = self.events(running, book).last()
        self.assertEqual((kind, data["pages"]["done"]), ("done", PAGES))
        self.assertEqual(self.result(running, book).body, self.made("-f", "png", book=pages))
        self.assertEqual(self.events(running, second).last()[0], "done")
        books = running.get("/v1/books").json()["books"]
        self.assertEqual([b["id"] for b in books], [book, second])
        self.assertEqual(len(self.files("books")), 4)
        self.assertEqual(self.files("books/fedcba9876543210"), ["mydoc"])
        running.stop(signal.SIGKILL)
        with open(next(self.results()), "r+b") as file:  # torn, by a bad disk
            file.truncate(100)
        running = self.serve()
        states = {b["id"]: b["state"] for b in running.get("/v1/books").json()["books"]}
        self.assertEqual(sorted(states.values()), ["done", "failed"])
        torn = next(b for b in states if states[b] == "failed")
        self.assertEqual(self.result(running, torn).status, 410)

    def results(self):
        for name in self.files("books"):
            path = self.path("books", name, "result.cbz")
            if os.path.exists(path):
                yield path

    def test_removed(self):
        """A book that runs is cancelled; those who watch are told, also slow ones and those who come
        again."""
        running = self.serve("--jobs", "1", "--threads", "1", "--engines", "1")
        book = self.send(running)
        slow = self.events(running, book)  # which is not read for now
        reader = self.hold(running, book)
        waiting = self.send(running, query="?name=waits.cbz")
        self.assertEqual(self.show(running, waiting)["before"], 1)
        events = self.events(running, book)
        _, last, _ = next(iter(events))
        again = self.events(running, book, last_event_id=last)
        self.assertEqual(again.block(), {"retry": "3000"})
        self.assertEqual(running.get(f"/v1/books/{book}", "DELETE").status, 204)
        for stream in (events, again):  # nothing twice
            self.assertEqual([kind for kind, _, _ in stream], ["cancelled"])
        told = list(slow)
        self.assertEqual(told[-1][0], "cancelled")
        self.wait_until_gone(running, book)
        reader.close()
        self.assertEqual(self.events(running, waiting).last()[0], "done")
        self.assertEqual(running.get("/v1/books/" + "0" * 32).status, 404)

    def test_removed_by_who_is_told_of_its_end(self):
        """The request behind a stream of events removes the book while others are told."""
        running = self.serve("--jobs", "1", "--threads", "1")
        book = self.send(running)
        other = self.events(running, book)
        reader = self.hold(running, book)
        remover = self.events(running, book)  # is told first, as the last that came
        remover.connection.send(remover.connection.request(f"/v1/books/{book}", "DELETE"))
        reader.close()
        self.assertEqual(remover.last()[0], "done")
        self.assertEqual(remover.connection.answer().status, 204)
        self.assertEqual([kind for kind, _, _ in other][-1], "cancelled")
        self.wait_until_gone(running, book)
        line = running.wait_for_line(r'msg="(book .*)"').group(1)
        self.assertIn(": done, ", line)

    def test_nowhere(self):
        """The folder cannot be made, and there is no library."""
        running = server.Server(self, env={"XDG_STATE_HOME": self.write("file", b"")})
        answer = running.post("/v1/books", self.book)
        self.assertEqual((answer.status, answer.fields.get("retry-after")), (503, None))
        self.assertIn("no folder", answer.json()["detail"])
        running.wait_for_line("--books DIR")
        answer = running.post("/v1/books?path=a.cbz", b"")
        self.assertEqual(answer.status, 404)
        self.assertIn("no library root", answer.json()["detail"])

    def test_yields(self):
        """With one engine a book gives it up for a page that needs another, and gets it back."""
        running = self.serve("--jobs", "1", "--threads", "1", "--engines", "1")
        book = self.send(running, query="?format=png")
        self.events(running, book).until(lambda kind, _, data: data["pages"]["done"] > 0)
        page = running.post("/v1/upscale?model=small&scale=2&format=png", harness.page(32, 40))
        self.assertEqual(page.status, 200, page.body)
        self.assertEqual(self.events(running, book).last()[0], "done")
        self.assertEqual(self.result(running, book).body, self.made("-f", "png"))

    def test_refused(self):
        """What does not fit, and what is no book."""
        running = self.serve("--books-size", "64K", "--books-upload", "100K", "-f", "png")
        with running.connect() as c:  # before the body
            c.send(c.request("/v1/books", "POST", content_length=str(200 << 10),
                             expect="100-continue"))
            answer = c.answer()
            self.assertEqual((answer.status, answer.interim), (413, []))
        self.assertEqual(running.post("/v1/books", bytes(80 << 10)).status, 507)
        for size, status in ((80 << 10, 507), (10, 202)):
            with running.connect() as c:
                c.send(c.request("/v1/books", "POST", content_length=None,
                                 transfer_encoding="chunked"))
                c.send(b"%x\r\n" % size + bytes(size) + b"\r\n0\r\n\r\n")
                answer = c.answer()
                self.assertEqual(answer.status, status, answer.body)
        kind, _, data = self.events(running, answer.json()["id"]).last()
        self.assertEqual((kind, data["problem"]["status"]), ("failed", 422))
        self.assertRegex(data["problem"]["detail"], "^is not a book that Planche reads")
        self.assertEqual(self.result(running, data["id"]).status, 410)
        body, kind = server.form(b"", more=[("name", "value")])
        for query, sent, fields, says in (
                ("", b"", {}, "no book in the request"), ("?container=cbr", b"x", {}, "container"),
                ("?priority=normal", b"x", {}, "for pages"), ("?wait=3", b"x", {}, "unknown"),
                ("", body[:-8], {"content_type": kind}, "cut off"),
                ("", b"--xyzzyx", {"content_type": kind}, "malformed")):
            answer = running.post("/v1/books" + query, sent, **fields)
            self.assertEqual(answer.status, 400, (query, answer.body))
            self.assertIn(says, answer.json()["detail"])
        # A result that is larger than the room.
        noise = png.encode(90, 90, 3, os.urandom(90 * 90 * 3), 8)
        kind, _, data = self.events(running, self.send(running, archives.cbz([("1.png", noise)]))).last()
        self.assertEqual((kind, data["problem"]["status"]), ("failed", 507), data)
        self.assertEqual(running.get("/v1/books").json()["room"]["bytes"], 0)
        other = harness.run("serve", "--listen", "127.0.0.1:0", "--books", self.path("books"), check=3)
        self.assertIn("another server", other.stderr)


if __name__ == "__main__":
    harness.main()
