/* SPDX-License-Identifier: MIT */
/* Layout of transformed weights, which the Winograd kernels and the packing share.
 *
 * Packed weights: [group][point][input lane][block of the group][16], in bf16 [group][point][pair
 * of input lanes][block of the group][16][2]; a group has 4 output blocks, the last one what is
 * left. Point i * (tile + 2) + j is row i, column j of the transformed tile.
 */
#ifndef PLANCHE_KERNELS_WINOGRAD_H
#define PLANCHE_KERNELS_WINOGRAD_H

#include "kernels/kernels.h"

/* Two bf16 take the place of a float. */
#define PLANCHE_WINOGRAD_PACKED(precision) ((precision) == PLANCHE_PRECISION_BF16 ? 2u : 1u)

#define PLANCHE_WINOGRAD_GROUP      4 /* output blocks */
#define PLANCHE_WINOGRAD_MAX_INPUT  PLANCHE_WINOGRAD_INPUT(PLANCHE_WINOGRAD_TILE_MAX)
#define PLANCHE_WINOGRAD_MAX_POINTS PLANCHE_WINOGRAD_POINTS(PLANCHE_WINOGRAD_TILE_MAX)

/* Scratch of a run, all in vectors of 16 lanes:
 *   points [set of tiles][input block][line][tile of the set]: the transformed input, float or
 *     bf16. A set is what one matrix product takes, so that all that it reads is at constant
 *     distances. A line is a point; there is one more than points, to keep equal points of
 * neighbouring input blocks from being a power of two apart, where they would fight for the same
 * few places in the L1 cache. products [tile][block of the group][line]: products of one group,
 * contiguous for the transform that reads them; the matrix products, which write them, have cycles
 * to spare for the scattering. columns [column][row]: the first pass of the input transform over a
 * strip of tiles. like [tile]: see winograd_body.h.
 */
#define PLANCHE_WINOGRAD_LINES(tile) (PLANCHE_WINOGRAD_POINTS(tile) + 1)
#define PLANCHE_WINOGRAD_BLOCK(tile) (PLANCHE_WINOGRAD_LINES(tile) * (size_t)PLANCHE_LANES)
#define PLANCHE_WINOGRAD_SET         12 /* tiles at most */
#define PLANCHE_WINOGRAD_STRIP       4  /* tiles */
#define PLANCHE_WINOGRAD_COLUMNS(tile)                                                             \
    ((PLANCHE_WINOGRAD_STRIP * (tile) + 2) * PLANCHE_WINOGRAD_INPUT(tile) * (size_t)PLANCHE_LANES)

/* Floats of packed weights of a group of `blocks` output blocks. */
static inline size_t planche_winograd_group_floats(unsigned tile, enum planche_precision precision,
                                                   unsigned in_blocks, unsigned blocks)
{
    return (size_t)PLANCHE_WINOGRAD_POINTS(tile) * in_blocks * PLANCHE_LANES * blocks *
           PLANCHE_LANES / PLANCHE_WINOGRAD_PACKED(precision);
}

#endif
