#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""coverage.py SUMMARY.json: prints gcovr's summary, the share of lines of src/ that tests reach and the files
under LEAST percent, the least covered first. Exit status 1 if all of src/ is under LEAST."""
import json
import sys

LEAST = 80


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        summary = json.load(stream)
    low = sorted((file["line_percent"], file["filename"], file["line_total"] - file["line_covered"])
                 for file in summary["files"] if file["line_total"] and file["line_percent"] < LEAST)
    for percent, name, lines in low:
        print(f"{percent:5.1f} %  {name}  ({lines} lines not reached)")
    print(f"coverage of src/: {summary['line_percent']:.1f} % of {summary['line_total']} lines in "
          f"{len(summary['files'])} files; {len(low)} files under {LEAST} %")
    return 0 if summary["line_percent"] >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
