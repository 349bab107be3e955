/* SPDX-License-Identifier: MIT */
/* What the Winograd kernels and the packing of their weights share.
 *
 * Packed weights: [group][point][input lane][block of the group][16]; a group has 4 output blocks,
 * the last one what is left. Point i * (tile + 2) + j is row i, column j of the transformed tile.
 */
#ifndef PLANCHE_KERNELS_WINOGRAD_H
#define PLANCHE_KERNELS_WINOGRAD_H

#include "kernels/kernels.h"

#define PLANCHE_WINOGRAD_GROUP      4 /* output blocks */
#define PLANCHE_WINOGRAD_MAX_INPUT  PLANCHE_WINOGRAD_INPUT(PLANCHE_WINOGRAD_TILE_MAX)
#define PLANCHE_WINOGRAD_MAX_POINTS PLANCHE_WINOGRAD_POINTS(PLANCHE_WINOGRAD_TILE_MAX)

/* Scratch of a run: the transformed input, [tile][input block][line][16], then the products of one
 * group, [tile][block of the group][line][16], then a work area. A line is a point; there is one
 * line more than points, so that equal points of neighbouring tiles are not a power of two apart,
 * where they would fight for the same few places in the L1 cache. */
#define PLANCHE_WINOGRAD_LINES(tile) (PLANCHE_WINOGRAD_POINTS(tile) + 1)
#define PLANCHE_WINOGRAD_BLOCK(tile) (PLANCHE_WINOGRAD_LINES(tile) * (size_t)PLANCHE_LANES)

/* Floats of the work area: a transform's first pass over one tile. */
#define PLANCHE_WINOGRAD_WORK(tile) (PLANCHE_WINOGRAD_POINTS(tile) * (size_t)PLANCHE_LANES)

/* Floats of packed weights of a group of `blocks` output blocks. */
static inline size_t planche_winograd_group_floats(unsigned tile, unsigned in_blocks,
                                                   unsigned blocks)
{
    return (size_t)PLANCHE_WINOGRAD_POINTS(tile) * in_blocks * PLANCHE_LANES * blocks *
           PLANCHE_LANES;
}

#endif
