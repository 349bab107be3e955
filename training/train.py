#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains networks side by side on the same batches.

train.py --set SET.zip --out DIR --net small=32x8 --net tiny=24x8:edges:0.0015 --seconds 500

A network is NAME=FORM[:RECIPE[:RATE[:METHOD]]][@START]: channels x depth (x scale) as in network.py, a
recipe of losses.py, a learning rate, how kernels are trained (muon or adam; all else is by AdamW), a
folded network to begin with (of the same form, shallower or narrower, in colour for a grey one, or of
another scale). After --seconds of the process (or --steps) it ends and leaves in DIR, for each network,
NAME.npz (folded weights, for export.py), NAME.log and NAME.N.ckpt; --resume DIR goes on from these.
The rate falls to 1 % at the end; --part 2/3 says that this is the second of three pieces of one fall.
With --total STEPS the fall is over the networks' own steps, wherever pieces end: the process ends when
there are so many, or after --seconds. All networks of a run have one scale and one number of colours.
"""
import argparse
import contextlib
import json
import math
import os
import time

import numpy as np
import torch

import data
import degrade
import inputs
import losses
import muon
import network
import stored

START = time.time()
SHARD = 15 * 2 ** 20
SETTLED, DEAD = 1000, .03  # steps after which so small a share of Network.colours() does not grow again


class Feed:
    """Batches, made on a stream of their own beside the steps. Crops are kept for a while and used
    several times, turned anew: a batch and its damage take as long as a step of a small network."""

    def __init__(self, args, pool, damage):
        self.args, self.pool, self.damage, self.made, self.taken = args, pool, damage, 0, 0
        self.kept = None
        self.stream = torch.cuda.Stream() if args.cuda else None
        self.steps = torch.cuda.Event() if args.cuda else None
        if self.stream:
            self.stream.wait_stream(torch.cuda.current_stream())
        with self.beside():
            for _ in range(args.kept):
                self.make()
            self.next = self.draw()

    def beside(self):
        return torch.cuda.stream(self.stream) if self.stream else contextlib.nullcontext()

    def make(self):
        """A new batch in place of the oldest one that is kept: large and small pages, levels."""
        n = self.args.batch
        if self.made % self.args.every == 0:
            self.pool.refresh()
        level = self.damage.sample_levels(n)
        large = self.pool.batch(n)
        new = [(x * 255).round().to(torch.uint8) for x in (large, self.damage(large, level))] + [level]
        if self.kept is None:
            self.kept = [torch.zeros(self.args.kept * n, *x.shape[1:], dtype=x.dtype, device=x.device)
                         for x in new]
        at = self.made % self.args.kept * n
        for kept, x in zip(self.kept, new):
            kept[at:at + n] = x
        self.made += 1

    def draw(self):
        """Some of the crops that are kept: large and small ones, and the mixture of levels."""
        level = self.kept[2]
        which = torch.randperm(len(level), device=level.device)[:self.args.batch]
        large, small = data.turned(*(x[which].float() / 255 for x in self.kept[:2]))
        return small.contiguous(memory_format=torch.channels_last), large, network.mixture(level[which])

    def take(self):
        """A batch for a step; the next one is begun before the step is."""
        batch = self.next
        if self.stream:
            now = torch.cuda.current_stream()
            now.wait_stream(self.stream)
            for x in batch:
                x.record_stream(now)
            self.steps.synchronize()  # no more than one step ahead
            self.steps.record(now)
        with self.beside():
            self.taken += 1
            if self.taken % self.args.uses == 0:
                self.make()
            self.next = self.draw()
        return batch


class Student:
    """A network with all that its training needs."""

    def __init__(self, spec, args, device):
        self.name, form, recipe, rate, method, start = inputs.network(spec, losses.RECIPES)
        self.recipe, self.rate, self.fresh = recipe or args.recipe, rate or args.rate, not start
        torch.manual_seed(args.seed)
        self.net = network.parse(form)
        if method == 'muon':
            self.net.fold()
        self.method = method or 'adam'
        self.net.to(device)
        self.muon = muon.Muon(self.net.weights() if method == 'muon' else [])
        self.form, self.device, self.steps, self.log = form, device, 0, []
        self.sum = torch.zeros((), device=device)
        options = {'fused': True, 'capturable': True} if args.cuda else {}
        # A tensor, so that a captured step sees it change.
        self.now = torch.tensor(self.rate, device=device) if args.cuda else self.rate
        self.opt = torch.optim.AdamW([p for p in self.net.parameters() if p not in self.muon.state],
                                     lr=self.now, betas=(.9, .99), weight_decay=0., **options)
        self.graph, self.inputs = None, None
        self.ema = [p.detach().clone() for p in self.net.parameters()]
        if not self.restore(args.resume) and start:
            self.start(start)
        self.kernels, self.run = self.net.kernels, self.net.forward
        if args.compile:
            self.kernels = torch.compile(self.net.kernels)
            self.run = torch.compile(self.net.forward)

    def first(self, *args):
        """The first step; without the compiler if that fails."""
        try:
            self.step(*args)
        except Exception as error:  # pylint: disable=broad-except
            if self.run == self.net.forward:
                raise
            print(self.name, 'is not compiled:', str(error)[:2000], flush=True)
            self.kernels, self.run = self.net.kernels, self.net.forward
            self.step(*args)

    def forward(self, lr, mix):
        kernels = [k.contiguous(memory_format=torch.channels_last) for k in self.kernels()]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == 'cuda'):
            return self.run(lr[:, :self.net.form[3]], mix, kernels)

    def update(self, lr, hr, mix):
        """One step at the present rate: everything that a captured step repeats."""
        value = losses.loss(self.recipe, self.forward(lr, mix), hr[:, :self.net.form[3]])
        self.net.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), .5)
        self.opt.step()
        self.muon.step(self.now if torch.is_tensor(self.now) else self.opt.param_groups[0]['lr'])
        with torch.no_grad():
            for e, p in zip(self.ema, self.net.parameters()):
                e.lerp_(p, .002)
            self.sum += value.detach()

    def step(self, lr, hr, mix, factor):
        if torch.is_tensor(self.now):
            self.now.fill_(self.rate * factor)
        else:
            for group in self.opt.param_groups:
                group['lr'] = self.rate * factor
        if self.graph:
            for to, value in zip(self.inputs, (lr, hr, mix)):
                to.copy_(value)
            self.graph.replay()
        else:
            self.update(lr, hr, mix)
        self.steps += 1
        if self.steps == 300:  # what is averaged begins after the first steps
            with torch.no_grad():
                for e, p in zip(self.ema, self.net.parameters()):
                    e.copy_(p)

    def capture(self, lr, hr, mix):
        """Records a step as a CUDA graph: small networks are bound by launches else."""
        self.inputs = [lr.clone(), hr.clone(), mix.clone()]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.update(*self.inputs)
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.update(*self.inputs)
        self.graph = graph

    def report(self, count):
        self.log.append((self.steps, round(time.time() - START, 1), float(self.sum) / count))
        colours = self.net.colours()
        print(self.name, *self.log[-1], f'colours {colours:.3f}', flush=True)
        if self.steps >= SETTLED and colours < DEAD:
            print(f'{self.name}: edges of some colours will stay those of the small page: '
                  'begin anew, with another --seed or more --coloured', flush=True)
        self.sum.zero_()

    def state(self):
        """(name, tensor) of all that a later piece goes on from; moments in half the bits."""
        for k, (p, e) in enumerate(zip(self.net.parameters(), self.ema)):
            yield f'weight{k}', p.detach().cpu()
            yield f'ema{k}', e.cpu()
            if p in self.muon.state:
                yield f'momentum{k}', self.muon.state[p].to(torch.bfloat16).cpu()
                continue
            for key in ('exp_avg', 'exp_avg_sq'):
                yield f'{key}{k}', self.opt.state[p][key].to(torch.bfloat16).cpu()

    def save(self, out):
        shards, size = [{'form': self.form, 'steps': self.steps, 'method': self.method}], 0
        for name, tensor in self.state():
            size += tensor.numel() * tensor.element_size()
            if size > SHARD:
                shards.append({})
                size = tensor.numel() * tensor.element_size()
            shards[-1][name] = tensor
        for k, shard in enumerate(shards):
            torch.save(shard, os.path.join(out, f'{self.name}.{k}.ckpt'))
        live = [p.detach().clone() for p in self.net.parameters()]
        with torch.no_grad():
            for p, e in zip(self.net.parameters(), self.ema):
                p.copy_(e)
            np.savez(os.path.join(out, self.name + '.npz'), **self.net.folded())
            for p, w in zip(self.net.parameters(), live):
                p.copy_(w)
        with open(os.path.join(out, self.name + '.log'), 'w', encoding='utf-8') as stream:
            json.dump({'net': self.form, 'recipe': self.recipe, 'rate': self.rate,
                       'log': self.log}, stream)

    def restore(self, folder):
        """Goes on from the files of an earlier piece, if there are any."""
        files = inputs.checkpoints(folder, self.name) if folder else []
        if not files:
            print(self.name, 'begins', flush=True)
            return False
        state = inputs.state(files, self.form, self.method, len(self.ema),
                             lambda path: torch.load(path, map_location=self.device))
        self.steps = state['steps']
        with torch.no_grad():
            for k, (p, e) in enumerate(zip(self.net.parameters(), self.ema)):
                p.copy_(state[f'weight{k}'])
                e.copy_(state.get(f'ema{k}', p))  # lighten.py leaves one of them
                if f'momentum{k}' in state:
                    self.muon.state[p].copy_(state[f'momentum{k}'])
                if f'exp_avg{k}' in state:
                    self.opt.state[p] = {
                        'step': torch.tensor(float(self.steps), device=self.device),
                        'exp_avg': state[f'exp_avg{k}'].to(p.dtype),
                        'exp_avg_sq': state[f'exp_avg_sq{k}'].to(p.dtype)}
        return True

    def start(self, path):
        """Begins with a folded network, such as those of networks/."""
        self.net.unfold(stored.load(path))
        with torch.no_grad():
            for p, e in zip(self.net.parameters(), self.ema):
                e.copy_(p)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--set', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('--net', action='append', required=True)
    parser.add_argument('--resume')
    parser.add_argument('--part', default='1/1', help='K/N: piece K of N of one fall of the rate')
    parser.add_argument('--seconds', type=float, default=0)
    parser.add_argument('--steps', type=int, default=0)
    parser.add_argument('--total', type=int, default=0, help='steps of all pieces together')
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--crop', type=int, default=192)
    parser.add_argument('--pool', type=int, default=1024, help='drawn tiles')
    parser.add_argument('--group', type=int, default=16, help='tiles drawn at once')
    parser.add_argument('--every', type=int, default=60, help='batches between drawings')
    parser.add_argument('--shares', default='.14,.28,.16',
                        help='of a batch: pages screened, drawn ones, lettering; the rest is pages')
    parser.add_argument('--tinted', type=float, default=.15,
                        help='share of crops whose channels have contrasts of their own')
    parser.add_argument('--coloured', type=int, default=3000,
                        help='steps of networks from nothing until that share is reached; first, all crops '
                             'have (%(default)s)')
    parser.add_argument('--uses', type=int, default=2, help='steps in which a crop is used')
    parser.add_argument('--kept', type=int, default=64, help='batches of which crops are drawn')
    parser.add_argument('--recipe', default='colours', choices=losses.RECIPES)
    parser.add_argument('--keep', type=float, default=0,
                        help='seconds between states that are saved on the way')
    parser.add_argument('--rate', type=inputs.rate, default=1e-3)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--scans', type=float, default=0,
                        help='share of scanned pages: paper, blur, noise, made straight, contrast')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--no-graphs', dest='graphs', action='store_false')
    parser.add_argument('--no-compile', dest='compile', action='store_false')
    args = parser.parse_args()
    part, parts = (int(n) for n in args.part.split('/'))
    args.part = (part, parts)
    if not os.path.exists(args.set):
        parser.error(f'--set: there is no file {args.set}')
    args.cuda = args.device.startswith('cuda')
    args.compile = args.compile and hasattr(torch, 'compile') and args.cuda
    if not args.seconds and not args.steps and not args.total:
        parser.error('--seconds, --steps or --total')
    return args


def tinted_at(args, step):
    """Share of crops with contrasts of their own in each channel. All have them at first, else a network learns
    to leave colours alone before it has features for them, and does not come back."""
    more = max(0., 1 - step / args.coloured) if args.coloured else 0.
    return args.tinted + (1 - args.tinted) * more


def progress(args, began, step):
    """Share of this piece that is done; of the whole with --total."""
    if args.total:
        return (args.before + step) / args.total
    if args.steps:
        return step / args.steps
    if began is None:  # compiling is not part of the schedule
        return 0.
    return (time.time() - began) / max(1e-3, args.seconds - (began - START))


def over(args, done, step):
    if args.total and args.seconds and time.time() - START >= args.seconds:
        return True
    return done >= 1 or (args.steps and step >= args.steps)


def factor_of(args, step, done):
    """The rate at a step, as a share of the full one."""
    part, parts = (1, 1) if args.total else args.part
    done = (part - 1 + min(1., done)) / parts
    return min(1., (step + 1) / 300) * (.01 + .99 * (.5 + .5 * math.cos(math.pi * done)))


def prepare(args, students, batch):
    if args.cuda and args.graphs:
        for student in students:
            try:
                student.capture(*batch)
            except Exception as error:  # pylint: disable=broad-except
                student.graph = None
                print(student.name, 'is not captured:', str(error)[:2000], flush=True)


def profile(args, pool, feed, batch, students):
    """Prints what a drawing, a batch with its damage and a step of each network take."""
    def timed(name, call, times):
        for warm in (True, False):
            if args.cuda:
                torch.cuda.synchronize()
            start = time.time()
            for _ in range(1 if warm else times):
                call()
            if args.cuda:
                torch.cuda.synchronize()
        print(f'{name}: {(time.time() - start) / times * 1000:.1f} ms', flush=True)

    timed('drawing', pool.refresh, 3)
    timed('batch and damage', feed.make, 5)
    timed('crops', feed.draw, 5)
    for student in students:
        timed(student.name, lambda s=student: s.step(*batch, .01), 10)
        student.sum.zero_()


def main():
    args = arguments()
    device = torch.device(args.device)
    if args.cuda:
        torch.backends.cuda.matmul.allow_tf32 = False  # the transforms of JPEG
        torch.backends.cudnn.benchmark = True
    inputs.folder_for(args.out)
    students = [Student(spec, args, device) for spec in args.net]
    forms = {s.net.form[2:4] for s in students}
    if len(forms) > 1:
        raise SystemExit('networks of different scales or colours')
    scale, colours = forms.pop()
    args.before = students[0].steps
    if colours == 1 or not any(s.fresh for s in students):
        args.coloured = 0
    if args.total and args.before >= args.total:
        raise SystemExit(f'{args.before} steps are done already')
    pool = data.Pool(args.set, device, args.pool, args.group, args.crop,
                     args.seed + students[0].steps, colours == 1, .3 * args.scans, tinted_at(args, args.before),
                     [float(s) for s in args.shares.split(',')])
    damage = degrade.Damage(device, args.crop, scale, args.scans)
    if args.compile:
        damage.compile()
    print(f'{len(pool.pages)} tiles of pages, {len(pool.letters)} of letters, '
          f'{time.time() - START:.0f} s', flush=True)
    feed = Feed(args, pool, damage)
    step, began, told, kept = 0, None, 0, time.time()
    while True:
        pool.tinted = tinted_at(args, args.before + step)
        batch = feed.take()
        done = progress(args, began, step)
        factor = factor_of(args, step, done)
        for student in students:
            (student.step if step else student.first)(*batch, factor)
        step += 1
        if step == 5:
            prepare(args, students, batch)
            profile(args, pool, feed, batch, students)
            began = time.time()
            print(f'first steps after {began - START:.0f} s', flush=True)
        ended = over(args, progress(args, began, step) if args.total else done, step)
        if step % 1000 == 0 or ended:
            for student in students:
                student.report(step - told)
            told = step
        if ended:
            break
        if args.keep and time.time() - kept > args.keep:
            for student in students:
                student.save(args.out)
            kept = time.time()
    for student in students:
        student.save(args.out)
    if args.cuda:
        print(f'{torch.cuda.max_memory_allocated() / 2 ** 30:.1f} GiB')
    print(f'{step} steps, {time.time() - START:.0f} s')


if __name__ == '__main__':
    main()
