#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""load.py PLANCHE: many clients of planche serve at once, well-behaved ones and others: slow
readers, half-closed ones, those that break off and those that talk nonsense. Every answer is
compared with what it must be. test_guard.py runs a small part of it; load_proxy.py does the same
through the proxy."""
import argparse
import asyncio
import collections
import hashlib
import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import png

PATIENCE = 120  # seconds, only against hangs


def noise(width, height, seed):
    """A page that hardly gets smaller, as scanned ones do."""
    return png.encode(width, height, 3, random.Random(seed).randbytes(3 * width * height), 8)


class Wrong(Exception):
    """An answer that must not be."""


class Client:
    """One of the clients: its requests, one after the other, on as few connections as it can."""

    def __init__(self, load, number):
        self.load, self.random = load, random.Random(number)
        self.reader = self.writer = None

    async def connect(self):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(*self.load.address)

    def close(self, hard=False):
        if self.writer is None:
            return
        if hard:  # a reset instead of an orderly end
            self.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.close()
        self.reader = self.writer = None

    async def head(self):
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\ncontent-length: (\d+)", head)
        return int(head.split(b" ", 2)[1]), int(length.group(1)) if length else 0

    def request(self, page):
        return (f"POST /v1/upscale?format=png HTTP/1.1\r\nHost: localhost\r\n"
                f"Content-Length: {len(page.data)}\r\n\r\n").encode() + page.data

    async def answer(self, page, pause=0):
        status, length = await self.head()
        digest, left = hashlib.sha256(), length
        while left > 0:
            piece = await self.reader.read(min(left, 16384 if pause else 1 << 20))
            if not piece:
                raise Wrong("an answer was cut off")
            digest.update(piece)
            left -= len(piece)
            if pause:
                await asyncio.sleep(pause)
        if status != 200 or digest.hexdigest() != page.result:
            raise Wrong(f"status {status}, or another result")

    async def page(self, pause=0):
        page = self.random.choice(self.load.pages)
        await self.connect()
        self.writer.write(self.request(page))
        await self.answer(page, pause)

    async def slow(self):
        await self.page(0.002)

    async def trickle(self):
        """A body that comes in pieces."""
        page = self.random.choice(self.load.pages)
        await self.connect()
        data = self.request(page)
        for at in range(0, len(data), 1 + len(data) // 8):
            self.writer.write(data[at:at + 1 + len(data) // 8])
            await self.writer.drain()
            await asyncio.sleep(0.002)
        await self.answer(page)

    async def health(self):
        await self.connect()
        self.writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status, length = await self.head()
        await self.reader.readexactly(length)
        if status != 200:
            raise Wrong(f"/healthz: {status}")

    async def half_closed(self):
        """It has no more to say. The answer is right, or the server takes it for gone."""
        page = self.random.choice(self.load.pages)
        self.close()
        await self.connect()
        self.writer.write(self.request(page))
        self.writer.write_eof()
        try:
            await self.answer(page)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.close()

    async def aborted(self):
        """It leaves in the middle of its body, or of its answer."""
        data = self.request(self.random.choice(self.load.pages))
        self.close()
        await self.connect()
        self.writer.write(data[:self.random.randrange(20, len(data) + 1)])
        await self.writer.drain()
        if self.random.random() < 0.5:
            await asyncio.sleep(0.005)
        self.close(hard=True)

    async def nonsense(self):
        self.close()
        await self.connect()
        self.writer.write(self.random.choice((
            b"GET / HTTP/1.1\nHost: a\n\n\r\n\r\n", b"\x16\x03\x01\x02\r\n\r\n",
            b"POST /v1/upscale HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc")))
        try:
            status, _ = await self.head()
            if status < 400:
                raise Wrong(f"nonsense: {status}")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.close()

    KINDS = ((page, 60), (health, 10), (trickle, 8), (slow, 6), (half_closed, 6), (aborted, 6),
             (nonsense, 4))

    async def live(self):
        kinds, weights = zip(*self.KINDS)
        kinds = [getattr(self, kind.__name__) for kind in kinds]
        while self.load.left > 0:
            self.load.left -= 1
            kind = self.random.choices(kinds, weights)[0]
            start = time.monotonic()
            try:
                await asyncio.wait_for(kind(), PATIENCE)
                self.load.done[kind.__name__] += 1
                self.load.times.append(time.monotonic() - start)
            except (Wrong, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
                self.load.wrong.append(f"{kind.__name__}: {error!r}")
                self.close()
            self.load.look()
        self.close()


Page = collections.namedtuple("Page", "data result")


class Load:
    """A run; .wrong are the answers that must not be, .memory the resident bytes meanwhile."""

    def __init__(self, address, pid, pages, connections, requests, kind=Client):
        self.kind = kind
        self.address, self.pid, self.pages = address, pid, pages
        self.connections, self.left, self.total = connections, requests, requests
        self.done, self.times, self.wrong, self.memory = collections.Counter(), [], [], []

    def resident(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) << 10

    def look(self):
        if self.left % max(self.total // 50, 1) == 0:
            self.memory.append(self.resident())

    async def run_all(self):
        await asyncio.gather(*(self.kind(self, number).live() for number in range(self.connections)))

    def run(self):
        start = time.monotonic()
        asyncio.run(self.run_all())
        self.seconds = time.monotonic() - start
        return self


def learn(ask, datas):
    """The pages with their results, which lie in the cache from then on."""
    return [Page(data, hashlib.sha256(ask(data)).hexdigest()) for data in datas]


def options_of(text):
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("planche")
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--requests", type=int, default=10000)
    return parser.parse_args()


def run(options, make_pages, kind, *arguments):
    """Starts a server, has make_pages(address) answer the pages, and loads it."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = probe.getsockname()
        command = [options.planche, "serve", "-m", "realesr-animevideov3", "-s", "2", "--backend", "cpu",
                   "--listen", f"127.0.0.1:{address[1]}", "--cache", os.path.join(folder, "cache"),
                   "--max-connections", "1024", "--log-level", "error", *arguments]
        with subprocess.Popen(command) as process:
            try:
                time.sleep(1)
                load = Load(address, process.pid, make_pages(address), options.connections,
                            options.requests, kind).run()
            finally:
                process.terminate()
    report(load)
    return 1 if load.wrong else 0


def main():
    return run(options_of(__doc__), lambda address: learn(
        lambda data: post(address, data),
        [noise(width, height, width) for width, height in ((24, 32), (100, 150), (300, 400), (600, 900))]),
               Client)


def post(address, data):
    with socket.create_connection(address) as connection:
        connection.sendall(b"POST /v1/upscale?format=png HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                           + f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
    head, body = answer.split(b"\r\n\r\n", 1)
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise Wrong(head)
    return body


def report(load):
    times, half = sorted(load.times), len(load.memory) // 2
    print(f"{load.total} requests on {load.connections} connections in {load.seconds:.1f} s:",
          ", ".join(f"{count} {name}" for name, count in load.done.most_common()))
    print(f"half within {1e3 * times[len(times) // 2]:.0f} ms, 99 % within "
          f"{1e3 * times[len(times) * 99 // 100]:.0f} ms; {len(load.wrong)} wrong answers")
    print(f"resident: {load.memory[0] / 1e6:.1f} MB at the start, at most "
          f"{max(load.memory[:half]) / 1e6:.1f} MB in the first half, "
          f"{max(load.memory[half:]) / 1e6:.1f} MB in the second")
    for line in load.wrong[:10]:
        print(line)


if __name__ == "__main__":
    sys.exit(main())
