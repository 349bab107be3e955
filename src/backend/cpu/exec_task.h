/* SPDX-License-Identifier: MIT */
/* Data parallelism: rows of a running pass, split into chunks for the workers. */
#ifndef PLANCHE_BACKEND_CPU_EXEC_TASK_H
#define PLANCHE_BACKEND_CPU_EXEC_TASK_H

#include "backend/cpu/pass.h"

/* A pass that is running. */
struct planche_exec {
    const struct planche_pass *pass;
    const struct planche_pass_data *data;
    float *zeros;  /* a row of zeros */
    char *scratch; /* workers * scratch_bytes */
    int64_t *sums; /* workers * sum_stride */
    size_t sum_stride;
};

/* Some rows of one node, to be split among workers. */
struct planche_task {
    const struct planche_exec *exec;
    const struct planche_node *node;
    const struct planche_part *part;
    int64_t y0, y1;
    int64_t first_row; /* of tile rows or rows */
    size_t rows;
    int64_t chunks; /* column chunks of each row */
    int64_t unit;   /* columns: chunks are whole units, but for the last one */
};

/* Where column 0 of a row's block is (or would be: only the buffer's columns and margins exist). A
 * row outside the view of the edge is zeros. */
const float *planche_exec_input(const struct planche_exec *exec, const struct planche_edge *edge,
                                int64_t y, unsigned block);
/* Likewise for the row of a tensor, to be written. */
float *planche_exec_row(const struct planche_exec *exec, int tensor, int64_t y, unsigned block);

/* Rows [y0, y1) of a node as a task, not yet split. */
struct planche_task planche_exec_task(const struct planche_exec *exec, int node, int64_t y0,
                                      int64_t y1);
/* Runs fn for all chunks of all `rows` rows of a task. A chunk has up to
 * most_columns columns, or one unit if that is more. */
void planche_exec_split(struct planche_task *task, int64_t rows, int64_t min_columns,
                        int64_t max_columns, int64_t unit, planche_pool_fn fn);
/* The row and the columns of a chunk. */
void planche_exec_chunk(const struct planche_task *task, size_t index, int64_t *row, int64_t *x0,
                        int64_t *x1);

#endif
