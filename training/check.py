#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what can be checked without a GPU: the lists of pages and fonts, that LICENSE-MODELS names
them, that every file is Python, the plan, and, where numpy is, what export.py and stored.py write, how
wrong inputs are told, and what eval/measure.py says of pictures whose figures are known; where torch
is, what data.py says of wrong sets, that train.py goes on from what lighten.py leaves, and what it says of the
colours of a network. Prints what is wrong."""
import ast
import contextlib
import glob
import io
import os
import re
import sys
import tempfile
import types
import zipfile

sys.dont_write_bytecode = True  # nothing is left behind by the test

HERE = os.path.dirname(os.path.abspath(__file__))
FREE = re.compile(r'CC0|CC BY(-SA)? \d|public domain')
SCRIPTS = {'latin', 'cyrillic', 'japanese', 'chinese', 'korean'}


def rows(name, fields):
    """Rows of a list; a row of another length is an error of its own."""
    with open(os.path.join(HERE, name), encoding='utf-8') as stream:
        for number, line in enumerate(stream, 1):
            row = line.rstrip('\n').split('\t')
            if line.startswith('#'):
                continue
            if len(row) != fields or row[0] not in ('train', 'test') or not all(row):
                yield f'{name}:{number}: not {fields} fields that begin with train or test', None
            else:
                yield f'{name}:{number}', row


def lists():
    """A page or font has a free licence and one use."""
    uses = {}
    for where, row in rows('sources.tsv', 6):
        if row and not FREE.search(row[4]):
            yield f'{where}: licence "{row[4]}"'
        if row and uses.setdefault(row[1], where) != where:
            yield f'{where}: {row[1]} is in {uses[row[1]]}, too'
        if not row:
            yield where
    for where, row in rows('fonts.tsv', 5):
        if row and (row[1] not in SCRIPTS or uses.setdefault(row[3], where) != where):
            yield f'{where}: script {row[1]}, or {row[3]} is there twice'
        if not row:
            yield where


def python():
    for path in sorted(glob.glob(os.path.join(HERE, '**', '*.py'), recursive=True)):
        with open(path, encoding='utf-8') as stream:
            try:
                ast.parse(stream.read())
            except SyntaxError as error:
                yield f'{path}: {error}'


def attributed():
    sys.path.insert(0, HERE)
    import attributions
    yield from attributions.problems()


def exported():
    """The .param and .bin of a network of known size, and the rule of the biases."""
    try:
        import numpy as np
    except ImportError:
        print('numpy is not here: export.py is not checked')
        return
    import export
    import stored
    def made(form):
        net = {'form': np.array(form)}
        table, up = stored.layers(stored.form_of(net)), stored.middle(stored.form_of(net))[1]
        for k, (i, o, side) in enumerate(table):
            kernel = np.arange(o * i * side ** 2).reshape(o, i, side, side) % 127 - 63.
            net[f'kernel{k}'] = kernel.transpose(1, 0, 2, 3) if k == up else kernel
            net[f'bias{k}'] = np.arange(5)[:, None].repeat(o, 1) + 10 * k
            net[f'slope{k}'] = np.full(o, k / 8)
        del net[f'slope{len(table) - 1}']
        return net

    for form, head, weights in (
            ((4, 1, 2, 3), '10 11', 9 * (3 * 4 + 4 * 4 + 4 * 12) + 3 + 2 * (4 + 4) + 12),
            ((4, 1, 2, 3, 5, 1), '18 20', 9 * (3 * 4 + 4 * 4 + 5 * 5 + 4 * 12) + 4 * (4 * 5 + 5 * 4)
             + 6 + 2 * (4 + 4 + 5 + 5 + 4) + 12)):
        net = made(form)
        lines, data = export.layers(net, .25)
        if export.text(lines).split('\n')[:2] != ['7767517', head]:
            yield f'export.py: {form} begins {export.text(lines)[:20]}'
        if len(data) != 4 * weights:
            yield f'export.py: {len(data)} bytes of weights of {form}, not {4 * weights}'
        for small in (None, stored.in_bytes):
            again = stored.unpack(stored.pack(net, small))
            far = max(np.abs(again[key] - net[key]).max() for key in net)
            if far > (63 / 254 if small else 0) + 1e-9:
                yield f'stored.py: {form}, in bytes {bool(small)}: a number is off by {far}'
            if stored.pack(again, small) != stored.pack(net, small):
                yield f'stored.py: {form}, in bytes {bool(small)}: bytes are not what they were'
    for level, value in ((-2, 0), (-1, 0), (.25, 1.25), (3, 4), (9, 4)):
        if abs(export.bias(net['bias0'], level)[0] - value) > 1e-9:
            yield f'export.py: bias at level {level}'


def planned():
    """Networks begin with what an earlier stage made, and so do the files of ../networks."""
    with open(os.path.join(HERE, 'plan.tsv'), encoding='ascii') as stream:
        table = [line.rstrip('\n').split('\t') for line in stream if not line.startswith('#')]
    made = set()
    for row in table:
        used = [row[2]] if row[0] == 'export' else re.findall(r'@(\S+)', row[-1])
        yield from (f'plan.tsv: nothing makes {u}' for u in used if u not in made)
        if row[0] == 'train':
            made.update(f'{row[1]}/{net.split("=")[0]}' for net in row[5].split(' '))
    files = sorted(row[1] for row in table if row[0] == 'export')
    have = sorted(os.path.basename(p)[:-8] for p in glob.glob(
        os.path.join(HERE, '..', 'networks', '*.planche')))
    if files != have:
        yield f'plan.tsv: {files}, but networks/ has {have}'


def measured():
    """Pictures of which the figures are known."""
    try:
        import numpy as np
        import PIL  # pylint: disable=unused-import
    except ImportError:
        print('numpy or Pillow is not here: eval/measure.py is not checked')
        return
    sys.path.insert(0, os.path.join(HERE, 'eval'))
    import measure
    x = np.arange(272)[None] + .5 + np.zeros((272, 1))
    grey, stripes = x * 0 + 128, np.sin(2 * np.pi * x / 8)

    def bars(width):
        return 255 - 255 * np.clip(width / 2 + .5 - np.abs(x % 32 - 16), 0, 1)

    def coloured(y, red=0):
        return np.repeat(y[..., None], 3, 2) + [red, 0, 0]

    patch = grey.copy()
    patch[40:56, 40:56] += 51.2
    dots = 128 + 100 * stripes * np.cos(2 * np.pi * x.T / 8)
    wide, thin = bars(5), 128 + 100 * stripes
    soft = np.apply_along_axis(lambda r: np.convolve(np.pad(r, 1, 'wrap'), [1 / 3] * 3, 'valid'),
                               1, bars(4))
    cases = (  # what is true, made, and from where to where the figures are
        (thin, thin, {'ssim': (1, 1), 'gmsd': (0, 0), 'hf': (1, 1), 'crisp': (1, 1), 'along': (1, 1)}),
        (thin, 64 + thin / 2, {'hf': (.5, .5), 'crisp': (.5, .5), 'along': (.25, .25),
                               'broken': (0, 0), 'tone': (0, 1e-6)}),
        (thin, dots, {'along': (0, .1), 'broken': (.4, .6), 'ssim': (0, .05)}),
        (grey, grey + 6 * np.cos(2 * np.pi * x / 64), {'moire': (4.2, 4.3), 'width': (0, .01)}),
        (grey, grey + 6 * np.cos(2 * np.pi * x / 8), {'moire': (0, .01)}),
        (grey, patch, {'tone': (.2, .2), 'psnr': (38, 38.1)}),
        (bars(4), wide, {'stroke': (.9, 1.1), 'width': (24.9, 25.1), 'gmsd': (.2, .4)}),
        (bars(4), soft, {'stroke': (0, .05), 'width': (0, .1), 'crisp': (.6, .7)}))
    for k, (true, made, wanted) in enumerate(cases):
        found = measure.figures(coloured(true), coloured(made))
        for key, (low, high) in wanted.items():
            if not low - 1e-9 <= found[key] <= high + 1e-9:
                yield f'measure.py: {key} of case {k} is {found[key]}, not {low} to {high}'
    shift = measure.figures(coloured(grey), coloured(grey, 6))['colour']
    if abs(shift - 2.598) > 1e-6:  # 6 - .299 * 6, and twice .299 * 6, by three
        yield f'measure.py: colour is {shift}'


def refused(call, *says):
    """What is wrong unless the call ends with one line that says all that."""
    try:
        call()
    except SystemExit as error:
        lacking = [part for part in says if part not in str(error.code)]
        if lacking or '\n' in str(error.code):
            yield f'"{error.code}" does not say {lacking} in one line'
    except Exception as error:  # pylint: disable=broad-except
        yield f'{error!r} instead of a line that says {says}'
    else:
        yield f'nothing is wrong, instead of a line that says {says}'


def damaged(kind):
    """Zips with one packed entry, of which one byte is wrong."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, 'w', kind) as archive:
        archive.writestr('form.npy', bytes(range(256)) * 40)
        end = archive.start_dir
    data = whole.getvalue()
    for k in range(30 + len('form.npy'), end, 32):
        yield data[:k] + bytes([data[k] ^ 0xff]) + data[k + 1:]


