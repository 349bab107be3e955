/* SPDX-License-Identifier: MIT */
/* Cost model of layers: the measure by which algorithms and checkpoints are chosen.
 *
 * The unit is the time of one multiply-add at the FMA peak of a thread. The constants were fitted
 * to `kernels --bench` and `planche bench --profile`; docs/performance.md has the figures. They do
 * not depend on the machine that runs, so neither do the choices, nor the bytes. */
#ifndef PLANCHE_BACKEND_CPU_COST_H
#define PLANCHE_BACKEND_CPU_COST_H

#include "backend/cpu/pass.h"

/* An output pixel of a convolution or deconvolution with so many taps for it. */
double planche_cost_direct(double taps, enum planche_precision precision, uint32_t features,
                           double in_channels, double out_channels);
/* An output pixel of a 3x3 convolution by Winograd with tiles of 4 x 4 or 6 x 6. */
double planche_cost_winograd(unsigned tile, enum planche_precision precision, uint32_t features,
                             double in_channels, double out_channels);
/* All of a node's output. */
double planche_cost_node(const struct planche_program *program,
                         const struct planche_geometry *geometry, const struct planche_node *node);
/* What the unit is worth on a machine, and what memory costs there. */
struct planche_cost_machine {
    double rate;     /* multiply-adds in a second at the FMA peak of one thread */
    double new_byte; /* seconds for a byte that is new to the process; 0: memory costs nothing */
};
/* Constants, so that the same page takes the same memory every time: the peaks of common CPUs, and
 * the price of fresh pages on the metal or in a virtual machine. */
struct planche_cost_machine planche_cost_machine_of(uint32_t features, bool virtual_machine);
/* Seconds for what is not the network's in making a pixel of the result, about: codecs. */
#define PLANCHE_COST_RESULT_PIXEL 2e-8

/* A byte that one pass retains and another one reads, for every pass that keeps it: most of the way
 * to main memory and back lies beside the arithmetic (docs/cpu.md has the measurement). */
#define PLANCHE_COST_RETAINED_BYTE 10.0

#endif
