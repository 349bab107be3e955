#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes checkpoints of train.py small enough to travel: the averaged weights alone.

lighten.py FROM TO     folders; train.py --resume TO goes on with new moments
"""
import glob
import os
import sys

import torch

import inputs


def lighten(source, out):
    files = sorted(glob.glob(os.path.join(source, '*.ckpt')))
    if not files:
        raise SystemExit(f'{source}: there are no checkpoints (*.ckpt)')
    inputs.folder_for(out)
    for path in files:
        state = inputs.checkpoint(path, lambda file: torch.load(file, map_location='cpu'))
        light = {('weight' + k[3:] if k.startswith('ema') else k): v for k, v in state.items()
                 if k.startswith('ema') or k in ('form', 'steps', 'method')}
        torch.save(light, os.path.join(out, os.path.basename(path)))


def main():
    if len(sys.argv) != 3:
        raise SystemExit('lighten.py FROM TO: two folders')
    lighten(*sys.argv[1:])


if __name__ == '__main__':
    main()
