# SPDX-License-Identifier: MIT
"""The libraries that Planche's engine is compared with: the newest ncnn (built here from a source
tree that the caller names) and ONNX Runtime (out of an npm package). Both get the page as Planche's
engine sees it, padded, as floats, and run the network's own layers and weights."""
import array
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile

import command
import ncnn_graph
import onnx_file
from pages import ROOT, png
from peers import Unavailable

HERE = os.path.dirname(os.path.abspath(__file__))
ONNX_VERSION = "1.30.0"
ONNX_PACKAGES = ("onnxruntime-node", "onnxruntime-common")
ONNX_BINARIES = "bin/napi-v6/linux/" + {"x86_64": "x64", "aarch64": "arm64"}.get(
    platform.machine(), platform.machine())
MOST_RUNS = 5
SAME_PAD = 10  # Planche's for networks that pad with zeroes themselves
MOST_SIDE = 600  # pages with page-wide averages go in pieces: a whole page would take 10 GB and more


def cache():
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(folder, "planche")


def default_folder():
    return os.environ.get("PLANCHE_LIBRARY_DIR") or os.path.join(cache(), "libraries")


class Network:
    """name, arguments (of planche bench), graph, and the padding that Planche gives its page. sizes:
    of the pages it is measured with, if not the usual ones."""
    sizes = None

    def __init__(self, name, arguments, param):
        self.name, self.arguments, self.param = name, arguments, param
        self.bin = param.removesuffix(".param") + ".bin"
        self.graph = ncnn_graph.Graph(param)
        self.scale, shrink = self.graph.scale_and_shrink()
        self.pad = -(-shrink // (2 * self.scale))
        if shrink <= 0 or self.graph.pads_with_zeroes():
            self.pad += SAME_PAD
        self.crop = (2 * self.scale * self.pad - shrink) // 2

    def pieces(self, width, height):
        """How many pieces of a page, across and down."""
        if not self.graph.has_averages():
            return 1, 1
        return -(-width // MOST_SIDE), -(-height // MOST_SIDE)

    def out_size(self, side):
        return self.graph.out_size(side)

    def write_onnx(self, path, height, width):
        onnx_file.write(path, self.graph, height, width)


def mirrored(index, size):
    while not 0 <= index < size:
        index = -index if index < 0 else 2 * (size - 1) - index
    return index


class Input:
    """A page's pieces with their padding as 32-bit floats in a file: [piece][channel][y][x]."""

    def __init__(self, path, page, network):
        with open(page, "rb") as file:
            image = png.Image(file.read())
        self.path, pad = path, network.pad
        across, down = network.pieces(image.width, image.height)
        self.count, self.pixels = across * down, image.width * image.height
        width, height = image.width // across, image.height // down
        assert width * across == image.width and height * down == image.height, "uneven pieces"
        self.width, self.height = width + 2 * pad, height + 2 * pad
        columns = [[mirrored(x, image.width) for x in range(i * width - pad, (i + 1) * width + pad)]
                   for i in range(across)]
        levels, stride = [level / 255 for level in range(256)], image.width * image.channels
        with open(path, "wb") as file:
            for j in range(down):
                rows = [mirrored(y, image.height)
                        for y in range(j * height - pad, (j + 1) * height + pad)]
                for chosen in columns:
                    for channel in range(3):
                        first = channel if image.channels >= 3 else 0
                        for y in rows:
                            row = image.samples[y * stride + first:(y + 1) * stride:image.channels]
                            array.array("f", [levels[row[x]] for x in chosen]).tofile(file)


class Onnx:
    """ONNX Runtime by Node.js."""
    title = "ONNX Runtime"
    tolerance = 1  # levels of 255 that a result of the same network may differ by

    def __init__(self, folder):
        self.folder = os.path.join(folder, f"onnxruntime-{ONNX_VERSION}")

    def prepare(self):
        if platform.system() != "Linux":
            raise Unavailable("only its binaries for Linux are taken")
        if setup("onnx"):
            raise Unavailable("Node.js and npm could not be installed")
        if not os.path.isdir(self.folder):
            fetch_onnx(self.folder)

    def run(self, network, pieces, threads, seconds, output, work):
        """The command's outcome. The .onnx file is made for this size."""
        model = os.path.join(work, "network.onnx")
        try:
            network.write_onnx(model, pieces.height, pieces.width)
        except onnx_file.Unsupported as problem:
            raise Unavailable(f"no translation of {problem}") from problem
        return command.run(["node", os.path.join(HERE, "onnx_peer.js"),
                            os.path.join(self.folder, "node_modules"), model, pieces.path,
                            pieces.height, pieces.width, pieces.count, threads, MOST_RUNS, seconds,
                            output])


class Ncnn:
    """ncnn as a library. source: its source tree, or where it is installed (include/ and lib/)."""
    title = "ncnn"
    tolerance = 4  # it computes in half precision where it finds that

    def __init__(self, folder, source):
        self.folder, self.source = folder, source
        self.driver = None

    def prepare(self):
        if not self.source:
            raise Unavailable("no source tree was named (--ncnn or PLANCHE_BENCH_NCNN)")
        source = os.path.abspath(self.source)
        if not any(os.path.isfile(os.path.join(source, name))
                   for name in ("CMakeLists.txt", "include/ncnn/net.h")):
            raise Unavailable(f"{source} is neither ncnn's source tree nor an installation of it")
        if setup("ncnn"):
            raise Unavailable("cmake and a C++ compiler could not be installed")
        prefix = source
        if os.path.isfile(os.path.join(source, "CMakeLists.txt")):
            prefix = build_ncnn(source, self.folder)
        self.driver = build_driver(prefix, self.folder)

    def run(self, network, pieces, threads, seconds, output, _):
        if not network.param:
            raise Unavailable("the network is not in its format")
        return command.run([self.driver, network.param, network.bin, network.graph.input,
                            network.graph.output, pieces.path, pieces.height, pieces.width,
                            pieces.count, threads, MOST_RUNS, seconds, output])


def setup(purpose):
    return subprocess.run([os.path.join(ROOT, "scripts", "setup.sh"), purpose],
                          check=False).returncode


def call(what, *argv):
    """Runs a command whose output matters only when it fails."""
    outcome = command.run(argv)
    if outcome.status != 0:
        raise Unavailable(f"{what} failed: {outcome.last_line()}")
    return outcome.stdout.strip()


def fetch_onnx(folder):
    """The folder appears complete or not at all. Only what this system needs is unpacked."""
    print(f"Fetching onnxruntime-node@{ONNX_VERSION} (114 MB) with npm ...", flush=True)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".onnx-", dir=os.path.dirname(folder)) as work:
        for name in ONNX_PACKAGES:
            call("npm pack", "npm", "pack", f"{name}@{ONNX_VERSION}", "--pack-destination", work,
                 "--ignore-scripts", "--loglevel=error", "--no-update-notifier")
            with tarfile.open(os.path.join(work, f"{name}-{ONNX_VERSION}.tgz")) as package:
                unpack_onnx(package, os.path.join(work, "unpacked", "node_modules", name))
        os.rename(os.path.join(work, "unpacked"), folder)


def unpack_onnx(package, folder):
    """Regular files of wanted names, so no path can lead elsewhere."""
    for member in package:
        name = os.path.normpath(member.name.removeprefix("package/"))
        wanted = name == "package.json" or name.startswith((f"dist{os.sep}", ONNX_BINARIES))
        if member.isfile() and wanted and name.endswith((".json", ".js", ".node", ".so.1")):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with package.extractfile(member) as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target)


