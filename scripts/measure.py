#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""measure.py COMMAND...: runs a command and then says how long it took and how much memory it held
at most (resident, as the kernel counts it)."""
import resource
import subprocess
import sys
import time


def main():
    start = time.monotonic()
    status = subprocess.run(sys.argv[1:], check=False).returncode
    seconds = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"Time: {seconds:.1f} s   Peak memory: {peak / 1e6:.0f} MB")
    return status if status >= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
