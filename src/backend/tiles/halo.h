/* SPDX-License-Identifier: MIT */
/* Halo of a tile: the rectangle of every tensor that a tile of the result depends on, from the last
 * step back to the first. Pure arithmetic, thread-safe, the same for all executors with tiles.
 *
 * A tensor's rectangle is its region: in the coordinates of the whole tensor, never beyond it, and
 * empty if nothing of the tensor is needed. Vectors have none. A step makes the whole of its
 * output's region; the region holds what all the steps that run read of it. Steps that make their
 * output in squares, whose pixels depend on all inputs of the square, have regions of whole
 * squares: squares[step_count] has the sides, 0 for steps that do not; NULL: none does. Some rows
 * of a deconvolution have no input (strides beyond the kernel): then a step may run although the
 * regions of its inputs are empty. */
#ifndef PLANCHE_BACKEND_TILES_HALO_H
#define PLANCHE_BACKEND_TILES_HALO_H

#include "backend/tiles/keeping.h"
#include "net/levels.h"
#include "net/rect.h"

/* The regions that make output pixels `tile` (of the result: page pixels times the scale, crop
 * not counted): from the net's output back to its input. Fills regions[tensor_count] and
 * needed[step_count]: whether the step runs with the tile; POOL and INNER never do, since their
 * vectors are known by then. */
void planche_halo_of_tile(const struct planche_net *net, const struct planche_shape *shapes,
                          const int *squares, struct planche_rect tile,
                          struct planche_rect *regions, bool *needed);

/* Likewise for the averages of a level, 1 .. planche_net_levels: the POOL steps whose vectors have
 * it. Of the view that each of them averages the tile owns a part; the parts of tiles that are a
 * partition of the result (its size: page pixels times the scale) are a partition of the view.
 * owned[step]: that part, in the coordinates of the view; empty for other steps. needed holds the
 * POOL steps as well; those whose part is empty do not run. */
void planche_halo_of_level(const struct planche_net *net, const struct planche_shape *shapes,
                           struct planche_shape result, const int *squares,
                           const int *tensor_levels, int level, struct planche_rect tile,
                           struct planche_rect *regions, bool *needed, struct planche_rect *owned);

/* After one of these, for a band of a page whose runs keep tensors: what the run finds is not made,
 * and its region is all of it; what it makes for later runs it makes in whole rows, and all rows of
 * the band's part. run: the level, or the highest one and 1 for the result. */
void planche_halo_keep(const struct planche_net *net, const struct planche_shape *shapes,
                       struct planche_shape result, const int *squares,
                       const struct planche_keeping *keeping, int run, struct planche_rect tile,
                       struct planche_rect *regions, bool *needed,
                       const struct planche_rect *owned);

#endif
