#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts the files of the main page into the command: embed.py OUT.c FILE...

Writes C with their bytes, types and tags (files.h).
"""
import hashlib
import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
LINE = 24


def array(name, data):
    lines = [", ".join(map(str, data[at:at + LINE])) for at in range(0, len(data), LINE)]
    return f"static const unsigned char {name}[] = {{\n    " + ",\n    ".join(lines) + ",\n};\n"


def text(paths):
    parts = ['/* Made by tools/planche/web/embed.py. */\n#include "web/files.h"\n']
    rows = []
    for number, path in enumerate(paths):
        name = os.path.basename(path)
        with open(path, "rb") as stream:
            data = stream.read()
        tag = hashlib.sha256(data).hexdigest()[:32]
        parts.append(array(f"file_{number}", data))
        rows.append(f'    {{"{name}", "{TYPES[os.path.splitext(name)[1]]}", "\\"{tag}\\"", '
                    f"(const char *)file_{number}, {len(data)}}},\n")
    parts.append("const struct planche_web_file planche_web_files[] = {\n" + "".join(rows) + "};\n"
                 f"const size_t planche_web_file_count = {len(rows)};\n")
    return "\n".join(parts)


def main():
    out, *paths = sys.argv[1:]
    with open(out, "w", encoding="ascii") as stream:
        stream.write(text(paths))


if __name__ == "__main__":
    main()
