#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""embed_programs.py OUT.c PROGRAM...: helper programs as bytes of the library, for helper_program.c. They are stripped
on the way, if STRIP names a program that does it."""
import os
import subprocess
import sys

HEAD = """/* Made by src/io/embed_programs.py. */
#include <stddef.h>

struct embedded {
    const char *name;
    const unsigned char *begin, *end;
};
extern const struct embedded planche_embedded_programs[];
"""


def main():
    out, *programs = sys.argv[1:]
    lines, rows = [HEAD], []
    for path in programs:
        name = os.path.basename(path)
        symbol = "embedded_" + name.replace("-", "_")
        stripped = os.path.abspath(f"{out}.{name}")
        subprocess.run([os.environ.get("STRIP") or "strip", "-o", stripped, path], check=True)
        parts = [".pushsection .rodata", ".balign 16", f"{symbol}:", f'.incbin \\"{stripped}\\"', f"{symbol}_end:", ".byte 0",
                 ".popsection"]
        lines.append('__asm__("' + "\\n".join(parts) + '\\n");\n')
        lines.append(f'extern const unsigned char {symbol}[], {symbol}_end[];\n')
        rows.append(f'    {{"{name}", {symbol}, {symbol}_end}},\n')
    lines.append("const struct embedded planche_embedded_programs[] = {\n" + "".join(rows) + "    {NULL, NULL, NULL},\n};\n")
    with open(out, "w", encoding="utf-8") as file:
        file.write("".join(lines))


main()
