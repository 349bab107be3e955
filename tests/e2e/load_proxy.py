#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""load_proxy.py PLANCHE: load.py through the proxy, before a stand-in of upstream.py that also hangs,
cuts its answers off and lies about their length. test_proxy.py runs a small part of it."""
import asyncio
import os
import random
import sys
import unittest
import urllib.request

sys.dont_write_bytecode = True
if __name__ == "__main__" and len(sys.argv) > 1:
    os.environ.setdefault("PLANCHE", sys.argv[1])
# pylint: disable=wrong-import-position
import load
import upstream


class ProxyClient(load.Client):
    """The same through the proxy: pages are asked for by their address, and the stand-in of
    upstream.py fails in all its ways."""

    def request(self, page):
        return (f"GET {page.data} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {upstream.USER}\r\n"
                "\r\n").encode()

    async def health(self):
        await self.connect()
        self.writer.write(b"GET /planche/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status, length = await self.head()
        await self.reader.readexactly(length)
        if status != 200:
            raise load.Wrong(f"/healthz: {status}")

    async def download(self):
        """What is passed on, by a client that breaks off as often as not."""
        self.close()
        await self.connect()
        self.writer.write(b"GET /file?size=300000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status, length = await self.head()
        if self.random.random() < 0.5:
            await self.reader.readexactly(self.random.randrange(length))
            self.close(hard=True)
            return
        body = await self.reader.readexactly(length)
        if status != 200 or body != upstream.large(300000):
            raise load.Wrong(f"a download: {status}, or other bytes")

    async def failing(self):
        """None of these is a page, and none may look like one: what was promised and did not come
        ends the connection, all else is told."""
        name, right = self.random.choice((("cut", 502), ("drop", 502), ("garbage", 502), ("split", 502),
                                          ("twice", 502), ("short", None), ("long", 200), ("busy", 503)))
        of_page = self.random.random() < 0.5 and name != "long"
        self.close()
        await self.connect()
        path = f"/api/v1/books/{name}/pages/1" if of_page else "/" + name
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                          f"Authorization: {upstream.USER}\r\n\r\n".encode())
        try:
            status, length = await self.head()
            await self.reader.readexactly(length)
        except asyncio.IncompleteReadError:
            status = None
        self.close()
        if status != right and not (of_page and right is None and status == 502):
            raise load.Wrong(f"{path}: {status}")

    async def hanging(self):
        """The upstream says nothing, and the client has other things to do."""
        self.close()
        await self.connect()
        self.writer.write(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.sleep(0.02)
        self.close(hard=True)  # a half-closed one gets its answer, and so is waited for

    KINDS = ((load.Client.page, 50), (health, 8), (load.Client.trickle, 8), (load.Client.slow, 6),
             (load.Client.half_closed, 6), (load.Client.aborted, 6), (load.Client.nonsense, 4), (download, 6),
             (failing, 8), (hanging, 2))


def learn(base, count):
    """The addresses of pages of the stand-in, with their results."""
    def ask(path):
        request = urllib.request.Request(base + path, headers={"Authorization": upstream.USER})
        with urllib.request.urlopen(request, timeout=load.PATIENCE) as answer:
            if not answer.headers["X-Planche-Result"].startswith(("upscaled", "cached")):
                raise load.Wrong(answer.headers["X-Planche-Result"])
            return answer.read()
    return load.learn(ask, [f"/api/v1/books/b{number}/pages/{1 + number}" for number in range(count)])


def main():
    options = load.options_of(__doc__)
    case = unittest.TestCase()
    sizes = ((24, 32), (100, 150), (300, 400), (600, 900))
    behind = upstream.Upstream(case, [load.noise(width, height, width) for width, height in sizes])
    random.seed(1)
    try:
        return load.run(options, lambda address: learn(f"http://127.0.0.1:{address[1]}", len(sizes)),
                        ProxyClient, "--upstream", behind.url, "--prefetch", "0")
    finally:
        case.doCleanups()


if __name__ == "__main__":
    sys.exit(main())
