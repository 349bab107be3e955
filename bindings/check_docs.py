#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_docs.py ROOT: every block of code in docs/bindings.md stands, line by line, in a file that
the tests compile and run; blocks of commands (sh, toml) do not count."""
import os
import re
import sys
import textwrap

SOURCES = {"rust": ["bindings/rust/planche/README.md", "bindings/rust/planche/src/pool.rs"],
           "python": ["bindings/python/test_docs.py"],
           "cpp": ["bindings/cpp/docs.cpp"],
           "js": ["bindings/node/test_docs.js"]}


def squeezed(text):
    """Its lines without the spaces round them and the marks of comments."""
    return "\n".join(re.sub(r"^///", "", line.strip()).strip()
                     for line in text.strip().split("\n"))


def main():
    root = sys.argv[1]
    with open(os.path.join(root, "docs", "bindings.md"), encoding="utf-8") as file:
        blocks = re.findall(r"(?ms)^```(\w+)\n(.*?)^```", file.read())
    seen, problems = set(), []
    for language, block in blocks:
        if language in ("sh", "toml"):
            continue
        texts = []
        for path in SOURCES.get(language, []):
            with open(os.path.join(root, path), encoding="utf-8") as file:
                texts.append(squeezed(file.read()))
        seen.add(language)
        if not any(squeezed(block) in text for text in texts):
            problems.append(f"{language}: in none of {SOURCES.get(language)}:\n"
                            f"{textwrap.indent(block, '    ')}")
    for language in sorted(SOURCES.keys() - seen):
        problems.append(f"there is no block in {language}")
    for problem in problems:
        print(problem)
    print(f"{len(blocks)} blocks of code, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
