#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what compilers do not: which layer includes which, and the house style's countable rules.

check.py ROOT      checks a source tree; prints every violation; exit status 1 if there is one
check.py --self-test   plants one violation of each kind and expects it to be found
"""
import os
import re
import sys
import tempfile

# Each layer may include itself and those before it.
LAYERS = ["os", "base", "io", "job", "image", "codec", "archive", "model", "kernels", "backend", "engine",
          "book", "api"]
# Within these, one folder may not include its sibling's files: they meet in the layer's own header.
SEPARATE_FOLDERS = ["codec", "backend"]
PUBLIC_ONLY = ["tools", "examples"]
# What the command and planche-unpack may use beside the public headers.
SUPPORT = ["os", "base", "io"]
UNPACK_PROTOCOL = "src/archive/unpack_protocol.h"  # planche-unpack alone
SKIPPED_FOLDERS = {"build", "demo", "corpus", "samples", "node_modules", "__pycache__"}
CODE = (".c", ".h", ".cpp", ".def", ".comp", ".glsl")
SCRIPTS = (".py", ".sh", "meson.build", "meson_options.txt", "Makefile", ".ci/run", "bench/run")
MAX_LINES = 999
MAX_FUNCTION_LINES = 80
FORBIDDEN_CALL = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|aligned_alloc|posix_memalign|strdup|"
                            r"printf|fprintf|puts|fputs|perror|abort|exit)\s*\(")
ALLOCATOR = "src/base/alloc.c"


def layer_of(path):
    parts = path.replace("src/net/", "src/model/").split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 and parts[1] in LAYERS else None


def without_comments(text):
    """The code with comments and strings blanked, line by line as before; includes stay."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)

    def blank(match):
        piece = match.group(0)
        line = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        if piece[0] == '"' and line.lstrip().startswith("#"):
            return piece
        return "\n" * piece.count("\n") + ('""' if piece[0] == '"' else "")

    return pattern.sub(blank, text)


