# SPDX-License-Identifier: MIT
"""Losses between the network's page and the true one."""
import torch
import torch.nn.functional as F

# Weights of the terms, by the name of a recipe. Terms: absolute difference, squared difference,
# difference of gradients, of the Fourier transform, of the means of 8 pixels, of the gradients of
# colour without luminance (without it small networks leave the edges of colours soft), logarithm of
# the squared difference of each crop (PSNR as a loss: flat art, whose errors are small, counts, too).
RECIPES = {
    'plain': {'l1': 1.},
    'edges': {'l1': 1., 'gradient': .5, 'fourier': .05},
    'tones': {'l1': 1., 'gradient': .5, 'fourier': .05, 'mean': .5},
    'colours': {'l1': 1., 'gradient': .5, 'fourier': .05, 'mean': .5, 'chroma': .5},
    'decibel': {'l1': .4, 'gradient': .3, 'fourier': .03, 'mean': .3, 'chroma': .5,
                'decibel': .012},
    'vivid': {'l1': .4, 'gradient': .3, 'fourier': .03, 'mean': .3, 'chroma': 1.5,
              'decibel': .012},
    'square': {'l1': 1., 'square': 4., 'gradient': .3, 'fourier': .05, 'mean': .3},
}
BORDER = 12


def term(name, y, t):
    d = y - t
    if name == 'l1':
        return d.abs().mean()
    if name == 'square':
        return (d * d).mean()
    if name == 'decibel':
        return ((d * d).flatten(1).mean(1) + 3e-6).log().mean()
    if name == 'gradient':
        return d.diff(dim=3).abs().mean() + d.diff(dim=2).abs().mean()
    if name == 'chroma':
        c = d - d.mean(1, keepdim=True)
        return c.abs().mean() + c.diff(dim=3).abs().mean() + c.diff(dim=2).abs().mean()
    if name == 'fourier':
        return torch.fft.rfft2(d, norm='ortho').abs().mean()
    return F.avg_pool2d(d, 8).abs().mean()


def loss(recipe, y, t):
    """Edges of the crop are left out: there the network saw padding."""
    b = BORDER
    y, t = y[..., b:-b, b:-b], t[..., b:-b, b:-b]
    return sum(w * term(name, y, t) for name, w in RECIPES[recipe].items())
