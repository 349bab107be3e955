/* SPDX-License-Identifier: MIT */
/* Tails: elementwise steps that the node before them does to the columns that it has just made.
 * Nothing between them is a tensor: it is in a few kilobytes, which stay in the L1 cache. The
 * operations are those of the steps alone, and so are the bytes. */
#ifndef PLANCHE_BACKEND_CPU_TAIL_H
#define PLANCHE_BACKEND_CPU_TAIL_H

#include "net/net.h"

/* Operations of a tail, and values that it holds at once besides the output. */
#define PLANCHE_TAIL_OPS    8
#define PLANCHE_TAIL_VALUES 3

/* Value 0 lies where the node's output does, others are apart. An operand is a value, or an edge of
 * the node as ~edge. */
struct planche_tail_op {
    const struct planche_step *step; /* CHANNEL, BINARY, BINARY_SCALAR */
    int operands[2];
    int value;      /* that it makes */
    float *channel; /* CHANNEL with more than an activation: scale, bias, slope */
};

struct planche_tail {
    int count;
    struct planche_tail_op ops[PLANCHE_TAIL_OPS];
};

/* A step, and those that its node does as well: each but the last is read by them only, and all
 * can be made in the same pass. */
struct planche_tail_group {
    int count;
    int steps[PLANCHE_TAIL_OPS + 1]; /* ascending */
    int values[PLANCHE_TAIL_OPS + 1];
};

/* What groups are found in. */
struct planche_tail_search {
    const struct planche_net *net;
    const int *levels; /* [tensor_count]: net/levels.h */
    int *readers;      /* [tensor_count] */
    bool *taken;       /* [step_count]: a node of another kind, or a group before, does the step */
};

/* An elementwise step: all that a tail consists of. */
bool planche_tail_is_elementwise(const struct planche_step *step);
/* Counts readers. */
void planche_tail_count_readers(const struct planche_tail_search *search);
/* The largest group that begins with a step; of one step: it goes alone. */
void planche_tail_find(const struct planche_tail_search *search, int head,
                       struct planche_tail_group *group);

#endif
