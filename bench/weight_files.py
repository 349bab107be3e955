# SPDX-License-Identifier: MIT
"""One network as a file of each format: Compact with as many weights as RRDB with 23 blocks has (66
MB), so that loading takes as long as it does with the largest files that people have."""
import array
import os
import pickle
import struct
import zipfile

import ncnn_graph
import onnx_networks

CHANNELS, COUNT, SCALE = 64, 450, 2


def pickled_text(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def pickled(number):
    return b"J" + struct.pack("<i", number)


def pickled_tuple(parts):
    return b"(" + b"".join(parts) + b"t"


def pickled_tensor(key, shape, count):
    storage = pickled_tuple([pickled_text("storage"), b"ctorch\nFloatStorage\n",
                             pickled_text(str(key)), pickled_text("cpu"), pickled(count)])
    strides, stride = [], 1
    for size in reversed(shape):
        strides.insert(0, pickled(stride))
        stride *= size
    parts = [storage + b"Q", pickled(0), pickled_tuple(map(pickled, shape)),
             pickled_tuple(strides), pickle.NEWFALSE, b"ccollections\nOrderedDict\n)R"]
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + pickled_tuple(parts) + b"R"


def write_torch(path, state):
    """As torch.save does, with a storage for each tensor."""
    items = b"".join(pickled_text(name) + pickled_tensor(key, shape, len(values))
                     for key, (name, (shape, values)) in enumerate(state.items()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        file.writestr("network/data.pkl", b"\x80\x02}(" + items + b"u.")
        for key, (_, values) in enumerate(state.values()):
            file.writestr(f"network/data/{key}", values.tobytes())
        file.writestr("network/version", "3\n")


def write_ncnn(path, state):
    lines, blob = ["Input data 0 1 data", "Split split 1 2 data data0 data1"], "data0"
    with open(path.removesuffix(".param") + ".bin", "wb") as file:
        for i, (name, (shape, values)) in enumerate(state.items()):
            if len(shape) == 4:
                lines.append(f"Convolution c{i} 1 1 {blob} c{i} 0={shape[0]} 1=3 4=1 5=1 "
                             f"6={len(values)}")
                file.write(struct.pack("<I", ncnn_graph.FLOAT))
                blob = f"c{i}"
            elif not name.endswith(".bias"):
                lines.append(f"PReLU r{i} 1 1 {blob} r{i} 0={len(values)}")
                blob = f"r{i}"
            file.write(array.array("f", values).tobytes())
    lines += [f"PixelShuffle shuffle 1 1 {blob} large 0={SCALE}",
              f"Interp repeat 1 1 data1 repeated 0=1 1={SCALE}.0 2={SCALE}.0",
              "BinaryOp sum 2 1 large repeated output 0=0"]
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{ncnn_graph.MAGIC}\n{len(lines)} {len(lines) + 1}\n" + "\n".join(lines) + "\n")


def write(folder):
    """The files' paths."""
    builder, base = onnx_networks.Builder(1), os.path.join(folder, "large")
    output = onnx_networks.compact(builder, CHANNELS, COUNT, SCALE)
    onnx_networks.write_graph(base + ".onnx", builder, output)
    for ending, write_form in ((".safetensors", onnx_networks.write_safetensors),
                               (".pth", write_torch), (".param", write_ncnn)):
        write_form(base + ending, builder.state)
    return [base + ending for ending in (".onnx", ".safetensors", ".pth", ".param")]
