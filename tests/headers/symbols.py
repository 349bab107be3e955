#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shared library exports exactly the functions that the public headers declare: those of
src/api/libplanche.map.

symbols.py LIBRARY HEADER...
"""
import re
import subprocess
import sys


def declared(header):
    with open(header, encoding="utf-8") as stream:
        text = re.sub(r"/\*.*?\*/", " ", stream.read(), flags=re.S)
    text = re.sub(r"^\s*#(?:.*\\\n)*.*$", "", text, flags=re.M)
    for declaration in re.findall(r"PLANCHE_API\b([^;]*);", text):
        match = re.search(r"(\w+)\s*\(", declaration)
        yield match.group(1) if match else declaration.split()[-1]


def initialisers(header):
    """The functions that stand for the macros PLANCHE_X_INIT."""
    with open(header, encoding="utf-8") as stream:
        for name in re.findall(r"^#define (PLANCHE_\w+_INIT) ", stream.read(), flags=re.M):
            yield name.lower()


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", "-P", library], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    # A is the name of a version.
    return {line.split()[0].split("@")[0] for line in lines if line.split()[1] != "A"}


def main():
    library, headers = sys.argv[1], sys.argv[2:]
    wanted = {name for header in headers for name in declared(header)}
    found = exported(library)
    problems = [f"declared but not exported: {name}: add it to src/api/libplanche.map" for name in sorted(wanted - found)]
    problems += [f"exported but not declared: {name}" for name in sorted(found - wanted)]
    problems += [f"without the prefix planche_: {name}" for name in sorted(wanted | found)
                 if not name.startswith("planche_")]
    problems += [f"no function for the macro: {name}" for header in headers
                 for name in initialisers(header) if name not in wanted]
    for problem in problems:
        print(problem)
    print(f"{len(wanted)} functions declared, {len(found)} symbols exported")
    return 1 if problems or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
