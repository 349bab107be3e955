# SPDX-License-Identifier: MIT
"""Draws parts of comic pages as batches of tensors: screentone, hatching, hair, speed lines, flat
colour with ink, panels, balloons, lettering.

All shapes are functions of the coordinates, so that a batch of tiles is a few hundred operations on
a GPU. They are drawn at twice the size with smooth edges and reduced by averaging. Lengths are in
pixels of the finished tile; ink is 1 where there is ink.
"""
import math

import torch
import torch.nn.functional as F

LUMA = (.299, .587, .114)


def luma(x):
    w = torch.tensor(LUMA, device=x.device, dtype=x.dtype).view(1, 3, 1, 1)
    return (x * w).sum(1, keepdim=True)


class Canvas:
    """A batch of n square tiles of `size` pixels, drawn at `over` times that size."""

    def __init__(self, n, size, device, over=2):
        self.n, self.size, self.device, self.over = n, size, device, over
        self.side = size * over
        axis = (torch.arange(self.side, device=device, dtype=torch.float32) + .5) / over
        self.y, self.x = axis.view(1, 1, -1, 1), axis.view(1, 1, 1, -1)
        # Width of an edge: with one of half a pixel the reduced tile has the edges of exact areas.
        crisp = self.rand() * 0 + 1 / over
        self.soft = torch.where(self.chance(.7), crisp, self.rand(.3, 1.3))

    def rand(self, low=0., high=1., channels=1):
        r = torch.rand(self.n, channels, 1, 1, device=self.device)
        return r * (high - low) + low

    def chance(self, p):
        return torch.rand(self.n, 1, 1, 1, device=self.device) < p

    def choice(self, weights):
        """An index for each tile, drawn with these weights."""
        w = torch.tensor(weights, device=self.device, dtype=torch.float32)
        return torch.multinomial(w, self.n, replacement=True).view(-1, 1, 1, 1)

    def noise(self, cell):
        """Smooth noise of about unit variance whose features measure `cell` pixels."""
        k = max(3, int(self.size / cell) + 3)
        z = torch.randn(self.n, 1, k, k, device=self.device)
        z = F.interpolate(z, size=(self.side, self.side), mode='bicubic', align_corners=True)
        return z * 1.3

    def slope(self, f):
        """Length of the gradient of f per pixel."""
        gx = F.pad(f[..., :, 1:] - f[..., :, :-1], (0, 1, 0, 0), mode='replicate')
        gy = F.pad(f[..., 1:, :] - f[..., :-1, :], (0, 0, 0, 1), mode='replicate')
        return (gx * gx + gy * gy).sqrt() * self.over

    def near(self, distance):
        """Coverage where a distance in pixels is positive."""
        return (distance / self.soft + .5).clamp(0, 1)

    def inside(self, f, slope=None):
        """Coverage where f is positive."""
        slope = self.slope(f) if slope is None else slope
        return self.near(f / (slope + 1e-4))

    def finish(self, image):
        return F.avg_pool2d(image, self.over).clamp(0, 1)


def wave(u):
    """Triangle wave of period 1: 0 at whole numbers, 1 between them."""
    return 1 - (2 * (u - u.floor()) - 1).abs()


def pick(index, options):
    """options[index[i]] for each tile i."""
    out = options[0]
    for k, option in enumerate(options[1:], 1):
        out = torch.where(index == k, option, out)
    return out


def angles(c, fine):
    """Angles of screens: mostly 45 degrees, then other usual ones, some of any size. Fine ones,
    which the small page cannot tell from others, are mostly at 45 degrees."""
    usual = torch.tensor([45, 45, 45, 45, 30, 60, 15, 75, 0, 90], device=c.device) * math.pi / 180
    a = usual[torch.randint(len(usual), (c.n,), device=c.device)].view(-1, 1, 1, 1)
    a = torch.where(c.chance(.25), c.rand(0, math.pi), a)
    return torch.where(fine & c.chance(.55), c.rand() * 0 + math.pi / 4, a)


