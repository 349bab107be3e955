/* SPDX-License-Identifier: MIT */
/* Tile plan: which steps run for one tile, the regions that they make, and where these lie in the
 * arena. What executors with tiles share; how a step is run is theirs. */
#ifndef PLANCHE_BACKEND_TILES_TILE_PLAN_H
#define PLANCHE_BACKEND_TILES_TILE_PLAN_H

#include "backend/tiles/keeping.h"
#include "base/alloc.h"
#include "net/net.h"
#include "net/rect.h"

/* What a run of the network over a tile is for. */
enum planche_tile_goal {
    PLANCHE_TILE_WHOLE, /* the averages and the result, of the page as one tile */
    PLANCHE_TILE_SUMS,  /* a tile's part of the sums of one level */
    PLANCHE_TILE_RESULT /* a tile of the result; averages are known */
};

/* How an executor holds tensors. Borrowed from it; immutable. */
struct planche_tile_tensors {
    const int *levels;    /* [tensor_count], of planche_net_levels */
    int highest_level;    /* of any vector; 0: there are no averages */
    const int *pitches;   /* [tensor_count]: values from one pixel to the next */
    unsigned value_bytes; /* of a value: 2 or 4 */
    uint64_t block;       /* bytes of the arena's blocks; 0: it is one */
    const int *sources;   /* [tensor_count], of planche_folding; NULL: each has its own memory */
    const int *squares;   /* [step_count], see halo.h; NULL: no step has any */
    int fused; /* the outputs of this step and all behind it have no memory: the last kernel makes
                  them on the way. step_count: there are none. */
};

/* A page whose tiles are planned. Owns shapes; immutable once it is made, so that threads may share
 * it. */
struct planche_tile_page {
    const struct planche_net *net;
    struct planche_tile_tensors tensors;
    int64_t width, height;        /* pixels of the page */
    struct planche_shape result;  /* pixels of the enlarged page */
    struct planche_shape *shapes; /* [tensor_count]: of the whole tensors */
};

/* net and what tensors points to must outlive the page. Errors: MEMORY, LIMIT (its tensors cannot
 * be counted). planche_tile_page_free is right after failures, too, and twice. */
enum planche_status
planche_tile_page_init(struct planche_tile_page *page, const struct planche_net *net,
                       const struct planche_tile_tensors *tensors, uint32_t width, uint32_t height,
                       struct planche_budget *budget, struct planche_error *error);
void planche_tile_page_free(struct planche_tile_page *page);

/* The plan of one tile, used for one after the other. Owns its arrays. One thread at a time. */
struct planche_tile_plan {
    const struct planche_tile_page *page;
    struct planche_budget *budget;
    struct planche_rect *regions; /* [tensor_count] */
    struct planche_rect *owned;   /* [step_count]: of the views that POOL steps average */
    bool *needed;                 /* [step_count] */
    uint64_t *offsets;            /* [tensor_count], in the arena */
    bool *elsewhere;              /* [tensor_count]: kept, so offsets are those of `keeping` */
    const struct planche_keeping *keeping; /* of bands as wide as the page; NULL: nothing is kept */
    uint64_t bytes;                        /* of the arena */
};

/* page must outlive the plan. Errors: MEMORY; planche_tile_plan_free as above. */
enum planche_status planche_tile_plan_init(struct planche_tile_plan *plan,
                                           const struct planche_tile_page *page,
                                           struct planche_budget *budget,
                                           struct planche_error *error);
void planche_tile_plan_free(struct planche_tile_plan *plan);

/* Plans the tile `rect` of the result (pixels). level: 1 .. highest_level for SUMS, else 0. False:
 * there is no memory, or a region has more values than shaders can count. */
bool planche_tile_plan_make(struct planche_tile_plan *plan, enum planche_tile_goal goal, int level,
                            struct planche_rect rect);
/* Multiply-adds of what is planned. */
double planche_tile_plan_macs(const struct planche_tile_plan *plan);

#endif
