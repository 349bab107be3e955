#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what can be checked without a GPU: the lists of pages and fonts, that LICENSE-MODELS names
them, that every file is Python, and, where numpy is, what export.py and stored.py write. Prints what
is wrong."""
import ast
import glob
import os
import re
import sys

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
    net = {'form': np.array([4, 1, 2, 3])}
    for k, (i, o) in enumerate(((3, 4), (4, 4), (4, 12))):
        net[f'kernel{k}'] = np.full((o, i, 3, 3), k, np.float16)
        net[f'bias{k}'] = np.arange(5)[:, None].repeat(o, 1) + 10 * k
    net.update(slope0=np.zeros(4), slope1=np.zeros(4))
    lines, weights = export.layers(net, .25)
    head = export.text(lines).split('\n')[:2]
    if head != ['7767517', '10 11']:
        yield f'export.py: the file begins {head}'
    expected = 4 * (3 + 9 * (3 * 4 + 4 * 4 + 4 * 12) + 4 + 4 + 12 + 4 + 4)
    if len(weights) != expected:
        yield f'export.py: {len(weights)} bytes of weights, not {expected}'
    net['bias2'] = net['bias2'] / 8
    again = stored.unpack(stored.pack(net))
    if any((again[key] != net[key]).any() for key in net):
        yield 'stored.py: a network is not what it was'
    for level, value in ((-2, 0), (-1, 0), (.25, 1.25), (3, 4), (9, 4)):
        if abs(export.bias(net['bias0'], level)[0] - value) > 1e-9:
            yield f'export.py: bias at level {level}'


def main():
    wrong = [problem for check in (lists, attributed, python, exported) for problem in check()]
    print('\n'.join(wrong) or 'training: passed')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
