# SPDX-License-Identifier: MIT
"""What happened to people's pages before they came here: reductions, JPEG, WebP, scans.

Every page of a batch gets damage of its own. `level` is what the network is told: -1 trusts the
file, 0 to 3 clean more and more; damage grows with it.
"""
import math

import torch
import torch.nn.functional as F

from quantisation import QUANT_C, QUANT_Y

TAPS = 8  # of a reduction, times its factor
# Quality of JPEG at the levels -1, 0, 1, 2, 3: from, to, share of clean files, share of twice.
LEVELS = ((96, 100, .88, 0.), (86, 98, .35, .05), (70, 94, .12, .15), (52, 84, .05, .3),
          (32, 68, .02, .4))
# The lengths at which the levels stand.
KNOTS = (-1., 0., 1., 2., 3.)


def cubic(x, b, c):
    x = abs(x)
    if x < 1:
        return ((12 - 9 * b - 6 * c) * x ** 3 + (-18 + 12 * b + 6 * c) * x ** 2 + 6 - 2 * b) / 6
    if x < 2:
        return ((-b - 6 * c) * x ** 3 + (6 * b + 30 * c) * x ** 2 + (-12 * b - 48 * c) * x
                + 8 * b + 24 * c) / 6
    return 0.


def sinc(x):
    return 1. if abs(x) < 1e-9 else math.sin(math.pi * x) / (math.pi * x)


def lanczos(x, a):
    return sinc(x) * sinc(x / a) if abs(x) < a else 0.


# Each kernel: weight in the mixture, function, stretch for a reduction by two (2: with antialiasing).
KERNELS = (
    (.30, lambda x: 1. if abs(x) < .5 else 0., 2), (.22, lambda x: lanczos(x, 3), 2),
    (.15, lambda x: cubic(x, 0, .5), 2), (.06, lambda x: cubic(x, 0, .75), 2),
    (.06, lambda x: max(0., 1 - abs(x)), 2), (.06, lambda x: cubic(x, 1 / 3, 1 / 3), 2),
    (.04, lambda x: lanczos(x, 2), 2), (.03, lambda x: cubic(x, 0, .5), 1),
    (.02, lambda x: cubic(x, 0, .75), 1), (.02, lambda x: lanczos(x, 3), 1.6),
    (.03, lambda x: math.exp(-x * x * 2), 2), (.03, lambda x: math.exp(-x * x * 2), 2.6))


