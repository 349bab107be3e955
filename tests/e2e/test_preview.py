# SPDX-License-Identifier: MIT
"""planche preview and planche compare."""
import base64
import json
import math
import os
import pty
import random
import re
import zipfile

import harness
import png
from harness import run


def noise(width, height, seed, channels=3):
    """Rows of random samples, smooth enough to be enlarged."""
    rng = random.Random(seed)
    return [bytes(rng.randrange(100, 156) for _ in range(width * channels)) for _ in range(height)]


def encoded(rows, channels=3):
    return png.encode(len(rows[0]) // channels, len(rows), channels, b"".join(rows))


def decoded(data):
    """Width, height and rows."""
    image = png.Image(data)
    step = image.width * image.channels
    return image.width, image.height, [image.samples[y * step:(y + 1) * step] for y in range(image.height)]


class Compare(harness.Case):
    def compare(self, a, b, *options, check=0):
        return json.loads(run("compare", "--json", self.path(a), self.path(b), *options,
                              check=check).stdout)

    def page(self, name, rows, channels=3):
        return self.write(name, encoded(rows, channels))

    def test_the_same(self):
        self.page("a.png", noise(20, 15, 1))
        facts = self.compare("a.png", "a.png")
        self.assertIsNone(facts["psnr"])
        self.assertEqual((facts["ssim"], facts["max_difference"], facts["cb_shift"]), (1, 0, 0))
        self.assertIn("the same", run("compare", self.path("a.png"), self.path("a.png"), check=0).stdout)

    def test_known_differences(self):
        """Every sample differs by 4 levels: PSNR and means by the formulas, no shift of colours."""
        rows = noise(32, 24, 2)
        self.page("a.png", rows)
        self.page("b.png", [bytes(v + 4 for v in row) for row in rows])
        facts = self.compare("a.png", "b.png")
        self.assertAlmostEqual(facts["psnr"], 20 * math.log10(255 / 4), 6)
        self.assertEqual((facts["mean_difference"], facts["max_difference"]), (4, 4))
        self.assertLess(facts["cb_shift"] + facts["cr_shift"], 1e-4)
        self.assertTrue(0.98 < facts["ssim"] < 1)
        self.page("c.png", [bytes(v + 12 * (i % 3 == 0) for i, v in enumerate(row)) for row in rows])
        facts = self.compare("a.png", "c.png")
        self.assertAlmostEqual(facts["cr_shift"], 6, 2)
        self.assertAlmostEqual(facts["cb_shift"], 12 * 0.168736, 2)

    def test_ssim_of_a_window(self):
        """Of pictures smaller than a window there is one: uniform ones have a value by the formula."""
        self.page("a.png", [bytes([100]) * 15] * 5)
        self.page("b.png", [bytes([120]) * 15] * 5)
        c1 = (0.01 * 255) ** 2
        expected = (2 * 100 * 120 + c1) / (100 ** 2 + 120 ** 2 + c1)
        self.assertAlmostEqual(self.compare("a.png", "b.png")["ssim"], expected, 6)

    def test_differences_are_drawn(self):
        rows = noise(10, 10, 3)
        other = [bytearray(row) for row in rows]
        other[4][15] += 64
        self.page("a.png", rows)
        self.page("b.png", [bytes(row) for row in other])
        self.compare("a.png", "b.png", "-o", self.path("d.png"))
        drawn = decoded(self.read("d.png"))[2]
        flat = b"".join(bytes(row) for row in drawn)
        self.assertEqual([i for i, v in enumerate(flat) if v != 255], [4 * 30 + 15])
        self.assertEqual(flat[4 * 30 + 15], 0)
        self.compare("a.png", "b.png", "-o", self.path("d.png"), "--overwrite")
        run("compare", self.path("a.png"), self.path("b.png"), "-o", self.path("d.png"), check=1)

    def test_sizes(self):
        """A page and its enlargement; pages of different shapes are refused."""
        self.page("a.png", [bytes([100, 150, 200]) * 12] * 9)
        self.page("b.png", [bytes([100, 150, 200]) * 24] * 18)
        facts = self.compare("a.png", "b.png")
        self.assertEqual((facts["a_size"], facts["b_size"]), ([12, 9], [24, 18]))
        self.assertIsNone(facts["psnr"])
        self.page("c.png", [bytes([100, 150, 200]) * 9] * 12)
        result = run("compare", self.path("a.png"), self.path("c.png"), check=1)
        self.assert_one_line(result.stderr, "a.png has 12 x 9", "c.png 9 x 12")
        self.page("d.png", [bytes([100, 150, 200]) * 24] * 30)
        result = run("compare", self.path("d.png"), self.path("a.png"), check=1)
        self.assert_one_line(result.stderr, "d.png has 24 x 30", "their shapes differ")
        self.page("e.png", [bytes([100, 150, 200]) * 24] * 19)  # a row more
        self.assertEqual(self.compare("a.png", "e.png")["ssim"], 1)

    def test_mistakes(self):
        path = self.page("a.png", noise(4, 4, 4))
        run("compare", path, check=2)
        self.assert_one_line(run("compare", path, self.path("none.png"), check=2).stderr, "none.png")
        self.write("bad.png", b"not a picture")
        self.assert_one_line(run("compare", path, self.path("bad.png"), check=1).stderr, "bad.png")


class Preview(harness.Case):
    model = True

    def page(self, channels=3):
        rows = [bytes([255]) * (40 * channels)] * 10 + noise(40, 20, 5, channels)
        return self.write("page.png", encoded(rows, channels))

    def preview(self, *arguments, check=0):
        return run("preview", "-m", harness.QUICK_MODEL, *arguments, check=check, cwd=self.folder)

    def test_sheet(self):
        self.page()
        result = self.preview("page.png", "--crop", "10x8+3+12")
        self.assertEqual([line.split()[:2] for line in result.stdout.splitlines()],
                         [["1", "Lanczos"], ["2", harness.QUICK_MODEL]])
        self.assertIn("10x8+3+12", result.stderr)
        width, height = decoded(self.read("page-preview.png"))[:2]
        self.assertEqual((width, height), (20 + 8 + 20, 16))
        self.preview("page.png", check=1)
        self.preview("page.png", "--overwrite")

    def test_pane_is_what_the_command_makes(self):
        """Of a whole page; three models make a row, a fourth pane the next."""
        self.page()
        self.preview("page.png", "--crop", "40x30+0+0", "-m", harness.QUICK_MODEL, "-m",
                     harness.QUICK_MODEL, "-o", "sheet.png", "--json")
        self.planche("page.png", "-o", "whole.png")
        width, height, rows = decoded(self.read("sheet.png"))
        self.assertEqual((width, height), (3 * 80 + 2 * 8, 2 * 60 + 8))
        whole = decoded(self.read("whole.png"))[2]
        for y in range(60):
            self.assertEqual(bytes(rows[y][88 * 3:168 * 3]), bytes(whole[y]))
            self.assertEqual(bytes(rows[68 + y][:80 * 3]), bytes(whole[y]))

    def test_level_is_what_the_page_chooses(self):
        """A lossy page is cleaned as the command does it; a level that is given is given."""
        self.page()
        self.planche("page.png", "-o", "lossy.jpg", "-q", "40", "--no-mark")
        shown = {}
        for name, options in (("chosen", ()), ("trusted", ("-n", "-1"))):
            result = run("preview", "-m", "small", "--json", "--crop", "80x60+0+0", "-o", f"{name}.png",
                         "lossy.jpg", *options, check=0, cwd=self.folder)
            facts = json.loads(result.stdout.splitlines()[1])
            shown[name] = [bytes(row[168 * 3:]) for row in decoded(self.read(f"{name}.png"))[2]]
            self.assertEqual((facts["level"] or 0) > 0, name == "chosen")
        run("lossy.jpg", "-m", "small", "-o", "whole.png", check=0, cwd=self.folder)
        self.assertEqual([bytes(row) for row in decoded(self.read("whole.png"))[2]], shown["chosen"])
        self.assertNotEqual(shown["chosen"], shown["trusted"])

    def test_grey_pages_stay_grey(self):
        self.page(channels=1)
        self.preview("page.png", "-o", "sheet.png")
        rows = decoded(self.read("sheet.png"))[2]
        for row in rows:
            flat = bytes(row)
            self.assertEqual(flat[0::3], flat[1::3])
            self.assertEqual(flat[1::3], flat[2::3])

    def test_crop_is_where_detail_is(self):
        rows = [bytes([255]) * 1200] * 320 + noise(400, 320, 6)
        self.write("page.png", encoded(rows))
        result = self.preview("page.png", "-o", "sheet.png")
        at = result.stderr.split("300x300+")[1].split(" ")[0].split("+")
        self.assertGreaterEqual(int(at[1]), 300)

    def test_mistakes(self):
        with zipfile.ZipFile(self.path("book.cbz"), "w") as book:
            book.writestr("1.png", harness.page())
        for book in ("book.cbz", "."):
            refused = run("preview", book, cwd=self.folder, check=2).stderr
            self.assert_one_line(refused, f"{book} is a book or a folder, and a page is wanted: planche --sample 3")
            refused = run("compare", book, "page.png", cwd=self.folder, check=2).stderr
            self.assert_one_line(refused, f"{book} is a book or a folder, and a page is wanted;")
        os.unlink(self.path("book.cbz"))
        self.page()
        for wrong in ("10x10", "0x9+1+1", "10x10+a+1", "10x10+1", "10x10+-1+1"):
            self.preview("page.png", "--crop", wrong, check=2)
        self.assert_one_line(self.preview("page.png", "--crop", "10x10+35+0", check=1).stderr, "not inside")
        self.preview(check=2)
        self.assert_one_line(self.preview("none.png", check=2).stderr, "none.png")
        # What can be known before is told before.
        for wrong, status, says in ((["-m", "nonsense"], 2, "nonsense"), (["-m", "nonsense.param"], 3, "nonsense.param"),
                                    (["-o", "no/x.png"], 1, "no/x.png"), (["-o", "x.xyz"], 1, "x.xyz"),
                                    (["-o", "page.png"], 1, "exists already")):
            result = self.preview("page.png", *wrong, check=status)
            self.assert_one_line(result.stderr, says)
            self.assertEqual(result.stdout, "")
        self.assert_one_line(self.preview("-", check=2).stderr, "read from a file")
        self.assertEqual(self.files(), ["page.png"])


class Show(harness.Case):
    """Panes on the terminal."""
    ONE = ("preview", "-m", "small", "--crop", "24x16+0+0", "--quiet")

    def setUp(self):
        super().setUp()
        self.write("a.png", encoded(noise(40, 30, 3)))
        self.clean = {"TERM": "xterm", "TERM_PROGRAM": "", "KITTY_WINDOW_ID": "", "TMUX": "", "STY": ""}

    def on_terminal(self, *options, answer=None, shell=None, **variables):
        """Standard output of the command on a terminal of its own that answers DA1. shell: a script that runs it."""
        command = [harness.PLANCHE, *self.ONE, "--overwrite", *options, "a.png"]
        if shell:
            command = ["/bin/sh", "-c", shell, *command]
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(self.clean | variables)
            os.chdir(self.folder)
            os.execv(command[0], command)
        output, asked = b"", False
        while True:
            try:
                piece = os.read(fd, 65536)
            except OSError:  # its end
                break
            if not piece:
                break
            output += piece
            if b"\033[c" in output and not asked:
                asked = True
                os.write(fd, answer or b"")
        os.close(fd)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, output)
        return output

    def kitty(self, data):
        """Width, height and samples of a picture of kitty's protocol."""
        parts = re.findall(rb"\033_G([^;]*);([A-Za-z0-9+/=]*)\033\\", data)
        keys = dict(pair.split(b"=") for pair in parts[0][0].split(b","))
        self.assertEqual([dict(p.split(b"=") for p in part[0].split(b",")).get(b"m") for part in parts],
                         [b"1"] * (len(parts) - 1) + [b"0"])
        self.assertTrue(all(len(part[1]) <= 4096 for part in parts))
        return int(keys[b"s"]), int(keys[b"v"]), base64.b64decode(b"".join(part[1] for part in parts), validate=True)

    def test_kitty(self):
        """The same pixels as in the file, to a pipe when asked for."""
        told = run(*self.ONE, "--show", "kitty", "a.png", "-o", "sheet.png", cwd=self.folder, check=0, text=False)
        width, height, samples = self.kitty(told.stdout)
        self.assertEqual((width, height, samples), (*decoded(self.read("sheet.png"))[:2],
                                                    b"".join(decoded(self.read("sheet.png"))[2])))

    def test_what_a_terminal_can(self):
        self.assertEqual(self.kitty(self.on_terminal(KITTY_WINDOW_ID="1"))[:2], (104, 32))
        for variables, answer in (({"TERM": "dumb"}, None), ({"KITTY_WINDOW_ID": "1", "TMUX": "x"}, b"\033[?62;22c"),
                                  ({}, b"\033[?64;1;14;44c"), ({}, b"nonsense"), ({}, None)):
            output = self.on_terminal(answer=answer, **variables)
            self.assertNotRegex(output, rb"\033_G|\033P")
        for options in (("--show", "none"), ("--json",)):
            self.assertNotIn(b"\033", self.on_terminal(*options, KITTY_WINDOW_ID="1"))
        piped = run(*self.ONE, "--overwrite", "a.png", cwd=self.folder, env={"KITTY_WINDOW_ID": "1"}, check=0)
        self.assertNotIn("\033", piped.stdout)

    def has_sixel(self):
        result = run(*self.ONE, "--overwrite", "--show", "sixel", "a.png", cwd=self.folder, text=False)
        if result.returncode == 2:
            self.assertIn("without libsixel", result.stderr)
            return False
        self.assertRegex(result.stdout, rb"(?s)\033P.*q.*\033\\\n$")
        self.assertRegex(result.stdout, rb"\"1;1;104;32")  # its size
        return True

    def test_sixel(self):
        if self.has_sixel():
            self.assertRegex(self.on_terminal(answer=b"\033[?62;4;22c"), rb"\033P[0-9;]*q")

    def test_interrupted_question(self):
        """A terminal keeps its echo whatever ends the process while it waits for the answer."""
        if not self.has_sixel():
            return
        for key in (b"\003", b"\034"):
            told = self.on_terminal(answer=key, shell='trap : INT QUIT; ulimit -c 0; "$0" "$@"; echo "ended $?"; stty -a')
            self.assertRegex(told, rb"ended (0|130|131)\b")  # 0: the key came when it had ended
            self.assertRegex(told, rb"(?s) icanon .* echo ")
        # What was typed before is no answer, though it has the letter that ends one.
        self.assertRegex(self.on_terminal(answer=b"cd books; \033[?62;4;22c"), rb"\033P[0-9;]*q")

    def test_wrong_use(self):
        self.assert_one_line(run(*self.ONE, "--show", "kitt", "a.png", cwd=self.folder, check=2).stderr,
                             "did you mean kitty?")
        self.assert_one_line(run(*self.ONE, "--show", "kitty", "--json", "a.png", cwd=self.folder, check=2).stderr,
                             "both need standard output")


if __name__ == "__main__":
    harness.main()
