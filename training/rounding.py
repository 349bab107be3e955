#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rounds the kernels of a network to bytes such that its layers make nearly what they made.

rounding.py NET OUT.planche --set SET.zip

A weight's error is taken up by the weights of the same output that are not rounded yet, in the way
that changes the layer's results least over pages of the training set (Frantar et al., GPTQ, arXiv
2210.17323; Hassibi and Stork, Optimal Brain Surgeon). Each layer sees what the rounded layers before
it make. The first and the last layer stay in 16 bits, as stored.py has them.
"""
import argparse

import numpy as np
import torch
import torch.nn.functional as F

import data
import degrade
import network
import stored

DAMPING = .01
CROPS, SIDE = 8, 128


def pages(path, colours):
    """Damaged crops of the set and the weights of their levels."""
    torch.manual_seed(1)
    pool = data.Pool(path, 'cpu', 24, 6, SIDE, 1, colours == 1)
    damage = degrade.Damage('cpu', SIDE, 2, .1)
    level = damage.sample_levels(6 * CROPS)
    small = damage(pool.batch(6 * CROPS), level)
    return small[::6, :colours], network.mixture(level[::6])


def inputs(y, side, kind):
    """What a kernel sees: a row for each of its weights, a column for each of its results."""
    if kind == 'up':
        return y.transpose(0, 1).flatten(1)
    square = kind == 'square'
    windows = F.unfold(y, side, padding=int(square), stride=1 if square else 2)
    return windows.transpose(0, 1).flatten(1)


def products(y, side, kind):
    """Sums of products of the inputs: what the errors of two weights do together."""
    return sum((c @ c.T).double() for c in (inputs(part, side, kind) for part in y.split(4)))


def spread(rows, step, sums):
    """Numbers for rows of weights in steps, one column after the other."""
    size = rows.shape[1]
    sums = sums + torch.eye(size, dtype=torch.float64) * (DAMPING * sums.diagonal().mean() + 1e-12)
    order = sums.diagonal().argsort(descending=True)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(sums[order][:, order]))
    factor = torch.linalg.cholesky(inverse, upper=True)
    left, numbers = rows[:, order].clone(), torch.zeros_like(rows)
    for j in range(size):
        number = (left[:, j:j + 1] / step).round().clamp(-127, 127)
        error = (left[:, j:j + 1] - number * step) / factor[j, j]
        left[:, j:] -= error @ factor[j:j + 1, j:]
        numbers[:, order[j]] = number[:, 0]
    return numbers


def rounded(kernel, y, kind):
    """(ranges in 16 bits, numbers) of a kernel [outputs][inputs][side][side] that sees y."""
    outputs, side = kernel.shape[0], kernel.shape[2]
    ranges = kernel.abs().flatten(1).amax(1).numpy().astype('<f2')
    step = torch.from_numpy(ranges.astype(np.float64)).clamp(min=1e-30)[:, None] / 127
    sums = products(y, side, kind)
    if kind == 'up':  # each tap makes results of its own
        taps = kernel.double().flatten(2).unbind(2)
        numbers = torch.stack([spread(tap, step, sums) for tap in taps], 2)
    else:
        numbers = spread(kernel.double().flatten(1), step, sums)
    return ranges, numbers.reshape(kernel.shape).numpy().astype(np.int8).reshape(
        outputs, -1, side, side)


def convolved(y, kernel, kind):
    if kind == 'up':
        return F.conv_transpose2d(y, kernel.transpose(0, 1), stride=2)
    return F.conv2d(y, kernel, stride=2) if kind == 'down' else F.conv2d(y, kernel, padding=1)


@torch.no_grad()
def kernels(net, y, mix):
    """{layer: (ranges, numbers)} of all layers between the first and the last."""
    form, found, kept = stored.form_of(net), {}, None
    count, (down, up) = len(stored.layers(form)), stored.middle(form)
    for k in range(count - 1):
        kind = {down: 'down', up: 'up'}.get(k, 'square')
        kernel = torch.from_numpy(np.array(stored.kernel_of(net, k), np.float32))
        if k:
            found[k] = rounded(kernel, y, kind)
            kernel = torch.from_numpy(stored.from_bytes(*found[k]))
        bias, slope = (torch.from_numpy(np.array(net[f'{part}{k}'], np.float32))
                       for part in ('bias', 'slope'))
        kept = y if k == down else kept
        y = convolved(y, kernel, kind) + (mix @ bias)[:, :, None, None]
        y = torch.where(y > 0, y, y * slope[:, None, None])
        y = y + kept if k == up else y
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('net')
    parser.add_argument('out')
    parser.add_argument('--set', required=True)
    args = parser.parse_args()
    net = stored.load(args.net)
    found = kernels(net, *pages(args.set, stored.form_of(net)[3]))
    stored.save(args.out, net, lambda k, _: found[k])


if __name__ == '__main__':
    main()
