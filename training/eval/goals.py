#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Candidate networks against the goals, in a minute or two.

goals.py PLANCHE TEST CACHE [NAME=]NET...

NET: a file of train.py (NET.npz) or of Planche's own networks (NET.planche), or a model of the command
(medium). CACHE: a folder for the pictures of the rivals, which are made at the first call, and for
those of candidates, by the contents of their files (a model's own are made at each call). Clean
pictures run at level -1, art as JPEG of quality 80 at --level. With --grey all pictures are made grey
first: so networks for grey pages are compared, which a colour page could not run through.

First the table: PSNR in dB of art, art as JPEG 80, lettering, screentone, strokes and flat colour; hf of
screentone and lettering; SSIM of art; crisp: of lettering; hair, hatch: share of the energy of strokes
that keeps its direction; colour: largest mean shift of a colour in levels, of all columns; MAC:
multiplications of the network per pixel of the page, in thousands. Then what each candidate has over
(+) or lacks (-) of the goals of the three sizes. A test set without hair and hatch is good, too.

--damaged: PSNR of the other kinds of damage, too. --write FILE adds the candidates' figures to a file;
--expect FILE compares candidates with those of the same name there, and ends with status 1 if one is
worse by more than noise (NOISE below).
"""
import argparse
import glob
import hashlib
import io
import json
import multiprocessing
import os
import shutil
import subprocess
import sys

from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import measure  # noqa: E402
import stored  # noqa: E402

# Name: model, level for clean files, level for JPEG 80.
RIVALS = {'realcugan': ('realcugan', '-1', '1'), 'animevideov3': ('realesr-animevideov3', None, None),
          'cunet': ('waifu2x-cunet', '-1', '1'), 'upconv7': ('waifu2x-upconv7', '-1', '1')}
# Column of the table: kind, column and figure of measure.py.
FIGURES = {'art': ('clean', 'art', 'psnr'), 'jpeg80': ('jpeg80', 'art', 'psnr'),
           'letters': ('clean', 'letters', 'psnr'), 'tone': ('clean', 'tone', 'psnr'),
           'strokes': ('clean', 'strokes', 'psnr'), 'flat': ('clean', 'flat', 'psnr'),
           'hf': ('clean', 'tone', 'hf'), 'hf-let': ('clean', 'letters', 'hf'),
           'ssim': ('clean', 'art', 'ssim'), 'crisp': ('clean', 'letters', 'crisp'),
           'hair': ('clean', 'hair', 'along'), 'hatch': ('clean', 'hatch', 'along')}
DAMAGED = ('paper', 'scan', 'skew', 'webp60', 'twice')
COLUMNS = ('art', 'letters', 'tone', 'strokes', 'flat')  # for colour
# How much worse a repetition may be, by figure or column; README has what repetitions differed by.
NOISE = {'psnr': .3, 'tone': .8, 'hf': .025, 'ssim': .002, 'crisp': .015, 'along': .025, 'colour': .1}
SMALLER = ('colour',)  # is better
# Size: column, rival ('' for a fixed number, '*' for the best one), what is added to its figure.
GOALS = {'small': [(c, 'realcugan', 0) for c in (*FIGURES, 'colour')]
                  + [('letters', 'cunet', 0), ('tone', 'cunet', 0)],
         'medium': [('art', 'cunet', -.8), ('jpeg80', 'cunet', -.3), ('letters', 'cunet', 1.5),
                    ('tone', 'cunet', 2), ('hf', '', .93), ('colour', '', .3)],
         'large': [(c, '*', 0) for c in (*FIGURES, 'colour')]}


def greyed(test, out):
    """The test set in grey; its JPEG files are made anew, without colours."""
    for path in glob.glob(os.path.join(test, '[hc]*', '*.png')):
        if os.path.exists(os.path.join(out, *path.split(os.sep)[-2:])):
            continue
        kind, name = path.split(os.sep)[-2:]
        for folder in (kind, 'jpeg80') if kind == 'clean' else (kind,):
            os.makedirs(os.path.join(out, folder), exist_ok=True)
        page = Image.open(path).convert('L')
        page.save(os.path.join(out, kind, name))
        if kind == 'clean':
            jpeg = io.BytesIO()
            page.save(jpeg, 'JPEG', quality=80)
            Image.open(jpeg).save(os.path.join(out, 'jpeg80', name))
    return out


def sources(test, kind):
    """All pictures; of the JPEG files those of art."""
    return sorted(glob.glob(os.path.join(test, kind, 'art*' if kind == 'jpeg80' else '*')))


def enlarge(planche, model, level, files, out, scale=2):
    """Makes what is not there yet."""
    files = [f for f in files if not os.path.exists(os.path.join(out, os.path.basename(f)))]
    if not files:
        return
    command = [planche, '-m', model, *(('-n', level) if level else ()), '-s', str(scale), '-f', 'png',
               '--effort', '1', '--backend', 'cpu', '--no-mark', *files, '-o', out + '/']
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f'{planche} -m {model}: {done.stderr.decode()[-800:]}')


def cached(folder, test, kind, run):
    """Figures of a folder; kept beside it for as long as pictures and measure.py stay the same."""
    key = hashlib.sha256()
    with open(measure.__file__, 'rb') as stream:
        key.update(stream.read())
    for path in (*sources(test, kind), *sorted(glob.glob(os.path.join(folder, '*.png')))):
        key.update(f'{path} {os.stat(path).st_size} {os.stat(path).st_mtime_ns}'.encode())
    path, key = folder + '.json', key.hexdigest()
    if os.path.exists(path):
        with open(path, encoding='ascii') as stream:
            kept = json.load(stream)
        if kept['key'] == key:
            return kept['columns']
    columns = measure.columns(test, folder, run=run)
    with open(path, 'w', encoding='ascii') as stream:
        json.dump({'key': key, 'columns': columns}, stream)
    return columns


def row(name, model, levels, args, run):
    """The figures of a network, as a row of the table."""
    found = {}
    for kind in ('clean', 'jpeg80', *(DAMAGED if args.damaged else ())):
        level = levels[kind != 'clean']
        folder = os.path.join(args.cache, f'{name}-{kind}')
        enlarge(args.planche, model, level, sources(args.test, kind), folder)
        found[kind] = cached(folder, args.test, kind, run)
    out = {key: found[kind][column][figure] for key, (kind, column, figure) in FIGURES.items()
           if column in found[kind]}
    out['colour'] = max(found['clean'][c]['colour'] for c in COLUMNS if c in found['clean'])
    for kind in DAMAGED if args.damaged else ():
        out[kind] = sum(c['psnr'] for c in found[kind].values()) / len(found[kind])
    return out


def candidate(spec, cache):
    """(name, name of its pictures, model of the command, thousands of multiplications a pixel)."""
    name, _, path = spec.rpartition('=')
    name = name or os.path.splitext(os.path.basename(path))[0]
    if not path.endswith(('.npz', '.planche')):
        for folder in glob.glob(os.path.join(cache, f'model-{path}-*')):
            shutil.rmtree(folder, ignore_errors=True)
        return name, 'model-' + path, path, None
    net = stored.load(path)
    data = stored.pack(net)
    if path.endswith('.planche'):  # as it is: kernels in bytes, perhaps
        with open(path, 'rb') as stream:
            data = stream.read()
    kept = 'net-' + hashlib.sha256(data).hexdigest()[:12]
    model = os.path.join(cache, kept + '.planche')
    with open(model, 'wb') as stream:
        stream.write(data)
    return name, kept, model, stored.multiplications(net) / 1000


def figure_of(key):
    return FIGURES[key][2] if key in FIGURES else 'psnr' if key in DAMAGED else key


def line(name, figures, cost):
    cells = [f'{value:8.{2 if figure_of(key) == "psnr" else 3}f}' for key, value in figures.items()]
    return f'{name:16}' + ''.join(cells) + ('' if cost is None else f'{cost:8.0f}')


def margin(key, value, bound):
    return (bound - value) if key in SMALLER else (value - bound)


def against(figures, rivals, size):
    """What a candidate has over or lacks of each goal of a size."""
    parts = []
    for key, rival, offset in GOALS[size]:
        if key not in figures:
            continue
        of = [r[key] for n, r in rivals.items() if rival in ('*', n)]
        best = (min if key in SMALLER else max)(of) if of else 0
        more = margin(key, figures[key], offset + best)
        parts.append(f'{key}{">" + rival if size == "small" else ""} {more:+.{digits(key)}f}'
                     + ('' if more >= 0 else '!'))
    reached = sum(not p.endswith('!') for p in parts)
    return f'  {size:6} {reached}/{len(parts)}: ' + ', '.join(parts)


def digits(key):
    return 2 if figure_of(key) == 'psnr' else 3


def write(path, told):
    with open(path, 'a', encoding='utf-8') as stream:
        for name, figures in told:
            for key, value in figures.items():
                print(name, key, f'{value:.4f}', sep='\t', file=stream)


def expect(path, told):
    """Compares with the figures of a file; returns how many are worse."""
    with open(path, encoding='utf-8') as stream:
        rows = [line.rstrip('\n').split('\t') for line in stream]
    worse, compared = 0, 0
    for name, figures in told:
        wanted = {key: float(value) for n, key, value in rows if n == name and key in figures}
        if not wanted:
            raise SystemExit(f'{path}: no figures of {name}')
        for key, bound in wanted.items():
            more = margin(key, figures[key], bound)
            compared += 1
            if more < -NOISE.get(key, NOISE[figure_of(key)]):
                worse += 1
                print(f'{name}: {key} is {figures[key]:.3f}, not {bound:.3f}')
    print(f'{compared} figures compared, {worse} worse by more than noise')
    return worse


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('planche')
    parser.add_argument('test')
    parser.add_argument('cache')
    parser.add_argument('nets', nargs='*')
    parser.add_argument('--level', default='1', help='of candidates for JPEG 80')
    parser.add_argument('--size', action='append', choices=list(GOALS), help='goals of this size')
    parser.add_argument('--grey', action='store_true', help='all pages in grey')
    parser.add_argument('--damaged', action='store_true', help='other damage than JPEG, too')
    parser.add_argument('--alone', action='store_true', help='without rivals and goals')
    parser.add_argument('--write', help='add the figures to this file')
    parser.add_argument('--expect', help='figures to compare with')
    args = parser.parse_intermixed_args()
    if args.grey:
        if args.damaged:
            parser.error('--damaged goes without --grey')
        args.cache = os.path.join(args.cache, 'grey')
        args.test = greyed(args.test, os.path.join(args.cache, 'test'))
    os.makedirs(args.cache, exist_ok=True)
    return args


def main():
    args = arguments()
    rivals, told = {}, []
    with multiprocessing.Pool() as pool:
        def show(name, figures, cost):
            if not rivals and not told:
                print(f'{"":16}' + ''.join(f'{key:>8}' for key in (*figures, 'MAC')))
            print(line(name, figures, cost), flush=True)

        for name, (model, *levels) in () if args.alone else RIVALS.items():
            figures = row(name, model, levels, args, pool.map)
            show(name, figures, None)
            rivals[name] = figures
        for spec in args.nets:
            name, kept, model, cost = candidate(spec, args.cache)
            # jpeg80 at another level has a folder of its own
            kept = kept if args.level == '1' else f'{kept}-n{args.level}'
            figures = row(kept, model, ('-1', args.level), args, pool.map)
            show(name, figures, cost)
            told.append((name, figures))
    for name, figures in told if rivals else ():
        print(f'{name}, over (+) or short of (-!) the goals:')
        for size in args.size or GOALS:
            print(against(figures, rivals, size))
    if args.write:
        write(args.write, told)
    return 1 if args.expect and expect(args.expect, told) else 0


if __name__ == '__main__':
    sys.exit(main())
