/* SPDX-License-Identifier: MIT */
/* Scratch of the convolution with AMX: tables, then rounded inputs. */
#ifndef PLANCHE_KERNELS_CONV_AMX_H
#define PLANCHE_KERNELS_CONV_AMX_H

#include "kernels/kernels.h"

#define PLANCHE_CONV_AMX_PIXELS 64 /* worked on at once: four tiles */
#define PLANCHE_CONV_AMX_AHEAD  8  /* most pixels between entries that share rounded inputs */

/* A pair of entries whose inputs are rounded, `ahead` pixels more than are worked on. second is
 * NULL where the number of entries is odd. */
struct planche_conv_amx_group {
    const float *first, *second;
    size_t ahead;
};

/* Bytes of the tables for so many pairs of entries. */
static inline size_t planche_conv_amx_tables(size_t steps)
{
    const size_t bytes = steps * (sizeof(struct planche_conv_amx_group) + sizeof(const float *));
    return (bytes + 63) / 64 * 64;
}

#endif