def reduction(function, stretch, size, scale):
    """The matrix (size / scale, size) that reduces a row; edges are mirrored."""
    m = [[0.] * size for _ in range(size // scale)]
    for i, row in enumerate(m):
        middle = scale * i + (scale - 1) / 2
        near = range(math.ceil(middle - TAPS * scale / 2), math.floor(middle + TAPS * scale / 2) + 1)
        w = [function((at - middle) / (stretch * scale / 2)) for at in near]
        for at, weight in zip(near, w):
            at = -1 - at if at < 0 else 2 * size - 1 - at if at >= size else at
            row[at] += weight / sum(w)
    return m


def reductions(size, scale, device):
    """The matrices of all kernels, and the weights with which they are drawn."""
    table = torch.tensor([reduction(f, s, size, scale) for _, f, s in KERNELS], device=device)
    return table, torch.tensor([w for w, _, _ in KERNELS], device=device)


def reduced(hr, table, weights, trusted):
    """Reduces each page with a kernel of its own; some in linear light. Trusted files are never
    blurred ones: the last two kernels are not used for them."""
    n = hr.shape[0]
    allowed = weights.repeat(n, 1)
    allowed[:, -2:] *= (~trusted).float().view(n, 1)
    m = table[torch.multinomial(allowed, 1)[:, 0]].unsqueeze(1)
    linear = torch.rand(n, 1, 1, 1, device=hr.device) < .03
    x = torch.where(linear, hr.clamp(min=1e-4) ** 2.2, hr)
    x = (m @ x @ m.transpose(2, 3)).clamp(0, 1)
    return torch.where(linear, x.clamp(min=1e-6) ** (1 / 2.2), x)


def dct(size, device):
    """The transform of a block as one matrix (size^2, size^2)."""
    m = [[math.cos((2 * x + 1) * u * math.pi / (2 * size))
          * math.sqrt((1 if u == 0 else 2) / size) for x in range(size)] for u in range(size)]
    m = torch.tensor(m, device=device)
    return torch.kron(m, m)


def blocks(x, q, transform):
    """Quantises a plane (n, h, w; 0..255) in blocks; q (n, b, b)."""
    n, h, w = x.shape
    b = q.shape[-1]
    z = (x - 128).view(n, h // b, b, w // b, b).permute(0, 1, 3, 2, 4).reshape(n, -1, b * b)
    q = q.reshape(n, 1, b * b)
    z = (torch.round(z @ transform.t() / q) * q) @ transform
    return z.view(n, h // b, w // b, b, b).permute(0, 1, 3, 2, 4).reshape(n, h, w) + 128


def paper(x):
    """Texture of paper, to be added where it is white: grain, fibres, and what shines through from
    the other side."""
    n, _, h, w = x.shape

    def noise(rows, columns):
        return F.interpolate(torch.randn(n, 1, rows, columns, device=x.device), size=(h, w),
                             mode='bicubic', align_corners=False)

    texture = .007 * noise(h * 2 // 3, w * 2 // 3) + .011 * noise(h // 5, w // 5) \
        + .007 * noise(h // 6, w // 2)
    behind = F.interpolate(F.avg_pool2d(x.mean(1, keepdim=True), 4).flip(3), size=(h, w),
                           mode='bilinear', align_corners=False)
    share = torch.rand(n, 1, 1, 1, device=x.device)
    return texture * (.4 + .8 * share) - (1 - behind) * .05 * share.flip(0) - .012


def optics(x, spread):
    """Blur of a width of its own down and across; spread (n, 2)."""
    n, c, h, w = x.shape
    at = torch.arange(-3, 4, device=x.device, dtype=x.dtype)
    taps = torch.exp(-at * at / (2 * (spread * spread)[..., None]))
    taps = (taps / taps.sum(2, keepdim=True)).repeat_interleave(c, 0)[:, :, None]
    x = F.pad(x, (3, 3, 3, 3), mode='replicate').view(1, n * c, h + 6, w + 6)
    x = F.conv2d(F.conv2d(x, taps[:, :1].transpose(2, 3), groups=n * c), taps[:, 1:], groups=n * c)
    return x.view(n, c, h, w)


def straightened(x):
    """Turned by up to 1.5 degrees and back: interpolated twice, and everything is in its place."""
    n = x.shape[0]
    angle = (torch.rand(n, device=x.device) * 2 - 1) * math.radians(1.5)
    for turn, mode in ((angle, 'bicubic'), (-angle, 'bilinear')):
        c, s = turn.cos(), turn.sin()
        move = torch.stack([torch.stack([c, -s, c * 0], 1), torch.stack([s, c, c * 0], 1)], 1)
        grid = F.affine_grid(move, list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, mode=mode, padding_mode='border', align_corners=False).clamp(0, 1)
    return x


class Damage:
    """Makes the small page from the large one. Sides of the small page are multiples of 16."""

    def __init__(self, device, size, scale=2, scans=0.):
        """size: side of the large pages. With a scale of 1 the page keeps its size. scans: share of
        pages at levels from 0 on that went through a scanner."""
        self.device, self.scale = device, scale
        if scale > 1:
            self.table, self.weights = reductions(size, scale, device)
        self.dct8, self.dct4 = dct(8, device), dct(4, device)
        self.qy = torch.tensor(QUANT_Y, device=device, dtype=torch.float32).view(8, 8)
        self.qc = torch.tensor(QUANT_C, device=device, dtype=torch.float32).view(8, 8)
        self.levels = torch.tensor(LEVELS, device=device)
        self.scans = scans

    def compile(self):
        """Fuses the coders' many small operations, if the compiler can."""
        eager, compiled = self.code, torch.compile(self.code, dynamic=False)

        def code(*args):
            try:
                return compiled(*args)
            except Exception as error:  # pylint: disable=broad-except
                print('damage is not compiled:', str(error)[:2000], flush=True)
                self.code = eager
                return eager(*args)

        self.code = code

    def at(self, level):
        """Rows of LEVELS between the knots."""
        x = (level + 1).clamp(0, 4)
        low = x.floor().long().clamp(max=3)
        f = (x - low).view(-1, 1)
        return self.levels[low] * (1 - f) + self.levels[low + 1] * f

    def code(self, x, luma_steps, chroma_steps, half, transform):
        """Colours apart, quantised in blocks, chroma at half size where `half`."""
        n = x.shape[0]
        x = torch.round(x.clamp(0, 1) * 255)
        r, g, b = x[:, 0], x[:, 1], x[:, 2]
        y = blocks(.299 * r + .587 * g + .114 * b, luma_steps, transform)
        planes = []
        for c in (-.168736 * r - .331264 * g + .5 * b, .5 * r - .418688 * g - .081312 * b):
            full = blocks(c + 128, chroma_steps, transform) - 128
            small = blocks(F.avg_pool2d(c[:, None], 2)[:, 0] + 128, chroma_steps, transform) - 128
            small = F.interpolate(small[:, None], scale_factor=2., mode='bilinear',
                                  align_corners=False)[:, 0]
            planes.append(torch.where(half.view(n, 1, 1), small, full))
        cb, cr = planes
        rgb = torch.stack([y + 1.402 * cr, y - .344136 * cb - .714136 * cr, y + 1.772 * cb], 1)
        return rgb.clamp(0, 255).round() / 255

    def jpeg(self, x, quality, half):
        s = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality).view(-1, 1, 1) / 100
        return self.code(x, (self.qy * s).round().clamp(1, 255),
                         (self.qc * s).round().clamp(1, 255), half, self.dct8)

    def webp(self, x, quality):
        """Like lossy WebP in what it loses: 4x4 blocks, even steps, chroma at half size."""
        step = (1 + (100 - quality) * .55).view(-1, 1, 1).expand(-1, 4, 4)
        half = torch.ones(x.shape[0], dtype=torch.bool, device=x.device)
        return self.code(x, step, step * 1.3, half, self.dct4)

    def sample_levels(self, n):
        """What the network is told: often -1 and 1, else anything between -1 and 3. At scale 1 the
        page is the answer at -1, so that a tenth of the crops is enough."""
        r = torch.rand(n, device=self.device)
        level = torch.rand(n, device=self.device) * 4 - 1
        trusted, first = (.45, .8) if self.scale > 1 else (.1, .7)
        level = torch.where(r < trusted, torch.full_like(level, -1), level)
        return torch.where(r > first, torch.ones_like(level), level)

    def scan(self, x, level, share):
        """Soft or noisy scans and pages that were resized before, at levels from 0 on."""
        n = x.shape[0]

        def some(p):
            return (torch.rand(n, 1, 1, 1, device=self.device) < p * share) & (level > -.5)

        strength = ((level + 1) / 2).clamp(0, 2)
        noise = torch.randn_like(x[:, :1]) * (.004 + .006 * strength)
        colour = torch.randn_like(x) * .004 * strength
        x = torch.where(some(.15), x + noise + colour, x)
        factor = float(torch.rand(()) * .7 + .7)
        size = (max(16, int(x.shape[2] * factor)), max(16, int(x.shape[3] * factor)))
        other = F.interpolate(x, size=size, mode='bicubic', align_corners=False, antialias=True)
        other = F.interpolate(other, size=x.shape[2:], mode='bicubic', align_corners=False,
                              antialias=True)
        x = torch.where(some(.08), other, x)
        soft = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode='replicate'), 3, 1)
        x = torch.where(some(.08), x + (soft - x) * .6, x)
        return torch.where(some(.06), x + (x - soft) * .7, x).clamp(0, 1)

    def scanner(self, x, level):
        """Paper, the optics, the sensor, and being made straight, by `scans` of the pages each."""
        n = x.shape[0]

        def some(p):
            return (torch.rand(n, 1, 1, 1, device=self.device) < p * self.scans) & (level > -.5)

        strength = ((level + 1) / 2).clamp(.5, 2)
        x = torch.where(some(.7), x + paper(x) * strength * x, x).clamp(0, 1)
        x = torch.where(some(.7), optics(x, .3 + .4 * torch.rand(n, 2, device=self.device)), x)
        noise = torch.randn_like(x[:, :1]) * .014 * torch.rand(n, 1, 1, 1, device=self.device)
        x = torch.where(some(.7), x + noise * strength, x)
        return torch.where(some(.5), straightened(x), x).clamp(0, 1)

    def __call__(self, hr, level):
        """hr (n, 3, h, w) in 0..1 and a level for each: the small pages."""
        n = hr.shape[0]
        low, high, clean, twice = self.at(level).unbind(1)
        trusted = level < -.5
        lr = hr if self.scale == 1 else reduced(hr, self.table, self.weights, trusted)
        lr = self.scan(lr, level.view(-1, 1, 1, 1), 1.)
        if self.scans:
            lr = self.scanner(lr, level.view(-1, 1, 1, 1))

        def quality():
            return low + (high - low) * torch.rand(n, device=self.device)

        half = torch.rand(n, device=self.device) < .55
        half = half & ~(trusted & (torch.rand(n, device=self.device) < .8))
        first = self.jpeg(lr, quality(), half)
        shift = (int(torch.randint(8, ())), int(torch.randint(8, ())))
        again = torch.roll(self.jpeg(torch.roll(first, shift, (2, 3)), quality(), half),
                           (-shift[0], -shift[1]), (2, 3))
        webp = self.webp(lr, quality())
        r, s = torch.rand(n, device=self.device), torch.rand(n, device=self.device)
        out = torch.where((s < twice).view(n, 1, 1, 1), again, first)
        out = torch.where((s > .92).view(n, 1, 1, 1), webp, out)
        return torch.where((r < clean).view(n, 1, 1, 1), torch.round(lr * 255) / 255, out)
