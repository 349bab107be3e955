# SPDX-License-Identifier: MIT
"""Reads networks in ncnn's format (.param and .bin), and writes narrow ones with random weights."""
import array
import random
import struct

MAGIC = "7767517"
ARRAY = -23300  # -23310=2,... is parameter 10, an array
PROBE = 320  # large enough for every network to have something left
HALF, FLOAT, UNSCALED = 0x01306B47, 0, 0x0002C056


class Layer:
    """kind, name, inputs, outputs, parameters (id: number or list); weights follow from the .bin."""

    def __init__(self, line):
        words = line.split()
        count, made = int(words[2]), int(words[3])
        self.kind, self.name = words[:2]
        self.inputs, self.outputs = words[4:4 + count], words[4 + count:4 + count + made]
        self.parameters = dict(map(parameter, words[4 + count + made:]))
        self.weights = self.bias = self.slope = None

    def get(self, number, fallback=0):
        return self.parameters.get(number, fallback)


def number(text):
    return float(text) if any(letter in text for letter in ".eE") else int(text)


def parameter(word):
    key, value = word.split("=")
    if int(key) <= ARRAY:
        return ARRAY - int(key), [number(each) for each in value.split(",")[1:]]
    return int(key), number(value)


class Weights:
    """The .bin: values of the layers one after the other."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.at = 0

    def floats(self, count):
        values = array.array("f", self.data[self.at:self.at + 4 * count])
        assert len(values) == count, "the .bin is too short"
        self.at += 4 * count
        return values

    def tagged(self, count):
        """A kernel or a matrix begins with a tag that tells its type."""
        tag, = struct.unpack_from("<I", self.data, self.at)
        self.at += 4
        if tag == HALF:
            values = array.array("f", struct.unpack_from(f"<{count}e", self.data, self.at))
            self.at += 2 * count + 3 & ~3
            return values
        assert tag in (FLOAT, UNSCALED), f"weights of type {tag:#x}"
        return self.floats(count)


class Graph:
    """layers in order, the names of the input and of the output."""

    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            lines = file.read().split("\n")
        assert lines[0].strip() == MAGIC, f"{path} is not a .param file"
        self.layers = [Layer(line) for line in lines[2:] if line.strip()]
        self.input = next(x for x in self.layers if x.kind == "Input").outputs[0]
        self.output = self.layers[-1].outputs[0]
        weights = Weights(path.removesuffix(".param") + ".bin")
        for layer in self.layers:
            read_weights(layer, weights)

    def has_averages(self):
        return any(layer.kind == "Pooling" for layer in self.layers)

    def pads_with_zeroes(self):
        return any(layer.kind == "Convolution" and layer.get(4) for layer in self.layers)

    def out_size(self, size):
        """A side of the output for a side of the input; kernels are square."""
        sides = {}
        for layer in self.layers:
            side = sides.get(layer.inputs[0]) if layer.inputs else size
            for name in layer.outputs:
                sides[name] = layer_size(layer, side)
        return sides[self.output]

    def scale_and_shrink(self):
        """The output's side is scale x the input's less shrink, for the sizes that fit."""
        scale = (self.out_size(PROBE + 8) - self.out_size(PROBE)) // 8
        return scale, scale * PROBE - self.out_size(PROBE)


def layer_size(layer, side):
    if side is None or layer.kind in ("Pooling", "InnerProduct"):
        return None
    if layer.kind == "Convolution":
        reach = layer.get(2, 1) * (layer.get(1) - 1) + 1
        return (side + 2 * layer.get(4) - reach) // layer.get(3, 1) + 1
    if layer.kind == "Deconvolution":
        return (side - 1) * layer.get(3, 1) + layer.get(1) - 2 * layer.get(4)
    if layer.kind == "Crop":
        return side - layer.get(9)[-1] + layer.get(10)[-1]
    if layer.kind == "Interp":
        return int(side * layer.get(1, 1))
    return side * layer.get(0) if layer.kind == "PixelShuffle" else side


def read_weights(layer, weights):
    if layer.kind in ("Convolution", "Deconvolution", "InnerProduct"):
        dense = layer.kind == "InnerProduct"
        layer.weights = weights.tagged(layer.get(2 if dense else 6))
        if layer.get(1 if dense else 5):
            layer.bias = weights.floats(layer.get(0))
    elif layer.kind == "PReLU":
        layer.slope = weights.floats(layer.get(0))


def write_narrow(path, channels, count, scale=2):
    """A network of count 3x3 layers between a first and a last one, which ends in a pixel shuffle
    added to the repeated pixels. Weights are random and keep the signal's size: speed does not depend
    on them. path: of the .param; the .bin lies beside it."""
    lines = ["Input data 0 1 data", "Split split 1 2 data data0 data1"]
    generator, blob, inputs, data = random.Random(channels), "data0", 3, b""
    for i in range(count + 2):
        last = i == count + 1
        outputs = 3 * scale * scale if last else channels
        weights, deviation = 9 * inputs * outputs, (0.1 if last else 1.4) / (9 * inputs) ** 0.5
        lines.append(f"Convolution c{i} 1 1 {blob} c{i} 0={outputs} 1=3 4=1 5=1 6={weights}")
        values = [generator.gauss(0, deviation) for _ in range(weights)]
        data += struct.pack("<I", FLOAT) + array.array("f", values).tobytes() + bytes(4 * outputs)
        blob, inputs = f"c{i}", outputs
        if not last:
            lines.append(f"PReLU r{i} 1 1 c{i} r{i} 0={channels}")
            data += array.array("f", [0.2] * channels).tobytes()
            blob = f"r{i}"
    lines += [f"PixelShuffle shuffle 1 1 {blob} large 0={scale}",
              f"Interp repeat 1 1 data1 repeated 0=1 1={scale}.0 2={scale}.0",
              "BinaryOp sum 2 1 large repeated output 0=0"]
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{MAGIC}\n{len(lines)} {len(lines) + 1}\n" + "\n".join(lines) + "\n")
    with open(path.removesuffix(".param") + ".bin", "wb") as file:
        file.write(data)
