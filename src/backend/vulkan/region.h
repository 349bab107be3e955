/* SPDX-License-Identifier: MIT */
/* Which part of every tensor a tile of the page takes: pure arithmetic.
 *
 * Regions are in the coordinates of the whole tensor, and never reach beyond it. Vectors have
 * none. */
#ifndef PLANCHE_BACKEND_VULKAN_REGION_H
#define PLANCHE_BACKEND_VULKAN_REGION_H

#include "base/alloc.h"
#include "model/net.h"

struct planche_region2 {
    int64_t x0, x1, y0, y1; /* x0 == x1 or y0 == y1: nothing is needed */
};

/* Page-wide averages: a step that depends on no vector has level 0; a POOL's vector has the level
 * of its input + 1; others have that of their inputs' highest. */
/* Fills tensor_levels[tensor_count]; returns the highest level of any vector. */
int planche_net_levels(const struct planche_net *net, int *tensor_levels);

/* The size of the network's input for a page: extended, and padded on all sides. */
struct planche_shape planche_padded_shape(const struct planche_recipe *recipe, int64_t width,
                                          int64_t height);

/* The regions that make output pixels `tile` (of the result: page pixels times the scale, crop
 * not counted): from the net's output back to its input. needed[step]: whether the step runs. */
void planche_regions_of_tile(const struct planche_net *net, const struct planche_shape *shapes,
                             struct planche_region2 tile, struct planche_region2 *regions,
                             bool *needed);

/* Likewise for the averages of a level: the tile owns of each POOL's view of that level a part;
 * the parts of all tiles of a page are a partition. owned[step]: that part, for POOL steps, in the
 * coordinates of the view. */
void planche_regions_of_level(const struct planche_net *net, const struct planche_shape *shapes,
                              const int *tensor_levels, int level, struct planche_region2 tile,
                              struct planche_region2 *regions, bool *needed,
                              struct planche_region2 *owned);

/* Bytes of every spatial tensor's region and where it lies in one block of memory, such that
 * tensors that are alive at the same time do not overlap. */
struct planche_layout {
    uint64_t bytes;
    uint64_t *offsets; /* [tensor_count] */
};
/* value_bytes: 2 or 4. pitches[tensor]: values a pixel. Offsets are multiples of 256. The layout's
 * offsets are the caller's array. False: sizes overflow. */
bool planche_layout_make(struct planche_layout *layout, const struct planche_net *net,
                         const struct planche_region2 *regions, const bool *needed,
                         const int *pitches, unsigned value_bytes, struct planche_budget *budget);

#endif
