#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what compilers do not: what may use what, and the countable rules of style.

check.py ROOT      checks a source tree; prints every violation; exit status 1 if there is one
check.py --self-test   plants one violation of each kind and expects it to be found

Pages (*.md) are checked for what they name: files, functions and links that there are not.
"""
import ast
import os
import re
import sys
import tempfile

# What each folder of src/ may use besides itself. backend/cpu and backend/vulkan never meet but in
# what lies in backend/ itself and in backend/tiles; so with the formats of codec/.
USES = {
    "os": [],
    "base": ["os"],
    "io": ["base", "os"],
    "job": ["base", "os"],
    "net": ["base"],
    "kernels": ["net", "base"],
    "image": ["base"],
    "codec": ["image", "io", "base", "os"],
    "archive": ["image", "io", "base", "os"],
    "model": ["net", "archive", "io", "base", "os"],
    "backend": ["kernels", "net", "image", "io", "base", "os"],
    "choice": ["codec", "image", "base"],
    "engine": ["choice", "backend", "kernels", "net", "model", "codec", "image", "io", "base", "os"],
    "book": ["engine", "choice", "job", "archive", "codec", "image", "io", "base", "os"],
    "api": ["book", "job", "engine", "choice", "backend", "kernels", "net", "model", "archive", "codec",
            "image", "io", "base", "os"],
}
# Folders whose own folders may not use each other, but for those named.
SEPARATE_FOLDERS = {"codec": [], "backend": ["tiles"]}
# The command: each of its folders may use these, the public headers and the support library. What
# lies in tools/planche itself (main.c) may use all of them.
COMMAND = "tools/planche"
SUPPORT = ["os", "base", "io"]
COMMAND_USES = {
    "words": [],
    "profile": ["toml", "words"],
    "cli": ["toml", "words", "profile"],
    "generated": ["cli"],
    "cache": ["cli", "words", "profile"],
    "service": ["cli"],
    "enlarge": ["cli", "profile", "queue"],
    "models": ["cli", "words", "profile"],
    "preview": ["cli"],
    "info": ["cli"],
    "doctor": ["cli", "words", "profile"],
    "tune": ["cli"],
    "bench": ["cli"],
    "ncnn": ["cli"],
    "stdio": ["cli", "service"],
    "http": [],
    "metrics": [],
    "pages": ["cli", "service", "http", "cache"],
    "toml": [],
    "proxy": ["cli", "service", "http", "pages", "cache", "metrics", "toml"],
    "web": [],
    "queue": ["cli", "models", "profile", "service", "words"],
    "books": ["cli", "service", "http", "pages"],
    "serve": ["cli", "profile", "service", "http", "pages", "cache", "metrics", "proxy", "web", "books",
              "queue"],
}
# Programs that are parts of the library: these may use the support library, and of src/ the files
# named.
PROGRAMS = {"tools/child": [], "tools/unpack": ["src/archive/unpack_protocol.h"],
            "tools/decode": ["src/codec/blob.h", "src/codec/decode_protocol.h",
                             "src/codec/format.h"]}
# Headers that other systems lack stand in these two only. iconv.h comes with a library everywhere.
POSIX_FOLDERS = ["os", "io"]
COMMAND_WORDS = re.compile(r"--[a-z]|\bplanche (models|info|stdio|serve|bench|help|fetch)\b")
POSIX_HEADER = re.compile(
    r"(sys|linux|arpa|net|netinet)/.*|(aio|cpio|dirent|dlfcn|fcntl|fmtmsg|fnmatch|ftw|glob|grp|"
    r"langinfo|libgen|mqueue|ndbm|netdb|nl_types|poll|pthread|pwd|regex|sched|search|semaphore|"
    r"signal|spawn|stropts|syslog|tar|termios|ulimit|unistd|utime|utmpx|wordexp)\.h")
# A folder with more C files than this has no shape; a kernel's versions count as one file.
MAX_FILES = 25
KERNEL_VERSION = re.compile(r"_(portable|neon|avx2|avx512|avx512bf16|amx|avxvnni|avx512vnni)\.c$")
# Violations that are known and on their way out: (file or folder, part of the message). An entry
# that no longer matches anything is a violation itself.
KNOWN = []
PUBLIC_ONLY = ["tools", "examples", "bindings", "include"]
SKIPPED_FOLDERS = {"build", "demo", "corpus", "samples", "node_modules", "__pycache__"}
CODE = (".c", ".h", ".cpp", ".hpp", ".def", ".comp", ".glsl")
SCRIPTS = (".py", ".sh", ".rs", ".js", "meson.build", "meson_options.txt", "Makefile", ".ci/run", "bench/run")
MAX_LINES = 999
MAX_FUNCTION_LINES = 80
FORBIDDEN_CALL = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|aligned_alloc|posix_memalign|strdup|"
                            r"printf|fprintf|puts|fputs|perror|abort|exit)\s*\(")
ALLOCATOR = "src/base/alloc.c"
DOCS = ".md"
MAX_DOC_COLUMNS = 120
# Pages that speak of the past: their names are those of then.
HISTORY = {"CHANGELOG.md"}
# A file of the tree, by its path or the end of it; * stands for any part of a name.
DOC_FILE = re.compile(r"(?<![\w./<>*~$-])[\w./*-]*[\w*]\.(?:c|h|cpp|hpp|def|comp|glsl|py|sh|rs|ini|md)"
                      r"(?![\w.*/<>-])")
DOC_QUOTED = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")
DOC_LINK = re.compile(r"\]\(([^()\s]+)\)")
DOC_NAME = re.compile(r"\bplanche_\w+")


def folder_of(path):
    """The folder of src/ or of the command that a file lies in, as (root, name); name "" is the
    command's own folder. None: a file of neither."""
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return "src", parts[1]
    if path.startswith(COMMAND + "/"):
        return COMMAND, parts[2] if len(parts) > 3 else ""
    return None


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
    for candidate in ("src/" + name, beside, COMMAND + "/" + name, "tests/" + name):
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def library_problem(path, target):
    """Why a file of src/ may not use another."""
    layer, below = path.split("/")[1], folder_of(target)
    if below is None or below[0] != "src":
        return f"src/ may not include {target}"
    if layer not in USES:
        return f"src/{layer} is not in the matrix of what may use what"
    if below[1] != layer:
        return None if below[1] in USES[layer] else f"{layer} may not use {below[1]}"
    if layer in SEPARATE_FOLDERS:
        mine, other = path.split("/")[2:-1], target.split("/")[2:-1]
        if mine and other and mine[0] != other[0] and other[0] not in SEPARATE_FOLDERS[layer]:
            return f"{layer}/{mine[0]} may not use {layer}/{other[0]}"
        if other and not mine:
            return f"{layer}/ is what its folders share: it may not use {layer}/{other[0]}"
    return None


