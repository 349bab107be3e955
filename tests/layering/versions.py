#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The version is written in many files, for tools that read nothing else: all of them say the same as meson.build.

versions.py ROOT"""
import os
import re
import sys

# A pattern whose group is the version.
PLACES = {
    "meson.build": r"(?m)^  version: '([^']*)',$",
    "include/planche/version.h": r'#define PLANCHE_VERSION +"([^"]*)"',
    "packaging/debian/changelog": r"\Aplanche \(([^-)]*)-",
    "bindings/rust/planche/Cargo.toml": r'(?m)^version = "([^"]*)"$',
    "bindings/rust/planche-sys/Cargo.toml": r'(?m)^version = "([^"]*)"$',
    "bindings/rust/examples/backend/Cargo.toml": r'(?m)^version = "([^"]*)"$',
    "bindings/rust/examples/axum/Cargo.toml": r'(?m)^version = "([^"]*)"$',
    "bindings/python/pyproject.toml": r'(?m)^version = "([^"]*)"$',
    "bindings/node/package.json": r'(?m)^  "version": "([^"]*)",$',
}
# The first two numbers: what takes any patch of a minor version.
PLACES_MINOR = {
    "bindings/rust/planche/Cargo.toml": r'planche-sys = \{.*version = "([^"]*)"',
    "bindings/rust/planche-sys/build.rs": r'const LEAST_VERSION: &str = "([^"]*)\.0"',
}


def versions(root, places):
    for path, pattern in places.items():
        with open(os.path.join(root, path), encoding="utf-8") as file:
            found = re.search(pattern, file.read())
        yield path, found[1] if found else "none"


def main():
    found = list(versions(sys.argv[1], PLACES))
    version = found[0][1]
    minor = version.rpartition(".")[0]
    wrong = [(path, other, version) for path, other in found if other != version]
    wrong += [(path, other, minor) for path, other in versions(sys.argv[1], PLACES_MINOR) if other != minor]
    for path, other, expected in wrong:
        print(f"{path}: {other}, not {expected} as in meson.build")
    return 1 if wrong or not re.fullmatch(r"\d+\.\d+\.\d+", version) else 0


sys.exit(main())
