#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a test under the Khronos validation layer: what the layer finds is a failure.

validated.py COMMAND...   exit status 77: the command's own
"""
import os
import subprocess
import sys

LAYER = "VK_LAYER_KHRONOS_validation"
FOUND = ("Validation Error", "Validation Warning", "VUID-", "UNASSIGNED-")


def main():
    environment = dict(os.environ, VK_INSTANCE_LAYERS=LAYER)
    run = subprocess.run(sys.argv[1:], env=environment, check=False, text=True, errors="replace",
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(run.stdout, end="")
    if any(word in run.stdout for word in FOUND):
        print("***** the validation layer has found something")
        return 1
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
