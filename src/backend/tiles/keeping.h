/* SPDX-License-Identifier: MIT */
/* Keeping: which tensors of a page in bands are kept whole between the runs over its bands, so that
 * what lies before a page-wide average is computed once. Run l, from 1 on, makes the averages of
 * level l; the last makes the result. Pure analysis of a net. */
#ifndef PLANCHE_BACKEND_TILES_KEEPING_H
#define PLANCHE_BACKEND_TILES_KEEPING_H

#include "base/alloc.h"
#include "net/net.h"

/* A page's tensors: see struct planche_tile_tensors. */
struct planche_kept_page {
    const struct planche_net *net;
    const struct planche_shape *shapes; /* [tensor_count] */
    const int *levels, *pitches, *sources;
    int highest_level;
    unsigned value_bytes;
};

/* Runs before `first` keep nothing, and run `first` begins with the page's pixels again: with less
 * memory fewer runs keep what they make. Owns its arrays. */
struct planche_keeping {
    int first;         /* 0: nothing is kept */
    int *runs;         /* [tensor_count]: the run that makes a kept tensor; 0: it is not kept */
    uint64_t *offsets; /* [tensor_count]: in the memory of what is kept */
    uint64_t bytes;    /* of that memory */
};

/* Rows of a kept tensor that a run makes begin at a multiple of this, so that they begin at one of
 * 16 bytes. */
#define PLANCHE_KEPT_ROWS 2

/* first: 1 .. the highest level. False: there is no memory, or the tensors are too large.
 * planche_keeping_free is right then, too, and twice. */
bool planche_keeping_make(struct planche_keeping *keeping, const struct planche_kept_page *page,
                          int first, struct planche_budget *budget);
void planche_keeping_free(struct planche_keeping *keeping);

/* Whether a run finds a tensor, or makes it for those behind it. NULL: nothing is kept. */
static inline bool planche_keeping_finds(const struct planche_keeping *keeping, int run, int tensor)
{
    return keeping && run > keeping->first && keeping->runs[tensor] && keeping->runs[tensor] < run;
}
static inline bool planche_keeping_makes(const struct planche_keeping *keeping, int run, int tensor)
{
    return keeping && run >= keeping->first && keeping->runs[tensor] == run;
}

#endif
