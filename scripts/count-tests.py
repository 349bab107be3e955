#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""count-tests.py [--broken N] TESTLOG.json...: one line with how many tests of meson's runs passed,
failed and were skipped; N failures from elsewhere are added. Exit status 1 if any failed or none
passed. Before it, the tests that took longest and those that failed."""
import argparse
import json
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}
SLOW_SECONDS = 30


def tests(path):
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broken", type=int, default=0)
    parser.add_argument("logs", nargs="*")
    options = parser.parse_args()
    log = [test for path in options.logs for test in tests(path)]
    slow = sorted((test for test in log if test["duration"] >= SLOW_SECONDS),
                  key=lambda test: -test["duration"])
    if slow:
        print("longest: " + ", ".join(f"{test['name'].split(' / ')[-1]} {test['duration']:.0f} s"
                                      for test in slow[:5]))
    for test in log:
        if test["result"] not in PASSED | SKIPPED:
            print(f"{test['result'].lower()}: {test['name']}")
    found = [test["result"] for test in log]
    passed = sum(result in PASSED for result in found)
    skipped = sum(result in SKIPPED for result in found)
    failed = len(found) - passed - skipped + options.broken
    print((f"{skipped} skipped; " if skipped else "") + f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
