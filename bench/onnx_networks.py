# SPDX-License-Identifier: MIT
"""Networks of other architectures with random weights, for Planche and for ONNX Runtime: SPAN,
Compact, RRDB and MoSRv2, as exporters write their graphs. Speed does not depend on the weights."""
import array
import json
import os
import random
import struct

import onnx_file

SAME_PAD = 10  # Planche's for networks that pad with zeroes themselves
TABLE = 65521  # random numbers that repeat; prime: no two rows of weights begin alike
SHIFT = (-0.4488, -0.4371, -0.4040)  # SPAN's mean colour


class Builder(onnx_file.Writer):
    """A graph as it grows; each method gives the name of a blob. state: tensors by their names in
    the architecture's own files."""

    def __init__(self, seed):
        super().__init__()
        self.random, self.state, self.count = random.Random(seed), {}, 0
        self.normal = 2 * [self.random.gauss(0, 1) for _ in range(TABLE)]

    def do(self, kind, *inputs, **attributes):
        self.count += 1
        self.node(kind, inputs, f"b{self.count}", **attributes)
        return f"b{self.count}"

    def values(self, count, deviation, mean=0.0):
        start, used = self.random.randrange(TABLE), min(count, TABLE)
        table = [mean + deviation * value for value in self.normal[start:start + used]]
        return (array.array("f", table) * (count // used + 1))[:count]

    def keep(self, name, shape, values):
        """A constant that is a tensor of the architecture's file."""
        self.state[name] = (shape, values)
        return self.constant(shape, values)

    def each(self, name, count, deviation, mean):
        """A number for each channel."""
        values = self.values(count, deviation, mean)
        self.state[name] = ([count], values)
        return self.constant([count, 1, 1], values)

    def conv(self, x, inputs, outputs, gain=1.0, size=(3, 3), name="", bias=0.0, groups=1):
        """gain: of the signal's deviation."""
        height, width = size
        fan = inputs // groups * height * width
        name = name or f"conv{self.count}"
        weights = self.keep(f"{name}.weight", [outputs, inputs // groups, height, width],
                            self.values(outputs * fan, gain / fan ** 0.5))
        offsets = self.keep(f"{name}.bias", [outputs], self.values(outputs, 0.01, bias))
        return self.do("Conv", x, weights, offsets, kernel_shape=[height, width], group=groups,
                       strides=[1, 1], dilations=[1, 1],
                       pads=[height // 2, width // 2, height // 2, width // 2])

    def shuffle(self, x, factor):
        return self.do("DepthToSpace", x, blocksize=factor, mode="CRD")

    def enlarge(self, x, factor, mode="nearest"):
        way = {"coordinate_transformation_mode": "half_pixel"} if mode == "linear" else \
            {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        factors = self.constant([4], array.array("f", [1, 1, factor, factor]))
        return self.do("Resize", x, "", factors, mode=mode, **way)

    def part(self, x, begin, count):
        """Some channels."""
        numbers = [self.constant([1], [number]) for number in (begin, begin + count, 1)]
        return self.do("Slice", x, *numbers)

    def mish(self, x):
        return self.do("Mul", x, self.do("Tanh", self.do("Softplus", x)))


def compact(b, channels, count, scale):
    """count: of the convolutions between the first and the last."""
    x, inputs = "input", 3
    for _ in range(count + 1):
        x = b.conv(x, inputs, channels, 1.3)
        x = b.do("PRelu", x, b.constant([channels, 1, 1], b.values(channels, 0.1, 0.2)))
        inputs = channels
    x = b.shuffle(b.conv(x, channels, 3 * scale ** 2, 0.05), scale)
    return b.do("Add", x, b.enlarge("input", scale))


def span(b, channels, scale):
    """Its convolutions of three are one each, as in every exported file."""
    def silu(x):
        return b.do("Mul", x, b.do("Sigmoid", x))

    def block(x):
        inner = y = silu(b.conv(x, channels, channels, 1.7))
        y = silu(b.conv(y, channels, channels, 1.7))
        y = b.conv(y, channels, channels, 1.7)
        gate = b.do("Sub", b.do("Sigmoid", y), b.scalar(0.5))
        return b.do("Mul", b.do("Add", y, x), gate), inner

    shift = b.constant([1, 3, 1, 1], array.array("f", [-value for value in SHIFT]))
    x = b.do("Mul", b.do("Sub", "input", shift), b.scalar(255.0))
    head = x = b.conv(x, 3, channels, 1 / 64)
    x, inner = block(x)
    first = x
    for _ in range(5):
        x, inner = block(x)
    x = b.conv(x, channels, channels)
    x = b.conv(b.do("Concat", head, x, first, inner, axis=1), 4 * channels, channels, size=(1, 1))
    return b.shuffle(b.conv(x, channels, 3 * scale ** 2, 0.2, bias=0.5), scale)


def rrdb(b, channels, growth, count):
    """Enlarges by four."""
    def leaky(x):
        return b.do("LeakyRelu", x, alpha=0.2)

    def scaled_sum(x, y):
        return b.do("Add", b.do("Mul", x, b.scalar(0.2)), y)

    def dense(x):
        parts = [x]
        for i in range(5):
            y = b.do("Concat", *parts, axis=1) if i else x
            y = b.conv(y, channels + i * growth, growth if i < 4 else channels)
            if i < 4:
                parts.append(leaky(y))
        return scaled_sum(y, x)

    head = x = b.conv("input", 3, channels)
    for _ in range(count):
        x = scaled_sum(dense(dense(dense(x))), x)
    x = b.do("Add", b.conv(x, channels, channels, 1.2 ** -count), head)
    for _ in range(2):
        x = leaky(b.conv(b.enlarge(x, 2), channels, channels, 1.4))
    x = leaky(b.conv(x, channels, channels, 1.4))
    return b.conv(x, channels, 3, 0.2, bias=0.5)


def mosr(b, channels, count, scale):
    """MoSRv2 with an expansion of 1.5; the names are those of its files, which begin with 0 for
    networks that take no pixels apart."""
    hidden, part = channels * 3 // 2, channels // 8

    def norm(x, name):
        rms = b.do("Mul", b.do("ReduceL2", x, axes=[1], keepdims=1), b.scalar(channels ** -0.5))
        x = b.do("Div", x, b.do("Add", rms, b.scalar(1e-6)))
        x = b.do("Mul", x, b.each(f"{name}.scale", channels, 0.1, 1.0))
        return b.do("Add", x, b.each(f"{name}.offset", channels, 0.1, 0.0))

    def separate(x, begin, name, size):
        return b.conv(b.part(x, begin, part), part, part, 1, size, name, groups=part)

    def block(page, name):
        x = b.conv(norm(page, f"{name}.norm"), channels, 2 * hidden, name=f"{name}.fc1")
        gate, first = b.mish(b.part(x, 0, hidden)), 2 * hidden - 3 * part
        parts = [b.part(x, hidden, hidden - 3 * part)]
        for i, (end, size) in enumerate((("hw", (3, 3)), ("w", (1, 11)), ("h", (11, 1)))):
            parts.append(separate(x, first + i * part, f"{name}.conv.dwconv_{end}", size))
        x = b.do("Mul", gate, b.do("Concat", *parts, axis=1))
        x = b.mish(b.conv(x, hidden, channels, name=f"{name}.fc2"))
        return b.do("Add", b.do("Mul", x, b.each(f"{name}.gamma", channels, 0.05, 0.3)), page)

    x = b.conv("input", 3, channels, name="gblocks.0")
    for i in range(1, count + 1):
        x = block(x, f"gblocks.{i}")
    x = b.mish(b.conv(x, channels, 2 * channels, name=f"gblocks.{count + 1}"))
    x = b.mish(b.conv(x, 2 * channels, channels, name=f"gblocks.{count + 3}"))
    x = b.conv(x, channels, channels, size=(1, 1), name=f"gblocks.{count + 5}")
    x = b.shuffle(b.conv(x, channels, 3 * scale ** 2, 0.05, name="to_img.0"), scale)
    return b.do("Add", x, b.enlarge("input", scale, "linear"))


def write_safetensors(path, state):
    head, at = {}, 0
    for name, (shape, values) in state.items():
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + 4 * len(values)]}
        at += 4 * len(values)
    text = json.dumps(head).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, values in state.values():
            file.write(values.tobytes())


class Network:
    """As libraries.Network. Planche gets the .onnx with no fixed size, or, with as_state, the
    architecture's own file."""
    param = None  # nothing for ncnn

    def __init__(self, name, folder, sizes, scale, build, *arguments, as_state=False):
        self.name, self.sizes, self.scale, self.pad = name, sizes, scale, SAME_PAD
        self.crop = scale * SAME_PAD
        self.builder = Builder(len(name))
        self.output = build(self.builder, *arguments)
        base = os.path.join(folder, name.lower().replace(" ", "-").replace("/", "x"))
        file = base + (".safetensors" if as_state else ".onnx")
        if as_state:
            write_safetensors(file, self.builder.state)
        else:
            self.write_onnx(file, 0, 0)
        self.arguments = ["-m", file]

    def pieces(self, _width, _height):
        return 1, 1

    def out_size(self, side):
        return self.scale * side

    def write_onnx(self, path, height, width):
        """height and width: 0 for any."""
        onnx_file.write_graph(path, self.builder, ("input", [1, 3, height, width]), self.output)


SMALL, SMALLEST = [(400, 400)], [(120, 120)]
NETWORKS = (("SPAN 48 2x", SMALL, 2, span, 48, 2),
            ("Compact 64/16 2x", SMALL, 2, compact, 64, 16, 2),
            ("RRDB 64/23 4x", SMALLEST, 4, rrdb, 64, 32, 23),
            ("MoSRv2 32/12 2x", SMALL, 2, mosr, 32, 12, 2))


def networks(folder, only):
    """only: text that a name must have."""
    for name, sizes, scale, build, *arguments in NETWORKS:
        if only in name:
            yield Network(name, folder, sizes, scale, build, *arguments, as_state=build is mosr)
