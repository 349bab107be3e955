#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""count-tests.py [--broken N] TESTLOG.json...: one line with how many tests of meson's runs passed,
failed and were skipped; N failures from elsewhere are added. Exit status 1 if any failed or none
passed."""
import argparse
import json
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}


def results(path):
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line)["result"] for line in stream if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broken", type=int, default=0)
    parser.add_argument("logs", nargs="*")
    options = parser.parse_args()
    found = [result for path in options.logs for result in results(path)]
    passed = sum(result in PASSED for result in found)
    skipped = sum(result in SKIPPED for result in found)
    failed = len(found) - passed - skipped + options.broken
    print((f"{skipped} skipped; " if skipped else "") + f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