def told():
    """Wrong paths and values are told in one line that names them."""
    sys.path.insert(0, HERE)
    import inputs
    if inputs.network('a=32x8x3g:plain:1e-3:muon@b', ['plain']) != ('a', '32x8x3g', 'plain', .001, 'muon', 'b'):
        yield 'inputs.py: a description of a network is taken for another one'
    if inputs.network('a=512x64+512x64', [])[1] != '512x64+512x64':
        yield 'inputs.py: the largest network is refused'
    for spec in ('', 'a', 'a=', '=32x8', 'a/b=32x8', 'a=32', 'a=x8', 'a=32x8x9', 'a=32x8::::', 'a=32x8:none',
                 'a=32x8::x', 'a=32x8:::sgd', '.=32x8', '..=32x8', 'a=32x8@', 'a=513x8', 'a=32x65', 'a=8x8+513x8',
                 'a=8x8+8x65', f'a={"9" * 5000}x8', *(f'a=32x8::{rate}' for rate in ('nan', 'inf', '-1', '0'))):
        yield from refused(lambda: inputs.network(spec, ['plain']), f'--net {spec}:')
    with tempfile.TemporaryDirectory() as folder:
        def path(name, data=None):
            if data is not None:
                with open(os.path.join(folder, name), 'wb') as stream:
                    stream.write(data)
            return os.path.join(folder, name)

        yield from refused(lambda: inputs.folder_for(path('file', b'')), path('file'), 'exists')
        with zipfile.ZipFile(path('other.zip'), 'w') as archive:
            archive.writestr('pages/a', 'x')
        for name, says in (('none', 'No such'), ('file', 'not a zip'), ('', 'directory'), ('other.zip', 'letters/')):
            yield from refused(lambda: inputs.packed(path(name)), path(name), says)
        for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
            for data in damaged(kind):
                yield from refused(lambda: inputs.packed(path('bad.zip', data)), path('bad.zip'))
        yield from refused(lambda: inputs.checkpoints(path('none'), 'a'), path('none'))
        others = [path(name, b'') for name in ('a.b.0.ckpt', 'b.a.0.ckpt', 'a.0.ckpt.tmp', 'a.00.ckpt')]
        if inputs.checkpoints(folder, 'a'):
            yield f'inputs.py: some of {others} are taken for checkpoints of a'
        files = [path(f'a.{k}.ckpt', b'') for k in (0, 1)]
        if inputs.checkpoints(folder, 'a') != files:
            yield 'inputs.py: checkpoints are not found'
        files[1] = path('a.2.ckpt', b'')
        os.remove(path('a.1.ckpt'))
        yield from refused(lambda: inputs.checkpoints(folder, 'a'), 'a.1.ckpt', 'there: 1')
        good = {'form': (8, 1), 'method': 'adam', 'steps': 1, 'weight0': 0}
        for read, says in ((lambda _: 1 // 0, 'division'), (lambda _: dict(good, form=0), 'form'),
                           (lambda _: dict(good, method='muon'), 'muon'), (lambda _: good, 'weight1')):
            yield from refused(lambda: inputs.state(files, (8, 1), 'adam', 2, read), path('a.'), says)
        try:
            from PIL import Image
            yield from refused(lambda: inputs.picture('set.zip', 'pages/x', b'x', 'RGB'), 'set.zip', 'pages/x')
            for size in ((8, 9), (9, 8)):
                Image.new('L', size).save(path('letters.png'))
                with open(path('letters.png'), 'rb') as stream:
                    small = stream.read()
                yield from refused(lambda: inputs.tile('set.zip', 'letters/x', small, 8), 'set.zip: letters/x',
                                   '%dx%d' % size, '8x8')
        except ImportError:
            print('Pillow is not here: pictures of sets are not checked')
        try:
            import stored
        except ImportError:
            return
        for name, data in (('none.npz', None), ('none.planche', None), ('a.npz', b''), ('b.npz', b'PK'), ('c.npz', b'x'),
                           ('a.planche', b''), *(('d.npz', data) for data in damaged(zipfile.ZIP_DEFLATED))):
            yield from refused(lambda: stored.load(path(name, data)), path(name))


def loaded():
    """A set whose letters are of the wrong size, and one whose pages are empty, end data.py with a line."""
    try:
        from PIL import Image
        import data
    except ImportError:
        print('torch is not here: data.py is not checked')
        return
    for side, says in ((data.SIDE - 1, 'letters/0.png'), (data.SIDE, 'nothing to see')):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'set.zip')
            with zipfile.ZipFile(path, 'w') as archive:
                for name in ('pages/0.png', 'letters/0.png'):
                    with archive.open(name, 'w') as stream:
                        Image.new('L', (side, side)).save(stream, 'PNG')
            yield from refused(lambda: data.load(path), path, says)


