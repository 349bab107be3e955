#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which level of cleaning is best for files that were damaged so or so.

levels.py make TEST OUT [N [DAMAGES]]   makes OUT/DAMAGE/*.EXT from TEST/clean, for every damage; of
                                        every N-th picture of a column, for these damages (commas)
levels.py run PLANCHE TEST OUT          enlarges all of them at every level with model medium, and writes
                                        OUT/levels.tsv: damage, column, level, mean PSNR in dB
levels.py choice PLANCHE TEST OUT       the same with the levels that the pages choose: OUT/choice.tsv
levels.py table OUT                     what was chosen beside the best level, by damage

TEST: the test set of make_test.py. Needs numpy and Pillow.
"""
import io
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import measure  # noqa: E402

LEVELS = (-1, -.5, 0, .5, 1, 1.5, 2, 2.5, 3)


def jpeg(picture, quality, half=True):
    stream = io.BytesIO()
    picture.save(stream, 'JPEG', quality=quality, subsampling=2 if half else 0)
    return stream.getvalue()


def webp(picture, quality):
    stream = io.BytesIO()
    picture.save(stream, 'WEBP', quality=quality)
    return stream.getvalue()


def png(data):
    stream = io.BytesIO()
    (data if isinstance(data, Image.Image) else decode(data)).save(stream, 'PNG')
    return stream.getvalue()


def decode(data):
    return Image.open(io.BytesIO(data)).convert('RGB')


def damages():
    """Names of damages, and what makes a file of a picture."""
    table = {'clean': ('png', png)}
    for q in (98, 95, 92, 90, 85, 80, 75, 70, 60, 50, 40, 30):
        table[f'jpeg{q}'] = ('jpg', lambda p, q=q: jpeg(p, q))
    for q in (95, 85, 70, 50):
        table[f'jpeg{q}full'] = ('jpg', lambda p, q=q: jpeg(p, q, False))
    for first, second in ((70, 70), (80, 95), (60, 95), (90, 75)):
        table[f'jpeg{first}to{second}'] = (
            'jpg', lambda p, a=first, b=second: jpeg(decode(jpeg(p, a)), b))
    for q in (90, 80, 70, 50):
        table[f'jpeg{q}png'] = ('png', lambda p, q=q: png(jpeg(p, q)))
    for q in (95, 90, 75, 50):
        table[f'webp{q}'] = ('webp', lambda p, q=q: webp(p, q))
    return table


def made(out):
    """The damages that `make` was asked for."""
    return [damage for damage in damages() if os.path.isdir(os.path.join(out, damage))]


def make(test, out, every='1', only=''):
    source = os.path.join(test, 'clean')
    names = [n for n in sorted(os.listdir(source))
             if int(re.sub(r'\D', '', n)) % int(every) == 0]
    for damage, (extension, save) in damages().items():
        if only and damage not in only.split(','):
            continue
        folder = os.path.join(out, damage)
        os.makedirs(folder, exist_ok=True)
        for name in names:
            picture = Image.open(os.path.join(source, name)).convert('RGB')
            with open(os.path.join(folder, name[:-3] + extension), 'wb') as stream:
                stream.write(save(picture))


def psnr(true, made):
    cut = slice(measure.BORDER, -measure.BORDER)
    return 10 * np.log10(65025 / max(1e-9, ((true[cut, cut] - made[cut, cut]) ** 2).mean()))


def enlarge(planche, options, sources, out):
    sources = [sources] if isinstance(sources, str) else sources
    command = [planche, *options, '-s', '2', '-f', 'png', '--grey', 'keep', '--backend', 'cpu',
               '--no-mark', '--threads', '1', *sources, '-o', out + '/']
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f'{" ".join(command)}: {done.stderr.decode()[-800:]}')
    return done.stdout.decode()


def measure_folder(test, folder):
    """PSNR by column."""
    columns = {}
    for name in sorted(os.listdir(folder)):
        true = measure.load(os.path.join(test, 'hr', name))
        column = name.removesuffix('.png').rstrip('0123456789')
        columns.setdefault(column, []).append(psnr(true, measure.load(os.path.join(folder, name))))
    return {column: float(np.mean(rows)) for column, rows in columns.items()}


def run(planche, test, out):
    with open(os.path.join(out, 'levels.tsv'), 'w', encoding='ascii') as table:
        for level in LEVELS:
            for damage in made(out):
                with tempfile.TemporaryDirectory() as folder:
                    enlarge(planche, ['-m', 'medium', '-n', str(level)], os.path.join(out, damage),
                            folder)
                    for column, value in measure_folder(test, folder).items():
                        print(damage, column, level, f'{value:.3f}', sep='\t', file=table, flush=True)


def choice(planche, test, out):
    """Each picture is a page by itself: not a book."""
    with open(os.path.join(out, 'choice.tsv'), 'w', encoding='ascii') as table:
        for damage in made(out):
            folder = os.path.join(out, damage)
            with tempfile.TemporaryDirectory() as result:
                files = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
                lines = enlarge(planche, ['-m', 'auto', '--json'], files, result)
                levels = {}
                for line in lines.splitlines():
                    page = json.loads(line)
                    column = os.path.basename(page['input']).split('.')[0].rstrip('0123456789')
                    levels.setdefault(column, []).append(page['level'])
                for column, value in measure_folder(test, result).items():
                    print(damage, column, f'{np.mean(levels[column]):.2f}', f'{value:.3f}', sep='\t',
                          file=table, flush=True)


def mean(figures, weights):
    return sum(figures[c] * weights[c] for c in weights) / sum(weights.values())


def table(out):
    counts = {}
    for name in os.listdir(os.path.join(out, made(out)[0])):
        column = name.split('.')[0].rstrip('0123456789')
        counts[column] = counts.get(column, 0) + 1
    levels, chosen = {}, {}
    with open(os.path.join(out, 'levels.tsv'), encoding='ascii') as stream:
        for damage, column, level, value in (line.split('\t') for line in stream):
            levels.setdefault(damage, {}).setdefault(float(level), {})[column] = float(value)
    with open(os.path.join(out, 'choice.tsv'), encoding='ascii') as stream:
        for damage, column, level, value in (line.split('\t') for line in stream):
            chosen.setdefault(damage, {})[column] = (float(level), float(value))
    for damage, columns in chosen.items():
        means = {level: mean(figures, counts) for level, figures in levels[damage].items()
                 if len(figures) == len(counts)}
        best = max(means, key=means.get)
        level = mean({c: v[0] for c, v in columns.items()}, counts)
        value = mean({c: v[1] for c, v in columns.items()}, counts)
        apart = ' '.join(f"{c} {columns[c][1] - max(f[c] for f in levels[damage].values()):+.2f}"
                         for c in counts)
        print(f'{damage:12} best {best:+.1f} chosen {level:+.2f} {value - means[best]:+.2f} '
              f'trusted {means[-1.] - means[best]:+.2f} | {apart}')


def main():
    tasks = {'make': make, 'run': run, 'choice': choice, 'table': table}
    if len(sys.argv) < 2 or sys.argv[1] not in tasks:
        raise SystemExit(__doc__)
    tasks[sys.argv[1]](*sys.argv[2:])


if __name__ == '__main__':
    main()
