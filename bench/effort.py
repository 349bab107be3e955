#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What effort costs and saves in each format.

effort.py BUILD [--formats webp,jpg,...] [--efforts 1,4,9] PAGE...

Encodes each page by the library, in a process of its own, with every effort. A line: seconds on one
core, bytes relative to effort 4, PSNR in dB (lossy formats), MiB that encoding took at most.
"""
import argparse
import json
import os
import resource
import subprocess
import tempfile
import time

import quality

FORMATS = ["png", "jpg", "webp", "avif", "jxl", "webp lossless", "avif lossless", "jxl lossless"]


def encode(library, pixels, path, effort, lossless):
    """Seconds of computing and KiB of memory, in a child: memory is given back, and measured."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begin = time.process_time()
        library.write(path, pixels, effort=effort, lossless=lossless)
        seconds = time.process_time() - begin
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        os.write(write, json.dumps([seconds, after - before]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as stream:
        told = stream.read()
    os.waitpid(child, 0)
    return json.loads(told)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("pages", nargs="+")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--efforts", default="1,2,3,4,5,6,7,8,9")
    options = parser.parse_args()
    library = quality.Library(options.build)
    efforts = [int(effort) for effort in options.efforts.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        for page in options.pages:
            pixels = library.read(page)
            print(f"{page}: {pixels.width}x{pixels.height}")
            for name in options.formats.split(","):
                path = os.path.join(folder, "page." + name.split()[0])
                lossless = name.endswith("lossless")
                rows = []
                for effort in efforts:
                    seconds, memory = encode(library, pixels, path, effort, lossless)
                    psnr = None
                    if not lossless and name != "png":
                        said = subprocess.run([library.planche, "compare", "--json", page, path],
                                              check=True, capture_output=True, text=True)
                        psnr = json.loads(said.stdout)["psnr"]
                    rows.append((effort, seconds, os.path.getsize(path), psnr, memory / 1024))
                usual = next((row[2] for row in rows if row[0] == 4), rows[0][2])
                for effort, seconds, size, psnr, memory in rows:
                    print(f"  {name:14} {effort}  {seconds:7.3f} s  {size / usual:6.3f}  "
                          f"{f'{psnr:6.2f} dB' if psnr else '':9}  {memory:6.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
