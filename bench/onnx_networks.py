# SPDX-License-Identifier: MIT
"""Networks of other architectures with random weights, for Planche and for ONNX Runtime: SPAN,
Compact, RRDB, MoSRv2 and swin_unet, as exporters write their graphs. Speed does not depend on the
weights."""
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
    for i in range(count + 1):
        x = b.conv(x, inputs, channels, 1.3, name=f"body.{2 * i}")
        x = b.do("PRelu", x, b.each(f"body.{2 * i + 1}.weight", channels, 0.1, 0.2))
        inputs = channels
    x = b.shuffle(b.conv(x, channels, 3 * scale ** 2, 0.05, name=f"body.{2 * count + 2}"), scale)
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


WINDOW, SWIN_PAD = 6, 8  # swin_unet takes as much away, and pads nothing
SWIN_SIDE = 192  # of pages: a multiple of 48


class Attention:
    """Blocks with attention within windows, on pictures [1, side, side, channels], for one size."""

    def __init__(self, b, heads):
        self.b, self.heads = b, heads

    def dense(self, x, inputs, outputs, name, gain=1.0, bias=0.0):
        weights, b = self.b.values(inputs * outputs, gain / inputs ** 0.5), self.b
        offsets, turned = b.values(outputs, 0.01, bias), array.array("f")
        for i in range(inputs):
            turned.extend(weights[i::inputs])
        b.state[f"{name}.weight"] = ([outputs, inputs], weights)
        b.state[f"{name}.bias"] = ([outputs], offsets)
        x = b.do("MatMul", x, b.constant([inputs, outputs], turned))
        return b.do("Add", x, b.constant([outputs], offsets))

    def reshape(self, x, *shape):
        return self.b.do("Reshape", x, self.b.constant([len(shape)], list(shape)))

    def turn(self, x, *axes):
        return self.b.do("Transpose", x, perm=list(axes))

    def cut(self, x, axis, begin, end):
        return self.b.do("Slice", x, *(self.b.constant([1], [i]) for i in (begin, end, axis)))

    def roll(self, x, side, by):
        for axis in (1, 2):
            x = self.b.do("Concat", self.cut(x, axis, by, side), self.cut(x, axis, 0, by), axis=axis)
        return x

    def offsets(self, name):
        """What the pixels of a window add to each other, as the file has it and spread out."""
        lines = 2 * WINDOW - 1
        table = self.b.values(lines * lines * self.heads, 0.5)
        self.b.state[name] = ([lines * lines, self.heads], table)
        pixels = [divmod(i, WINDOW) for i in range(WINDOW * WINDOW)]
        places = [(y - v + WINDOW - 1) * lines + x - u + WINDOW - 1
                  for y, x in pixels for v, u in pixels]
        spread = array.array("f", [table[place * self.heads + head] for head in range(self.heads)
                                   for place in places])
        return self.b.constant([1, self.heads, len(pixels), len(pixels)], spread)

    def mask(self, side, shift):
        """Pixels that the roll has put next to each other do not see each other."""
        across, values, count = side // WINDOW, array.array("f"), WINDOW * WINDOW
        ends = {}  # whether a window is the last one, downwards and to the right
        for end in ((0, 0), (0, 1), (1, 0), (1, 1)):
            kinds = [tuple(last and place >= WINDOW - shift for last, place
                           in zip(end, divmod(i, WINDOW))) for i in range(count)]
            ends[end] = array.array("f", [0.0 if a == b else -100.0 for a in kinds for b in kinds])
        for window in range(across * across):
            values.extend(ends[tuple(int(i == across - 1) for i in divmod(window, across))])
        return self.b.constant([across * across, 1, count, count], values)

    def attend(self, x, side, channels, shift, name):
        b, across, count, each = self.b, side // WINDOW, WINDOW * WINDOW, channels // self.heads
        x = self.roll(x, side, shift) if shift else x
        x = self.turn(self.reshape(x, across, WINDOW, across, WINDOW, channels), 0, 2, 1, 3, 4)
        x = self.dense(self.reshape(x, across * across, count, channels), channels, 3 * channels,
                       f"{name}.qkv")
        x = self.turn(self.reshape(x, across * across, count, 3, self.heads, each), 2, 0, 3, 1, 4)
        query, key, value = (self.reshape(self.cut(x, 0, i, i + 1), across * across, self.heads,
                                          count, each) for i in range(3))
        query = b.do("Mul", query, b.scalar(each ** -0.5))
        x = b.do("MatMul", query, self.turn(key, 0, 1, 3, 2))
        x = b.do("Add", x, self.offsets(f"{name}.relative_position_bias_table"))
        x = b.do("Add", x, self.mask(side, shift)) if shift else x
        x = self.turn(b.do("MatMul", b.do("Softmax", x, axis=-1), value), 0, 2, 1, 3)
        x = self.dense(self.reshape(x, across * across, count, channels), channels, channels,
                       f"{name}.proj", 0.5)
        x = self.turn(self.reshape(x, across, across, WINDOW, WINDOW, channels), 0, 2, 1, 3, 4)
        x = self.reshape(x, 1, side, side, channels)
        return self.roll(x, side, side - shift) if shift else x

    def gelu(self, x):
        b = self.b
        y = b.do("Add", b.do("Erf", b.do("Div", x, b.scalar(2 ** 0.5))), b.scalar(1.0))
        return b.do("Mul", b.do("Mul", x, y), b.scalar(0.5))

    def blocks(self, x, side, channels, count, name):
        for i in range(count):
            key = f"{name}.block.{i}"
            y = self.attend(x, side, channels, i % 2 * WINDOW // 2, f"{key}.attn")
            x = self.b.do("Add", x, y)
            y = self.gelu(self.dense(x, channels, 2 * channels, f"{key}.mlp.0"))
            x = self.b.do("Add", x, self.dense(y, 2 * channels, channels, f"{key}.mlp.3", 0.5))
        return x


def swin_unet(b, channels):
    """waifu2x's, 2x, for pages of SWIN_SIDE."""
    a, side = Attention(b, channels // 16), SWIN_SIDE

    def narrow(x, inputs, outputs, size, stride, name):
        weights = b.keep(f"{name}.weight", [outputs, inputs, size, size],
                         b.values(outputs * inputs * size ** 2, (inputs * size ** 2) ** -0.5))
        offsets = b.keep(f"{name}.bias", [outputs], b.values(outputs, 0.01))
        return b.do("Conv", x, weights, offsets, kernel_shape=[size, size],
                    strides=[stride, stride], dilations=[1, 1], pads=[0, 0, 0, 0], group=1)

    def down(x, inputs, number):
        x = narrow(a.turn(x, 0, 3, 1, 2), inputs, 2 * channels, 2, 2, f"unet.down{number}.conv")
        return a.turn(x, 0, 2, 3, 1)

    def enlarge(x, inputs, outputs, name, gain=1.0, bias=0.0):
        return b.shuffle(a.turn(a.dense(x, inputs, 4 * outputs, name, gain, bias), 0, 3, 1, 2), 2)

    def up(x, outputs, skip, number):
        x = a.turn(enlarge(x, 2 * channels, outputs, f"unet.up{number}.proj", 0.7), 0, 2, 3, 1)
        return b.do("Add", x, skip)

    x = b.do("LeakyRelu", narrow("input", 3, channels // 2, 3, 1, "unet.patch.0"), alpha=0.1)
    x = b.do("LeakyRelu", narrow(x, channels // 2, channels, 3, 1, "unet.patch.2"), alpha=0.1)
    for axis in (2, 3):
        x = a.cut(x, axis, 6, 6 + side)
    first = a.blocks(a.turn(x, 0, 2, 3, 1), side, channels, 2, "unet.swin1")
    second = a.blocks(down(first, channels, 1), side // 2, 2 * channels, 2, "unet.swin2")
    x = a.blocks(down(second, 2 * channels, 2), side // 4, 2 * channels, 6, "unet.swin3")
    x = a.blocks(up(x, 2 * channels, second, 2), side // 2, 2 * channels, 2, "unet.swin4")
    x = a.blocks(up(x, channels, first, 1), side, channels, 2, "unet.swin5")
    return enlarge(x, channels, 3, "unet.to_image.proj", 0.1, 0.5)


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


def write_graph(path, builder, output, height=0, width=0):
    """height and width: 0 for any."""
    onnx_file.write_graph(path, builder, ("input", [1, 3, height, width]), output)


class Network:
    """As libraries.Network. Planche gets the .onnx with no fixed size, or, with as_state, the
    architecture's own file."""
    param = None  # nothing for ncnn

    def __init__(self, name, folder, sizes, scale, build, *arguments, as_state=False):
        self.name, self.sizes, self.scale = name, sizes, scale
        self.lost = 2 * SWIN_PAD if build is swin_unet else 0  # rows and columns, before enlarging
        self.pad = self.lost // 2 or SAME_PAD
        self.crop = 0 if self.lost else scale * SAME_PAD
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
        return self.scale * (side - self.lost)

    def write_onnx(self, path, height, width):
        """height and width: 0 for any."""
        write_graph(path, self.builder, self.output, height, width)


SMALL, SMALLEST = [(400, 400)], [(120, 120)]
NETWORKS = (("SPAN 48 2x", SMALL, 2, span, 48, 2),
            ("Compact 64/16 2x", SMALL, 2, compact, 64, 16, 2),
            ("RRDB 64/23 4x", SMALLEST, 4, rrdb, 64, 32, 23),
            ("MoSRv2 32/12 2x", SMALL, 2, mosr, 32, 12, 2),
            ("swin_unet 96 2x", [(SWIN_SIDE, SWIN_SIDE)], 2, swin_unet, 96))


def networks(folder, only):
    """only: text that a name must have."""
    for name, sizes, scale, build, *arguments in NETWORKS:
        if only in name:
            yield Network(name, folder, sizes, scale, build, *arguments, as_state=build in (mosr, swin_unet))
