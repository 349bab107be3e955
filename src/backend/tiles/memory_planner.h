/* SPDX-License-Identifier: MIT */
/* Memory planner: where the tensors of one tile lie in one block of memory, the arena. */
#ifndef PLANCHE_BACKEND_TILES_MEMORY_PLANNER_H
#define PLANCHE_BACKEND_TILES_MEMORY_PLANNER_H

#include "base/alloc.h"
#include "net/net.h"
#include "net/rect.h"

/* Bytes of the arena, and where every spatial tensor's region lies in it, such that tensors that
 * are alive at the same time do not overlap: from the step that makes it to the last one that reads
 * it, both included, so that no step writes over what it reads. Tensor 0 is alive from the start,
 * the net's output to the end. */
struct planche_memory_plan {
    uint64_t bytes;
    uint64_t *offsets; /* [tensor_count]; 0 for tensors without a region */
};

/* How values lie in memory. */
struct planche_memory_format {
    const int *pitches;   /* [tensor_count]: values from one pixel to the next */
    unsigned value_bytes; /* 2 or 4 */
    uint64_t block; /* bytes of the arena's blocks, a multiple of 256: no tensor lies in two. 0: the
                       arena is one block */
    const int *sources; /* [tensor_count]: the tensor whose memory is read in its place; NULL: each
                           has its own */
    const bool *elsewhere; /* [tensor_count]: it does not lie in the arena; NULL: all do */
};

/* Offsets are multiples of 256. The layout's offsets are the caller's array. False: a region has
 * more pixels, pieces of 8 values or bytes in a row than shaders can count (2^31), a tensor does
 * not fit in a block, or there is no memory for the planning. */
bool planche_memory_plan_make(struct planche_memory_plan *layout, const struct planche_net *net,
                              const struct planche_rect *regions, const bool *needed,
                              const struct planche_memory_format *format,
                              struct planche_budget *budget);

#endif
