#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench/serve_overhead.py PLANCHE [PAGES]: what a new page costs more from planche serve than from
planche in a batch: the same pages (600x900, JPEG, realesr-animevideov3 2x) by both, in turn, on the
CPU. CPU time of all their processes, from the children's accounts, and time on the clock."""
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir, "tests", "e2e"))
# pylint: disable=wrong-import-position
import load

OPTIONS = ["-m", "realesr-animevideov3", "-s", "2", "--backend", "cpu", "-f", "webp"]
ROUNDS = 5


def used():
    """CPU seconds of children that have ended."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def batch(planche, pages, folder):
    start, before = time.monotonic(), used()
    subprocess.run([planche, *OPTIONS, "-q", "90", "-o", folder + "/out/", *pages], check=True,
                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder + "/out")
    return time.monotonic() - start, used() - before


def serve(planche, pages, *more):
    """Two at a time, as a reader's program asks; the server's start counts, as the batch's does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    datas = []
    for page in pages:
        with open(page, "rb") as file:
            datas.append(file.read())
    start, before = time.monotonic(), used()
    with subprocess.Popen([planche, "serve", *OPTIONS, "-q", "90", "--no-cache", "--log-level", "error",
                           "--listen", f"127.0.0.1:{address[1]}", *more]) as process:
        waits = [subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(address[1]), *pages[half::2]]) for half in (0, 1)]
        for client in waits:
            client.wait()
        seconds = time.monotonic() - start
        process.terminate()
    mine = 0.0
    for half in (0, 1):
        with open(pages[half] + ".cpu", encoding="ascii") as file:
            mine += float(file.read())
    return seconds, used() - before - mine


CLIENT = """
import resource, socket, sys, time
for page in sys.argv[2:]:
    data = open(page, "rb").read()
    while True:
        try:
            c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            break
        except OSError:
            time.sleep(0.005)
    c.sendall(b"POST /v1/upscale HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n"
              b"Content-Length: %d\\r\\n\\r\\n" % len(data) + data)
    answer = b""
    while piece := c.recv(1 << 20):
        answer += piece
    assert b" 200 " in answer[:20], answer[:200]
times = resource.getrusage(resource.RUSAGE_SELF)
open(sys.argv[2] + ".cpu", "w").write(str(times.ru_utime + times.ru_stime))
"""


def main():
    planche, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 4
    ways = {"batch": [], "serve": [], "serve --no-isolate": []}
    with tempfile.TemporaryDirectory() as folder:
        pages = []
        for number in range(count):
            source = os.path.join(folder, f"{number}.png")
            with open(source, "wb") as file:
                file.write(load.noise(300, 450, number))
            # JPEG, by Planche itself, twice as large, and not known as its own
            subprocess.run([planche, *OPTIONS[:6], "--no-mark", "-q", "90", "-o", source[:-3] + "jpg", source],
                           check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            pages.append(source[:-3] + "jpg")
        for number in range(ROUNDS):
            ways["batch"].append(batch(planche, pages, folder))
            ways["serve"].append(serve(planche, pages))
            ways["serve --no-isolate"].append(serve(planche, pages, "--no-isolate"))
    base = statistics.median(cpu for _, cpu in ways["batch"])
    for way, results in ways.items():
        seconds = statistics.median(second for second, _ in results) / count
        cpu = statistics.median(cpu for _, cpu in results)
        print(f"{way:20} {1e3 * seconds:7.0f} ms a page, {1e3 * cpu / count:7.0f} ms of CPUs, "
              f"{100 * (cpu / base - 1):+.1f} %")


if __name__ == "__main__":
    main()