def lightened():
    """Networks that go on from what lighten.py left of their files have the averaged weights, and the steps."""
    try:
        import torch
        import lighten
        import train
    except ImportError:
        print('torch is not here: lighten.py is not checked')
        return
    train.SHARD = 4096  # so that there are several files
    args = types.SimpleNamespace(recipe='plain', rate=1e-3, seed=1, cuda=False, compile=False, resume=None)
    for spec in ('a=4x1', 'b=4x2+6x1g:::muon'):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            whole, light = os.path.join(folder, 'whole'), os.path.join(folder, 'light')
            args.resume = None
            net = train.Student(spec, args, torch.device('cpu'))
            for _ in range(2):
                net.step(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 32, 32), torch.full((1, 5), .2), 1)
            os.mkdir(whole)
            net.save(whole)
            lighten.lighten(whole, light)
            names = sorted(name for name in os.listdir(whole) if name.endswith('.ckpt'))
            if len(names) < 2 or sorted(os.listdir(light)) != names:
                yield f'lighten.py: {os.listdir(light)} of {names}'
            sizes = [sum(os.path.getsize(os.path.join(at, name)) for name in names) for at in (whole, light)]
            if sizes[1] > .7 * sizes[0]:
                yield f'lighten.py: {sizes[1]} bytes of {sizes[0]}'
            args.resume, args.seed = light, 2
            again = train.Student(spec, args, torch.device('cpu'))
            if again.steps != 2 or not all(torch.equal(p, e) and torch.equal(kept, e) for p, kept, e in zip(
                    again.net.parameters(), again.ema, net.ema)):
                yield f'lighten.py: train.py does not go on from what it leaves of {spec}'


