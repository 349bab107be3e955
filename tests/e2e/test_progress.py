# SPDX-License-Identifier: MIT
"""The screen: the bar and what it leaves, on terminals wide and narrow, dumb ones, and in logs."""
import json
import os
import re
import signal

import archives
import harness
import screen

NAMES = ["よつばと！ 第01巻 「とても長い題名のある本」.cbz",
         "か\u3099き\u3099く\u3099 e\u0301te\u0301 第02巻 とても長い題名のある本.cbz"]


def without_bars(text):
    """Lines as they are when nothing moves any more."""
    return [line.rsplit("\r\033[K", 1)[-1] for line in text.split("\n")]


class Progress(harness.Case):
    model = True

    def setUp(self):
        super().setUp()
        for number, name in enumerate(NAMES):
            pages = [(f"{i}.png", harness.page(120, 160, seed=10 * number + i)) for i in range(3)]
            self.write(os.path.join("本棚", name), archives.cbz(pages))
        self.write("本棚/表紙.png", harness.page(seed=99))

    def enlarge(self, *more, **options):
        return screen.run("-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE, "--threads", 1, "本棚",
                          "-o", "out/", *more, cwd=self.folder, **options)

    def result_lines(self, text):
        """What is said of each result, without the times."""
        lines = [line for line in without_bars(text) if " -> out/" in line]
        return [re.sub(r"  \d[\d.:]*( s)?$", "", line) for line in lines]

    def test_no_stale_lines(self):
        """Names of wide and combined characters: the bar stays on its line, and goes."""
        for columns in (80, 17):
            status, drawn, text = self.enlarge("--overwrite", columns=columns)
            self.assertEqual(status, 0, text)
            self.assertGreater(drawn.escapes, 2)
            plain = screen.Screen(columns)
            plain.feed("\n".join(without_bars(text)))
            self.assertEqual(drawn.lines, plain.lines)
            self.assertEqual(drawn.lines[-1], "")
            self.assertNotIn("%", "".join(drawn.lines))

    def test_the_bar_names_the_book(self):
        _, _, text = self.enlarge(columns=100)
        bars = [bar for bar in re.split(r"[\r\n]|\033\[K", text) if re.match(r"\[[#.]{10}\]", bar)]
        self.assertGreater(len(bars), 1)
        books = [bar for bar in bars if "book 1/2" in bar]
        self.assertTrue(any(".cbz" in bar and "第0" in bar for bar in books), bars)
        for bar in bars:
            self.assertLess(sum(map(screen.cells, bar)), 100)
        shares = [int(re.search(r"(\d+)%", bar).group(1)) for bar in bars]
        self.assertEqual(shares, sorted(shares))  # of the whole run

    def test_the_same_lines_everywhere(self):
        _, _, text = self.enlarge()
        on_terminal = self.result_lines(text)
        piped = harness.run("-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE, "--overwrite", "本棚",
                            "-o", "out/", cwd=self.folder, check=0)
        self.assertEqual(len(on_terminal), 3)
        self.assertEqual(on_terminal, self.result_lines(piped.stderr))
        self.assertNotIn("\033", piped.stderr)
        self.assertNotIn("%", piped.stderr)
        quiet = harness.run("-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE, "--overwrite", "本棚",
                            "-o", "out/", "--quiet", cwd=self.folder, check=0)
        self.assertEqual(quiet.stderr, "")

    def test_dumb_terminals(self):
        for more, env in (([], {"TERM": "dumb"}), (["--progress", "bar"], {"TERM": ""}),
                          (["--progress", "none"], {})):
            status, _, text = self.enlarge("--overwrite", *more, env=env)
            self.assertEqual(status, 0, text)
            self.assertNotIn("\r", text)
            self.assertNotIn("\033", text)

    def test_resize(self):
        """A terminal that gets narrower: from some bar on all are narrower, too."""
        changed = []

        def on_output(text, descriptor, process):
            if "%" in text and not changed:
                process.send_signal(signal.SIGSTOP)
                screen.resize(descriptor, 30)
                process.send_signal(signal.SIGCONT)
                changed.append(len(text))
        _, _, text = self.enlarge(on_output=on_output)
        bars = [bar for bar in re.split(r"[\r\n]|\033\[K", text[changed[0]:])
                if re.search(r"\d%", bar)]
        narrow = [sum(map(screen.cells, bar)) < 30 for bar in bars]
        self.assertEqual(narrow, sorted(narrow), bars)
        if len(bars) > 4:  # else this test was too slow to see the run
            self.assertTrue(narrow[-1], bars)

    def test_json(self):
        result = self.planche("--progress", "json", "--json", "本棚", "-o", "out/")
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        events = [line for line in lines if line["type"] == "progress"]
        self.assertEqual(sum(line["type"] == "book" for line in lines), 2)
        last = events[-1]
        self.assertEqual((last["fraction"], last["pixels_left"], last["books_done"]), (1.0, 0, 2))
        self.assertTrue(last["surveyed"])
        self.assertEqual(last["pixels"], 6 * 120 * 160 + 48 * 64)
        self.assertEqual(result.stderr, "")

    def test_interrupted_pages(self):
        """Ctrl-C of single pages says what is done and what is not."""
        names = [self.write(f"{i}.png", harness.page(240, 400, seed=i)) for i in range(6)]
        sent = []

        def on_output(text, _, process):
            if "0.png -> " in text and not sent:
                process.send_signal(signal.SIGINT)
                sent.append(True)
        status, _, text = screen.run("-m", harness.QUICK_MODEL, "-s", harness.QUICK_SCALE, "--threads",
                                     1, "-j", 1, *names, "-o", "pages/", cwd=self.folder,
                                     on_output=on_output)
        self.assertEqual(status, -signal.SIGINT)
        done = len(self.files("pages"))
        self.assertIn(f"stopped with {done} of 6 pages done; not done: ", text)
        self.assertIn(f"{done}.png", text.split("not done: ")[1])


if __name__ == "__main__":
    harness.main()