def screen(c, tone):
    """Screentone for a map of tones (1: black): dots of several shapes, lines, grain."""
    period = torch.where(c.chance(.7), c.rand(3.4, 8), c.rand(5, 14))
    fine = period < 5
    angle = angles(c, fine)
    second = angle + math.pi * torch.where(c.chance(.12) & ~fine, c.rand() * 0 + 1 / 3,
                                           c.rand() * 0 + .5)
    ratio = torch.where(c.chance(.08) & ~fine, c.rand(.7, 1.4), c.rand() * 0 + 1)
    u = (c.x * angle.cos() + c.y * angle.sin()) / period + c.rand()
    v = (c.x * second.cos() + c.y * second.sin()) / (period * ratio) + c.rand()
    cu, cv = (2 * math.pi * u).cos(), (2 * math.pi * v).cos()
    wu, wv = wave(u), wave(v)
    kind = c.choice([.54, .1, .06, .04, .12, .04, .04, .06])
    kind = torch.where(fine & c.chance(.8), kind * 0, kind)
    grain = torch.randn(c.n, 1, c.side, c.side, device=c.device)
    grain = F.avg_pool2d(F.pad(grain, (2, 2, 2, 2), mode='reflect'), 5, 1) * 5
    t = pick(kind, [.5 - (cu + cv) / 4,                       # round, then holes
                    ((wu * wu + wv * wv) / 1.6).clamp(max=1),  # round up to touching
                    .5 - .35 * cu - .15 * cv,                  # ellipses
                    torch.maximum(wu, wv),                     # squares
                    wu,                                        # lines
                    torch.minimum(wu, wv),                     # cross lines
                    (wu + wv) / 2,                             # diamonds
                    torch.sigmoid(1.7 * grain)])               # grain
    hole = c.chance(.12)                                       # white dots on ink
    cover = torch.where(hole, t - (1 - tone), tone - t)
    cover = c.inside(cover, c.slope(t))
    return torch.where(tone < .02, cover * 0, torch.where(tone > .98, cover * 0 + 1, cover))


def ramp(c):
    """Tones to be screened: flat, linear, radial, smooth, in steps."""
    a = c.rand(0, 2 * math.pi)
    line = ((c.x - c.size / 2) * a.cos() + (c.y - c.size / 2) * a.sin()) / c.size + .5
    px, py = c.rand(0, c.size), c.rand(0, c.size)
    radial = ((c.x - px) ** 2 + (c.y - py) ** 2).sqrt() / (c.rand(.4, 1.2) * c.size)
    smooth = torch.sigmoid(1.3 * c.noise(float(torch.rand(()) * 120 + 40)))
    low, high = c.rand(0, .6), c.rand(.2, 1)
    g = pick(c.choice([.4, .25, .15, .2]), [line * 0 + .5, line, radial, smooth]).clamp(0, 1)
    g = low + (high - low) * g
    steps = c.rand(3, 7).round()
    return torch.where(c.chance(.2), (g * steps).round() / steps, g).clamp(0, 1)


def dice(key, salt):
    """A number in 0..1 for each whole number of key."""
    z = torch.sin(key * 12.9898 + salt * 78.233) * 43758.5453
    return z - z.floor()


def bundle(c, spacing, u, v, length, width, taper=.25, jitter=.35):
    """Strokes along v, side by side in u: each has its own offset, width, length and taper."""
    salt = c.rand(0, 50)
    row = (u / spacing).floor()
    cell = ((v + 977 * dice(row, salt + 1)) / length).floor()
    key = row + 57 * cell
    along = (v + 977 * dice(row, salt + 1)) / length - cell
    start, end = .3 * dice(key, salt + 2), 1 - .3 * dice(key, salt + 3)
    middle = (row + .5 + jitter * (dice(key, salt + 4) - .5)) * spacing
    bend = (along - .5) * spacing * .5 * (dice(key, salt + 5) - .5)
    edge = torch.minimum(along - start, end - along)
    size = width * (.6 + .8 * dice(key, salt + 6)) * (edge / taper).clamp(0, 1)
    dense = c.slope(u).clamp(min=.15)
    return (c.near(size / 2 - (u - middle - bend).abs() / dense)
            * (size > .15) * (dice(key, salt + 7) > .04))


