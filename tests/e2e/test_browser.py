# SPDX-License-Identifier: MIT
"""The main page of planche serve in a real browser: pages in, results out, errors, cancelling, a
token, a phone's width, and whether everybody can use it (axe-core). With PLANCHE_TEST_PICTURES=DIR
pictures of it are left there."""
import os
import tempfile
import time
import unittest
import zipfile

import archives
import browser
import harness
import png
import server

AXE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                   "planche-tests", "axe-4.10.2.min.js")
PICTURES = os.environ.get("PLANCHE_TEST_PICTURES")
DONE = "document.querySelectorAll('.page[data-state=done]').length"


def slow_page(seed=0):
    """A page that takes many seconds, unless it is cancelled."""
    return png.encode(1500, 1500, 3, bytes([seed, 128, 200]) * (1500 * 1500), 8)


class Browser(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if os.environ.get("SANITIZED"):
            raise unittest.SkipTest("a browser and a server with sanitizers take too long")
        browser.need()
        cls.home = tempfile.TemporaryDirectory(prefix="planche-browser-")
        cls.addClassCleanup(cls.home.cleanup)
        cls.browser = browser.Browser(cls.home.name)
        cls.addClassCleanup(cls.browser.end)

    def start(self, *arguments, ready=True):
        """A server, and its main page."""
        running = server.Server(self, "-m", "small", "--log-level", "info", "--books",
                                self.path("books"), *arguments, quick=False)
        self.browser.log()  # what earlier tests have left there
        self.browser.resize(1100, 800)
        self.browser.open(running.names[0] + "/")
        if ready:
            self.browser.wait("document.documentElement.dataset.ready")
        return running

    def tearDown(self):
        # Nothing is asked when it is left.
        self.browser.run("document.getElementById('cancel-all')?.click();")
        self.browser.open("about:blank")

    def give(self, **files):
        """Files for the page, by their names with __ for the dot: a__png."""
        paths = [self.write(name.replace("__", "."), data) for name, data in files.items()]
        self.browser.type("#files", "\n".join(paths))

    def picture(self, name):
        if PICTURES:
            self.browser.picture(os.path.join(PICTURES, f"{name}.png"))

    def states(self):
        return self.browser.run("return [...document.querySelectorAll('.page')].map(p => p.dataset.state);")

    def act(self, action):
        self.browser.click(f"[data-action={action}]")

    def downloaded(self, name):
        path = os.path.join(self.browser.downloads, name)
        end = time.monotonic() + harness.MARGIN_SECONDS
        while not os.path.exists(path) and time.monotonic() < end:
            time.sleep(0.02)
        with open(path, "rb") as file:
            return file.read()

    def test_main_flow(self):
        b = self.browser
        running = self.start()
        self.give(a1__png=harness.page(32, 40), a2__png=harness.page(40, 48))
        b.wait(f"{DONE} === 2")
        self.assertIn("64 × 80", b.text(".facts"))
        self.assertIn("2 of 2 done", b.text("#summary"))
        b.wait("document.querySelector('[data-figure=made]')?.textContent === '2'")
        self.assertEqual(running.status()["pages"]["made"], 2)
        b.wait("document.querySelector('[data-figure=device]').textContent === 'CPU'")
        self.picture("done")
        self.view(b)
        self.compare(b, running)
        b.click("#close")
        self.assertEqual(b.run("return document.activeElement.dataset.action;"), "show")
        self.act("save")
        self.assertEqual(self.downloaded("a1.webp")[8:12], b"WEBP")
        b.click("#download-all")
        self.downloaded("planche.cbz")
        with zipfile.ZipFile(os.path.join(b.downloads, "planche.cbz")) as book:
            self.assertEqual(book.namelist(), ["a1.webp", "a2.webp"])
            self.assertIsNone(book.testzip())
            self.assertEqual(book.read("a1.webp"), self.downloaded("a1.webp"))
        b.click("#remove-done")
        self.assertEqual(self.states(), [])
        self.assertEqual([line for line in b.log() if "Password forms" not in line], [])

    def view(self, b):
        """The result beside the original, by mouse and by keys."""
        self.act("show")
        b.wait("document.getElementById('left-badge').textContent === 'Original · 32 × 40'")
        self.assertEqual(b.text("#right-badge"), "small · 64 × 80")
        cut = "return document.getElementById('frame').style.getPropertyValue('--cut');"
        self.assertEqual(b.run(cut), "50%")
        b.press("left", "left")
        self.assertEqual(b.run(cut), "48%")
        b.run("document.getElementById('close').focus();")
        b.press("right")
        self.assertEqual(b.run(cut), "50%")
        box = b.run("const r = document.getElementById('frame').getBoundingClientRect();"
                    "return [r.left, r.top, r.width, r.height];")
        b.do("/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": int(box[0] + box[2] / 2), "y": int(box[1] + 9)}, {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "x": round(box[0] + box[2] / 4), "y": int(box[1] + 9)}, {"type": "pointerUp", "button": 0}]}]})
        self.assertAlmostEqual(float(b.run(cut)[:-1]), 25, delta=1)
        b.press("1")
        size = "const f = document.getElementById('frame'); return [f.offsetWidth, f.offsetHeight];"
        self.assertEqual(b.run(size), [64, 80])
        b.press("page_down")
        b.wait("document.getElementById('left-badge').textContent === 'Original · 40 × 48'")
        b.press("0")
        self.assertGreater(b.run(size)[1], 300)

    def compare(self, b, running):
        """Another model on the left."""
        b.choose("#left", "medium")
        b.wait("document.getElementById('left-badge').textContent.startsWith('medium · 80 × 96')")
        self.picture("compare")
        self.assertEqual(running.status()["pages"]["made"], 3)
        b.choose("#left", "")
        b.choose("#left", "medium")  # it is there
        b.wait("document.getElementById('left-badge').textContent.startsWith('medium')")
        self.assertEqual(running.status()["pages"]["made"], 3)

    def test_errors(self):
        """What goes wrong is said in words, and no page is lost."""
        b = self.browser
        running = self.start("--queue", "1")
        self.give(broken__png=harness.page(300, 300)[:200], book__cbz=b"PK", text__txt=b"no image")
        b.wait("document.querySelectorAll('.page[data-state=failed]').length === 2")
        b.wait("document.querySelector('.book[data-state=failed]')")
        self.assertIn("cannot make this book larger", b.text(".book .problem"))
        self.assertIn("is not a book", b.text(".book .detail"))
        self.assertIn("damaged", b.text(".page .problem"))
        self.assertIn("not an image", b.run("return document.querySelectorAll('.page .problem')[1].textContent;"))
        self.picture("errors")
        failed = running.status()["pages"]["failed"]
        self.act("retry")
        running.wait_for_status(lambda s: s["pages"]["failed"] > failed)
        b.wait("document.querySelectorAll('.page[data-state=failed]').length === 2")
        running.stop()
        self.give(late__png=harness.page(32, 40))
        b.wait("document.querySelectorAll('.page[data-state=failed]').length === 3")
        self.assertIn("does not answer", b.run("return document.querySelectorAll('.page .problem')[2].textContent;"))
        b.wait("document.getElementById('state').classList.contains('bad')")

    def test_books(self):
        """A book is sent, made, found again after the page was left, saved and removed; another is
        cancelled."""
        b = self.browser
        running = self.start("-j", "1")
        pages = [(f"{i}.png", harness.page(48, 64, seed=i)) for i in range(3)]
        self.drop("a book.cbz", archives.cbz(pages + [("bad.png", b"no image")]))
        b.wait("document.querySelector('.book[data-state=done]')")
        self.assertRegex(b.text(".book .facts"), "^Done · 4 pages · ")
        self.assertIn("1 page failed", b.text(".book summary"))
        self.assertIn("bad.png: is not an image", b.text(".book details li"))
        b.open(running.names[0] + "/")
        b.wait("document.querySelector('.book[data-state=done]')")
        b.click(".book summary")
        self.picture("books")
        self.act("save")
        book = running.get("/v1/books").json()["books"][0]["id"]
        self.assertEqual(self.downloaded("a book-2x.cbz"), running.get(f"/v1/books/{book}/result").body)
        self.act("remove")
        b.wait("document.getElementById('books').hidden")
        self.assertEqual(running.get("/v1/books").json()["books"], [])
        reader = running.connect()
        self.addCleanup(reader.close)
        reader.send(reader.request("/v1/upscale?model=medium&tta=true", "POST", slow_page()))
        running.wait_for_status(lambda s: s["pages"]["running"] == 1)
        self.give(one__cbz=archives.cbz(pages), two__cbz=archives.cbz(pages))
        b.wait("document.querySelectorAll('.book')[0]?.dataset.state === 'running' && "
               "document.querySelectorAll('.book')[1]?.textContent.includes('1 book goes first')")
        self.picture("books-running")
        b.click(".book [data-action=cancel]")
        b.wait("document.querySelectorAll('.book').length === 1")
        reader.close()
        b.wait("document.querySelector('.book[data-state=done]')")
        self.assertEqual([book["name"] for book in running.get("/v1/books").json()["books"]], ["two.cbz"])
        self.assertEqual([line for line in b.log() if "Password forms" not in line], [])

    def test_busy_server(self):
        """A page that the server has no room for comes again by itself."""
        b = self.browser
        running = self.start("--queue", "1", "-j", "1")
        running.post("/v1/upscale", harness.page(16, 16))  # so that it knows how quick it is
        others = [running.connect() for _ in range(2)]
        for seed, other in enumerate(others):
            self.addCleanup(other.close)
            other.send(other.request("/v1/upscale?model=medium&tta=true", "POST", slow_page(seed)))
        running.wait_for_status(lambda s: s["pages"]["running"] == 1 and s["queue"]["readers"] == 1)
        self.drop("dropped.png", harness.page(32, 40))
        b.wait("document.querySelector('.facts')?.textContent.includes('server is busy')")
        self.assertEqual(self.states(), ["waiting"])
        for other in others:
            other.close()
        b.wait(f"{DONE} === 1")

    def drop(self, name, data):
        """A file that is dropped on the page."""
        self.browser.run(
            "const data = new DataTransfer();"
            "data.items.add(new File([Uint8Array.from(arguments[1])], arguments[0], {type: 'image/png'}));"
            "document.getElementById('drop').dispatchEvent("
            "new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));", name, list(data))

    def test_cancel(self):
        """Cancelled pages are not made, and can be made later."""
        b = self.browser
        running = self.start()
        b.choose("#model", "medium")
        b.choose("#scale", "4")
        self.give(slow__png=slow_page())
        running.wait_for_status(lambda s: s["pages"]["running"] == 1)
        self.act("cancel")
        running.wait_for_status(lambda s: s["pages"]["cancelled"] == 1 and s["pages"]["running"] == 0)
        self.assertEqual(self.states(), ["cancelled"])
        self.act("retry")
        running.wait_for_status(lambda s: s["pages"]["running"] == 1)
        self.assertEqual(self.states(), ["running"])
        b.click("#cancel-all")
        running.wait_for_status(lambda s: s["pages"]["cancelled"] == 2)
        self.act("remove")
        self.assertEqual(self.states(), [])

    def test_token(self):
        b = self.browser
        running = self.start("--token-file", self.write("token", b"a-long-token\n"), ready=False)
        b.wait("document.getElementById('token-dialog').open")
        self.picture("token")
        b.type("#token", "something else" + browser.KEYS["enter"])
        b.wait("document.getElementById('token-dialog').open && !document.getElementById('token-wrong').hidden")
        b.type("#token", "a-long-token" + browser.KEYS["enter"])
        b.wait("document.documentElement.dataset.ready")
        self.give(a__png=harness.page(32, 40))
        b.wait(f"{DONE} === 1")
        self.assertNotIn("a-long-token", b.run("return location.href + document.cookie;"))
        self.give(b__cbz=archives.cbz([("1.png", harness.page(32, 40))]))
        b.wait("document.querySelector('.book[data-state=done]')")
        b.click(".book [data-action=save]")
        self.downloaded("b-2x.cbz")
        self.assertNotIn("a-long-token", "".join(running.lines))

    def test_phone(self):
        """In all languages nothing is cut off, and fingers find what they need."""
        b = self.browser
        self.start()
        self.give(**{"a_rather_long_name_of_a_page_with_many_words_in_it__png": harness.page(32, 40),
                     "a_rather_long_name_of_a_book_with_many_words_in_it__cbz": archives.cbz(
                         [("1.png", harness.page(32, 40)), ("an_image_that_is_none.png", b"no image")])})
        b.wait(f"{DONE} === 1 && document.querySelector('.book[data-state=done]')")
        b.click(".book summary")
        b.resize(360, 740)
        for language in ("ja", "fr", "de", "en"):
            b.choose("#language", language)
            b.choose("#theme", "dark" if language == "de" else "light")
            self.assertEqual(b.run("return document.documentElement.lang;"), language)
            self.assertEqual(b.run("return [innerWidth, document.documentElement.scrollWidth];"), [360, 360])
            low = b.run("return [...document.querySelectorAll('main button, main select, header select')]"
                        ".filter(e => e.offsetParent && (e.offsetHeight < 32 || e.offsetWidth < 32)).length;")
            self.assertEqual(low, 0)
            self.picture("phone-" + language)
            self.act("show")
            b.wait("document.getElementById('right-badge').textContent")
            self.assertTrue(b.run("const v = document.getElementById('viewer');"
                                  "return v.scrollWidth <= 360 && v.scrollHeight <= v.clientHeight + 1;"))
            self.picture("phone-viewer-" + language)
            b.click("#close")

    def test_everybody_can_use_it(self):
        if not os.path.exists(AXE):
            print("***** SKIPPED for want of axe-core (scripts/axe.sh)", flush=True)
            self.skipTest("axe-core is not here; fetch it with: scripts/axe.sh")
        with open(AXE, encoding="utf-8") as file:
            axe = file.read()
        b = self.browser
        self.start()
        self.give(a__png=harness.page(32, 40), broken__png=harness.page(300, 300)[:200], book__cbz=b"PK")
        b.wait(f"{DONE} === 1 && document.querySelectorAll('[data-state=failed]').length === 2")
        b.wait("document.querySelector('[data-figure=made]')")
        b.run(axe)
        for theme in ("light", "dark"):
            b.choose("#theme", theme)
            self.check(b, theme)
        self.act("show")
        b.wait("document.getElementById('left-badge').textContent")
        self.check(b, "viewer")

    def check(self, b, where):
        time.sleep(0.2)  # colours have changed
        found, passed = b.run(
            "return axe.run(document).then(r => [r.violations.map(v => v.id + ': ' + "
            "v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | ')), r.passes.length]);")
        self.assertEqual(found, [], where)
        self.assertGreater(passed, 15)


if __name__ == "__main__":
    harness.main()
