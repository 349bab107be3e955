# SPDX-License-Identifier: MIT
"""Writes a network of ncnn's format as an ONNX file (protocol buffers, written by hand: a handful
of messages), so that ONNX Runtime runs the very same layers and weights."""
import array
import struct

OPSET, IR_VERSION = 13, 8
FLOAT, INT64 = 1, 7  # TensorProto.DataType
ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_STRING, ATTRIBUTE_INTS = 1, 2, 3, 7


class Unsupported(Exception):
    """A layer that is not translated."""


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, value):
    """An integer, or bytes, text or a message (bytes) with its length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value & (1 << 64) - 1)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name, shape, values):
    """values: an array of floats, or integers."""
    floats = isinstance(values, array.array)
    data = values.tobytes() if floats else struct.pack(f"<{len(values)}q", *values)
    return (b"".join(field(1, size) for size in shape) + field(2, FLOAT if floats else INT64)
            + field(8, name) + field(9, data))


def attribute(name, value):
    if isinstance(value, float):
        kind, content = ATTRIBUTE_FLOAT, varint(2 << 3 | 5) + struct.pack("<f", value)
    elif isinstance(value, int):
        kind, content = ATTRIBUTE_INT, field(3, value)
    elif isinstance(value, str):
        kind, content = ATTRIBUTE_STRING, field(4, value)
    else:
        kind, content = ATTRIBUTE_INTS, b"".join(field(8, each) for each in value)
    return field(1, name) + content + field(20, kind)


def value_info(name, shape):
    sizes = b"".join(field(1, field(1, size) if size else field(2, "any")) for size in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, sizes)))


class Writer:
    """Nodes and initial values as they grow. names: of blobs that are other blobs (Split)."""

    def __init__(self):
        self.nodes, self.tensors, self.names, self.channels = [], [], {}, {}

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(b"".join(field(1, name) for name in inputs) + field(2, output)
                          + field(4, kind) + b"".join(field(5, attribute(name, value))
                                                      for name, value in attributes.items()))

    def constant(self, shape, values):
        name = f"constant{len(self.tensors)}"
        self.tensors.append(tensor(name, shape, values))
        return name

    def scalar(self, value):
        return self.constant([], array.array("f", [value]))

    def read(self, layer, which=0):
        name = layer.inputs[which]
        return self.names.get(name, name)

    def activate(self, layer, made):
        """ncnn's activation of a layer (parameters 9 and 10), from a blob to the layer's output."""
        kind, numbers = layer.get(9), layer.get(10, [])
        out = layer.outputs[0]
        if kind == 1:
            self.node("Relu", [made], out)
        elif kind == 2:
            self.node("LeakyRelu", [made], out, alpha=float(numbers[0]))
        elif kind == 3:
            self.node("Clip", [made, *map(self.scalar, numbers)], out)
        elif kind == 4:
            self.node("Sigmoid", [made], out)
        elif kind:
            raise Unsupported(f"activation {kind}")

    def weighted(self, layer, kind, shape, weights, **attributes):
        made = layer.outputs[0] + ("_sums" if layer.get(9) else "")
        inputs = [self.read(layer), self.constant(shape, weights)]
        if layer.bias:
            inputs.append(self.constant([len(layer.bias)], layer.bias))
        self.node(kind, inputs, made, **attributes)
        self.activate(layer, made)


def kernel(layer):
    """Attributes, and the kernel's height and width."""
    width, left = layer.get(1), layer.get(4)
    height, top = layer.get(11, width), layer.get(14, left)
    return {"kernel_shape": [height, width],
            "strides": [layer.get(13, layer.get(3, 1)), layer.get(3, 1)],
            "dilations": [layer.get(12, layer.get(2, 1)), layer.get(2, 1)],
            "pads": [top, left, layer.get(16, top), layer.get(15, left)]}, height, width


def convolution(writer, layer):
    attributes, height, width = kernel(layer)
    channels = layer.get(0)
    inputs = len(layer.weights) // (channels * height * width)
    writer.weighted(layer, "Conv", [channels, inputs, height, width], layer.weights, **attributes)


def deconvolution(writer, layer):
    """ONNX has the input channels first."""
    attributes, height, width = kernel(layer)
    channels, size = layer.get(0), height * width
    inputs = len(layer.weights) // (channels * size)
    weights = array.array("f")
    for i in range(inputs):
        for o in range(channels):
            weights += layer.weights[(o * inputs + i) * size:(o * inputs + i + 1) * size]
    writer.weighted(layer, "ConvTranspose", [inputs, channels, height, width], weights,
                    **attributes)