def hatch(c):
    """Hatching in one to three directions, straight or slightly bent."""
    a, out = c.rand(0, math.pi), 0
    spacing, width = c.rand(2.6, 9), c.rand(.8, 1.8)
    width = torch.minimum(width, spacing * .55)
    layers = c.choice([.5, .35, .15])
    warp = c.noise(160) * c.rand(0, 8)
    for k in range(3):
        b = a + k * c.rand(.5, 1.3)
        u = c.x * b.cos() + c.y * b.sin() + warp
        v = c.y * b.cos() - c.x * b.sin()
        out = torch.maximum(bundle(c, spacing, u, v, c.rand(20, 140), width) * (layers >= k),
                            out if torch.is_tensor(out) else torch.zeros_like(warp))
    return out


def hair(c):
    """Long, bent, dense strokes: hair, fur, grass, engraving."""
    a = c.rand(0, math.pi)
    warp = c.noise(float(torch.rand(()) * 160 + 60)) * c.rand(4, 40)
    swell = c.noise(50).clamp(-1.5, 1.5)
    u = c.x * a.cos() + c.y * a.sin() + warp
    v = c.y * a.cos() - c.x * a.sin()
    spacing = torch.where(c.chance(.6), c.rand(2.2, 5), c.rand(3, 12))
    width = spacing * (c.rand(.2, .6) + c.rand(0, .15) * swell)
    long = bundle(c, spacing, u, v, c.rand(80, 500), width.clamp(min=.5), .4, .5)
    thin = bundle(c, spacing * c.rand(.8, 1.7), u + c.noise(80) * c.rand(0, 5), v,
                  c.rand(60, 300), c.rand(.7, 1.3), .4, .6)
    return torch.where(c.chance(.5), torch.maximum(long, thin), long)


def rays(c):
    """Focus lines to a point, or speed lines."""
    px, py = c.rand(-.2, 1.2) * c.size, c.rand(-.2, 1.2) * c.size
    dx, dy = c.x - px, c.y - py
    r, phi = (dx * dx + dy * dy).sqrt(), torch.atan2(dy, dx)
    count = c.rand(60, 260).round()
    row = phi / (2 * math.pi) * count
    salt, key = c.rand(0, 50), row.floor()
    inner = c.size * c.rand(.1, .5) * (.7 + .6 * dice(key, salt))
    half = (.15 + .35 * dice(key, salt + 1)) * ((r - inner) / (.35 * c.size)).clamp(0, 1)
    across = (row - key - .5).abs() * 2 * math.pi * r / count
    focus = c.near(half * 2 * math.pi * r / count - across) * (r > inner)
    a = torch.where(c.chance(.6), c.rand(-.1, .1), c.rand(0, math.pi))
    u, v = c.y * a.cos() - c.x * a.sin(), c.x * a.cos() + c.y * a.sin()
    speed = bundle(c, c.rand(3, 14), u, v, c.rand(150, 700), c.rand(.8, 4), .6, .8)
    return torch.where(c.chance(.5), focus, speed)


def contour(c, field, level, width):
    """A line of this width where field equals level; it swells and thins."""
    distance = (field - level).abs() / (c.slope(field) + 1e-3)
    size = width * (1 + .5 * c.noise(60).clamp(-1.5, 1.5))
    return c.near(size / 2 - distance)


def colours(c, grey, low=0., high=1.):
    """A colour for each tile, grey where it says so; pastel and full ones."""
    value, rgb = c.rand(low, high), c.rand(low, high, 3)
    least, most = rgb.amin(1, True), rgb.amax(1, True)
    full = low + (high - low) * (rgb - least) / (most - least + 1e-3)
    rgb = torch.where(c.chance(.3), full, value + (rgb - value) * c.rand(.1, 1))
    return torch.where(grey, value.expand(-1, 3, -1, -1), rgb).clamp(0, 1)


