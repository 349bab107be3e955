# SPDX-License-Identifier: MIT
"""Runs one command and says how long it took, what it held at most, and how much of the machine
others had meanwhile."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

MAX_SECONDS = 3600  # only against hangs


class Outcome:
    """status, seconds (wall clock), rss_bytes (the most that was resident), others (the part of the
    machine's time that others had, 0 to 1), cpu_seconds (its own), stdout, stderr, argv."""

    def __init__(self, argv, status, seconds, rss_bytes, others, cpu_seconds, stdout, stderr):
        self.argv, self.status, self.seconds, self.rss_bytes = argv, status, seconds, rss_bytes
        self.others, self.cpu_seconds = others, cpu_seconds
        self.stdout, self.stderr = stdout, stderr

    def last_line(self):
        lines = [line for line in self.stderr.splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"exit status {self.status}"

    def numbers(self):
        return {"seconds": round(self.seconds, 4), "rss_bytes": self.rss_bytes,
                "others": round(self.others, 3), "cpu_seconds": round(self.cpu_seconds, 3)}


def busy_seconds():
    """What all CPUs together have worked so far, time stolen by the host included."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, interrupts, soft, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + interrupts + soft + steal) / os.sysconf("SC_CLK_TCK")


def others_now():
    """The part of the machine that others have right now."""
    busy = busy_seconds()
    time.sleep(1.0)
    return (busy_seconds() - busy) / os.cpu_count()


LAUNCH = [sys.executable, "-I", "-S", os.path.join(os.path.dirname(__file__), "launch.py")]


def stop(child):
    """Ends the command together with what launched it."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_for(child):
    watchdog = threading.Timer(MAX_SECONDS, stop, [child])
    watchdog.start()
    try:
        child.wait()
    except KeyboardInterrupt:
        stop(child)
        raise
    finally:
        watchdog.cancel()


def read_report(report, child):
    """What launch.py has written; a command that cannot be started leaves nothing."""
    report.seek(0)
    text = report.read()
    return json.loads(text) if text else [child.returncode or 1, 0.0, 0, 0.0, 0.0]


def run(argv, cwd=None):
    """launch.py waits: a child's peak of memory would begin with that of this process."""
    argv = [str(argument) for argument in argv]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
            tempfile.NamedTemporaryFile("r", encoding="ascii") as report:
        start, busy = time.monotonic(), busy_seconds()
        child = subprocess.Popen([*LAUNCH, report.name, *argv], stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=err, cwd=cwd, start_new_session=True)
        wait_for(child)
        elapsed = time.monotonic() - start
        status, seconds, rss_bytes, own, _ = read_report(report, child)
        others = max(0.0, busy_seconds() - busy - own) / (elapsed * os.cpu_count())
        out.seek(0)
        err.seek(0)
        return Outcome(argv, status, seconds or elapsed, rss_bytes, others, own,
                       out.read().decode(errors="replace"), err.read().decode(errors="replace"))
