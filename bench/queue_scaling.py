#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""queue_scaling.py BUILD [scaling [WORKERS...]|overhead [PAGES [MODEL [WIDTHxHEIGHT]]]]: how planche INPUT... --queue
scales with workers, and what a queue costs.

scaling: workers that sleep for 300 ms a page instead of computing (sleep_engine.c), 1 to 8 of them; and what
nats-server and the front compute for a page. overhead: drawn pages of about a second, by this machine alone and by
one worker of a queue on the same machine, in turn: processor time and time."""
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile

BUILD = os.path.abspath(sys.argv[1])
PLANCHE = os.path.join(BUILD, "tools/planche/planche")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../tests/queue"))
from noise import make_book  # noqa: E402
from pages import Pages  # noqa: E402
SLEEP_MS, PAGES = 300, 40  # of each page, for each worker
# Threads of Go that wait in a loop keep a processor where they have a priority of real time, as with chrt -f.
NORMAL = ["chrt", "-o", "0"] if os.sched_getscheduler(0) != os.SCHED_OTHER else []


def cpu_seconds(process):
    """Of a process and those that it has waited for."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Bench:
    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder, self.workers = folder, []
        self.server = subprocess.Popen([*NORMAL, shutil.which("nats-server") or "/usr/sbin/nats-server", "-js", "-a",
                                        "127.0.0.1", "-p", str(self.port), "-sd", folder + "/store"],
                                       stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def words(self, *more):
        return [PLANCHE, *map(str, more), "--queue", f"nats://127.0.0.1:{self.port}", "--insecure-server"]

    def start(self, count, env, *more):
        self.workers = [subprocess.Popen(self.words("worker", "--quiet", *more), env={**os.environ, **env})
                        for _ in range(count)]
        answer = ""
        while f"workers    {count}" not in answer:
            answer = subprocess.run(self.words("queue"), capture_output=True, text=True, check=False).stdout

    def stop(self):
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait()

    def make(self, *more):
        shutil.rmtree(self.folder + "/out", ignore_errors=True)
        begin = time.monotonic()
        subprocess.run([*more, self.folder + "/book.cbz", "-o", self.folder + "/out/"], check=True,
                       stderr=subprocess.DEVNULL, env={**os.environ, "XDG_STATE_HOME": self.folder + "/state"})
        return time.monotonic() - begin


def scaling(bench):
    shim = bench.folder + "/sleep.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-I", HERE + "/../include", "-o", shim,
                    HERE + "/sleep_engine.c", "-ldl"], check=True)
    for count in map(int, sys.argv[3:] or (1, 2, 4, 8)):
        pages = PAGES * count
        make_book(bench.folder + "/book.cbz", pages, 0, (32, 32))
        bench.start(count, {"LD_PRELOAD": shim, "SLEEP_MS": str(SLEEP_MS)}, "--threads", 1, "--jobs", 1)
        server, front = cpu_seconds(bench.server), children_seconds()
        seconds = bench.make(*bench.words("--quiet", "-m", "small"))
        front_ms = (children_seconds() - front) * 1e3 / pages
        server_ms = (cpu_seconds(bench.server) - server) * 1e3 / pages
        bench.stop()
        print(f"{count} workers: {pages} pages in {seconds:.2f} s, {pages / seconds:.2f} pages/s, "
              f"{pages * SLEEP_MS / 1e3 / count / seconds:.1%} of linear; CPU a page: server {server_ms:.1f} ms, "
              f"front {front_ms:.1f} ms")


def make_drawn_book(path, pages, width, height):
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w") as book:
        made = Pages(folder)
        for page in range(pages):
            book.writestr(zipfile.ZipInfo(f"{page:04}.png"), made.make(width, height, 37 * page))


def overhead(bench):
    more = sys.argv[3:] + ["12", "medium", "580x830"][len(sys.argv) - 3:]
    pages, model = int(more[0]), more[1]
    make_drawn_book(bench.folder + "/book.cbz", pages, *map(int, more[2].split("x")))
    bench.start(1, {})
    bench.make(*bench.words("--quiet", "-m", model))  # the worker loads the model
    worker, = bench.workers
    for _ in range(2):
        before = children_seconds()
        alone_s = bench.make(PLANCHE, "--quiet", "-m", model)
        alone, before = children_seconds() - before, children_seconds()
        server, working = cpu_seconds(bench.server), cpu_seconds(worker)
        queue_s = bench.make(*bench.words("--quiet", "-m", model))
        parts = children_seconds() - before, cpu_seconds(worker) - working, cpu_seconds(bench.server) - server
        print(f"{pages} pages: alone {alone:.2f} s of processors in {alone_s:.2f} s; by a queue front {parts[0]:.2f}, "
              f"worker {parts[1]:.2f}, server {parts[2]:.2f} s in {queue_s:.2f} s: processors "
              f"{sum(parts) / alone - 1:+.1%}, time {queue_s / alone_s - 1:+.1%}", flush=True)
    bench.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="planche-bench-") as folder:
        bench = Bench(folder)
        try:
            {"scaling": scaling, "overhead": overhead}[sys.argv[2] if len(sys.argv) > 2 else "scaling"](bench)
        finally:
            bench.server.terminate()
            bench.server.wait()


main()