def command_problem(path, target):
    """Why a file of the command may not use another."""
    mine, used = folder_of(path)[1], folder_of(target)
    if mine and mine not in COMMAND_USES:
        return f"{COMMAND}/{mine} is not in the matrix of what may use what"
    if used and used[0] == "src" and used[1] in SUPPORT:
        return None
    if not used or used[0] != COMMAND:
        return "the command may use the public headers and the support library only"
    if mine and used[1] != mine and used[1] not in COMMAND_USES[mine]:
        return f"{COMMAND}/{mine} may not use {COMMAND}/{used[1] or 'main'}"
    return None


def include_problem(root, path, name):
    if ".." in name.split("/"):
        return "include paths begin at src/, not at .."
    target = target_of(root, path, name)
    top = path.split("/")[0]
    if not target:
        return None
    if folder_of(path):
        return (library_problem if top == "src" else command_problem)(path, target)
    program = "/".join(path.split("/")[:2])
    if program in PROGRAMS:
        used = folder_of(target)
        if target in PROGRAMS[program] or (used and used[0] == "src" and used[1] in SUPPORT):
            return None
    if top in PUBLIC_ONLY and not target.startswith(top + "/"):
        return f"{top}/ may use the public headers only"
    return None


def check_system_headers(path, code):
    if not path.startswith("src/") or path.split("/")[1] in POSIX_FOLDERS:
        return
    for number, line in enumerate(code.split("\n"), 1):
        match = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        if match and POSIX_HEADER.fullmatch(match.group(1)):
            yield number, f"<{match.group(1)}> is POSIX's: it stands in src/os and src/io only"


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


def check_messages(path, text):
    """Whoever calls the library may have no options and no sub-commands."""
    if not path.startswith("src/"):
        return
    for match in re.finditer(r'/\*.*?\*/|//[^\n]*|"((?:\\.|[^"\\\n])*)"', text, re.S):
        message = match.group(1) or ""
        # An argument of another program stands alone.
        if COMMAND_WORDS.search(message) and not re.fullmatch(r"--[a-z-]+=?", message):
            yield (text.count("\n", 0, match.start()) + 1,
                   f'a message of the library speaks of the command: "{message}"')


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


