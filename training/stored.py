# SPDX-License-Identifier: MIT
"""The files of Planche's own networks: NAME.planche. One file holds all levels of cleaning.

Little-endian; every number behind the header is a binary16, unless it is said otherwise:

    8 bytes   "PLANCHE" and a zero byte
    u16       version: 1, or 2, which has the fields that are said to be its own
    u16       channels: 1 to 512
    u16       depth: 3x3 layers between the first and the last, 0 to 64
    u8        scale: 1 to 4
    u8        colours: 3, or 1 for grey
    u8        levels of cleaning, 5: -1, 0, 1, 2, 3
    u8        version 2: 1 if kernels between the first and the last are in bytes, else 0
    u16       version 2: wide, channels of the middle at half the size, 1 to 512; 0: no middle
    u16       version 2: inner, 3x3 layers of the middle, 1 to 64; 0: no middle
    2 bytes   zero; in version 1 all 7 are
    then for each layer:
        kernel    [outputs][inputs][side][side]
        biases    [levels][outputs]
        slopes    [outputs], of PReLU; not of the last layer
    a kernel in bytes:
        ranges    [outputs]
        numbers   i8, [outputs][inputs][side][side]; a weight is range * number / 127

Layers are 3x3: the first, depth more, the last one. The middle stands behind the first 1 + depth // 2:
a convolution of 2x2 that halves the sides, inner layers of 3x3, a deconvolution of 2x2 that doubles
them. What was there before the middle is added behind it, behind the PReLU. (Kernels of arrays, as
Network.folded() has them, are [inputs][outputs][2][2] for the deconvolution, as in PyTorch.)

The last layer has colours * scale * scale outputs, in the order of PixelShuffle. The result is what
it gives, shuffled, plus the pixels repeated. src/model/own/ reads the same in C.
"""
import struct

import numpy as np

MAGIC = b'PLANCHE\0'
HEADER = struct.Struct('<8sHHHBBBBHHH')
VERSION, LEVELS = 2, 5


def form_of(net):
    """channels, depth, scale, colours, wide, inner; the last two are 0 without a middle."""
    return tuple([int(v) for v in net['form']] + [0, 0])[:6]