def build_ncnn(source, folder):
    """Once for each state of a source tree that git knows; the folder it is installed in."""
    try:
        commit = call("git", "git", "-C", source, "log", "-1", "--format=%H %cd",
                      "--date=format:%Y%m%d").split()
    except (Unavailable, OSError):
        commit = []
    name = hashlib.sha256(" ".join([source, *commit]).encode()).hexdigest()[:12]
    prefix, build = (os.path.join(folder, f"ncnn-{name}{end}") for end in ("", "-build"))
    if os.path.isfile(os.path.join(prefix, "include", "ncnn", "net.h")):
        return prefix
    print(f"Building ncnn from {source} ...", flush=True)
    options = [f"-DNCNN_{part}=OFF" for part in ("VULKAN", "BUILD_TOOLS", "BUILD_EXAMPLES",
                                                 "BUILD_BENCHMARK", "BUILD_TESTS")]
    if commit:
        options.append(f"-DNCNN_VERSION={commit[1]}")
    call("cmake", "cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release",
         f"-DCMAKE_INSTALL_PREFIX={prefix}", *options)
    call("ncnn's build", "cmake", "--build", build, "--parallel", os.cpu_count(), "--target",
         "install")
    shutil.rmtree(build, ignore_errors=True)
    return prefix


def build_driver(prefix, folder):
    os.makedirs(folder, exist_ok=True)
    driver = os.path.join(folder, "ncnn_peer")
    libraries = next((os.path.join(prefix, name) for name in ("lib", "lib64")
                      if os.path.isdir(os.path.join(prefix, name))), prefix)
    call("the driver's build", "c++", "-std=c++11", "-O2", "-fopenmp",
         "-I" + os.path.join(prefix, "include", "ncnn"), os.path.join(HERE, "ncnn_peer.cpp"),
         "-L" + libraries, "-Wl,-rpath," + libraries, "-lncnn", "-lpthread", "-ldl", "-o", driver)
    return driver