def check_names(text):
    """Of two functions of a name in one class or file Python keeps the second: a test never runs."""
    tree = ast.parse(text)
    for scope in ast.walk(tree):
        names = set()
        for part in scope.body if isinstance(scope, (ast.Module, ast.ClassDef)) else ():
            if not isinstance(part, (ast.FunctionDef, ast.ClassDef)) or part.decorator_list:
                continue
            if part.name in names:
                yield part.lineno, f"a second {part.name} hides the first"
            names.add(part.name)


def check_head(path, lines):
    first = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= first or "SPDX-License-Identifier: MIT" not in lines[first]:
        yield first + 1, "no SPDX line on top"
    elif path.endswith((".c", ".h", ".cpp", ".hpp")) and not (
            len(lines) > first + 1 and lines[first + 1].startswith(("/*", "//"))):
        yield first + 2, "no comment on the file's purpose after the SPDX line"


def check_file(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as stream:
        text = stream.read()
    lines = text.split("\n")
    yield from check_head(path, lines)
    if len(lines) - 1 > MAX_LINES:
        yield len(lines) - 1, f"{len(lines) - 1} lines: files have fewer than {MAX_LINES + 1}"
    if path.endswith(".py"):
        yield from check_names(text)
    if path.endswith(CODE):
        code = without_comments(text)
        yield from check_includes(root, path, code)
        yield from check_system_headers(path, code)
        yield from check_calls(path, code)
        yield from check_messages(path, text)
        yield from check_functions(path, code)


def unit_of(path):
    """A .c file and its .h are one unit."""
    return os.path.splitext(path)[0]


def functions_of(code):
    """Functions of the prefix that code defines (not static), and names that bodies use: two
    sets."""
    code = re.sub(r"(?m)^[ \t]*#(?:.*\\\n)*.*$", "", code)
    defined, used = set(), set()
    depth, start, head = 0, 0, ""
    for token in re.finditer(r"[{};]|\bplanche_\w+", code):
        text = token.group(0)
        if text == "{":
            if depth == 0:
                head = code[start:token.start()]
                name = re.search(r"\b(planche_\w+)\s*\(", head)
                if name and head.rstrip().endswith(")") and not re.search(r"\bstatic\b", head):
                    defined.add(name.group(1))
            depth += 1
        elif text == "}":
            depth -= 1
            start = token.end() if depth == 0 else start
        elif text == ";":
            start = token.end() if depth == 0 else start
        elif depth > 0:
            used.add(text)
    return defined, used


def check_public(root, paths):
    """Public functions are defined in one folder, where arguments are checked."""
    public = set()
    for path in paths:
        if path.startswith("include/"):
            with open(os.path.join(root, path), encoding="utf-8") as stream:
                public.update(re.findall(r"PLANCHE_API\b[^;{(]*?\b(planche_\w+)\s*\(",
                                         without_comments(stream.read())))
    for path in paths:
        if path.startswith("src/") and path.endswith(".c") and not path.startswith("src/api/"):
            with open(os.path.join(root, path), encoding="utf-8") as stream:
                defined, _ = functions_of(without_comments(stream.read()))
            for name in sorted(defined & public):
                yield path, 1, f"defines {name}: public functions stand in src/api"


TAG = re.compile(r"(?m)^(?:struct|union|enum) (planche_\w+)\s*\{")


def check_tags(root, paths):
    """A tag names one type: debuggers and link-time optimisation take two for the same."""
    home = {}
    for path in paths:
        if path.startswith(("src/", "include/")) and path.endswith((".c", ".h")):
            with open(os.path.join(root, path), encoding="utf-8") as stream:
                for tag in TAG.findall(without_comments(stream.read())):
                    if tag in home:
                        yield path, 1, f"defines {tag}, which {home[tag]} defines, too"
                    home.setdefault(tag, path)


def unit_graph(root, paths):
    """Which units need which: by an include, or by a function that is called or put in a table,
    wherever it is declared; and the second kind alone."""
    edges, home, asked, calls = {}, {}, [], set()
    for path in paths:
        unit = unit_of(path)
        edges.setdefault(unit, set())
        with open(os.path.join(root, path), encoding="utf-8") as stream:
            code = without_comments(stream.read())
        for name in re.findall(r'(?m)^\s*#\s*include\s+"([^"]+)"', code):
            target = target_of(root, path, name)
            if target and target.endswith((".h", ".c")):
                edges[unit].add(unit_of(target))
        defined, used = functions_of(code)
        if path.endswith(".c"):
            home.update({name: unit for name in defined})
        asked += [(unit, name) for name in used]
    for unit, name in asked:
        if name in home:
            edges[unit].add(home[name])
            calls.add((unit, home[name], name))
    return {unit: {to for to in targets if to != unit and to in edges}
            for unit, targets in edges.items()}, calls


def circles_of(graph):
    """Groups of units that reach each other (Tarjan's strongly connected components)."""
    index, low, stack, found = {}, {}, [], []

    def visit(unit):
        index[unit] = low[unit] = len(index)
        stack.append(unit)
        for to in sorted(graph[unit]):
            if to not in index:
                visit(to)
            if to in stack:
                low[unit] = min(low[unit], low[to])
        if low[unit] == index[unit]:
            group = stack[stack.index(unit):]
            del stack[stack.index(unit):]
            if len(group) > 1:
                found.append(sorted(group))

    sys.setrecursionlimit(10000)
    for unit in sorted(graph):
        if unit not in index:
            visit(unit)
    return found


def check_circles(root, paths):
    for top in ("src/", COMMAND + "/"):
        graph, calls = unit_graph(root, [path for path in paths
                                         if path.startswith(top) and path.endswith((".c", ".h"))])
        for unit, to, name in sorted(calls):
            problem = top == "src/" and library_problem(unit + ".c", to + ".c")
            if problem:
                yield unit + ".c", 1, f"{problem}: it calls {name}"
        for group in circles_of(graph):
            arrows = [f"{os.path.basename(unit)} -> {os.path.basename(to)}"
                      for unit in group for to in sorted(graph[unit]) if to in group]
            yield os.path.dirname(group[0]), 1, (f"a circle of {len(group)} files: " +
                                                 ", ".join(arrows))


def check_folders(paths):
    folders = {}
    for path in paths:
        if path.endswith(".c") and path.startswith(("src/", COMMAND + "/")):
            folders.setdefault(os.path.dirname(path), set()).add(KERNEL_VERSION.sub(".c", path))
    for folder, files in sorted(folders.items()):
        if len(files) > MAX_FILES:
            yield folder, 1, f"{len(files)} C files in a folder (at most {MAX_FILES})"


def prose_of(text):
    """Lines of a page outside of code blocks, with their numbers."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, line


def spans_of(text, pattern):
    """What a pattern's group finds in the prose of a page, also over the end of a line, with the
    numbers of the lines."""
    lines = dict(prose_of(text))
    prose = "\n".join(lines.get(i, "") for i in range(1, text.count("\n") + 2))
    for match in re.finditer(pattern, prose):
        yield prose.count("\n", 0, match.start()) + 1, match.group(1)


def is_in_tree(name, paths):
    pattern = re.compile("(.*/)?" + re.escape(name).replace(r"\*", "[^/]*"))
    return any(pattern.fullmatch(path) for path in paths)


def check_doc(root, page, paths, names):
    """Pages are read in a terminal, and name files and functions that there are."""
    with open(os.path.join(root, page), encoding="utf-8") as stream:
        text = stream.read()
    for number, line in prose_of(text):
        if len(line) > MAX_DOC_COLUMNS and not line.startswith("|"):
            yield number, f"{len(line)} columns (at most {MAX_DOC_COLUMNS})"
    if page in HISTORY:
        return
    for number, link in spans_of(text, DOC_LINK):
        path = os.path.normpath(os.path.join(root, os.path.dirname(page), link.split("#")[0]))
        if ":" not in link and not os.path.exists(path):
            yield number, f"a link to {link}, which there is not"
    for number, quoted in spans_of(text, DOC_QUOTED):
        for name in DOC_FILE.findall(quoted):
            if not is_in_tree(name, paths):
                yield number, f"there is no file {name}"
        for name in DOC_NAME.findall(quoted):
            if name not in names:
                yield number, f"there is no {name} in the code"


def check_docs(root, pages, paths):
    names = set()
    for path in paths:
        with open(os.path.join(root, path), encoding="utf-8") as stream:
            names.update(DOC_NAME.findall(stream.read()))
    for page in pages:
        yield from ((page, number, message)
                    for number, message in check_doc(root, page, paths + pages, names))


def files_of(root, endings=CODE + SCRIPTS):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders
                            if f not in SKIPPED_FOLDERS and not f.startswith("build-") and
                            (f == ".ci" or not f.startswith(".")))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            if path.endswith(endings):
                yield path


def check_tree(root, known=()):
    """All violations as (path, line, message), and the number of files checked."""
    found, paths = [], list(files_of(root))
    for path in paths:
        found += [(path, line, message) for line, message in check_file(root, path)]
    found += check_circles(root, paths)
    found += check_tags(root, paths)
    found += check_folders(paths)
    found += check_public(root, paths)
    found += check_docs(root, list(files_of(root, (DOCS,))), paths)

    def is_meant(entry, path, message):
        return (path + "/").startswith(entry[0] + "/") and entry[1] in message

    matched = {entry for entry in known for path, _, message in found
               if is_meant(entry, path, message)}
    found = [(path, line, message) for path, line, message in found
             if not any(is_meant(entry, path, message) for entry in known)]
    found += [(entry[0], 0, f"is no longer known for '{entry[1]}': remove it from KNOWN")
              for entry in known if entry not in matched]
    return found, len(paths)


HEAD = "/* SPDX-License-Identifier: MIT */\n/* Purpose. */\n"
CLEAN = {
    "include/planche/planche.h": HEAD + "#include <stddef.h>\nPLANCHE_API const char *\nplanche_it"
                                        "(void);\n/* PLANCHE_API int planche_state(void); */\n",
    "src/api/it.c": HEAD + "const char *planche_it(void)\n{\n    return 0;\n}\n",
    "src/base/alloc.h": HEAD,
    "src/base/alloc.c": HEAD + '#include "base/alloc.h"\nvoid *p(void)\n{\n    return malloc(1);\n}\n',
    "src/net/net.h": HEAD + '#include "base/alloc.h"\n#include <planche/planche.h>\n',
    "src/codec/codec.h": HEAD,
    "src/codec/png/reader.h": HEAD,
    "src/codec/png/reader.c": HEAD + '#include "codec/codec.h"\n#include "codec/png/reader.h"\n'
                                     "/* it may printf( in a comment */\n",
    "src/engine/engine.h": HEAD + '#include "net/net.h"\n',
    "src/os/fd.c": HEAD + "#include <unistd.h>\n",
    # A unit of two files, one that uses it, and a header whose functions several files define.
    "src/book/state.h": HEAD + "void planche_state(int *);\n",
    "src/book/state.c": HEAD + '#include "book/state.h"\nvoid planche_state(int *a)\n{\n    *a = 1;\n}\n',
    "src/book/pages.c": HEAD + '#include "book/state.h"\n#include "book/parts.h"\n'
                               "int planche_pages(void)\n{\n    int a;\n    planche_state(&a);\n"
                               "    return a;\n}\n",
    "src/book/parts.h": HEAD + "int planche_pages(void);\n",
    "src/io/start.c": HEAD + 'const char *a = "--version", *b = "a -- b";\n',
    "src/backend/executor.h": HEAD,
    "src/backend/tiles/rect.h": HEAD,
    "src/backend/cpu/run.c": HEAD + '#include "backend/executor.h"\n#include "backend/tiles/rect.h"\n',
    "src/backend/vulkan/run.h": HEAD,
    "src/kernels/long.c": HEAD + "void f(void)\n{\n" + "    ;\n" * 90 + "}\n",
    "tools/planche/cli/paths.h": HEAD + '#include "base/alloc.h"\n#include <unistd.h>\n',
    "src/archive/unpack_protocol.h": HEAD,
    "tools/unpack/main.c": HEAD + '#include "archive/unpack_protocol.h"\n#include "io/tree.h"\n',
    "src/io/tree.h": HEAD,
    "tools/planche/enlarge/enlarge.h": HEAD + '#include "cli/paths.h"\n',
    "tools/planche/main.c": HEAD + '#include "enlarge/enlarge.h"\n#include <planche/planche.h>\n'
                                   "int main(void)\n{\n    puts(\"\");\n}\n",
    "tests/unit/test.c": HEAD + '#include "engine/engine.h"\n',
    "scripts/setup.sh": "#!/bin/sh\n# SPDX-License-Identifier: MIT\n",
}
# Pages: what is named is there, as a path or the end of one, and code is not prose.
CLEAN_DOCS = {
    "CHANGELOG.md": "`gone.c` had `planche_gone`.\n",
    "docs/house.md": "# House\n\n`book/state.c`, `state.h`, `codec/*.h`, `f_<isa>.c`,\n`cc state.c` of"
                     " `planche_state`: [log](../CHANGELOG.md#x)\n\n```\n" + "x" * 200 +
                     " `gone.c`\n```\n\n    " + "x" * 200 + "\n\n| " + "x" * 200 + " |\n",
}
# path, content, what the message must contain
PLANTED = [
    ("tests/bad.py", "# SPDX-License-Identifier: MIT\nclass Pages:\n    def test_a(self):\n        pass\n\n"
                     "    def test_a(self):\n        pass\n", "a second test_a"),
    ("src/base/bad.c", HEAD + '#include "engine/engine.h"\n', "base may not use engine"),
    ("src/model/bad.c", HEAD + '  #  include "engine/engine.h"\n', "model may not use engine"),
    # Not built on each other, though one could come before the other.
    ("src/kernels/bad.c", HEAD + '#include "codec/codec.h"\n', "kernels may not use codec"),
    ("src/news/bad.c", HEAD + '#include "base/alloc.h"\n', "src/news is not in the matrix"),
    ("src/codec/jpeg/bad.c", HEAD + '#include "codec/png/reader.h"\n', "codec/jpeg may not use"),
    ("src/backend/cpu/bad.c", HEAD + '#include "backend/vulkan/run.h"\n', "backend/cpu may not"),
    ("src/backend/bad.c", HEAD + '#include "backend/vulkan/run.h"\n', "what its folders share"),
    ("src/codec/png/bad.c", HEAD + '#include "../codec.h"\n', "not at .."),
    ("src/engine/bad.c", HEAD + '#include "unit/test.c"\n', "src/ may not include tests/"),
    ("src/book/bad.c", HEAD + "#include <sys/stat.h>\n", "<sys/stat.h> is POSIX's"),
    ("src/base/bad.c", HEAD + "#  include <pthread.h>\n", "<pthread.h> is POSIX's"),
    ("tools/planche/bad.c", HEAD + '#include "net/net.h"\n', "and the support library only"),
    ("tools/planche/cli/bad.c", HEAD + '#include "enlarge/enlarge.h"\n', "cli may not use"),
    ("tools/planche/bench/bad.c", HEAD + '#include "enlarge/enlarge.h"\n', "bench may not use"),
    ("tools/planche/news/bad.c", HEAD + '#include "cli/paths.h"\n', "not in the matrix"),
    ("tools/show/bad.c", HEAD + '#include "base/alloc.h"\n', "public headers only"),
    ("tools/unpack/bad.c", HEAD + '#include "codec/codec.h"\n', "public headers only"),
    ("examples/bad.c", HEAD + '#include "net/net.h"\n', "public headers only"),
    ("bindings/cpp/bad.cpp", HEAD + '#include "net/net.h"\n', "public headers only"),
    ("include/planche/bad.h", HEAD + '#include "base/alloc.h"\n', "public headers only"),
    # Circles: by a call and by a table, declared in a header that is nobody's.
    ("src/book/state.c", HEAD + '#include "book/state.h"\nint planche_pages(void);\n'
                                "void planche_state(int *a)\n{\n    *a = planche_pages();\n}\n",
     "a circle of 2 files: pages -> state, state -> pages"),
    ("src/book/state.c", HEAD + '#include "book/state.h"\n#include "book/parts.h"\n'
                                "void planche_state(int *a)\n{\n"
                                "    int (*table[])(void) = {planche_pages};\n    *a = table[0]();\n}\n",
     "a circle of 2 files: pages -> state, state -> pages"),
    ("src/base/bad.c", HEAD + "void planche_bad(void)\n{\n    planche_state(0);\n}\n",
     "base may not use book: it calls planche_state"),
    ("src/net/bad.h", HEAD + "struct planche_two {\n    int a;\n};\nunion planche_two {\n"
                             "    int a;\n};\n", "defines planche_two, which"),
    ("src/base/bad.c", "/* Purpose. */\n", "no SPDX line"),
    ("scripts/bad.sh", "#!/bin/sh\necho\n", "no SPDX line"),
    ("src/base/bad.c", HEAD.split("\n", maxsplit=1)[0] + "\nint x;\n", "purpose"),
    ("src/base/bad.c", HEAD + "\n" * 998, "files have fewer"),
    ("src/base/bad.c", HEAD + "void f(void)\n{\n" + "    ;\n" * 81 + "}\n", "function of 81 lines"),
    ("src/base/bad.c", HEAD + "void *p(void)\n{\n    return malloc(1);\n}\n", "does not call malloc"),
    ("src/engine/bad.c", HEAD + "void f(void)\n{\n    /* why */ printf(\"x\");\n}\n", "printf"),
    ("src/engine/bad.c", HEAD + 'const char *a = "raise it (--memory)";\n', "speaks of the command"),
    ("src/model/bad.c", HEAD + 'const char *a = "run planche models fetch";\n', "of the command"),
    ("src/job/bad.c", HEAD + "const char *planche_it(void)\n{\n    return 0;\n}\n",
     "defines planche_it: public functions"),
    ("docs/bad.md", "x" * 121 + "\n", "121 columns"),
    ("docs/bad.md", "- " + "x" * 121 + "\n", "123 columns"),
    ("docs/bad.md", "In `book/gone.c`.\n", "no file book/gone.c"),
    ("docs/bad.md", "In `ook/state.c`.\n", "no file ook/state.c"),
    ("README.md", "| `run gone.sh\nnow` |\n", "no file gone.sh"),
    ("docs/bad.md", "In `shaders/*.comp`.\n", "no file shaders/*.comp"),
    ("docs/bad.md", "`planche_state` calls `planche_gone()`.\n", "no planche_gone"),
    ("docs/bad.md", "[log](CHANGELOG.md)\n", "a link to CHANGELOG.md"),
]


def write_tree(root, files):
    for path, content in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as stream:
            stream.write(content)


def plant(files, expected, known=()):
    """Checks a clean tree with these files besides. Expects one violation, whose path and part of
    whose message are given. None: as it should be."""
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, {**CLEAN, **CLEAN_DOCS, **files})
        found, _ = check_tree(root, known)
        if len(found) == 1 and found[0][0] == expected[0] and expected[1] in found[0][2]:
            return None
        return f"{expected[0]}: expected one '{expected[1]}', found {found}"


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, {**CLEAN, **CLEAN_DOCS})
        found, count = check_tree(root)
        if found or count != len(CLEAN):
            failures.append(f"a clean tree: {found}, {count} files of {len(CLEAN)}")
    for path, content, expected in PLANTED:
        where = "src/book" if "circle" in expected else path
        failures.append(plant({path: content}, (where, expected)))
    # A circle of two headers; one over three files and their headers.
    failures.append(plant({"src/book/a.h": HEAD + '#include "book/b.h"\n',
                           "src/book/b.h": HEAD + '#include "book/a.h"\n'},
                          ("src/book", "a circle of 2 files")))
    failures.append(plant({f"tools/planche/cli/{a}.c": HEAD + f'#include "cli/{b}.h"\n'
                           for a, b in ("xy", "yz", "zx")} |
                          {f"tools/planche/cli/{a}.h": HEAD for a in "xyz"},
                          ("tools/planche/cli", "a circle of 3 files")))
    # Too many files, and not too many: versions of one kernel.
    failures.append(plant({f"src/image/f{i}.c": HEAD for i in range(26)},
                          ("src/image", "26 C files in a folder")))
    versions = {f"src/kernels/f{i}_{isa}.c": HEAD for i in range(20) for isa in ("neon", "avx2")}
    bad = {"src/base/bad.c": HEAD + "#include <poll.h>\n"}
    failures.append(plant({**versions, **bad}, ("src/base/bad.c", "POSIX")))
    # What is known is not reported, and what is no longer there may not be known.
    known = [("src/base/bad.c", "<poll.h>"), ("src/base/alloc.c", "<poll.h>")]
    failures.append(plant(bad, ("src/base/alloc.c", "remove it from KNOWN"), known))
    failures = [failure for failure in failures if failure]
    for failure in failures:
        print(failure)
    print(f"{len(PLANTED) + 5} violations planted, {len(failures)} failures")
    return 1 if failures else 0


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--self-test":
        return self_test()
    found, count = check_tree(sys.argv[1], KNOWN)
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    print(f"{count} files checked, {len(found)} violations")
    return 1 if found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
