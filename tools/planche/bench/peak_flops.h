/* SPDX-License-Identifier: MIT */
/* Peak FLOP/s of the CPU, measured: what rates of kernels are compared with. */
#ifndef PLANCHE_CLI_BENCH_PEAK_FLOPS_H
#define PLANCHE_CLI_BENCH_PEAK_FLOPS_H

/* fp32 GFLOP/s of that many threads at once with the instructions of an instruction set (as in
 * planche_engine_info): fused multiply-adds, or multiplications and additions where the set has no
 * fused ones. Takes a third of a second. 0: not known for this CPU. */
double planche_cli_peak_flops(const char *isa, unsigned threads);

#endif
