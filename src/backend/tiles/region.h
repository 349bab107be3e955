/* SPDX-License-Identifier: MIT */
/* Which part of every tensor a tile of the page takes: pure arithmetic.
 *
 * Regions are in the coordinates of the whole tensor, and never reach beyond it. Vectors have
 * none. A step makes the whole of its output's region; the region holds what all the steps that run
 * read of it. Some rows of a deconvolution have no input (strides beyond the kernel): then a step
 * may run although the regions of its inputs are empty. */
#ifndef PLANCHE_BACKEND_TILES_REGION_H
#define PLANCHE_BACKEND_TILES_REGION_H

#include "base/alloc.h"
#include "net/levels.h"

struct planche_region2 {
    int64_t x0, x1, y0, y1; /* x0 == x1 or y0 == y1: nothing is needed */
};

static inline bool planche_region_is_empty(struct planche_region2 r)
{
    return r.x0 >= r.x1 || r.y0 >= r.y1;
}

/* The regions that make output pixels `tile` (of the result: page pixels times the scale, crop
 * not counted): from the net's output back to its input. Fills regions[tensor_count] and
 * needed[step_count]: whether the step runs with the tile; POOL and INNER never do, since their
 * vectors are known by then. */
void planche_regions_of_tile(const struct planche_net *net, const struct planche_shape *shapes,
                             struct planche_region2 tile, struct planche_region2 *regions,
                             bool *needed);

/* Likewise for the averages of a level, 1 .. planche_net_levels: the POOL steps whose vectors have
 * it. Of the view that each of them averages the tile owns a part; the parts of tiles that are a
 * partition of the result (its size: page pixels times the scale) are a partition of the view.
 * owned[step]: that part, in the coordinates of the view; empty for other steps. needed holds the
 * POOL steps as well; those whose part is empty do not run. */
void planche_regions_of_level(const struct planche_net *net, const struct planche_shape *shapes,
                              struct planche_shape result, const int *tensor_levels, int level,
                              struct planche_region2 tile, struct planche_region2 *regions,
                              bool *needed, struct planche_region2 *owned);

/* Bytes of every spatial tensor's region and where it lies in one block of memory, such that
 * tensors that are alive at the same time do not overlap: from the step that makes it to the last
 * one that reads it, both included, so that no step writes over what it reads. Tensor 0 is alive
 * from the start, the net's output to the end. */
struct planche_layout {
    uint64_t bytes;
    uint64_t *offsets; /* [tensor_count]; 0 for tensors without a region */
};
/* value_bytes: 2 or 4. pitches[tensor]: values a pixel. Offsets are multiples of 256. The layout's
 * offsets are the caller's array. False: a region has more values than shaders can count (2^31), or
 * there is no memory for the planning. */
bool planche_layout_make(struct planche_layout *layout, const struct planche_net *net,
                         const struct planche_region2 *regions, const bool *needed,
                         const int *pitches, unsigned value_bytes, struct planche_budget *budget);

#endif
