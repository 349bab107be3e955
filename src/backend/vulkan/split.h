/* SPDX-License-Identifier: MIT */
/* How a page is cut into tiles. */
#ifndef PLANCHE_BACKEND_VULKAN_SPLIT_H
#define PLANCHE_BACKEND_VULKAN_SPLIT_H

#include "backend/vulkan/tile_commands.h"

/* Sides of tiles are multiples of this many pixels of the page, so that every tile's first pixel of
 * a result's row is at a whole word. */
#define PLANCHE_GPU_TILE_STEP 4

struct planche_gpu_split {
    int64_t tile_width, tile_height; /* pixels of the page */
    int64_t columns, rows;           /* of tiles */
    uint64_t arena;                  /* bytes that no tile takes more than */
};

/* The largest tiles that take at most `memory` bytes of the arena; side: of tiles that are asked
 * for, or 0. tile: to measure with. Errors: MEMORY (no tile is small enough: says what would do).
 */
enum planche_status planche_gpu_split_page(struct planche_gpu_split *split,
                                           struct planche_gpu_tile *tile, uint64_t memory,
                                           unsigned side, struct planche_error *error);
bool planche_gpu_split_is_whole(const struct planche_gpu_split *split);
/* A tile in pixels of the result. */
struct planche_rect planche_gpu_split_rect(const struct planche_gpu_split *split,
                                           const struct planche_gpu_job *job, int64_t column,
                                           int64_t row);

#endif
