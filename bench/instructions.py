#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions that the engine executes for a pixel, with AVX2 and with NEON, under
qemu-user: a figure for machines that are not here. It says nothing of time.

instructions.py BUILD ARM_BUILD [--network FILE]

Planche measures a page once and twice in one thread; the difference is the page. Counts are compared
with the multiply-adds that the network needs without Winograd, and scaled to a pixel of a page so
large that what is computed round it does not matter."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree stays as it is
# pylint: disable=wrong-import-position
import libraries
import report

HERE = os.path.dirname(os.path.abspath(__file__))
SIDE = 96  # pixels of a page's side: emulated, a large network takes a minute
MOST_VERSION = 6  # of qemu's interface for plugins


class Guest:
    """name, qemu and its arguments, planche's arguments, floats of a vector."""

    def __init__(self, name, build, emulator, arguments, lanes):
        self.name, self.lanes, self.emulator = name, lanes, emulator
        self.planche = [os.path.join(build, "tools", "planche", "planche"), "bench", "--json",
                        "--backend", "cpu", "--threads", "1", "--size", f"{SIDE}x{SIDE}",
                        *arguments]
        self.plugin = None

    def command(self, plugin, out, arguments):
        return [*self.emulator, "-plugin", f"{plugin},out={out}", *self.planche, *arguments]

    def build_plugin(self, folder):
        """For the first version of the interface that this qemu takes."""
        define = ["-DARM_GUEST"] if self.name == "NEON" else []
        for version in range(1, MOST_VERSION + 1):
            plugin = os.path.join(folder, f"counter-{self.name}-{version}.so")
            subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", *define,
                            f"-DAPI_VERSION={version}", "-o", plugin,
                            os.path.join(HERE, "instruction_counter.c")], check=True)
            test = [*self.emulator, "-plugin", f"{plugin},out={os.devnull}", self.planche[0],
                    "--version"]
            outcome = subprocess.run(test, capture_output=True, text=True, check=False)
            if outcome.returncode == 0:
                self.plugin = plugin
                return
        raise SystemExit(f"instructions: {outcome.stderr.strip()}")

    def count(self, network, runs, folder):
        """Instructions, multiply-adds, accesses to memory of so many pages and all before them;
        multiply-adds without Winograd of one page with what surrounds it, and of one pixel."""
        out = os.path.join(folder, "counts")
        outcome = subprocess.run(
            self.command(self.plugin, out, [*map(str, network.arguments), "--profile", "--runs",
                                             str(runs)]),
            capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            raise SystemExit(f"instructions: {outcome.stderr.strip()}")
        with open(out, encoding="ascii") as file:
            lines = [list(map(int, line.split())) for line in file]
        os.unlink(out)
        result = json.loads(outcome.stdout)
        done = sum(layer["macs"] for layer in result["profile"])
        return [sum(column) for column in zip(*lines)], done, result["macs_per_pixel"]

    def page(self, network, folder):
        """Per pixel: instructions, multiply-adds, accesses to memory; and those without Winograd."""
        (once, _, _), (twice, done, macs) = (self.count(network, n, folder) for n in (1, 2))
        return [(b - a) * macs / done for a, b in zip(once, twice)], macs


HEADS = ("instructions per pixel", "vectors of", "all", "FMA", "memory", "direct FMA",
         "direct FMA / FMA", "direct FMA / all")


def row(network, guest, folder):
    (instructions, products, memory), macs = guest.page(network, folder)
    direct = macs / guest.lanes
    return [f"{network.name}, {guest.name}", str(guest.lanes), f"{instructions:.0f}",
            f"{products:.0f}", f"{memory:.0f}", f"{direct:.0f}", f"{direct / products:.2f}",
            f"{direct / instructions:.2f}"]


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="build folder for x86-64")
    parser.add_argument("arm_build", help="build folder for 64-bit Arm (docs/adding-a-kernel.md)")
    parser.add_argument("--only", default="", metavar="TEXT", help="networks whose name has TEXT")
    parser.add_argument("--network", action="append", default=[], metavar="FILE",
                        help="a .param of yours; may be repeated")
    return parser.parse_args()


def main():
    options = parse()
    for program in ("qemu-x86_64", "qemu-aarch64"):
        if not shutil.which(program):
            sys.exit(f"{program} is not here: install qemu-user")
    guests = [Guest("AVX2", options.build, ["qemu-x86_64", "-cpu", "max"],
                    ["--cpu-mask", "avx2"], 8),
              Guest("NEON", options.arm_build, ["qemu-aarch64"], [], 4)]
    with tempfile.TemporaryDirectory(prefix="planche-count-") as folder:
        networks = [*libraries.known_networks(folder, options.only),
                    *map(libraries.own_network, options.network)]
        for guest in guests:
            guest.build_plugin(folder)
        rows = []
        for network in networks:
            for guest in guests:
                print(f"{network.name}, {guest.name} ...", flush=True)
                rows.append(row(network, guest, folder))
    print("\n" + "\n".join(report.table(HEADS, rows)))


if __name__ == "__main__":
    main()
