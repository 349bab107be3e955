/* SPDX-License-Identifier: MIT */
/* Splitting a page into a grid of tiles. Pure arithmetic, for all executors with tiles. */
#ifndef PLANCHE_BACKEND_TILES_SPLIT_H
#define PLANCHE_BACKEND_TILES_SPLIT_H

#include "backend/tiles/tile_plan.h"

/* Sides of tiles are multiples of this many pixels of the page, so that every tile's first pixel of
 * a result's row is at a whole word. */
#define PLANCHE_TILE_STEP 4

/* A grid of tiles that cover a page: each pixel belongs to one. A plain value. */
struct planche_split {
    int64_t tile_width, tile_height; /* pixels of the page; less at the right and lower edge */
    int64_t columns, rows;           /* of tiles */
    uint64_t arena;                  /* bytes that no tile takes more than */
    int64_t keeps; /* the first run that keeps what it makes (keeping.h); 0: none does */
    uint64_t kept; /* bytes of what is kept */
};

/* What a split must keep to. */
struct planche_split_limits {
    uint64_t memory;    /* most bytes of the arena */
    uint64_t together;  /* most bytes of the arena and of what is kept; 0: nothing may be */
    unsigned side;      /* of tiles that are asked for, pixels; 0: as large as memory allows */
    const char *device; /* for messages */
};

/* The largest tiles that keep to the limits. plan: to measure with; it holds some tile afterwards.
 * Errors: MEMORY (no tile is small enough, or not the one that is asked for: says what would do).
 */
enum planche_status planche_split_page(struct planche_split *split, struct planche_tile_plan *plan,
                                       const struct planche_split_limits *limits,
                                       struct planche_error *error);
/* How many times the multiply-adds of the page as one tile its tiles take, by a look at those in
 * the corners, at the edges and in the middle; 0: there is no memory to tell. plan as above. */
double planche_split_work(const struct planche_split *split, struct planche_tile_plan *plan);
/* Where tiles of the split would compute much again: bands with as much kept between the runs over
 * them as memory allows, if they take less arithmetic. keeping: filled and set in the plan if there
 * are such; the caller's to free. */
void planche_split_keep(struct planche_split *split, struct planche_tile_plan *plan,
                        struct planche_keeping *keeping, const struct planche_split_limits *limits);
/* Whether the page is one tile. */
bool planche_split_is_whole(const struct planche_split *split);
/* A tile in pixels of the result. */
struct planche_rect planche_split_rect(const struct planche_split *split,
                                       const struct planche_tile_page *page, int64_t column,
                                       int64_t row);

#endif
