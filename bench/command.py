# SPDX-License-Identifier: MIT
"""Runs one command and says how long it took, what it held at most, and how much of the machine
others had meanwhile."""
import os
import subprocess
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


def run(argv, cwd=None):
    """wait4 gives the memory of this very child; getrusage would give the largest of all so far."""
    argv = [str(argument) for argument in argv]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start, busy = time.monotonic(), busy_seconds()
        with open(os.devnull, "rb") as nothing:
            child = subprocess.Popen(argv, stdin=nothing, stdout=out, stderr=err, cwd=cwd)
        watchdog = threading.Timer(MAX_SECONDS, child.kill)
        watchdog.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except KeyboardInterrupt:
            child.kill()
            raise
        finally:
            watchdog.cancel()
        seconds = time.monotonic() - start
        own = usage.ru_utime + usage.ru_stime
        others = max(0.0, busy_seconds() - busy - own) / (seconds * os.cpu_count())
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Outcome(argv, child.returncode, seconds, usage.ru_maxrss * 1024, others, own,
                       out.read().decode(errors="replace"), err.read().decode(errors="replace"))