def coloured():
    """All crops have contrasts of their own in each channel at first, fewer later; a direction of colours that a
    network leaves out is told."""
    try:
        import torch
        import network
        import train
    except ImportError:
        print('torch is not here: the colours of networks are not checked')
        return
    args = types.SimpleNamespace(tinted=.2, coloured=100)
    shares = [round(train.tinted_at(args, step), 3) for step in (0, 50, 100, 5000)]
    if shares != [1, .6, .2, .2]:
        yield f'train.py: shares of tinted crops are {shares}'
    args.coloured = 0
    if train.tinted_at(args, 0) != .2:
        yield 'train.py: --coloured 0 is not heeded'
    for form, outputs in (('4x1', 12), ('4x1x3', 27), ('4x1x2g', 4)):
        net = network.parse(form)
        net.fold()
        with torch.no_grad():
            net.last.full.copy_(torch.randn(outputs, 4, 3, 3, generator=torch.Generator().manual_seed(1)))
            alive = net.colours()
            part = outputs // net.form[3]
            net.last.full[-part:] = net.last.full[:part]  # blue is as red: nothing between them
        dead = net.colours()
        if alive < .3 or (dead > 1e-5) != (net.form[3] == 1):
            yield f'network.py: colours of {form} are {alive} and {dead}'


def main():
    checks = (lists, attributed, python, planned, told, exported, measured, loaded, lightened, coloured)
    wrong = [problem for check in checks for problem in check()]
    print('\n'.join(wrong) or 'training: passed')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
