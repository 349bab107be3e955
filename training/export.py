#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a network of train.py into files that Planche and ncnn load.

export.py NET OUT.planche           the network with all levels, as networks/ has them (stored.py);
                                    with --bytes its kernels in bytes instead of 16 bits
                                    (rounding.py loses less by that)
export.py NET OUT [--level L]       OUT.param and OUT.bin for one level of cleaning (-1 to 3)

NET is NAME.npz or NAME.planche. The layers are those of SRVGGNetCompact: convolutions with PReLU,
PixelShuffle, plus the repeated pixels. Needs numpy only.
"""
import argparse
import os
import struct
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stored  # pylint: disable=wrong-import-position


def bias(table, level):
    """The bias for a level from those of the levels -1, 0, 1, 2, 3."""
    at = min(max(level + 1, 0), 4)
    low = min(int(at), 3)
    return table[low] * (1 - (at - low)) + table[low + 1] * (at - low)


def convolution(kernel, k, middle):
    """Type, parameters and weights of layer k; `middle`: the layers that halve and double the size."""
    points = '1=2 3=2' if k in middle else '1=3 4=1'
    return ('Deconvolution' if k == middle[1] else 'Convolution',
            f'0={kernel.shape[0]} {points} 5=1 6={kernel.size}', kernel.astype('<f4').tobytes())


def layers(net, level):
    """Lines of the .param file (type, name, inputs, outputs, parameters) and the .bin file."""
    form = stored.form_of(net)
    scale, middle, count = form[2], stored.middle(form), len(stored.layers(form))
    lines = [('Input', 'data', (), ('data',), ''),
             ('Split', 'twice', ('data',), ('deep', 'flat'), '')]
    weights, below = [], 'deep'
    for k in range(count):
        if k == middle[0]:
            lines.append(('Split', 'fork', (below,), ('half', 'kept'), ''))
            below = 'half'
        kind, parameters, kernel = convolution(stored.kernel_of(net, k), k, middle)
        lines.append((kind, f'conv{k}', (below,), (f'conv{k}',), parameters))
        weights += [struct.pack('<I', 0), kernel,
                    bias(net[f'bias{k}'].astype(np.float64), level).astype('<f4').tobytes()]
        below = f'conv{k}'
        if k < count - 1:
            slope = net[f'slope{k}'].astype('<f4')
            lines.append(('PReLU', f'act{k}', (below,), (f'act{k}',), f'0={slope.size}'))
            weights.append(slope.tobytes())
            below = f'act{k}'
        if k == middle[1]:
            lines.append(('BinaryOp', 'join', (below, 'kept'), ('joined',), '0=0'))
            below = 'joined'
    lines += [('PixelShuffle', 'shuffle', (below,), ('shuffle',), f'0={scale}'),
              ('Interp', 'repeat', ('flat',), ('repeat',), f'0=1 1={scale}.0 2={scale}.0'),
              ('BinaryOp', 'sum', ('shuffle', 'repeat'), ('output',), '0=0')]
    return lines, b''.join(weights)


def text(lines):
    blobs = sum(len(outputs) for _, _, _, outputs, _ in lines)
    rows = [' '.join((f'{kind:16} {name:16} {len(i)} {len(o)}', *i, *o, p)).rstrip()
            for kind, name, i, o, p in lines]
    return '\n'.join(['7767517', f'{len(lines)} {blobs}'] + rows) + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('net')
    parser.add_argument('out')
    parser.add_argument('--level', type=float, default=-1)
    parser.add_argument('--bytes', action='store_true', help='of OUT.planche: kernels in bytes')
    args = parser.parse_args()
    net = stored.load(args.net)
    if args.out.endswith('.planche'):
        stored.save(args.out, net, stored.in_bytes if args.bytes else None)
        return
    lines, weights = layers(net, args.level)
    with open(args.out + '.param', 'w', encoding='ascii') as stream:
        stream.write(text(lines))
    with open(args.out + '.bin', 'wb') as stream:
        stream.write(weights)


if __name__ == '__main__':
    main()
