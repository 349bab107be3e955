#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a test under the Khronos validation layer: what the layer finds is a failure.

validated.py COMMAND...              exit status 0 only if the layer is silent and the command's is 0
validated.py --mistake COMMAND...    exit status 0 only if the layer finds something: is it there?
Exit status 77, skipped: the command's own, or the layer is not installed (unless the environment
variable PLANCHE_REQUIRE_VULKAN is 1).
"""
import os
import subprocess
import sys

LAYER = "VK_LAYER_KHRONOS_validation"
FOUND = ("Validation Error", "Validation Warning", "VUID-", "UNASSIGNED-")


def main():
    mistake = sys.argv[1] == "--mistake"
    command = sys.argv[2 if mistake else 1:]
    environment = dict(os.environ, VK_INSTANCE_LAYERS=LAYER)
    run = subprocess.run(command, env=environment, check=False, text=True, errors="replace",
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(run.stdout, end="")
    found = any(word in run.stdout for word in FOUND)
    if mistake and not found and environment.get("PLANCHE_REQUIRE_VULKAN") != "1":
        print("***** SKIPPED for want of the Khronos validation layer")
        return 77
    if found != mistake and run.returncode != 77:
        print("***** the validation layer has found " + ("something" if found else "nothing"))
        return 1
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
