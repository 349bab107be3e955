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

#include <stdbool.h>

/* Two bf16 take the place of a float. */
#define PLANCHE_WINOGRAD_PACKED(precision) ((precision) == PLANCHE_PRECISION_BF16 ? 2u : 1u)

#define PLANCHE_WINOGRAD_GROUP      4 /* output blocks */
#define PLANCHE_WINOGRAD_MAX_INPUT  PLANCHE_WINOGRAD_INPUT(PLANCHE_WINOGRAD_TILE_MAX)
#define PLANCHE_WINOGRAD_MAX_POINTS PLANCHE_WINOGRAD_POINTS(PLANCHE_WINOGRAD_TILE_MAX)

/* Scratch of a run, in vectors of 16 lanes. A run is worked through in sets of tiles:
 *   points [block][tile of the set][point]: the transformed input, float or bf16, at the end of a
 *     tile's lines.
 *   products [block][tile of the set][line]: products of one group. With no more than one group
 *     these are the same lines as the points, of which there is one more, so that a product lies
 *     where the point before it was.
 *   columns [column % 8][row]: the first pass of the input transform of a tile.
 *   like [tile]: see winograd_body.h.
 */
#define PLANCHE_WINOGRAD_LINES(tile) (PLANCHE_WINOGRAD_POINTS(tile) + 1)
#define PLANCHE_WINOGRAD_BLOCK(tile) (PLANCHE_WINOGRAD_LINES(tile) * (size_t)PLANCHE_LANES)
#define PLANCHE_WINOGRAD_COLUMNS(tile)                                                             \
    (PLANCHE_WINOGRAD_MAX_INPUT * PLANCHE_WINOGRAD_INPUT(tile) * (size_t)PLANCHE_LANES)

/* Tiles of a set at most, an even number since tiles may be pairs: two or four register blocks.
 * Larger ones gain nothing where two to four blocks of outputs share what is fetched. */
static inline size_t planche_winograd_set(unsigned out_blocks, size_t tiles)
{
    const bool few = out_blocks >= 2 && out_blocks <= PLANCHE_WINOGRAD_GROUP;
    const size_t max = (few ? 2 : 4) * PLANCHE_WINOGRAD_STEP;
    return tiles < max ? (tiles + 1) / 2 * 2 : max;
}

/* Blocks of points before those of products: none where they share their lines. */
static inline size_t planche_winograd_apart(unsigned in_blocks, unsigned out_blocks)
{
    return out_blocks > PLANCHE_WINOGRAD_GROUP ? in_blocks : 0;
}

/* Blocks of both. */
static inline size_t planche_winograd_held(unsigned in_blocks, unsigned out_blocks)
{
    if (out_blocks > PLANCHE_WINOGRAD_GROUP)
        return (size_t)in_blocks + PLANCHE_WINOGRAD_GROUP;
    return in_blocks > out_blocks ? in_blocks : out_blocks;
}

/* Floats of packed weights of a group of `blocks` output blocks. */
static inline size_t planche_winograd_group_floats(unsigned tile, enum planche_precision precision,
                                                   unsigned in_blocks, unsigned blocks)
{
    return (size_t)PLANCHE_WINOGRAD_POINTS(tile) * in_blocks * PLANCHE_LANES * blocks *
           PLANCHE_LANES / PLANCHE_WINOGRAD_PACKED(precision);
}

#endif
