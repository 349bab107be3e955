/* SPDX-License-Identifier: MIT */
/* Chain: consecutive steps of a pass's schedule that run depth first, block of columns by block of
 * columns, so that a block's rows are still in the L2 cache when the next layer reads them.
 *
 * In each block a step makes the columns that its input's columns allow, so it trails its input by
 * a tile for each 3x3 layer, and tiles stay where they are without chains: so do the bytes. Rows
 * lie in slots as ever. A slot that is given back and taken again within a chain is overwritten
 * from the left while an earlier step still reads its right part; a step never gets beyond what
 * steps before it, with rows in slots of the same class, have still to read.
 *
 * Threads have a strip of columns each. The strips' borders move right from step to step, so that a
 * strip needs nothing of the strip to its left. What it needs of the one to its right is made first
 * by all strips (the first part); nothing is computed twice. A step that would leave no room for
 * these first parts ends the chain. Nothing uses chains by default: layer by layer is faster with
 * the kernels of today (docs/cpu.md); they are for machines on which waits or the L3 cache cost
 * more. */
#ifndef PLANCHE_BACKEND_CPU_LAYER_CHAIN_H
#define PLANCHE_BACKEND_CPU_LAYER_CHAIN_H

#include "backend/cpu/pass.h"

/* Steps of a chain. More save little: the chain's barriers are shared by this many. */
#define PLANCHE_LAYER_CHAIN_STEPS 32

/* Rows [y0, y1) of a node. */
struct planche_layer_chain_step {
    int node;
    int64_t y0, y1;
};

/* The chain that is being put together, and where its strips lie, which only depends on the steps'
 * nodes: it is kept for the next chain, most often of the same nodes. */
struct planche_layer_chain {
    int64_t block;   /* columns of the first step that a block has */
    unsigned strips; /* one for each thread */
    int64_t shift;   /* columns of the first step by which borders start to the left of an even
                        division, to be as far to the right of it at the end */
    int count;
    struct planche_layer_chain_step steps[PLANCHE_LAYER_CHAIN_STEPS];
    bool roots[PLANCHE_LAYER_CHAIN_STEPS]; /* the step reads nothing that the chain makes */
    int known;                             /* steps of the last chain */
    int refused;    /* node that ended the last chain; -1: it was not for lack of room */
    bool repeats;   /* all steps so far are the last chain's */
    int64_t *marks; /* of starts, firsts, reached and limits */
    int64_t
        *starts; /* [PLANCHE_LAYER_CHAIN_STEPS][strips + 1]: a step's first column of each strip */
    int64_t *firsts;  /* [PLANCHE_LAYER_CHAIN_STEPS][strips]: the end of the strip's first part */
    int64_t *reached; /* [strips][PLANCHE_LAYER_CHAIN_STEPS]: when it runs, columns done */
    int64_t *limits;  /* [strips + 1][slot_class_count]: columns not to go beyond */
};

/* Chains of a pass whose spec has a block; none otherwise. False: no memory. */
bool planche_layer_chain_create(struct planche_pass *pass, struct planche_budget *budget);
void planche_layer_chain_destroy(struct planche_layer_chain **chain);
/* Forgets everything: the schedule starts. */
void planche_layer_chain_reset(struct planche_pass *pass);

/* Adds a node's rows up to `done`. False: the chain must end first, or if it is empty the node is
 * none for chains. */
bool planche_layer_chain_add(struct planche_pass *pass, int node, int64_t done);
/* The same where nothing runs: chains end at once. */
void planche_layer_chain_put(struct planche_pass *pass, int node, int64_t done);
/* Settles the strips; before the chain runs. */
void planche_layer_chain_close(struct planche_pass *pass);
/* Empties the chain: the rows that were given back meanwhile are gone. */
void planche_layer_chain_clear(struct planche_pass *pass);

static inline int64_t planche_layer_chain_start(const struct planche_layer_chain *chain, int step,
                                                size_t strip)
{
    return chain->starts[(size_t)step * (chain->strips + 1) + strip];
}

static inline int64_t planche_layer_chain_first(const struct planche_layer_chain *chain, int step,
                                                size_t strip)
{
    return chain->firsts[(size_t)step * chain->strips + strip];
}

/* How far step k gets in a strip: no further than `goal`, and than the columns that steps before it
 * have reached there and the rows still to be read allow. limits: as planche_layer_chain_limit left
 * them. In the rest of a strip, other strips have made what lies beyond its end. */
int64_t planche_layer_chain_frontier(const struct planche_pass *pass, int k, size_t strip,
                                     bool rest, int64_t goal, const int64_t *limits);
/* Notes what step k has still to read and write from the columns it has reached on. */
void planche_layer_chain_limit(const struct planche_pass *pass, int k, size_t strip, bool rest,
                               int64_t *limits);
/* The columns of step k for a column of the first step, in proportion; for steps that read nothing
 * that the chain makes. */
int64_t planche_layer_chain_column(const struct planche_pass *pass, int k, int64_t column);

#endif
