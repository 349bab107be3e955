#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""slowness.py: prints how many times longer than on two quiet cores a test may take here and now, a whole
number from 1 on: time limits of tests are multiplied by it, so that they find hangs, not busy machines.

Two processes do a fixed piece of work at once, one for each of the two cores; the wall-clock time that takes
is divided by REFERENCE_SECONDS, what it took on the slower of the machines that the limits were set on.
The load average stands in for neighbours that rest just now.
"""
import math
import os
import subprocess
import sys
import time

REFERENCE_SECONDS = 0.4
WORK = "x = 0\nfor i in range(4000000): x += i * i % 7"
MARGIN = 2  # neighbours come and go
MAX_FACTOR = 40


def main():
    begin = time.monotonic()
    children = [subprocess.Popen([sys.executable, "-SEc", WORK]) for _ in range(2)]
    for child in children:
        child.wait()
    measured = (time.monotonic() - begin) / REFERENCE_SECONDS
    loaded = os.getloadavg()[0] / len(os.sched_getaffinity(0))
    print(min(MAX_FACTOR, max(1, math.ceil(MARGIN * max(measured, loaded)))))


if __name__ == "__main__":
    main()
