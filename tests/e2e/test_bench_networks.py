# SPDX-License-Identifier: MIT
"""What bench/ makes for other libraries: narrow networks that Planche runs, and ONNX files that hold
the very layers and weights of a network in ncnn's format."""
import io
import json
import os
import struct
import subprocess
import sys
import tarfile

import harness

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench")
sys.path.insert(0, BENCH)
import libraries  # noqa: E402
import ncnn_graph  # noqa: E402
import onnx_file  # noqa: E402
import onnx_networks  # noqa: E402

# A valid convolution with a leak, a deconvolution, an average that scales it, a crop of the input.
MIXED = """7767517
9 11
Input in 0 1 in
Split split 1 2 in in_0 in_1
Convolution conv 1 1 in_0 conv 0=2 1=3 5=1 6=54 9=2 -23310=1,1.0e-01
Split again 1 2 conv conv_0 conv_1
Deconvolution deconv 1 1 conv_0 deconv 0=3 1=4 3=2 4=3 6=96
Pooling mean 1 1 conv_1 mean 0=1 4=1
InnerProduct dense 1 1 mean dense 0=3 2=6 9=4
BinaryOp scaled 2 1 deconv dense scaled 0=2
Crop cut 1 1 scaled out -23309=2,2,2 -23310=2,-2,-2 -23311=2,-2,-1
"""


def mixed_weights():
    """The convolution's in half precision, the others as floats, each value different."""
    conv = struct.pack("<I54e", ncnn_graph.HALF, *[i / 64 for i in range(54)])
    bias = struct.pack("<2f", 0.5, -0.5)
    deconv = struct.pack("<I96f", ncnn_graph.FLOAT, *range(96))
    return conv + bias + deconv + struct.pack("<I6f", ncnn_graph.FLOAT, *range(6))


def fields(data):
    """(number, value) of a message; values are integers or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        size = 4 if key & 7 == 5 else varint()
        yield key >> 3, data[at:at + size]
        at += size


def every(message, number):
    return [value for key, value in fields(message) if key == number]


class Onnx:
    """The nodes (kind, inputs, attributes) and tensors of a file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            graph, = every(file.read(), 7)
        self.nodes = [(every(node, 4)[0].decode(), [name.decode() for name in every(node, 1)],
                       {every(each, 1)[0].decode(): each for each in every(node, 5)})
                      for node in every(graph, 1)]
        self.tensors = {every(each, 8)[0].decode(): (every(each, 1), every(each, 9)[0])
                        for each in every(graph, 5)}

    def floats(self, name):
        data = self.tensors[name][1]
        return list(struct.unpack(f"<{len(data) // 4}f", data))


