#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From the kernels' source to the machine code that the library contains.

cubin.py build NVCC          compiles conv_wgmma.cu, and notes what from in manifest.txt
cubin.py check               exit status 1 if the source, its header or an option has changed since
cubin.py check --self-test   exit status 1 if such changes go unseen
cubin.py embed CUBIN OUT     writes the machine code as a C array (what the build runs)
"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ["conv_wgmma.cu", "args.h"]
CUBIN = "conv_wgmma.cubin"
OPTIONS = ["-cubin", "-gencode=arch=compute_90a,code=sm_90a", "-std=c++17", "-O3"]


def digest(path):
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def current_manifest(root):
    lines = ["# sha256 of sources, options and machine code"]
    lines += [f"{name} {digest(os.path.join(root, name))}" for name in [*SOURCES, CUBIN]]
    lines.append("options " + hashlib.sha256(" ".join(OPTIONS).encode()).hexdigest())
    return "\n".join(lines) + "\n"


def build(root, compiler):
    command = [compiler, *OPTIONS, os.path.join(root, SOURCES[0]), "-o", os.path.join(root, CUBIN)]
    if subprocess.run(command, check=False).returncode != 0:
        return 1
    with open(os.path.join(root, "manifest.txt"), "w", encoding="utf-8") as stream:
        stream.write(current_manifest(root))
    return 0


def holds(root):
    try:
        with open(os.path.join(root, "manifest.txt"), encoding="utf-8") as stream:
            return stream.read() == current_manifest(root)
    except OSError:
        return False


def check(root):
    if holds(root):
        return 0
    print(f"{CUBIN} is not what its source makes: run cubin.py build")
    return 1


def embed(cubin, out):
    with open(cubin, "rb") as stream:
        code = stream.read()
    padded = code + bytes(-len(code) % 8)
    words = [padded[at:at + 8] for at in range(0, len(padded), 8)]
    lines = [", ".join(f"{int.from_bytes(word, 'little'):#x}" for word in words[at:at + 8])
             for at in range(0, len(words), 8)]
    with open(out, "w", encoding="utf-8") as stream:
        stream.write('#include "backend/vulkan/wgmma/cubin.h"\n\n'
                     "const uint64_t planche_cubin[] = {\n" + ",\n".join(lines) + "};\n"
                     f"const size_t planche_cubin_size = {len(code)};\n")
    return 0


def self_test():
    """Every change to a small tree must be seen by check; the compiler is a copier."""
    failures = 0
    for changed in [None, *SOURCES, CUBIN, "manifest.txt"]:
        with tempfile.TemporaryDirectory() as folder:
            for name in SOURCES:
                shutil.copy(os.path.join(HERE, name), folder)
            compiler = os.path.join(folder, "copier")
            with open(compiler, "w", encoding="utf-8") as stream:
                stream.write('#!/bin/sh\nfor file; do :; done\necho code > "$file"\n')
            os.chmod(compiler, 0o755)
            failures += build(folder, compiler)
            if changed:
                with open(os.path.join(folder, changed), "a", encoding="utf-8") as stream:
                    stream.write("changed\n")
            if holds(folder) == bool(changed):
                print(f"changed {changed}: check says {holds(folder)}")
                failures += 1
    return 1 if failures else 0


def main():
    arguments = sys.argv[1:]
    if len(arguments) == 2 and arguments[0] == "build":
        return build(HERE, arguments[1])
    if arguments == ["check"]:
        return check(HERE)
    if arguments == ["check", "--self-test"]:
        return self_test()
    if len(arguments) == 3 and arguments[0] == "embed":
        return embed(*arguments[1:])
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
