#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The whole of training: data, networks, export, evaluation, and whether the figures are those of
the networks in ../networks.

run.py --out DIR --pages PAGES --fonts FONTS --planche PLANCHE     everything
run.py --out DIR --only train --seconds 560                        where a run may take 10 minutes
run.py --out DIR ... --tiny                                        all steps in a minute, with toys, on a CPU

DIR keeps what is done: set.zip, test/, a folder for each stage of plan.tsv, networks/, cache/,
figures.tsv. The same command goes on where the last one ended; it ends with status 75 if --seconds
were not enough, and 1 if a figure is worse than the shipped one by more than noise (--only check).
Stages run in pieces of --piece seconds. With --gpus N the networks of a stage are dealt to N GPUs;
they see the same batches there as on one.
"""
import argparse
import json
import os
import shlex
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import stored  # noqa: E402

START = time.time()
STEPS = ('data', 'train', 'export', 'evaluate', 'check')
SPARE = 25  # seconds of a piece for its files
TOY = [['train', 'first', '12', '1', '-', 'small=8x1:tones:0.001 medium=8x1+8x1'],
       ['train', 'second', '10', '2', '-', 'medium=8x1+12x2:decibel:0.001:muon@first/medium'],
       ['export', 'small-2x', 'first/small', '-'], ['export', 'medium-2x', 'second/medium', 'bytes'],
       ['export', 'medium-2x-grey', 'first/medium', 'grey']]
TOY_OPTIONS = '--batch 16 --crop 64 --pool 8 --group 2 --kept 2'


def plan(args, kind):
    rows = TOY
    if not args.tiny:
        with open(args.plan, encoding='ascii') as stream:
            rows = [line.rstrip('\n').split('\t') for line in stream if not line.startswith('#')]
    return [row[1:] for row in rows if row[0] == kind]


def call(args, script, *rest, wait=True, env=None):
    """Runs a script of this folder."""
    command = [sys.executable, os.path.join(HERE, script), *(str(r) for r in rest)]
    print('+', shlex.join(command[1:]), flush=True)
    if args.dry_run:
        return None
    if not wait:
        return subprocess.Popen(command, env=env)
    status = subprocess.run(command, env=env, check=False).returncode
    if status:
        raise SystemExit(status if script.endswith('goals.py') else f'{script}: status {status}')
    return None


def left(args):
    """Seconds until this call has to end."""
    return args.seconds - (time.time() - START) if args.seconds else float('inf')


def pause(args, what):
    if left(args) < 2 * SPARE:
        print(f'{what} is not done: go on with the same command')
        sys.exit(75)


def data(args):
    """The set and the test set, unless they are there."""
    if not os.path.exists(args.set):
        toy = ('--letters', 4, '--take', 2) if args.tiny else ()
        # Renamed when it is whole.
        call(args, 'make_set.py', '--pages', args.pages, '--fonts', args.fonts, '--out',
             args.set + '.part', *toy)
        if not args.dry_run:
            os.rename(args.set + '.part', args.set)
    if not os.path.exists(os.path.join(args.test, 'hr')):
        toy = ('--each', 1) if args.tiny else ()
        call(args, 'eval/make_test.py', '--pages', args.pages, '--fonts', args.fonts, '--out',
             args.test, *toy)


def steps_done(folder, name):
    path = os.path.join(folder, name + '.log')
    if not os.path.exists(path):
        return 0
    with open(path, encoding='utf-8') as stream:
        return json.load(stream)['log'][-1][0]


def located(spec, out):
    """A network of the plan as train.py takes it: @STAGE/NAME is a file."""
    spec, _, start = spec.partition('@')
    return f'{spec}@{os.path.join(out, start)}.npz' if start else spec


def piece(args, folder, nets, steps, seed, options):
    """One process for each GPU, each with its share of the networks."""
    seconds = min(args.piece, left(args) - SPARE)
    running = []
    for gpu in range(min(args.gpus, len(nets))):
        specs = [part for net in nets[gpu::args.gpus] for part in ('--net', located(net, args.out))]
        env = dict(os.environ, CUDA_VISIBLE_DEVICES=str(gpu)) if args.gpus > 1 else None
        running.append(call(args, 'train.py', '--set', args.set, '--out', folder, '--resume',
                            folder, '--total', steps, '--seconds', round(seconds), '--seed', seed,
                            *shlex.split(options), *specs, wait=args.gpus == 1, env=env))
    for process in running:
        if process is not None and process.wait():
            raise SystemExit(f'train.py: status {process.returncode}')


def train(args):
    for stage, steps, seed, options, nets in plan(args, 'train'):
        folder = os.path.join(args.out, stage)
        options = '' if options == '-' else options
        if args.tiny:
            options += ' ' + TOY_OPTIONS
        nets = nets.split()
        while True:
            todo = [net for net in nets
                    if steps_done(folder, net.split('=')[0]) < int(steps)]
            if not todo:
                break
            pause(args, f'stage {stage}')
            piece(args, folder, todo, steps, int(seed) + args.seed, options)
            if args.dry_run:
                break


def export(args):
    """The files of networks/."""
    folder = os.path.join(args.out, 'networks')
    if not args.dry_run:
        os.makedirs(folder, exist_ok=True)
    for name, source, how in plan(args, 'export'):
        path = os.path.join(folder, name + '.planche')
        print('+', source, '->', path, flush=True)
        if args.dry_run:
            continue
        net = stored.load(os.path.join(args.out, source + '.npz'))
        if 'grey' in how.split(','):
            import network  # needs torch  # pylint: disable=import-outside-toplevel
            form = [int(v) for v in net['form']]
            form[3] = 1
            net = network.adapted(net, tuple(form))
            net['form'] = form
        if 'bytes' in how.split(','):
            import rounding  # needs torch  # pylint: disable=import-outside-toplevel
            found = rounding.kernels(net, *rounding.pages(args.set, stored.form_of(net)[3]))
            stored.save(path, net, lambda k, _, found=found: found[k])
        else:
            stored.save(path, net)


def figured(args, folder, *rest):
    """goals.py for the files of a folder: networks in colour, then those for grey pages. The test set
    is for scale 2."""
    files = [os.path.join(folder, name + '.planche') for name, _, _ in plan(args, 'export')
             if '-2x' in name]
    if args.tiny:
        rest = (*rest, '--alone')
    for grey in (False, True):
        some = [f for f in files if f.endswith('-grey.planche') == grey]
        if some:
            call(args, 'eval/goals.py', args.planche, args.test, os.path.join(args.out, 'cache'),
                 *some, *rest, *(('--grey',) if grey else ()))


def evaluate(args):
    figured(args, os.path.join(args.out, 'networks'))


def check(args):
    """Figures of the new files against those of the shipped ones, made now on the same set. In a toy
    the new files are compared with themselves."""
    path = os.path.join(args.out, 'figures.tsv')
    if os.path.exists(path) and not args.dry_run:
        os.remove(path)
    new = os.path.join(args.out, 'networks')
    figured(args, new if args.tiny else os.path.join(HERE, '..', 'networks'), '--write', path)
    figured(args, new, '--expect', path)


def arguments():
    parser = argparse.ArgumentParser(description=' '.join(__doc__.split('\n\n')[0].split()))
    parser.add_argument('--out', required=True)
    parser.add_argument('--pages', help='the files of sources.tsv')
    parser.add_argument('--fonts', help='the unpacked packages of fonts.tsv')
    parser.add_argument('--planche', help='the command, for the evaluation')
    parser.add_argument('--set', help='the packed set (default OUT/set.zip)')
    parser.add_argument('--test', help='the test set (default OUT/test)')
    parser.add_argument('--plan', default=os.path.join(HERE, 'plan.tsv'))
    parser.add_argument('--only', default=','.join(STEPS), help='steps, with commas: %(default)s')
    parser.add_argument('--seconds', type=float, default=0, help='after which this call ends')
    parser.add_argument('--piece', type=float, default=540, help='seconds of a piece (%(default)s)')
    parser.add_argument('--gpus', type=int, default=1)
    parser.add_argument('--seed', type=int, default=0, help='added to all seeds: another repetition')
    parser.add_argument('--dry-run', action='store_true', help='print what would be run')
    parser.add_argument('--tiny', action='store_true', help='toys instead of the plan')
    args = parser.parse_args()
    args.set = args.set or os.path.join(args.out, 'set.zip')
    args.test = args.test or os.path.join(args.out, 'test')
    args.only = args.only.split(',')
    if set(args.only) - set(STEPS):
        parser.error(f'--only knows {", ".join(STEPS)}')
    if args.gpus < 1:
        parser.error('--gpus is at least 1')
    if 'data' in args.only and not (args.pages and args.fonts):
        parser.error('data needs --pages and --fonts')
    if {'evaluate', 'check'} & set(args.only) and not args.planche:
        parser.error('evaluate and check need --planche')
    return args


def main():
    args = arguments()
    if not args.dry_run:
        os.makedirs(args.out, exist_ok=True)
    for step in STEPS:
        if step in args.only:
            print(f'== {step}, {time.time() - START:.0f} s', flush=True)
            {'data': data, 'train': train, 'export': export, 'evaluate': evaluate,
             'check': check}[step](args)
    print(f'done, {time.time() - START:.0f} s')


if __name__ == '__main__':
    main()
