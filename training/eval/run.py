#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Enlarges the test set through the planche command, so that all networks are measured alike.

run.py PLANCHE TEST OUT NAME=NET[:N]...

NET is what -m takes: a model of the catalogue or a file of Planche's own networks (NET.planche), with
N for -n; or a file of train.py (NET.npz), which is exported first. `clean` and `jpeg80` of TEST go to
OUT/NAME-clean and OUT/NAME-jpeg80; results that are there already are kept. Grey pages are written
in grey, as the command does it, and run the network for grey pages of models that have one. --kinds
names other folders of TEST.
"""
import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def enlarge(planche, model, level, source, out):
    command = [planche, '-m', model, '-s', '2', '-f', 'png', '--backend', 'cpu',
               '--no-mark', '--skip-existing', '--threads', '1', source, '-o', out + '/']
    if level is not None:
        command[3:3] = ['-n', level]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f'{" ".join(command)}: {done.stderr.decode()[-800:]}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('planche')
    parser.add_argument('test')
    parser.add_argument('out')
    parser.add_argument('nets', nargs='+')
    parser.add_argument('--kinds', default='clean,jpeg80', help='folders of TEST: %(default)s')
    args = parser.parse_args()
    for spec in args.nets:
        name, net = spec.split('=')
        model, _, level = net.partition(':')
        with tempfile.TemporaryDirectory() as folder:
            if model.endswith('.npz'):
                exported = os.path.join(folder, 'net.planche')
                subprocess.run([sys.executable, os.path.join(HERE, '..', 'export.py'), model,
                                exported], check=True)
                model = exported
            for kind in args.kinds.split(','):
                enlarge(args.planche, model, level or None, os.path.join(args.test, kind),
                        os.path.join(args.out, f'{name}-{kind}'))


if __name__ == '__main__':
    main()