def middle(form):
    """Numbers of the layers that halve the size and double it again; None without a middle."""
    _, depth, _, _, _, inner = form
    return (1 + depth // 2, 2 + depth // 2 + inner) if inner else (None, None)


def layers(form):
    """(inputs, outputs, side) of the kernels in their order."""
    channels, depth, scale, colours, wide, inner = form
    down, up = middle(form)
    widths = [colours] + [channels] * (depth + 1) + [colours * scale * scale]
    if inner:
        widths[down + 1:down + 1] = [wide] * (inner + 1) + [channels]
    return [(inputs, outputs, 2 if k in (down, up) else 3)
            for k, (inputs, outputs) in enumerate(zip(widths, widths[1:]))]


def multiplications(net):
    """Of the network, for a pixel of the page: a middle has a quarter of the pixels."""
    form = form_of(net)
    down, up = middle(form)
    return sum(inputs * outputs * side ** 2 / (4 if down is not None and down <= k <= up else 1)
               for k, (inputs, outputs, side) in enumerate(layers(form)))


def kernel_of(net, k):
    """The kernel of layer k, its outputs first."""
    kernel = np.asarray(net[f'kernel{k}'])
    return kernel.transpose(1, 0, 2, 3) if k == middle(form_of(net))[1] else kernel


def in_bytes(_, kernel):
    """(ranges of the outputs in 16 bits, numbers) of a kernel, each weight rounded by itself."""
    rows = np.asarray(kernel, np.float64).reshape(len(kernel), -1)
    ranges = np.abs(rows).max(1).astype('<f2')
    step = np.maximum(ranges.astype(np.float64), 1e-30)[:, None] / 127
    return ranges, np.clip(np.rint(rows / step), -127, 127).astype(np.int8).reshape(kernel.shape)


def from_bytes(ranges, numbers):
    shape = (-1,) + (1,) * (numbers.ndim - 1)
    return (ranges.astype(np.float64).reshape(shape) * numbers / 127).astype(np.float32)


def halves(name, array, shape):
    array = np.asarray(array).astype('<f2')
    if array.shape != shape or not np.isfinite(array).all():
        raise SystemExit(f'{name} has the shape {array.shape}, not {shape}, or numbers that are not '
                         'finite in 16 bits')
    return array.tobytes()


def pack(net, small=None):
    """The bytes of a folded network: the arrays of network.Network.folded(). small: what makes bytes of
    the kernel of a layer, such as in_bytes; None: all is in 16 bits."""
    form = form_of(net)
    version = 2 if small or form[5] else 1
    parts = [HEADER.pack(MAGIC, version, *form[:4], LEVELS, bool(small), *form[4:], 0)]
    table = layers(form)
    for k, (inputs, outputs, side) in enumerate(table):
        kernel, shape = kernel_of(net, k), (outputs, inputs, side, side)
        whole = halves(f'kernel{k}', kernel, shape)
        if small and 0 < k < len(table) - 1:
            whole = b''.join(part.tobytes() for part in small(k, kernel))
        parts += [whole, halves(f'bias{k}', net[f'bias{k}'], (LEVELS, outputs))]
        if k < len(table) - 1:
            parts.append(halves(f'slope{k}', net[f'slope{k}'], (outputs,)))
    return b''.join(parts)


class Reader:
    """Arrays one behind the other."""

    def __init__(self, data, path):
        self.data, self.path, self.at = data, path, HEADER.size

    def take(self, shape, kind='<f2'):
        kind, count = np.dtype(kind), int(np.prod(shape))
        if self.at + kind.itemsize * count > len(self.data):
            raise SystemExit(f'{self.path} ends too early')
        array = np.frombuffer(self.data, kind, count, self.at).reshape(shape)
        self.at += kind.itemsize * count
        return array


def unpack(data, path='network'):
    """The arrays of a file, as in network.Network.folded()."""
    if len(data) < HEADER.size:
        raise SystemExit(f'{path} is too short')
    magic, version, *form, levels, small, wide, inner, _ = HEADER.unpack_from(data)
    if (magic, levels) != (MAGIC, LEVELS) or not 1 <= version <= VERSION:
        raise SystemExit(f'{path} is no network of version 1 to {VERSION}')
    form += [wide, inner]
    reader, table = Reader(data, path), layers(form)
    net = {'form': np.array(form if inner else form[:4], np.int32)}
    for k, (inputs, outputs, side) in enumerate(table):
        shape = (outputs, inputs, side, side)
        if small and 0 < k < len(table) - 1:
            kernel = from_bytes(reader.take((outputs,)), reader.take(shape, np.int8))
        else:
            kernel = reader.take(shape)
        net[f'kernel{k}'] = kernel.transpose(1, 0, 2, 3) if k == middle(form)[1] else kernel
        net[f'bias{k}'] = reader.take((LEVELS, outputs))
        if k < len(table) - 1:
            net[f'slope{k}'] = reader.take((outputs,))
    if reader.at != len(data):
        raise SystemExit(f'{path} goes on behind its last layer')
    return net


def load(path):
    """A network of a file, NAME.planche or NAME.npz."""
    try:
        if not path.endswith('.npz'):
            with open(path, 'rb') as stream:
                return unpack(stream.read(), path)
        with np.load(path) as arrays:
            net = {key: arrays[key] for key in arrays.files}
        whole = all(f'{part}{k}' in net for k in range(len(layers(form_of(net)))) for part in ('kernel', 'bias'))
    except OSError as error:
        raise SystemExit(f'{path}: {error.strerror or error}') from None
    except Exception:  # of the zip, of what unpacks it, of arrays  # pylint: disable=broad-except
        whole = False
    if not whole:
        raise SystemExit(f'{path} holds no network of train.py')
    return net


def save(path, net, small=None):
    with open(path, 'wb') as stream:
        stream.write(pack(net, small))
