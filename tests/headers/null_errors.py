#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every public function that fills an error is called with NULL for it by the tests.

null_errors.py TEST.c HEADER...
"""
import re
import sys

import symbols


def failing(header):
    """Functions whose last parameter is an error."""
    with open(header, encoding="utf-8") as stream:
        text = re.sub(r"/\*.*?\*/", " ", stream.read(), flags=re.S)
    for declaration in re.findall(r"PLANCHE_API\b([^;]*);", text):
        if re.search(r"struct planche_error \*\w*\s*\)\s*$", declaration):
            yield re.search(r"(\w+)\s*\(", declaration).group(1)


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        test = stream.read()
    headers = sys.argv[2:]
    wanted = {name for header in headers for name in failing(header)}
    known = {name for header in headers for name in symbols.declared(header)}
    missing = sorted(name for name in wanted
                     if not re.search(rf"\b{name}\((?:[^;]*?, )?NULL\)[,;)]", test))
    for name in missing:
        print(f"{sys.argv[1]}: nothing calls {name} with a NULL error")
    print(f"{len(wanted)} functions of {len(known)} fill an error")
    return 1 if missing or len(wanted) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
