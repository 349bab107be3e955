#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts Planche's own networks into the library: embed.py OUT.c FILE.planche...

Writes C whose tables (networks.h) name the files' bytes, which the assembler includes as they are:
read-only, not copied at the start, and quick to build. A file is named MODEL-SCALEx.planche, or
MODEL-SCALEx-grey.planche if it has one colour, and its header must say the same (format.h).
"""
import hashlib
import os
import re
import struct
import sys

HEADER = struct.Struct("<8sHHHBBB7x")
LEVELS = (("NONE", ""), ("0", "-clean0"), ("1", "-clean1"), ("2", "-clean2"), ("3", "-clean3"))
LICENCE = "MIT"
HEAD = """/* Made by src/model/own/embed.py. */
#include "model/own/networks.h"

#define INCLUDE(symbol, path) \\
    __asm__(".pushsection .rodata\\n" \\
            ".balign 16\\n" \\
            ".globl " symbol "\\n" \\
            ".hidden " symbol "\\n" \\
            ".type " symbol ", %object\\n" \\
            symbol ":\\n" \\
            ".incbin \\"" path "\\"\\n" \\
            ".size " symbol ", . - " symbol "\\n" \\
            ".popsection\\n")

"""
VARIANT = """    {{.model = "{model}",
     .family = "Planche",
     .scale = {scale},
     .denoise = PLANCHE_DENOISE_{level},
     .licence = "{licence}",
     .file = "{model}-{scale}x{suffix}",
     .bin_size = {size},
     .bin_sha256 = "{sha256}"}},
"""


class Network:
    """A file: what its name and its header say."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        name = os.path.basename(path)
        match = re.fullmatch(r"([a-z]+)-([1-4])x(-grey)?\.planche", name)
        with open(path, "rb") as stream:
            data = stream.read()
        if not match or len(data) < HEADER.size:
            raise SystemExit(f"{path}: not MODEL-SCALEx.planche, or too short")
        magic, version, _, _, scale, colours, _ = HEADER.unpack_from(data)
        self.model, self.scale, self.colours = match[1], int(match[2]), 1 if match[3] else 3
        if magic != b"PLANCHE\0" or version not in (1, 2) or (scale, colours) != (self.scale, self.colours):
            raise SystemExit(f"{path}: the header does not say what the name says")
        self.size = len(data)
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.symbol = "planche_network_" + name.split(".")[0].replace("-", "_")


def variants(networks):
    """The catalogue: each model's scales, 2 first, the files' own and 1, at all levels that there
    are. At scale 1 there is none that does nothing."""
    for model in dict.fromkeys(n.model for n in networks):
        files = {n.scale: n for n in networks if n.model == model and n.colours == 3}
        if not files:
            raise SystemExit(f"{model} has no network for pages in colour")
        files.setdefault(1, files[min(files)])
        for scale in sorted(files, key=lambda s: (s == 1, s)):
            for level, suffix in LEVELS[scale == 1:]:
                yield VARIANT.format(model=model, scale=scale, level=level, suffix=suffix,
                                     licence=LICENCE, size=files[scale].size,
                                     sha256=files[scale].sha256)


def quoted(path):
    """Of a path, in a string of the assembler in a string of C."""
    return path.replace("\\", "\\\\\\\\").replace('"', '\\\\\\"')


def text(networks):
    parts = [HEAD]
    for n in networks:
        # The digest: another file is another text, so it is compiled anew.
        parts.append(f'/* {n.sha256} */\nINCLUDE("{n.symbol}", "{quoted(n.path)}");\n'
                     f"extern const uint8_t {n.symbol}[];\n\n")
    parts.append("const struct planche_own_network planche_own_networks[] = {\n")
    parts += [f'    {{"{n.model}", {n.scale}, {n.colours}, {n.symbol}, {n.size}}},\n'
              for n in networks]
    parts.append(f"}};\nconst size_t planche_own_network_count = {len(networks)};\n\n"
                 "const struct planche_model_variant planche_own_variants[] = {\n")
    listed = list(variants(networks))
    parts += listed
    parts.append(f"}};\nconst size_t planche_own_variant_count = {len(listed)};\n")
    return "".join(parts)


def main():
    out, *paths = sys.argv[1:]
    with open(out, "w", encoding="utf-8") as stream:
        stream.write(text([Network(path) for path in paths]))


if __name__ == "__main__":
    main()
