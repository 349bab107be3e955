# SPDX-License-Identifier: MIT
"""launch.py REPORT COMMAND ...: runs a command and writes how it ended, its seconds and what it
took as JSON. A process's peak of resident memory begins with that of the one it was forked from,
so this one is small: it imports next to nothing, and is run with -I -S."""
import os
import sys
import time


def main():
    report, argv = sys.argv[1], sys.argv[2:]
    start = time.monotonic()
    child = os.posix_spawnp(argv[0], argv, os.environ)
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - start
    with open(report, "w", encoding="ascii") as file:
        file.write(f"[{os.waitstatus_to_exitcode(status)}, {seconds}, {usage.ru_maxrss * 1024}, "
                   f"{usage.ru_utime + usage.ru_stime}, {usage.ru_stime}]")


main()
