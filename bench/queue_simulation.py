#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""queue_simulation.py [--pages N] [--workers N]: many workers and one queue, in virtual time.

What a page costs the server (CPU), the wires of the server and the front is told by options, as measured by
queue_scaling.py; each is a resource that serves one request after the other. Pages take a worker a time that
is spread as --spread says. Prints where the time goes, and how many workers a queue can keep busy."""
import argparse
import heapq
import random


def simulate(args, workers, pages):
    """Seconds until all pages are made, and the share of it for which each resource was in use."""
    noise = random.Random(1)
    wire = (args.page_mb + args.result_mb) * 8e6 / args.wire / 1e9 * 2  # in and out, each of both
    front = args.front_ms + args.check_ms / args.cores
    cost = {"server": args.server_ms / 1e3 / args.servers, "wire": wire / args.servers,
            "front": front / 1e3 / args.fronts}
    free = dict.fromkeys(cost, 0.0)
    low, high = args.page_s * (1 - args.spread), args.page_s * (1 + args.spread)
    window = args.window * args.fronts
    ready = [(noise.uniform(0, args.page_s), worker) for worker in range(min(workers, window))]
    heapq.heapify(ready)
    end = 0.0
    for _ in range(pages):
        now, worker = ready[0]
        for name, seconds in cost.items():
            begin = max(now, free[name])
            free[name] = begin + seconds
            now = begin + seconds
        end = max(end, now)
        heapq.heapreplace(ready, (now + noise.uniform(low, high), worker))
    return end, {name: pages * seconds / end for name, seconds in cost.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=10_000_000)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--page-s", type=float, default=5.0, help="seconds of a page")
    parser.add_argument("--spread", type=float, default=0.8)
    parser.add_argument("--page-mb", type=float, default=0.5)
    parser.add_argument("--result-mb", type=float, default=1.5)
    parser.add_argument("--wire", type=float, default=1.0, help="Gbit/s of the server, each way")
    parser.add_argument("--server-ms", type=float, default=3.0, help="CPU of the server for a page")
    parser.add_argument("--front-ms", type=float, default=3.0)
    parser.add_argument("--check-ms", type=float, default=25.0, help="CPU of decoding a result, on any core of a front")
    parser.add_argument("--cores", type=int, default=8, help="of a front")
    parser.add_argument("--fronts", type=int, default=1)
    parser.add_argument("--servers", type=int, default=1, help="that share the pages, by their keys or by their fronts")
    parser.add_argument("--window", type=int, default=1024, help="pages that a front has in the queue")
    args = parser.parse_args()
    for workers in sorted({10, 30, 100, 300, args.workers}):
        pages = args.pages if workers == args.workers else 100 * workers
        seconds, used = simulate(args, workers, pages)
        rate = pages / seconds
        print(f"{workers:5} workers: {pages} pages in {seconds / 86400:.2f} days, {rate:.1f} pages/s, "
              f"{rate * args.page_s / workers:.1%} of linear; in use: " +
              ", ".join(f"{name} {share:.0%}" for name, share in used.items()))


main()
