# SPDX-License-Identifier: MIT
"""Batches for training: a pool of tiles on the GPU, from pages and drawn ones, and crops of them.

Drawing a tile costs more than a step of a small network. So drawn tiles live in a pool, of which a
part is drawn anew every few steps; the damage is new for each crop.
"""
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image

import draw
import inputs

SIDE = 512


def tiles_of(image):
    """Tiles that cover the image; edges overlap."""
    h, w = image.shape[:2]
    rows = -(-h // SIDE)
    columns = -(-w // SIDE)
    for i in range(rows):
        for j in range(columns):
            y = 0 if rows == 1 else i * (h - SIDE) // (rows - 1)
            x = 0 if columns == 1 else j * (w - SIDE) // (columns - 1)
            yield image[y:y + SIDE, x:x + SIDE]


def page_tiles(page):
    """Tiles of a page, and of the page reduced: its lines are then thin and dense."""
    out = []
    for factor in (1, .7, .5) if page.width > 1250 else (1, .72):
        size = (max(SIDE, round(page.width * factor)), max(SIDE, round(page.height * factor)))
        image = page if factor == 1 and page.size == size else page.resize(size, Image.LANCZOS)
        for tile in tiles_of(np.asarray(image)):
            if tile.std() > 6:
                out.append(np.ascontiguousarray(tile.transpose(2, 0, 1)))
    return out


def load(path):
    """The set of make_set.py: tiles of pages (n, 3, s, s) and of letters (n, 1, s, s), uint8."""
    files = inputs.packed(path)
    with ThreadPoolExecutor(16) as pool:
        pages = list(pool.map(lambda f: page_tiles(inputs.picture(path, *f, 'RGB')),
                              [f for f in files if f[0].startswith('pages/')]))
        letters = list(pool.map(lambda f: np.asarray(inputs.tile(path, *f, SIDE))[None],
                                [f for f in files if f[0].startswith('letters/')]))
    pages = [t for page in pages for t in page]
    if not pages:
        raise SystemExit(f'{path}: there is nothing to see on its pages')
    return torch.from_numpy(np.stack(pages)), torch.from_numpy(np.stack(letters))


class Pool:
    def __init__(self, path, device, drawn=1024, group=16, crop=192, seed=1, grey=False,
                 stretched=0., tinted=0., shares=(.14, .28, .16)):
        """shares: of a batch, of pages screened, drawn ones and lettering alone; the rest is pages."""
        torch.manual_seed(seed)
        self.grey, self.stretched, self.tinted, self.shares = grey, stretched, tinted, shares
        self.device, self.group, self.crop = device, group, crop
        self.pages, self.letters = (t.to(device) for t in load(path))
        self.kinds = torch.zeros(drawn, dtype=torch.long, device=device)
        self.tiles = torch.zeros(drawn, 3, SIDE, SIDE, dtype=torch.uint8, device=device)
        self.next = 0
        self.turn = 0
        for _ in range(drawn // group):
            self.refresh()

    def some(self, tiles, n):
        k = torch.randint(len(tiles), (n,), device=self.device)
        return tiles[k].float() / 255

    def refresh(self):
        """Draws `group` tiles in place of the oldest; kinds in turn."""
        n = self.group
        kind = (1, 2, 3, 2, 1, 2)[self.turn % 6]
        alpha = 1 - self.some(self.letters, n)
        if kind == 1:
            tiles = draw.screened(*turned(self.some(self.pages, n)))
        elif kind == 2:
            tiles = draw.drawn(n, SIDE, alpha)
        else:
            tint = torch.rand(n, 3, 1, 1, device=self.device)
            grey = torch.rand(n, 1, 1, 1, device=self.device) < .25
            tiles = draw.letters_only(alpha, torch.where(grey, tint[:, :1], tint))
        at = slice(self.next, self.next + n)
        self.tiles[at] = (tiles * 255).round().to(torch.uint8)
        self.kinds[at] = kind
        self.next = (self.next + n) % len(self.tiles)
        self.turn += 1

    def cut(self, tiles, which):
        """A crop of each tile, out of two the livelier one as a rule."""
        n, s = len(which), self.crop
        span = torch.arange(s, device=self.device)
        best = None
        for _ in range(2):
            y = torch.randint(SIDE - s + 1, (n,), device=self.device)
            x = torch.randint(SIDE - s + 1, (n,), device=self.device)
            rows, columns = (y.view(-1, 1) + span), (x.view(-1, 1) + span)
            c = tiles[which.view(-1, 1, 1, 1), torch.arange(3, device=self.device).view(1, 3, 1, 1),
                      rows.view(n, 1, s, 1), columns.view(n, 1, 1, s)].float() / 255
            if best is None:
                best = c
            else:
                livelier = c.flatten(1).std(1) > best.flatten(1).std(1)
                keep = livelier | (torch.rand(n, device=self.device) < .2)
                best = torch.where(keep.view(-1, 1, 1, 1), c, best)
        return best

    def batch(self, n):
        """n large crops in 0..1: pages first, then drawn ones."""
        counts = [round(n * s) for s in self.shares]
        real = n - sum(counts)
        which = torch.randint(len(self.pages), (real,), device=self.device)
        out = [recoloured(self.cut(self.pages, which))]
        for kind, count in enumerate(counts, 1):
            has = (self.kinds == kind).float()
            out.append(self.cut(self.tiles, torch.multinomial(has, count, replacement=True)))
        out = faded(*turned(torch.cat(out)))
        out = contrasted(out, self.stretched) if self.stretched else out
        out = tinted(out, self.tinted) if self.tinted else out
        return draw.luma(out).expand(-1, 3, -1, -1) if self.grey else out


def turned(*images):
    """Mirrored and turned in one of eight ways, by a quarter of the batch each; all of `images` alike."""
    parts = []
    for pieces in zip(*(x.chunk(4) for x in images)):
        mirror, quarters = torch.rand(()) < .5, int(torch.randint(4, ()))
        pieces = [p.flip(3) if mirror else p for p in pieces]
        parts.append([p.rot90(quarters, (2, 3)) for p in pieces])
    return [torch.cat(list(x)) for x in zip(*parts)]


def recoloured(x):
    """Some pages in grey; of the others some with their colours exchanged."""
    n, device = x.shape[0], x.device
    order = torch.rand(n, 3, device=device).argsort(1)
    mixed = x.gather(1, order.view(n, 3, 1, 1).expand_as(x))
    x = torch.where(torch.rand(n, 1, 1, 1, device=device) < .3, mixed, x)
    grey = torch.rand(n, 1, 1, 1, device=device) < .12
    return torch.where(grey, draw.luma(x).expand(-1, 3, -1, -1), x)


def faded(x):
    """Some pages with grey blacks, tinted paper, inverted."""
    n, device = x.shape[0], x.device

    def some(p):
        return torch.rand(n, 1, 1, 1, device=device) < p

    black = torch.rand(n, 1, 1, 1, device=device) * .15
    white = 1 - torch.rand(n, 3, 1, 1, device=device) * .12
    x = torch.where(some(.1), black + x * (1 - black), x)
    x = torch.where(some(.06), x * white, x)
    return torch.where(some(.03), 1 - x, x)


def tinted(x, share):
    """Some pages whose channels have contrasts of their own, often opposite ones: their edges are as
    much of colour as of luminance. Edges of saturated colours are rare on pages, and networks left
    them soft."""
    n, device = x.shape[0], x.device
    gain = .3 + .7 * torch.rand(n, 3, 1, 1, device=device)
    own = x * gain + torch.rand(n, 3, 1, 1, device=device) * (1 - gain)
    own = torch.where(torch.rand(n, 3, 1, 1, device=device) < .5, 1 - own, own)
    return torch.where(torch.rand(n, 1, 1, 1, device=device) < share, own, x)


def contrasted(x, share):
    """Some pages with too much contrast, as black and white points set by hand give it. Page and
    truth have it alike: a network that sees no whole page cannot know where the points were."""
    n, device = x.shape[0], x.device
    low = torch.rand(n, 1, 1, 1, device=device) * .18
    high = 1 - torch.rand(n, 1, 1, 1, device=device) * .2
    on = torch.rand(n, 1, 1, 1, device=device) < share
    return torch.where(on, ((x - low) / (high - low)).clamp(0, 1), x)
