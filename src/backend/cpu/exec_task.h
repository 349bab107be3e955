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

struct planche_task;
/* Makes columns [x0, x1) of one of a task's rows. */
typedef void (*planche_span_fn)(const struct planche_task *task, int64_t row, int64_t x0,
                                int64_t x1, unsigned worker);

/* Some rows of one node, to be divided into spans of columns. */
struct planche_task {
    const struct planche_exec *exec;
    const struct planche_node *node;
    const struct planche_part *part;
    planche_span_fn run;
    int64_t y0, y1;
    int64_t first_row; /* of tile rows or rows */
    size_t rows;
    int64_t unit; /* columns: spans are whole units from the part's first column on, but for the
                     last one */
    int64_t max_columns; /* of a span, or one unit if that is more */
    int64_t chunks;      /* column chunks of each row, once it is split among workers */
    int64_t chunk_unit;  /* columns: chunks are whole ones, but for the last one */
};

/* Where column 0 of a row's block is (or would be: only the buffer's columns and margins exist). A
 * row outside the view of the edge is zeros. */
const float *planche_exec_input(const struct planche_exec *exec, const struct planche_edge *edge,
                                int64_t y, unsigned block);
/* Likewise for the row of a tensor, to be written. */
float *planche_exec_row(const struct planche_exec *exec, int tensor, int64_t y, unsigned block);

/* Zeros the lanes beyond the last channel in columns [x0, x1) of a row, which others take to be
 * zero. */
void planche_exec_clear_unused(const struct planche_exec *exec, int tensor, int64_t y, int64_t x0,
                               int64_t x1);

/* Rows [y0, y1) of a node as a task that makes them one by one. */
struct planche_task planche_exec_task(const struct planche_exec *exec, int node, int64_t y0,
                                      int64_t y1, planche_span_fn run);
/* Runs all of a task on the pool, in chunks of whole chunk_units (a multiple of the task's units),
 * where possible of min_columns at least. */
void planche_exec_split(struct planche_task *task, int64_t min_columns, int64_t chunk_unit);

#endif