class Networks(harness.Case):
    def mixed_path(self):
        with open(self.path("mixed.param"), "w", encoding="ascii") as file:
            file.write(MIXED)
        with open(self.path("mixed.bin"), "wb") as file:
            file.write(mixed_weights())
        return self.path("mixed.param")

    def mixed(self):
        return ncnn_graph.Graph(self.mixed_path())

    def test_sizes_of_a_network(self):
        graph = self.mixed()
        # 40 -> 38 -> 37 * 2 + 4 - 6 = 72 -> 68
        self.assertEqual(graph.out_size(40), 68)
        self.assertEqual(graph.scale_and_shrink(), (2, 12))
        self.assertTrue(graph.has_averages())
        self.assertFalse(graph.pads_with_zeroes())

    def test_onnx_has_the_layers_and_weights(self):
        path = self.path("mixed.onnx")
        onnx_file.write(path, self.mixed(), 40, 40)
        onnx = Onnx(path)
        self.assertEqual([node[0] for node in onnx.nodes],
                         ["Conv", "LeakyRelu", "ConvTranspose", "GlobalAveragePool", "Conv",
                          "Sigmoid", "Mul", "Slice"])
        conv, leak, deconv = onnx.nodes[:3]
        self.assertEqual(conv[1][0], "in")
        self.assertEqual(onnx.tensors[conv[1][1]][0], [2, 3, 3, 3])
        self.assertEqual(onnx.floats(conv[1][1]), [i / 64 for i in range(54)])
        self.assertEqual(onnx.floats(conv[1][2]), [0.5, -0.5])
        self.assertAlmostEqual(struct.unpack("<f", every(leak[2]["alpha"], 2)[0])[0], 0.1)
        self.assertEqual(every(deconv[2]["pads"], 8), [3, 3, 3, 3])
        # ncnn has the output channels first: channel 1 of the input and 2 of the output is at 5.
        self.assertEqual(onnx.tensors[deconv[1][1]][0], [2, 3, 4, 4])
        self.assertEqual(onnx.floats(deconv[1][1])[(1 * 3 + 2) * 16:][:16],
                         list(range((2 * 2 + 1) * 16, (2 * 2 + 2) * 16)))
        slices = [struct.unpack("<2q", onnx.tensors[name][1]) for name in onnx.nodes[-1][1][1:]]
        self.assertEqual(slices, [(2, 2), (-2, -2), (-2, -1)])

    def test_other_architectures(self):
        """Small ones of each, whose work shows that no layer is missing."""
        cases = ((onnx_networks.span, (8, 2), 2, 9 * (3 * 8 + 19 * 64 + 8 * 12) + 4 * 64),
                 (onnx_networks.compact, (8, 3, 2), 2, 9 * (3 * 8 + 3 * 64 + 8 * 12)),
                 (onnx_networks.rrdb, (8, 4, 1), 4,
                  9 * (3 * 8 + 3 * 4 * (8 + 12 + 16 + 20) + 3 * 24 * 8 + 64
                       + 64 * (4 + 16 + 16) + 16 * 3 * 8)),
                 (onnx_networks.mosr, (16, 2, 2), 2,
                  9 * (3 * 16 + 2 * (16 * 48 + 24 * 16) + 2 * 2 * 16 ** 2 + 16 * 12) + 16 ** 2
                  + 2 * 2 * (9 + 11 + 11)))
        for build, arguments, scale, multiplications in cases:
            network = onnx_networks.Network(build.__name__, self.folder, None, scale, build,
                                            *arguments, as_state=build is onnx_networks.mosr)
            measured = json.loads(harness.run("bench", "--json", "--backend", "cpu", "--runs", "1",
                                              "--size", "64x64", *network.arguments).stdout)
            self.assertEqual(measured["scale"], scale)
            work = measured["macs_per_pixel"] / multiplications  # groups may count as a whole
            self.assertTrue(1 <= work < 1.01, f"{build.__name__}: {work}")

    def test_unknown_layers_are_refused(self):
        graph = self.mixed()
        graph.layers[-1].kind = "Softmax"
        with self.assertRaisesRegex(onnx_file.Unsupported, "Softmax"):
            onnx_file.write(self.path("none.onnx"), graph, 40, 40)

    def test_mirrored_pages_are_padded(self):
        page = libraries.png.encode(3, 2, 1, bytes([0, 51, 102, 153, 204, 255]))
        with open(self.path("page.png"), "wb") as file:
            file.write(page)
        network = libraries.own_network(self.mixed_path())
        self.assertEqual((network.pad, network.crop), (3, 0))
        pieces = libraries.Input(self.path("input"), self.path("page.png"), network)
        self.assertEqual((pieces.width, pieces.height, pieces.count), (9, 8, 1))
        values = struct.unpack(f"<{3 * 72}f", self.read("input"))
        self.assertEqual(values[:72], values[72:144])
        rows = [[round(5 * value) for value in values[9 * y:9 * y + 9]] for y in range(8)]
        first, second = [1, 2, 1, 0, 1, 2, 1, 0, 1], [4, 5, 4, 3, 4, 5, 4, 3, 4]
        self.assertEqual(rows, [second, first, second, first, second, first, second, first])

    def test_only_wanted_files_leave_the_package(self):
        wanted = ["package.json", "dist/index.js", libraries.ONNX_BINARIES + "/libonnxruntime.so.1"]
        others = ["dist/../../outside.js", "../outside.js", "lib/index.ts", "bin/other/x.node"]
        with tarfile.open(self.path("p.tgz"), "w:gz") as package:
            for name in wanted + others:
                member = tarfile.TarInfo("package/" + name)
                member.size = 4
                package.addfile(member, io.BytesIO(b"text"))
        with tarfile.open(self.path("p.tgz")) as package:
            libraries.unpack_onnx(package, self.path("out"))
        found = [os.path.relpath(os.path.join(top, name), self.path("out"))
                 for top, _, names in os.walk(self.path("out")) for name in names]
        self.assertEqual(sorted(found), sorted(wanted))
        self.assertEqual(self.files(), ["out", "p.tgz"])

    def test_script(self):
        """A narrow network through the script, without libraries, which are named as missing."""
        build = self.path("build", "tools", "planche")
        os.makedirs(build)
        os.symlink(harness.PLANCHE, os.path.join(build, "planche"))
        subprocess.run([sys.executable, os.path.join(BENCH, "run"), self.path("build"), "--quick",
                        "--no-peers", "--only", "16x8", "--size", "24x16", "--threads", "1",
                        "--sections", "libraries", "--output", self.path("results")], check=True,
                       capture_output=True)
        results = json.loads(self.read("results/libraries.json"))
        case, = results["comparison"]["cases"]
        measured, = case["planche"]
        # 9 multiply-adds for each pair of channels, and those of the padding round the page.
        plain = 9 * (3 * 16 + 8 * 16 * 16 + 16 * 12)
        self.assertGreaterEqual(measured["macs_per_pixel"], plain)
        self.assertEqual((measured["scale"], case["size"]), (2, "24x16"))
        text = self.read("results/libraries.md").decode()
        for title in ("ncnn", "ONNX Runtime"):
            self.assertIn(f"- {title} is missing: left out (--no-peers)", text)


if __name__ == "__main__":
    harness.main()
