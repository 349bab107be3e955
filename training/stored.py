# SPDX-License-Identifier: MIT
"""The files of Planche's own networks: NAME.planche. One file holds all levels of cleaning.

Little-endian; every number behind the header is a binary16:

    8 bytes   "PLANCHE" and a zero byte
    u16       version, 1
    u16       channels: 1 to 512
    u16       depth: 3x3 layers between the first and the last, 0 to 64
    u8        scale: 1 to 4
    u8        colours: 3, or 1 for grey
    u8        levels of cleaning, 5: -1, 0, 1, 2, 3
    7 bytes   zero
    then for each of the depth + 2 layers:
        kernel    [outputs][inputs][3][3]
        biases    [levels][outputs]
        slopes    [channels], of PReLU; not of the last layer

The last layer has colours * scale * scale outputs, in the order of PixelShuffle. The result is what
it gives, shuffled, plus the pixels repeated. src/model/own/ reads the same in C.
"""
import struct

import numpy as np

MAGIC = b'PLANCHE\0'
HEADER = struct.Struct('<8sHHHBBB7s')
VERSION, LEVELS = 1, 5


def shapes(form):
    """(name, shape) of the arrays of a network in their order in a file."""
    channels, depth, scale, colours = (int(v) for v in form)
    widths = [colours] + [channels] * (depth + 1) + [colours * scale * scale]
    for k, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        yield f'kernel{k}', (outputs, inputs, 3, 3)
        yield f'bias{k}', (LEVELS, outputs)
        if k <= depth:
            yield f'slope{k}', (channels,)


def pack(net):
    """The bytes of a folded network: the arrays of network.Network.folded()."""
    channels, depth, scale, colours = (int(v) for v in net['form'])
    parts = [HEADER.pack(MAGIC, VERSION, channels, depth, scale, colours, LEVELS, bytes(7))]
    for name, shape in shapes(net['form']):
        array = np.asarray(net[name]).astype('<f2')
        if array.shape != shape or not np.isfinite(array).all():
            raise SystemExit(f'{name} has the shape {array.shape}, not {shape}, or numbers that '
                             'are not finite in 16 bits')
        parts.append(array.tobytes())
    return b''.join(parts)


def unpack(data, path='network'):
    """The arrays of a file, as in network.Network.folded()."""
    if len(data) < HEADER.size:
        raise SystemExit(f'{path} is too short')
    magic, version, *form, levels, _ = HEADER.unpack_from(data)
    if (magic, version, levels) != (MAGIC, VERSION, LEVELS):
        raise SystemExit(f'{path} is no network of version {VERSION}')
    net, at = {'form': np.array(form, np.int32)}, HEADER.size
    for name, shape in shapes(form):
        count = int(np.prod(shape))
        if at + 2 * count > len(data):
            raise SystemExit(f'{path} ends too early')
        net[name] = np.frombuffer(data, '<f2', count, at).reshape(shape)
        at += 2 * count
    if at != len(data):
        raise SystemExit(f'{path} goes on behind its last layer')
    return net


def load(path):
    """A network of a file, NAME.planche or NAME.npz."""
    if path.endswith('.npz'):
        with np.load(path) as stored:
            return {key: stored[key] for key in stored.files}
    with open(path, 'rb') as stream:
        return unpack(stream.read(), path)


def save(path, net):
    with open(path, 'wb') as stream:
        stream.write(pack(net))
