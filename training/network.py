# SPDX-License-Identifier: MIT
"""The networks: 3x3 convolutions at the page's resolution with PReLU, a pixel shuffle, plus the
repeated pixels. No averages over the page: rows stream through in one pass.

Each convolution begins as the sum of a 3x3, a 1x1, a 1x1 followed by a 3x3 and the identity (Ding et
al., RepVGG, arXiv 2101.03697; Bhardwaj et al., SESR, arXiv 2103.09404). AdamW trains these branches:
their sum is formed before the convolution is run, at every step, so a step costs no more than one of
the folded network, and the edges are padded as they are there. Muon trains the sum itself.

The level of cleaning changes the biases only: each layer has five, for the levels of
degrade.KNOTS, and those between are interpolated. With the level fixed it is a plain network.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

LEVELS = 5


class Step(nn.Module):
    """A convolution of 2x2 points without overlap: down halves the sides, up doubles them."""

    def __init__(self, inputs, outputs, up, gain=1.):
        super().__init__()
        self.up = up
        self.full = nn.Parameter(torch.empty(*((inputs, outputs) if up else (outputs, inputs)),
                                             2, 2))
        self.bias = nn.Parameter(torch.zeros(LEVELS, outputs))
        nn.init.normal_(self.full, std=gain * (2 / (inputs if up else 4 * inputs)) ** .5)

    def kernel(self):
        return self.full


class Conv(nn.Module):
    def __init__(self, inputs, outputs, gain=1.):
        super().__init__()
        self.square, self.branches = inputs == outputs, True
        self.full = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.point = nn.Parameter(torch.empty(outputs, inputs))
        self.expand = nn.Parameter(torch.empty(2 * inputs, inputs))
        self.project = nn.Parameter(torch.empty(outputs, 2 * inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(LEVELS, outputs))
        scale = gain * (.5 if self.square else 1.)
        nn.init.normal_(self.full, std=scale * (2 / (9 * inputs)) ** .5 * .7)
        nn.init.normal_(self.point, std=scale * (1 / inputs) ** .5 * .3)
        nn.init.normal_(self.expand, std=(1 / inputs) ** .5)
        nn.init.normal_(self.project, std=scale * (1 / (18 * inputs)) ** .5 * .5)

    def kernel(self):
        """The 3x3 kernel that the branches sum up to."""
        if not self.branches:
            return self.full
        o, i = self.full.shape[:2]
        k = self.full + F.pad(self.point.view(o, i, 1, 1), (1, 1, 1, 1))
        p = self.project.permute(2, 3, 0, 1) @ self.expand
        k = k + p.permute(2, 3, 0, 1)
        if self.square:
            k = k + F.pad(torch.eye(o, device=k.device).view(o, i, 1, 1), (1, 1, 1, 1))
        return k

    @torch.no_grad()
    def fold(self):
        """Leaves the kernel alone, as the sum of what the branches were."""
        self.full.copy_(self.kernel())
        self.branches = False
        del self.point, self.expand, self.project


class Network(nn.Module):
    """With `inner` layers of `wide` channels the middle of the network runs at half the size, where
    a layer sees twice as far; what was there before it is added behind it."""

    def __init__(self, channels, depth, scale=2, colours=3, wide=0, inner=0):
        super().__init__()
        self.form = (channels, depth, scale, colours) + ((wide, inner) if inner else ())
        self.scale = scale
        self.down, self.up = (1 + depth // 2, 2 + depth // 2 + inner) if inner else (None, None)
        gain = .6 if inner else 1.  # with 1 this form diverged at a rate of 0.0012
        layers = [Conv(colours, channels)] + [Conv(channels, channels, gain) for _ in range(depth)]
        if inner:
            middle = [Conv(wide, wide, gain) for _ in range(inner)]
            layers[self.down:self.down] = [Step(channels, wide, False), *middle,
                                           Step(wide, channels, True, gain=.1)]
        self.layers = nn.ModuleList(layers)
        self.last = Conv(channels, colours * scale * scale, gain=.1)
        self.slopes = nn.ParameterList(nn.Parameter(torch.full((la.bias.shape[1],), .1))
                                       for la in self.layers)

    def weights(self):
        """The parameters that are kernels, first to last; of sums the 3x3 alone."""
        return [layer.full for layer in (*self.layers, self.last)]

    def fold(self):
        """Each sum becomes one kernel, which is trained instead."""
        for layer in (*self.layers, self.last):
            if isinstance(layer, Conv):
                layer.fold()

    def kernels(self):
        return [layer.kernel() for layer in self.layers] + [self.last.kernel()]

    @torch.no_grad()
    def colours(self):
        """What the last layer does to the direction of colours that it changes least, as a share of what it does
        to the one that it changes most: 0.12 to 0.65 in the shipped networks that see all colours, under 0.01 where
        the pixels of a direction are only repeated. 1 for a network of one colour."""
        values = torch.linalg.svdvals(self.last.kernel().reshape(self.form[3], -1).float())
        return float(values[-1] / values[0])

    def forward(self, x, mix, kernels=None):
        """x (n, c, h, w); mix (n, 5): the weights of the levels. kernels: those of kernels(), made
        in full precision."""
        kernels = self.kernels() if kernels is None else kernels
        y = x
        kept = None
        for k, (layer, kernel, slope) in enumerate(zip(self.layers, kernels, self.slopes)):
            if k == self.down:
                kept, y = y, F.conv2d(y, kernel, stride=2)
            elif k == self.up:
                y = F.conv_transpose2d(y, kernel, stride=2)
            else:
                y = F.conv2d(y, kernel, padding=1)
            y = y + (mix @ layer.bias)[:, :, None, None].to(y.dtype)
            y = torch.where(y > 0, y, y * slope.view(1, -1, 1, 1).to(y.dtype))
            y = y + kept if k == self.up else y
        y = F.conv2d(y, kernels[-1], padding=1)
        y = y.float() + (mix @ self.last.bias)[:, :, None, None]
        return F.pixel_shuffle(y, self.scale) + F.interpolate(x, scale_factor=self.scale,
                                                              mode='nearest')

    def folded(self):
        """Arrays of the folded network, for export.py."""
        def array(t):
            return t.detach().float().cpu().numpy().astype(np.float32)

        out = {'form': np.array(self.form, np.int32)}
        for k, (layer, kernel) in enumerate(zip(list(self.layers) + [self.last], self.kernels())):
            out[f'kernel{k}'], out[f'bias{k}'] = array(kernel), array(layer.bias)
        for k, slope in enumerate(self.slopes):
            out[f'slope{k}'] = array(slope)
        return out

    @torch.no_grad()
    def unfold(self, stored):
        """Takes over a folded network: the 3x3 of each sum gets what the other branches lack."""
        stored = adapted(stored, self.form)
        device = self.last.full.device

        def tensor(name):
            return torch.from_numpy(stored[name].astype(np.float32)).to(device)

        for k, layer in enumerate(list(self.layers) + [self.last]):
            layer.full += tensor(f'kernel{k}') - layer.kernel()
            layer.bias.copy_(tensor(f'bias{k}'))
        for k, slope in enumerate(self.slopes):
            slope.copy_(tensor(f'slope{k}'))


def deeper(stored, depth):
    """Identities at the end: the network computes the same."""
    out, have = dict(stored), int(stored['form'][1])
    channels = int(stored['form'][0])
    out[f'kernel{depth + 1}'], out[f'bias{depth + 1}'] = (stored[f'kernel{have + 1}'],
                                                          stored[f'bias{have + 1}'])
    for k in range(have + 1, depth + 1):
        kernel = np.zeros((channels, channels, 3, 3), np.float32)
        kernel[range(channels), range(channels), 1, 1] = 1
        out[f'kernel{k}'], out[f'slope{k}'] = kernel, np.ones(channels, np.float32)
        out[f'bias{k}'] = np.zeros((LEVELS, channels), np.float32)
    return out


def wider(stored, channels, seed=1):
    """More channels: the old ones compute the same, nothing follows from the new ones yet."""
    out, have, depth = dict(stored), int(stored['form'][0]), int(stored['form'][1])
    rng = np.random.default_rng(seed)
    for k in range(depth + 2):
        old = stored[f'kernel{k}'].astype(np.float32)
        outputs = channels if k <= depth else old.shape[0]
        inputs = channels if k else old.shape[1]
        kernel = rng.normal(0, .7 * (2 / (9 * inputs)) ** .5, (outputs, inputs, 3, 3))
        kernel[:old.shape[0]] = 0
        kernel[:old.shape[0], :old.shape[1]] = old
        out[f'kernel{k}'] = kernel.astype(np.float32)
        if k <= depth:
            more = channels - have
            out[f'bias{k}'] = np.pad(stored[f'bias{k}'].astype(np.float32), ((0, 0), (0, more)))
            out[f'slope{k}'] = np.pad(stored[f'slope{k}'].astype(np.float32), (0, more),
                                      constant_values=.1)
    return out


def last_of(stored):
    """The number of the last layer."""
    return sum(name.startswith('kernel') for name in stored) - 1


def greyed(stored, scale):
    """One colour: the same for grey pages, weighted as luminance is."""
    out, last = dict(stored), last_of(stored)
    luma = np.array([.299, .587, .114], np.float32)
    kernel, bias = (stored[f'{part}{last}'].astype(np.float32) for part in ('kernel', 'bias'))
    out['kernel0'] = stored['kernel0'].astype(np.float32).sum(1, keepdims=True)
    out[f'kernel{last}'] = np.tensordot(luma, kernel.reshape(3, scale ** 2, *kernel.shape[1:]), 1)
    out[f'bias{last}'] = np.tensordot(bias.reshape(LEVELS, 3, -1), luma, (1, 0))
    return out


def rescaled(stored, old, new):
    """Another scale: each pixel begins as the nearest of the old ones, or as their mean."""
    out, last = dict(stored), last_of(stored)
    for part in ('kernel', 'bias'):
        table = stored[f'{part}{last}'].astype(np.float32)
        if part == 'bias':
            table = table.T
        table = table.reshape(-1, old, old, *table.shape[1:])
        if new == 1:
            table = table.mean((1, 2), keepdims=True)
        near = [int((k + .5) * table.shape[1] / new) for k in range(new)]
        table = table[:, near][:, :, near]
        table = table.reshape(-1, *table.shape[3:])
        out[f'{part}{last}'] = table.T if part == 'bias' else table
    return out


def grown(stored, form):
    """A network with a middle, as a wider one or one with a longer middle: the old channels compute
    the same, nothing follows from the new ones yet, and the new layers are identities."""
    have, net = [int(v) for v in stored['form']], Network(*form)
    old_up, out = 2 + have[1] // 2 + have[5], {'form': np.array(form, np.int32)}
    new = net.folded()
    added = net.up - old_up
    for k in range(len(net.layers) + 1):
        from_layer = k if k < old_up else k - added
        fresh = old_up <= k < net.up
        for part in ('kernel', 'bias') + (('slope',) if k < len(net.layers) else ()):
            value, shape = new[f'{part}{k}'], new[f'{part}{k}'].shape
            if fresh:
                value = np.zeros(shape, np.float32)
                if part == 'kernel':
                    value[range(shape[0]), range(shape[0]), 1, 1] = 1
                out[f'{part}{k}'] = np.ones(shape, np.float32) if part == 'slope' else value
                continue
            old = stored[f'{part}{from_layer}'].astype(np.float32)
            if part == 'kernel':
                outputs = 1 if k == net.up else 0  # the kernels of a step up begin with its inputs
                first = [slice(None)] * 4
                first[outputs] = slice(old.shape[outputs])
                value = value.copy()
                value[tuple(first)] = 0
            value[tuple(slice(n) for n in old.shape)] = old
            out[f'{part}{k}'] = value
    return out


def adapted(stored, form):
    """A stored network as one of another form: deeper, of one colour, for another scale. A network
    that was trained begins better than a random one."""
    have = [int(v) for v in stored['form']]
    if have == list(form):
        return stored
    channels, depth, scale, colours = form[:4]
    middle = len(have) > 4
    if (have[0] > channels or have[1] > depth or have[3] < colours or len(have) != len(form)
            or (middle and (have[1] != depth or have[4] > form[4] or have[5] > form[5]))):
        raise SystemExit(f'a network {tuple(have)} cannot become {form}')
    out = dict(stored)
    if have[3] > colours:
        out = greyed(out, have[2])
    if have[2] != scale:
        out = rescaled(out, have[2], scale)
    have[2:4] = scale, colours
    out['form'] = np.array(have, np.int32)
    if middle:
        return out if have == list(form) else grown(out, form)
    if channels > have[0]:
        out = wider(out, channels)
    out['form'] = np.array([channels, have[1], scale, colours], np.int32)
    return deeper(out, depth) if depth > have[1] else out


def mixture(level):
    """Weights of the five levels for levels between -1 and 3: linear between neighbours."""
    at = torch.arange(LEVELS, device=level.device, dtype=torch.float32) - 1
    return (1 - (level.view(-1, 1) - at).abs()).clamp(min=0)


def parse(text):
    """'32x8' -> Network(32, 8); '32x8x3' has scale 3, '32x8x2g' one colour; '48x6+96x8' has 8
    layers of 96 channels at half the size in the middle of its 6."""
    grey = text.endswith('g')
    outer, _, middle = text.rstrip('g').partition('+')
    channels, depth, scale = ([int(n) for n in outer.split('x')] + [2])[:3]
    wide, inner = (int(n) for n in middle.split('x')) if middle else (0, 0)
    return Network(channels, depth, scale, 1 if grey else 3, wide, inner)