def dense(writer, layer):
    """Of averages, which stay pictures of one pixel here."""
    channels = layer.get(0)
    writer.weighted(layer, "Conv", [channels, len(layer.weights) // channels, 1, 1], layer.weights)


def prelu(writer, layer):
    slope = writer.constant([len(layer.slope), 1, 1], layer.slope)
    writer.node("PRelu", [writer.read(layer), slope], layer.outputs[0])


def relu(writer, layer):
    if layer.get(0):
        writer.node("LeakyRelu", [writer.read(layer)], layer.outputs[0], alpha=float(layer.get(0)))
    else:
        writer.node("Relu", [writer.read(layer)], layer.outputs[0])


def split(writer, layer):
    writer.names.update((name, writer.read(layer)) for name in layer.outputs)


def binary(writer, layer):
    kinds = ("Add", "Sub", "Mul", "Div", "Max", "Min")
    if layer.get(0) >= len(kinds):
        raise Unsupported(f"BinaryOp {layer.get(0)}")
    other = writer.scalar(layer.get(2, 0.0)) if layer.get(1) else writer.read(layer, 1)
    writer.node(kinds[layer.get(0)], [writer.read(layer), other], layer.outputs[0])


def eltwise(writer, layer):
    """Two inputs; coefficients of a sum are multiplications of their own."""
    kind = ("Mul", "Add", "Max")[layer.get(0)]
    inputs = [writer.read(layer, i) for i in range(len(layer.inputs))]
    for i, factor in enumerate(layer.get(1, []) if kind == "Add" else []):
        scaled = f"{layer.outputs[0]}_scaled{i}"
        writer.node("Mul", [inputs[i], writer.scalar(factor)], scaled)
        inputs[i] = scaled
    if len(inputs) != 2:
        raise Unsupported("Eltwise of more than two")
    writer.node(kind, inputs, layer.outputs[0])


def crop(writer, layer):
    if 9 not in layer.parameters:
        raise Unsupported("Crop by offsets")
    starts, ends, axes = layer.get(9), layer.get(10), layer.get(11, [-3, -2, -1])
    count = len(starts)
    slices = [writer.constant([count], values) for values in (starts, ends, axes)]
    writer.node("Slice", [writer.read(layer), *slices], layer.outputs[0])


def interp(writer, layer):
    mode = ("nearest", "linear", "cubic")[layer.get(0) - 1]
    factors = array.array("f", [1, 1, layer.get(1, 1), layer.get(2, 1)])
    way = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"} \
        if mode == "nearest" else {"coordinate_transformation_mode": "half_pixel"}
    writer.node("Resize", [writer.read(layer), "", writer.constant([4], factors)],
                layer.outputs[0], mode=mode, **way)


def pooling(writer, layer):
    if layer.get(0) != 1 or not layer.get(4):
        raise Unsupported("Pooling other than the global average")
    writer.node("GlobalAveragePool", [writer.read(layer)], layer.outputs[0])


def shuffle(writer, layer):
    writer.node("DepthToSpace", [writer.read(layer)], layer.outputs[0], blocksize=layer.get(0),
                mode="CRD")


def concat(writer, layer):
    writer.node("Concat", [writer.read(layer, i) for i in range(len(layer.inputs))],
                layer.outputs[0], axis=1)


LAYERS = {"Convolution": convolution, "Deconvolution": deconvolution, "InnerProduct": dense,
          "PReLU": prelu, "ReLU": relu, "Split": split, "BinaryOp": binary, "Eltwise": eltwise,
          "Crop": crop, "Interp": interp, "Pooling": pooling, "PixelShuffle": shuffle,
          "Concat": concat, "Input": lambda writer, layer: None}


def write(path, graph, height, width):
    """For an input of one size: ONNX Runtime then knows every shape when it loads the network."""
    writer = Writer()
    for layer in graph.layers:
        if layer.kind not in LAYERS:
            raise Unsupported(f"layer {layer.kind}")
        LAYERS[layer.kind](writer, layer)
    write_graph(path, writer, (graph.input, [1, 3, height, width]), graph.output)


def write_graph(path, writer, picture, output):
    """picture: the input's name and shape, 0 where it has no fixed size."""
    body = (b"".join(field(1, node) for node in writer.nodes) + field(2, "network")
            + b"".join(field(5, each) for each in writer.tensors)
            + field(11, value_info(*picture)) + field(12, value_info(output, [1, 3, 0, 0])))
    with open(path, "wb") as file:
        file.write(field(1, IR_VERSION) + field(7, body) + field(8, field(2, OPSET)))