def over(image, ink, alpha):
    return image + (ink - image) * alpha


def fill(c, grey):
    """What a region is filled with, as an image."""
    flat = colours(c, grey)
    paper = torch.where(c.chance(.7), torch.ones_like(flat), colours(c, grey, .7, 1))
    ink = torch.where(c.chance(.75), colours(c, grey, 0, .15), colours(c, grey, 0, .6))
    faint = torch.where(c.chance(.7), ink, colours(c, grey, 0, .9))
    tone = over(paper, ink, screen(c, ramp(c)))
    strokes = torch.where(c.chance(.45), hatch(c), hair(c))
    lines = over(paper, faint, strokes)
    lines = torch.where(c.chance(.12), over(ink, paper, strokes), lines)
    blend = over(flat, colours(c, grey), ramp(c))
    grain = blend + c.noise(3) * c.rand(0, .03)
    solid = torch.where(c.chance(.5), colours(c, grey, 0, .06), torch.ones_like(flat))
    kind = c.choice([.2, .36, .24, .12, .08])
    return pick(kind, [flat.expand_as(tone), tone, lines, grain.expand_as(tone),
                       solid.expand_as(tone)])


def regions(c, image, grey, count=3):
    """Regions with ink outlines and a hard shadow, each with its own filling."""
    ink = torch.where(c.chance(.7), colours(c, grey, 0, .2), colours(c, grey))
    for _ in range(count):
        field = c.noise(float(torch.rand(()) * 110 + 30))
        level = c.rand(-.6, .9)
        mask = c.inside(field - level) * c.chance(.85)
        image = over(image, fill(c, grey), mask)
        shade = c.inside(field - level - c.rand(.3, .9)) * c.chance(.3)
        image = over(image, image * c.rand(.5, .9), mask * shade)
        gap = torch.where(c.chance(.15), c.rand(-.08, .08), c.rand() * 0)
        width = torch.where(c.chance(.7), c.rand(1, 3.2), c.rand(2, 8))
        image = over(image, ink, contour(c, field, level + gap, width) * c.chance(.75))
    return image


def shapes(c, image, grey, count=5):
    """Boxes, discs and thin straight lines in flat colours of any contrast, as vector programs draw
    them: exact edges, outlines in any colour."""
    for k in range(count):
        a = torch.where(c.chance(.6), c.rand() * 0, c.rand(-math.pi, math.pi))
        px, py = c.x - c.rand(0, c.size), c.y - c.rand(0, c.size)
        u, v = px * a.cos() + py * a.sin(), py * a.cos() - px * a.sin()
        ru, rv = c.rand(4, 90) * c.rand(.3, 2), c.rand(4, 90)
        corner = torch.minimum(ru, rv) * torch.where(c.chance(.4), c.rand() * 0, c.rand())
        qu, qv = u.abs() - ru + corner, v.abs() - rv + corner
        far = (qu.clamp(min=0) ** 2 + qv.clamp(min=0) ** 2).sqrt()
        box = corner - far - torch.maximum(qu, qv).clamp(max=0)
        disc = torch.minimum(ru, rv) - (u * u + v * v).sqrt()
        distance = torch.where(c.chance(.7), box, disc)
        empty, line = c.chance(.3), torch.where(c.chance(.6), c.rand(.8, 2.5), c.rand(2, 7))
        image = over(image, colours(c, grey), c.near(distance) * ~empty)
        outline = c.near(line / 2 - distance.abs()) * (c.chance(.5) | empty)
        image = over(image, colours(c, grey), outline)
        if k < 2:
            spacing = c.rand(4, 40)
            at = (u / spacing - (u / spacing).round()).abs() * spacing
            inside = torch.where(c.chance(.5), distance, c.rand() * 0 + 9)
            image = over(image, colours(c, grey),
                         c.near(c.rand(.7, 2) / 2 - at) * c.near(inside) * c.chance(.4))
    return image


