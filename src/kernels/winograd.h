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

/* Scratch of a run, in vectors; tiles that repeat an earlier one have no place in it but columns.
 *   columns [row][input block][column]: the first pass of the input transform. The number of
 *     columns is odd, so that rows are no power of two apart, where they would fight for the same
 *     few places in the L1 cache.
 *   points [set of tiles][input block][point][tile of the set]: one row of the transformed input,
 *     float or bf16. A set is what one matrix product takes, so that all that it reads is at
 *     constant distances.
 *   products [tile][vector of the group][point]: products of one row and group.
 *   rows [tile][vector of the group][row][column]: the first pass of the output transform.
 *   like [tile]: see winograd_body.h.
 */
#define PLANCHE_WINOGRAD_SET                  24 /* tiles at most */
#define PLANCHE_WINOGRAD_COLUMNS(tile, tiles) ((tiles) * (tile) + 3)

static inline unsigned planche_winograd_group_blocks(unsigned out_blocks)
{
    return out_blocks < PLANCHE_WINOGRAD_GROUP ? out_blocks : PLANCHE_WINOGRAD_GROUP;
}

/* Floats of packed weights of a group of `blocks` output blocks. */
static inline size_t planche_winograd_group_floats(unsigned tile, enum planche_precision precision,
                                                   unsigned in_blocks, unsigned blocks)
{
    return (size_t)PLANCHE_WINOGRAD_POINTS(tile) * in_blocks * PLANCHE_LANES * blocks *
           PLANCHE_LANES / PLANCHE_WINOGRAD_PACKED(precision);
}

#endif
