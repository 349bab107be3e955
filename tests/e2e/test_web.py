# SPDX-License-Identifier: MIT
"""The main page of planche serve as files: types, policy and tags, texts, references; --open. No
browser: test_browser.py has one."""
import glob
import json
import os
import re

import harness
import server

FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "tools", "planche", "web")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".json": "application/json", ".svg": "image/svg+xml"}


def files():
    """Names and bytes of what the page consists of."""
    for path in sorted(glob.glob(os.path.join(FOLDER, "*"))):
        if os.path.splitext(path)[1] in TYPES:
            with open(path, "rb") as file:
                yield os.path.basename(path), file.read()


def placeholders(text):
    forms = text.values() if isinstance(text, dict) else [text]
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}


class Web(harness.Case):
    def serve(self, *arguments, **more):
        return server.Server(self, "-m", "small", *arguments, quick=False, **more)

    def test_files(self):
        """All are served as they are, without a token, with their types, a policy and a tag."""
        running = self.serve("--token-file", self.write("token", b"a-long-token\n"))
        with running.connect() as c:
            for name, data in files():
                path = "/" if name == "index.html" else f"/web/{name}"
                answer = c.ask(path)
                self.assertEqual((answer.status, answer.body), (200, data), name)
                self.assertEqual(answer.fields["content-type"], TYPES[os.path.splitext(name)[1]])
                self.assertEqual(answer.fields["cache-control"], "no-cache")
                self.assertEqual(answer.fields["x-content-type-options"], "nosniff")
                self.check_policy(answer.fields["content-security-policy"])
                tag = answer.fields["etag"]
                self.assertRegex(tag, '^"[0-9a-f]{32}"$')
                same = c.ask(path, if_none_match=tag)
                self.assertEqual((same.status, same.body, same.fields["etag"]), (304, b"", tag))
                head = c.ask(path, "HEAD")
                self.assertEqual((head.status, int(head.fields["content-length"])), (200, len(data)))
            for path in ("/web/", "/web/nothing", "/web/../index.html", "/web/%2e%2e/x", "/webx", "//"):
                self.assertEqual(c.ask(path).status, 404, path)
            self.assertEqual(c.ask("/web/app.js", "POST").status, 405)
            self.assertEqual(c.ask("/v1/status").status, 401)

    def test_beside_an_upstream(self):
        running = self.serve("--upstream", "http://127.0.0.1:9")
        for name, data in files():
            path = "/planche/" if name == "index.html" else f"/planche/web/{name}"
            self.assertEqual(running.get(path).body, data, name)
        book = running.post("/planche/v1/books?name=x", b"no book")
        self.assertEqual(book.fields["location"], "/planche/v1/books/" + book.json()["id"])
        self.assertEqual(running.get(book.fields["location"]).status, 200)
        self.assertEqual(running.get(book.fields["location"], "DELETE").status, 204)

    def check_policy(self, policy):
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        self.assertEqual(rules["default-src"], "'none'")
        for name in ("script-src", "style-src", "connect-src"):
            self.assertEqual(rules[name], "'self'")
        for name in ("base-uri", "form-action", "frame-ancestors"):
            self.assertEqual(rules[name], "'none'")
        self.assertNotIn("unsafe", policy)

    def test_nothing_is_inline_or_elsewhere(self):
        names = {name for name, _ in files()}
        used = {"index.html"}
        for name, data in files():
            text = data.decode()
            addresses = re.findall(r"\bhttps?://[^\s\"'<>)]+", text)
            self.assertEqual(set(addresses) - {"http://www.w3.org/2000/svg"}, set(), name)
            self.assertNotRegex(text, r"url\(|@import|innerHTML|\beval\(|new Function|document\.write")
            if name.endswith(".html"):
                self.assertNotRegex(text, r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)")
                used.update(re.findall(r"(?:src|href)=\"web/([^\"]+)\"", text))
                self.assertEqual(re.findall(r"(?:src|href)=\"(?!web/|#)([^\"]*)\"", text), [])
            for module in re.findall(r"from \"([^\"]+)\"", text):
                self.assertRegex(module, r"^\./\w+\.js$")
                used.add(module[2:])
            used.update(re.findall(r"fetch\(\"web/([\w.]+)\"", text))
        self.assertEqual(used, names)

    def test_texts(self):
        """All languages say all, and whatever is said somewhere is a text."""
        sources = dict(files())
        texts = json.loads(sources["texts.json"])
        self.assertEqual(set(texts), {"en", "de", "fr", "ja"})
        english = texts["en"]
        for language, words in texts.items():
            self.assertEqual(set(words), set(english), language)
            for key, text in words.items():
                with self.subTest(language=language, key=key):
                    self.assertEqual(isinstance(text, dict), isinstance(english[key], dict))
                    self.assertEqual(placeholders(text), placeholders(english[key]))
                    self.assertTrue(text if isinstance(text, str) else text.get("other"))
                    if isinstance(text, dict):
                        self.assertEqual(set(text), {"other"} if language == "ja" else {"one", "other"})
        named = set(re.findall(r"data-t(?:-label)?=\"(\w+)\"", sources["index.html"].decode()))
        built = set()  # the beginnings of keys that end otherwise
        for name, data in sources.items():
            if name.endswith(".js"):
                named.update(re.findall(r"\bt\(\"([\w-]+)\"", data.decode()))
                built.update(re.findall(r"\bt\(`(\w+_)\$\{", data.decode()))
        self.assertEqual(named - set(english), set())
        self.assertTrue(all(any(key.startswith(start) for key in english) for start in built), built)
        # The page says in English what the texts say: it is what is seen first.
        html = sources["index.html"].decode()
        for key, text in re.findall(r"data-t=\"(\w+)\"[^>]*>([^<]+)<", html):
            self.assertEqual(text, english[key])

    def test_open(self):
        """--open runs xdg-open with the address, whatever is listened on; without one it goes on."""
        tools = self.path("bin")
        os.mkdir(tools)
        with open(os.path.join(tools, "xdg-open"), "w", encoding="ascii") as file:
            file.write('#!/bin/sh\nprintf "%s\\n" "$@" >"$0.new" && mv "$0.new" "$0.called"\nexit 3\n')
        os.chmod(file.name, 0o755)
        path = {"PATH": tools + ":" + os.environ["PATH"]}
        running = self.serve("--open", "--no-token", listen=("unix:" + self.path("s"), "0.0.0.0:0"), env=path)
        running.wait_for_line(r"xdg-open could not open a browser \(3\)")
        port = running.names[1].rsplit(":", 1)[1]
        with open(file.name + ".called", encoding="ascii") as called:
            self.assertEqual(called.read(), f"http://127.0.0.1:{port}/\n")
        self.assertEqual(running.stop(), 0)
        nothing = self.serve("--open", env={"PATH": self.path("none")})
        nothing.wait_for_line(r"cannot run xdg-open: .*; open http://127\.0\.0\.1:\d+/")
        self.assertEqual(nothing.get("/healthz").status, 200)
        socket = self.serve("--open", listen=("unix:" + self.path("t"),), env=path)
        socket.wait_for_line("--open needs another --listen")


if __name__ == "__main__":
    harness.main()