def panels(c, image):
    """One or two edges of panels: a border, a gutter, what lies beyond it."""
    for chance in (.35, .2):
        a = torch.where(c.chance(.7), c.rand() * 0, c.rand(-.3, .3)) + \
            math.pi / 2 * c.rand(0, 4).floor()
        d = (c.x - c.rand(.1, .9) * c.size) * a.cos() + (c.y - c.rand(.1, .9) * c.size) * a.sin()
        gutter, border = c.rand(0, 26), c.rand(1, 6)
        on = c.chance(chance)
        paper = torch.where(c.chance(.85), c.rand() * 0 + 1, c.rand() * 0)
        image = over(image, paper, c.near(d) * c.near(gutter - d) * on)
        ink = torch.maximum(c.near(border / 2 - d.abs()), c.near(border / 2 - (d - gutter).abs()))
        image = over(image, 1 - paper, ink * on)
    return image


def balloons(c, image):
    """A balloon: ellipse, rounded box or burst. Returns the image and where letters may stand."""
    px, py = c.rand(.2, .8) * c.size, c.rand(.2, .8) * c.size
    rx, ry = c.rand(60, 220), c.rand(60, 220)
    dx, dy = (c.x - px) / rx, (c.y - py) / ry
    power = torch.where(c.chance(.7), c.rand(2, 2.6), c.rand(3, 8))
    r = (dx.abs() ** power + dy.abs() ** power + 1e-6) ** (1 / power)
    spikes = (torch.atan2(dy, dx) * c.rand(8, 30).round()).cos() * c.rand(.02, .12)
    r = r * (1 + spikes * c.chance(.2))
    distance = (1 - r) * torch.minimum(rx, ry)
    on = c.chance(.4)
    dark = c.chance(.08)
    paper = torch.where(dark, c.rand(0, .05), c.rand(.97, 1).round())
    image = over(image, paper, c.near(distance) * on)
    width = c.rand(.8, 4) * c.chance(.9)
    image = over(image, 1 - paper, c.near(width / 2 - distance.abs()) * on * (width > 0))
    return image, (distance > 6) * on, dark


def lettering(image, alpha, where, dark, grey):
    """Letters (coverage alpha) on a finished tile: in balloons, and free ones with a halo."""
    n, device = image.shape[0], image.device
    ink = torch.where(dark, torch.ones_like(image), torch.zeros_like(image))
    tint = torch.rand(n, 3, 1, 1, device=device) * .75
    tint = torch.where(grey, tint[:, :1], tint)
    tint = torch.where(dark, 1 - tint, tint)
    ink = torch.where(torch.rand(n, 1, 1, 1, device=device) < .25, tint, ink)
    image = over(image, ink, alpha * where)
    free = (torch.rand(n, 1, 1, 1, device=device) < .22) & ~where.any(-1, True).any(-2, True)
    halo = (F.max_pool2d(alpha, 5, 1, 2) + F.max_pool2d(alpha, 3, 1, 1)).clamp(0, 1)
    has = torch.rand(n, 1, 1, 1, device=device) < .6
    flip = torch.rand(n, 1, 1, 1, device=device) < .3
    rgb = torch.rand(n, 3, 1, 1, device=device) * .4
    rgb = torch.where(grey, torch.zeros_like(rgb), rgb)
    first = torch.where(flip, 1 - rgb, rgb)
    image = over(image, 1 - first, halo * free * has)
    return over(image, first, alpha * free)


