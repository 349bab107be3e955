# SPDX-License-Identifier: MIT
"""A terminal for tests: starts the command on a pty and draws what it writes as a terminal does."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
import unicodedata

import harness


def cells(letter):
    """How many cells terminals draw a letter in."""
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


class Screen:
    """Lines of a terminal that is so many columns wide; a line that is full goes on in the next."""

    def __init__(self, columns=80):
        self.columns, self.lines, self.column = columns, [""], 0
        self.escapes = 0

    def put(self, letter):
        width = cells(letter)
        if self.column + width > self.columns:
            self.lines.append("")
            self.column = 0
        line = self.lines[-1]
        at = used = 0  # the letter at the cursor, and what stands before it
        while at < len(line) and used < self.column:
            used += cells(line[at])
            at += 1
        line += " " * (self.column - used)
        self.lines[-1] = line[:at] + letter + line[at + 1:] if width else line[:at] + letter + line[at:]
        self.column += width

    def feed(self, text):
        """Interprets \\r, \\n and ESC [ K; any other control character is a mistake."""
        while text:
            if text.startswith("\033[K"):
                kept = used = 0
                while kept < len(self.lines[-1]) and used < self.column:
                    used += cells(self.lines[-1][kept])
                    kept += 1
                self.lines[-1] = self.lines[-1][:kept]
                self.escapes += 1
                text = text[3:]
                continue
            letter, text = text[0], text[1:]
            if letter == "\r":
                self.column = 0
            elif letter == "\n":
                self.lines.append("")
                self.column = 0
            else:
                assert letter >= " " and letter != "\x7f", repr(letter)
                self.put(letter)


def resize(descriptor, columns):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def run(*arguments, columns=80, cwd=None, env=None, on_output=None):
    """Runs the command with its standard error on a terminal. Its exit status, the screen at its end,
    all that was written. on_output(text so far, descriptor, process) is called now and then."""
    ours, theirs = pty.openpty()
    resize(theirs, columns)
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(env or {})}
    with subprocess.Popen([harness.PLANCHE, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=theirs, cwd=cwd, env=environment) as process:
        os.close(theirs)
        data, end = b"", time.monotonic() + harness.MARGIN_SECONDS
        while time.monotonic() < end:
            if not select.select([ours], [], [], 1.0)[0]:
                continue
            try:
                more = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            data += more
            if on_output:
                on_output(data.decode(errors="replace"), ours, process)
        os.close(ours)
        process.stdout.read()
        status = process.wait(harness.MARGIN_SECONDS)
    text = data.decode().replace("\r\n", "\n")
    screen = Screen(columns)
    screen.feed(text)
    return status, screen, text