def target_of(root, path, name):
    """The path of a quoted include from the root of the tree, or None."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name)).replace(os.sep, "/")
    for candidate in ("src/" + name, beside, "tests/" + name):
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def include_problem(root, path, name):
    if ".." in name.split("/"):
        return "include paths begin at src/, not at .."
    target = target_of(root, path, name)
    top = path.split("/")[0]
    if top in PUBLIC_ONLY or top == "include":
        unpack = path.startswith("tools/unpack/")
        if (unpack or path.startswith("tools/planche/")) and target and layer_of(target) in SUPPORT:
            return None
        if unpack and target == UNPACK_PROTOCOL:
            return None
        if target and not target.startswith(top + "/"):
            return f"{top}/ may use the public headers only"
        return None
    layer = layer_of(path)
    if not layer or not target:
        return None
    below = layer_of(target)
    if below is None:
        return f"src/ may not include {target}"
    if LAYERS.index(below) > LAYERS.index(layer):
        return f"layer {layer} may not use layer {below}, which is built on it"
    if below == layer and layer in SEPARATE_FOLDERS:
        mine, other = path.split("/")[2:-1], target.split("/")[2:-1]
        if mine and other and mine[0] != other[0] and other[0] != "tiles":
            return f"{layer}/{mine[0]} may not use {layer}/{other[0]}"
    return None


def check_includes(root, path, code):
    for number, line in enumerate(code.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        problem = include_problem(root, path, match.group(1)) if match else None
        if problem:
            yield number, f'{problem}: "{match.group(1)}"'


def check_calls(path, code):
    if not path.startswith("src/") or path == ALLOCATOR:
        return
    for number, line in enumerate(code.split("\n"), 1):
        match = FORBIDDEN_CALL.search(line)
        if match and not line.lstrip().startswith("#"):
            yield number, f"the library does not call {match.group(1)}()"


def check_functions(path, code):
    if path.startswith("src/kernels/") or not path.endswith(".c"):
        return
    start = None
    for number, line in enumerate(code.split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > MAX_FUNCTION_LINES:
                yield start, f"function of {number - start - 1} lines (at most {MAX_FUNCTION_LINES})"
            start = None


def check_head(path, lines):
    first = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= first or "SPDX-License-Identifier: MIT" not in lines[first]:
        yield first + 1, "no SPDX line on top"
    elif path.endswith((".c", ".h", ".cpp")) and not (
            len(lines) > first + 1 and lines[first + 1].startswith(("/*", "//"))):
        yield first + 2, "no comment on the file's purpose after the SPDX line"


def check_file(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as stream:
        text = stream.read()
    lines = text.split("\n")
    yield from check_head(path, lines)
    if len(lines) - 1 > MAX_LINES:
        yield len(lines) - 1, f"{len(lines) - 1} lines: files have fewer than {MAX_LINES + 1}"
    if path.endswith(CODE):
        code = without_comments(text)
        yield from check_includes(root, path, code)
        yield from check_calls(path, code)
        yield from check_functions(path, code)


def files_of(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders
                            if f not in SKIPPED_FOLDERS and not f.startswith("build-") and
                            (f == ".ci" or not f.startswith(".")))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            if path.endswith(CODE + SCRIPTS):
                yield path


def check_tree(root):
    """All violations as (path, line, message), and the number of files checked."""
    found, count = [], 0
    for path in files_of(root):
        count += 1
        found += [(path, line, message) for line, message in check_file(root, path)]
    return found, count


HEAD = "/* SPDX-License-Identifier: MIT */\n/* Purpose. */\n"
CLEAN = {
    "include/planche/planche.h": HEAD + "#include <stddef.h>\n",
    "src/base/alloc.h": HEAD,
    "src/base/alloc.c": HEAD + '#include "base/alloc.h"\nvoid *p(void)\n{\n    return malloc(1);\n}\n',
    "src/net/net.h": HEAD + '#include "base/alloc.h"\n#include <planche/planche.h>\n',
    "src/codec/codec.h": HEAD,
    "src/codec/png/reader.h": HEAD,
    "src/codec/png/reader.c": HEAD + '#include "codec/codec.h"\n#include "codec/png/reader.h"\n'
                                     "/* it may printf( in a comment */\n",
    "src/engine/engine.h": HEAD + '#include "net/net.h"\n',
    "src/kernels/long.c": HEAD + "void f(void)\n{\n" + "    ;\n" * 90 + "}\n",
    "tools/planche/main.h": HEAD,
    "tools/planche/main.c": HEAD + '#include "main.h"\n#include "base/alloc.h"\n#include <planche/planche.h>\n'
                                   "int main(void)\n{\n    puts(\"\");\n}\n",
    "tests/unit/test.c": HEAD + '#include "engine/engine.h"\n',
    "scripts/setup.sh": "#!/bin/sh\n# SPDX-License-Identifier: MIT\n",
}
# path, content, what the message must contain
PLANTED = [
    ("src/base/bad.c", HEAD + '#include "engine/engine.h"\n', "layer base may not use layer engine"),
    ("src/model/bad.c", HEAD + '  #  include "engine/engine.h"\n', "layer model may not use"),
    ("src/codec/jpeg/bad.c", HEAD + '#include "codec/png/reader.h"\n', "codec/jpeg may not use"),
    ("src/codec/png/bad.c", HEAD + '#include "../codec.h"\n', "not at .."),
    ("src/engine/bad.c", HEAD + '#include "unit/test.c"\n', "src/ may not include tests/"),
    ("tools/planche/bad.c", HEAD + '#include "net/net.h"\n', "public headers only"),
    ("tools/unpack/bad.c", HEAD + '#include "codec/codec.h"\n', "public headers only"),
    ("tools/other/bad.c", HEAD + '#include "base/alloc.h"\n', "public headers only"),
    ("examples/bad.c", HEAD + '#include "net/net.h"\n', "public headers only"),
    ("include/planche/bad.h", HEAD + '#include "base/alloc.h"\n', "public headers only"),
    ("src/base/bad.c", "/* Purpose. */\n", "no SPDX line"),
    ("scripts/bad.sh", "#!/bin/sh\necho\n", "no SPDX line"),
    ("src/base/bad.c", HEAD.split("\n", maxsplit=1)[0] + "\nint x;\n", "purpose"),
    ("src/base/bad.c", HEAD + "\n" * 998, "files have fewer"),
    ("src/base/bad.c", HEAD + "void f(void)\n{\n" + "    ;\n" * 81 + "}\n", "function of 81 lines"),
    ("src/base/bad.c", HEAD + "void *p(void)\n{\n    return malloc(1);\n}\n", "does not call malloc"),
    ("src/engine/bad.c", HEAD + "void f(void)\n{\n    /* why */ printf(\"x\");\n}\n", "printf"),
]


def write_tree(root, files):
    for path, content in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as stream:
            stream.write(content)


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, CLEAN)
        found, count = check_tree(root)
        if found or count != len(CLEAN):
            failures.append(f"a clean tree: {found}, {count} files of {len(CLEAN)}")
    for path, content, expected in PLANTED:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {**CLEAN, path: content})
            found, _ = check_tree(root)
            if len(found) != 1 or found[0][0] != path or expected not in found[0][2]:
                failures.append(f"{path}: expected one '{expected}', found {found}")
    for failure in failures:
        print(failure)
    print(f"{len(PLANTED)} violations planted, {len(failures)} failures")
    return 1 if failures else 0


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--self-test":
        return self_test()
    found, count = check_tree(sys.argv[1])
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    print(f"{count} files checked, {len(found)} violations")
    return 1 if found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
