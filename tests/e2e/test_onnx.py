#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ONNX files as the command's users have them: by their path alone, with the bytes that the same
network gives as an ncnn file, and refused in one line."""
import random
import struct
import harness
from harness import run

PARAM = """7767517
8 9
Input in 0 1 data 0=0 1=0 2=3
Split split 1 2 data a b
Convolution c0 1 1 a c 0=8 1=3 4=1 5=1 6=216
PReLU p0 1 1 c d 0=8
Convolution c1 1 1 d e 0=12 1=3 4=1 5=1 6=864
PixelShuffle s 1 1 e f 0=2
Interp i 1 1 b g 0=1 1=2.0 2=2.0
BinaryOp sum 2 1 f g output 0=0
"""


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def field(number, value):
    """A field of a message: a number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name, dims, values):
    return (b"".join(field(1, dim) for dim in dims) + field(2, 1) + field(8, name)
            + field(9, struct.pack(f"<{len(values)}f", *values)))


def node(kind, inputs, output, **attributes):
    parts = [field(1, name) for name in inputs] + [field(2, output), field(3, kind), field(4, kind)]
    for name, value in attributes.items():
        number = 3 if isinstance(value, int) else 8
        content = (field(4, value) if isinstance(value, str) else
                   b"".join(field(number, v) for v in ([value] if number == 3 else value)))
        parts.append(field(5, field(1, name) + content))
    return b"".join(parts)


def model(nodes, tensors):
    axes = b"".join(field(1, field(1, 3) if axis == 1 else field(2, "n")) for axis in range(4))
    port = field(2, field(1, field(1, 1) + field(2, axes)))
    graph = (b"".join(field(1, n) for n in nodes) + b"".join(field(5, t) for t in tensors)
             + field(11, field(1, "x") + port) + field(12, field(1, "y") + port))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))


class Onnx(harness.Case):
    def setUp(self):
        super().setUp()
        numbers = random.Random(1)
        self.write("a.png", harness.page())
        sizes = {"w0": (8, 3, 3, 3), "b0": (8,), "s": (8, 1, 1), "w1": (12, 8, 3, 3), "b1": (12,)}
        self.tensors, binary = [tensor("up", (4,), (1, 1, 2, 2))], b""
        for name, dims in sizes.items():
            count = 1
            for dim in dims:
                count *= dim
            values = [numbers.uniform(-0.2, 0.2) for _ in range(count)]
            self.tensors.append(tensor(name, dims, values))
            binary += bytes(4 if name[0] == "w" else 0) + struct.pack(f"<{count}f", *values)
        self.write("a.param", PARAM.encode())
        self.write("a.bin", binary)

    def nodes(self, last="Add"):
        return [node("Conv", ("x", "w0", "b0"), "c", pads=(1, 1, 1, 1)),
                node("PRelu", ("c", "s"), "d"),
                node("Conv", ("d", "w1", "b1"), "e", pads=(1, 1, 1, 1)),
                node("DepthToSpace", ("e",), "f", blocksize=2, mode="CRD"),
                node("Resize", ("x", "", "up"), "g", nearest_mode="floor",
                     coordinate_transformation_mode="asymmetric"),
                node(last, ("f", "g"), "y")]

    def make(self, name, check=0):
        return run("-m", self.path(name), "--backend", "cpu", "--no-mark", "--overwrite", "a.png",
                   "-o", "b.png", cwd=self.folder, check=check)

    def test_the_same_bytes(self):
        self.write("a.onnx", model(self.nodes(), self.tensors))
        made = []
        for name in ("a.param", "a.onnx"):
            self.make(name)
            made.append(self.read("b.png"))
        self.assertEqual(made[0], made[1])

    def test_refusals(self):
        self.write("b.onnx", model(self.nodes("Softmax"), self.tensors))
        self.assert_one_line(self.make("b.onnx", check=3).stderr,
                             "b.onnx: node 'Softmax' (Softmax): attention is not supported")
        self.write("c.onnx", b"\x08")
        self.assert_one_line(self.make("c.onnx", check=3).stderr, "c.onnx: not an ONNX file")


if __name__ == "__main__":
    harness.main()
