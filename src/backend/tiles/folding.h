/* SPDX-License-Identifier: MIT */
/* Folding: steps that are not run, because those that read their output do their work on the way.
 * Scales by a vector, enlargements by 2, and sums for averages. Pure analysis of a net: what a
 * step's kernel can do besides is its executor's to say. */
#ifndef PLANCHE_BACKEND_TILES_FOLDING_H
#define PLANCHE_BACKEND_TILES_FOLDING_H

#include "base/alloc.h"
#include "net/net.h"

/* What a kernel is asked for. */
enum planche_fold {
    PLANCHE_FOLD_SCALED_INPUT,    /* multiply channels of an input, and round, as it reads it */
    PLANCHE_FOLD_SCALED_RESIDUAL, /* likewise of a residual */
    PLANCHE_FOLD_ENLARGED_INPUT,  /* read its only input as if it were twice as large (nearest) */
    PLANCHE_FOLD_SUMS             /* add its output up, channel by channel, for a POOL step */
};
typedef bool planche_fold_takes(const void *user, int step, enum planche_fold fold);

/* Owns its arrays. Immutable once it is made. */
struct planche_folding {
    bool *skipped; /* [step_count]: does not run */
    int *sources;  /* [tensor_count]: the tensor that is read in its place; itself: it has memory */
    int *vectors;  /* [tensor_count]: what the source is multiplied with; -1: nothing */
    bool *enlarged; /* [tensor_count]: the source has half the size */
    int *averages;  /* [step_count]: the POOL step whose sums the step makes; -1: none */
};

/* False: there is no memory. planche_folding_free is right then, too, and twice. */
bool planche_folding_make(struct planche_folding *folding, const struct planche_net *net,
                          planche_fold_takes *takes, const void *user,
                          struct planche_budget *budget);
void planche_folding_free(struct planche_folding *folding);

#endif
