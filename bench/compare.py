# SPDX-License-Identifier: MIT
"""The engine beside the libraries that could run its networks: the same page, padded alike, the
same threads, in turn."""
import os

import libraries
import onnx_networks
from peers import Unavailable

SECONDS, QUICK_SECONDS = 10, 2  # of a measurement
CHECKED = 400 * 400  # pixels of the largest pages whose results are compared
SMALL, LARGE = [(400, 400)], [(436, 436), (1200, 1800)]


class Comparison:
    """bench: the whole run's options, pages and results."""

    def __init__(self, bench):
        self.bench, self.options = bench, bench.options
        self.results = bench.results["comparison"]
        folder = libraries.default_folder()
        self.libraries = [libraries.Ncnn(folder, self.options.ncnn), libraries.Onnx(folder)]

    def go(self):
        networks = [*self.bench.networks(),
                    *onnx_networks.networks(self.bench.folder, self.options.only)]
        for library in self.libraries:
            self.results["libraries"][library.title] = self.prepare(library)
        sizes = [self.options.size] if self.options.size \
            else SMALL if self.options.quick else SMALL + LARGE
        for network in networks:
            for size in sizes if self.options.size else network.sizes or sizes:
                self.case(network, size)

    def prepare(self, library):
        try:
            if self.options.no_peers:
                raise Unavailable("left out (--no-peers)")
            library.prepare()
        except Unavailable as problem:
            self.bench.say(f"Without {library.title}: {problem}")
            return {"error": str(problem)}
        return {}

    def case(self, network, size):
        name = "%dx%d" % size
        self.bench.say(f"libraries: {network.name}, {name} ...")
        page = self.bench.pages.get(*size)
        pieces = libraries.Input(os.path.join(self.bench.folder, "input"), page, network)
        case = {"name": network.name, "size": name, "pieces": pieces.count, "planche": [],
                "libraries": {library.title: {"runs": []} for library in self.libraries}}
        few = network.sizes == onnx_networks.SMALLEST or size == LARGE[-1]
        runs = self.options.runs if few else libraries.MOST_RUNS
        for _ in range(self.options.rounds):
            case["planche"].append(self.bench.engine(network.arguments, size, runs))
            for library in self.libraries:
                self.measure(library, network, pieces, case["libraries"][library.title])
        if pieces.pixels <= CHECKED:
            self.check(network, page, pieces, case)
        self.results["cases"].append(case)

    def output(self, library):
        return os.path.join(self.bench.folder, library.title.replace(" ", "-") + ".out")

    def measure(self, library, network, pieces, state):
        known = self.results["libraries"][library.title]
        if known.get("error") or state.get("error"):
            return
        self.bench.wait()
        output = self.output(library) if pieces.count == 1 else "-"
        try:
            measured = libraries.measure(library, network, pieces, self.bench.threads,
                                         QUICK_SECONDS if self.options.quick else SECONDS, output,
                                         self.bench.folder)
        except Unavailable as problem:
            state["error"] = str(problem)
            self.bench.say(f"{library.title}: {problem}")
            return
        known["version"] = measured["version"]
        state["runs"].append(measured)

    def check(self, network, page, pieces, case):
        """That they ran the same network: the time of anything else says nothing."""
        ours = os.path.join(self.bench.folder, "ours.png")
        for library in self.libraries:
            state = case["libraries"][library.title]
            if not state["runs"] or pieces.count > 1:
                continue
            made = self.bench.make_result(network.arguments, page, ours)
            if made.status != 0:
                raise SystemExit(f"bench: {' '.join(made.argv)}: {made.last_line()}")
            difference = libraries.difference(self.output(library), network, pieces, ours)
            state["difference"] = difference
            if difference > library.tolerance:
                state.update(runs=[], error="a sample differs from Planche's by "
                             f"{difference} of 255")
                self.bench.say(f"{library.title}: {state['error']}")