def letters_only(alpha, tint):
    """Letters on a page of their own: black on white, white on black, on grey or colour, in grey
    or colour. Faint letters matter: a network that saw black ones only makes grey lines thin."""
    n, device = alpha.shape[0], alpha.device
    r = torch.rand(n, 1, 1, 1, device=device)
    paper, ink = torch.ones(n, 3, 1, 1, device=device), torch.zeros(n, 3, 1, 1, device=device)
    paper, ink = torch.where(r < .12, ink, paper), torch.where(r < .12, paper, ink)
    pale = 1 - tint * .5
    paper = torch.where((r > .12) & (r < .24), pale, paper)
    ink = torch.where((r > .24) & (r < .5), tint * .85, ink)
    other = torch.rand(n, 3, 1, 1, device=device)
    paper = torch.where((r > .42) & (r < .5), torch.maximum(other, tint), paper)
    return over(paper, ink, alpha)


def print_colours(c, art):
    """Old colour print: four screens of ink laid over each other."""
    period = c.rand(3.5, 8)
    inks = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    black = (1 - art).amin(1, keepdim=True) * c.rand(.2, 1)
    out = torch.ones_like(art)
    for k, degrees in enumerate((15, 75, 0)):
        a = c.rand() * 0 + degrees * math.pi / 180
        dots = screen_round(c, (1 - art[:, k:k + 1] - black).clamp(0, 1), period, a)
        ink = torch.tensor(inks[k], device=c.device, dtype=torch.float32).view(1, 3, 1, 1)
        out = out * (1 - ink * dots * .95)
    dots = screen_round(c, black, period, c.rand() * 0 + math.pi / 4)
    return out * (1 - dots * .95)


def screen_round(c, tone, period, angle):
    u = (c.x * angle.cos() + c.y * angle.sin()) / period + c.rand()
    v = (c.y * angle.cos() - c.x * angle.sin()) / period + c.rand()
    t = .5 - ((2 * math.pi * u).cos() + (2 * math.pi * v).cos()) / 4
    return c.inside(tone - t, c.slope(t))


def screened(art):
    """Art drawn as manga: dark parts stay ink, the rest becomes tone."""
    n, _, size, _ = art.shape
    c = Canvas(n, size, art.device)
    big = F.interpolate(art, scale_factor=c.over, mode='bilinear', align_corners=False)
    y = luma(big)
    low, high = c.rand(.1, .35), c.rand(.7, .97)
    tone = ((high - y) / (high - low)).clamp(0, 1)
    steps = c.rand(3, 6).round()
    tone = torch.where(c.chance(.4), (tone * steps).round() / steps, tone)
    dots = screen(c, tone * c.rand(.6, 1))
    ink = ((low - y) / .06 + .5).clamp(0, 1)
    page = 1 - torch.maximum(dots, ink)
    fade = c.rand(0, .12) * c.chance(.4)
    page = (page * (1 - 2 * fade) + fade).expand(-1, 3, -1, -1)
    return c.finish(torch.where(c.chance(.08), print_colours(c, big), page))


def drawn(n, size, alpha):
    """Whole drawn tiles; alpha (n, 1, size, size) is the coverage of letters for them."""
    c = Canvas(n, size, alpha.device)
    grey = c.chance(.25)  # grey pages have networks of their own
    base = over(torch.ones(n, 3, 1, 1, device=c.device), colours(c, grey), c.chance(.35).float())
    image = base.expand(-1, -1, c.side, c.side)
    image = torch.where(c.chance(.5), fill(c, grey), image)
    flat = c.chance(.4)
    image = torch.where(flat, base.expand(-1, -1, c.side, c.side), image)
    image = torch.where(flat, shapes(c, image, grey), regions(c, image, grey))
    image = over(image, torch.where(c.chance(.8), c.rand() * 0, c.rand() * 0 + 1),
                 rays(c) * c.chance(.15))
    image = panels(c, image)
    image, where, dark = balloons(c, image)
    image = c.finish(image)
    where = F.avg_pool2d(where.float(), c.over) > .99
    image = lettering(image, alpha, where, dark, grey)
    bilevel = c.chance(.06) & grey                     # pages of one bit
    return torch.where(bilevel, (image > .5).float(), image)