def planes(path, network, pieces):
    """The result's samples in 0 to 255, cropped to the page: a list of rows for each channel."""
    values = array.array("f")
    size = [network.out_size(side) for side in (pieces.height, pieces.width)]
    with open(path, "rb") as file:
        values.fromfile(file, 3 * size[0] * size[1])
    height, width = ((side - 2 * network.pad) * network.scale
                     for side in (pieces.height, pieces.width))
    return [[[min(max(int(255 * value + 0.5), 0), 255) for value in values[at:at + width]]
             for at in (c * size[0] * size[1] + (y + network.crop) * size[1] + network.crop
                        for y in range(height))] for c in range(3)]


def difference(path, network, pieces, ours):
    """The most levels that a sample differs from Planche's result (a PNG)."""
    with open(ours, "rb") as file:
        image = png.Image(file.read())
    most, stride = 0, image.width * image.channels
    for c, rows in enumerate(planes(path, network, pieces)):
        first = c if image.channels >= 3 else 0
        for y, row in enumerate(rows):
            other = image.samples[y * stride + first:(y + 1) * stride:image.channels]
            most = max(most, max(abs(a - b) for a, b in zip(row, other)))
    return most


def measure(library, network, pieces, threads, seconds, output, work):
    """Best time of a page and what else is known of the run, which ends early with the page during
    which the seconds have passed."""
    outcome = library.run(network, pieces, threads, seconds, output, work)
    if outcome.status != 0:
        raise Unavailable(outcome.last_line())
    result = json.loads(outcome.stdout)
    best = min(result["runs_ms"])
    return {**result, **outcome.numbers(), "pieces": pieces.count, "best_ms": best,
            "us_per_pixel": 1e3 * best / pieces.pixels}


def cached_model(path):
    folder = os.environ.get("PLANCHE_MODEL_DIR") or os.path.join(cache(), "models")
    return os.path.join(folder, path)


KNOWN = (("realcugan 2x", ["-m", "realcugan", "-n", "-1"], "realcugan/up2x-conservative.param"),
         ("realesr-animevideov3 2x", ["-m", "realesr-animevideov3", "-s", 2],
          "realesr-animevideov3/realesr-animevideov3-x2.param"))
NARROW = ((48, 12), (32, 12), (24, 8), (16, 8))  # channels and layers between the first and the last


def known_networks(folder, only):
    """Models of the catalogue, and narrow networks as Planche's own are, with random weights. only:
    text that a name must have."""
    for name, arguments, path in KNOWN:
        path = cached_model(path)
        if only in name and not os.path.isfile(path):
            print(f"Without {name}: {path} is not there", flush=True)
        elif only in name:
            yield Network(name, arguments, path)
    for channels, count in NARROW:
        name = f"{channels}x{count}"
        if only in name:
            path = os.path.join(folder, f"{name}.param")
            ncnn_graph.write_narrow(path, channels, count)
            yield own_network(path)


def own_network(path):
    return Network(os.path.basename(path).removesuffix(".param"), ["-m", path], path)
