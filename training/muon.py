# SPDX-License-Identifier: MIT
"""Muon: steps whose matrices are orthogonal (K. Jordan et al., "Muon: an optimizer for hidden layers
in neural networks", 2024; the size of steps as in Liu et al., arXiv 2502.16982).

The gradient of a kernel is mostly about luminance, and the directions of colours and of fine
structure are small beside it. A step that is made orthogonal moves all directions alike.
"""
import torch

# Of the polynomial a x + b x^3 + c x^5, which brings singular values from 0..1 near 1 in five rounds.
TERMS = (3.4445, -4.7750, 2.0315)
ROUNDS = 5


def orthogonal(x):
    """x (k, rows, columns): the nearest orthogonal matrices, nearly."""
    a, b, c = TERMS
    tall = x.shape[1] > x.shape[2]
    x = x.transpose(1, 2) if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    x = x.bfloat16() if x.is_cuda else x
    for _ in range(ROUNDS):
        square = x @ x.transpose(1, 2)
        x = a * x + (b * square + c * square @ square) @ x
    return (x.transpose(1, 2) if tall else x).float()


class Muon:
    """Steps of kernels; a kernel is a matrix of its first side (outputs, of a step up inputs) and the rest."""

    def __init__(self, parameters, momentum=.95):
        self.parameters, self.momentum = list(parameters), momentum
        self.state = {p: torch.zeros_like(p) for p in self.parameters}

    @torch.no_grad()
    def step(self, rate):
        """rate: a number or a tensor of one element, about the size of AdamW's."""
        alike = {}
        for p in self.parameters:
            mean = self.state[p]
            mean.lerp_(p.grad, 1 - self.momentum)
            alike.setdefault(p.shape, []).append((p, p.grad.lerp(mean, self.momentum)))
        for shape, group in alike.items():
            moves = orthogonal(torch.stack([move.flatten(1) for _, move in group]))
            size = .2 * max(moves.shape[1:]) ** .5
            for (p, _), move in zip(group, moves):
                p.sub_(move.view(shape) * (rate * size))
