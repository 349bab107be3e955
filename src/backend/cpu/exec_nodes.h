/* SPDX-License-Identifier: MIT */
/* Execution of the kinds of nodes. */
#ifndef PLANCHE_BACKEND_CPU_EXEC_NODES_H
#define PLANCHE_BACKEND_CPU_EXEC_NODES_H

#include "backend/cpu/exec_task.h"

/* Rows [y0, y1) of a node's output as a task, not yet split. */
struct planche_task planche_simple_task(const struct planche_exec *exec, int node, int64_t y0,
                                        int64_t y1);
struct planche_task planche_interp_task(const struct planche_exec *exec, int node, int64_t y0,
                                        int64_t y1);
struct planche_task planche_depthwise_task(const struct planche_exec *exec, int node, int64_t y0,
                                           int64_t y1);
struct planche_task planche_norm_task(const struct planche_exec *exec, int node, int64_t y0,
                                      int64_t y1);
struct planche_task planche_border_task(const struct planche_exec *exec, int node, int64_t y0,
                                        int64_t y1);
/* Rows [y0, y1) of the result, to be put (struct planche_page_io). */
struct planche_task planche_put_task(const struct planche_exec *exec, int node, int64_t y0,
                                     int64_t y1);

/* The epilogue of output lanes from `lane` on, residuals but for where they lie. */
struct planche_epilogue planche_exec_epilogue(const struct planche_task *task, size_t lane);

/* The tail of a task's node, in place, on columns [x0, x1) of a row of its output. */
void planche_exec_tail(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1);

/* Each makes rows [y0, y1) of the node's output. */
void planche_exec_conv(const struct planche_exec *exec, int node, int64_t y0, int64_t y1);
void planche_exec_winograd(const struct planche_exec *exec, int node, int64_t y0, int64_t y1);
void planche_exec_pool(const struct planche_exec *exec, int node, int64_t y0, int64_t y1);
void planche_exec_attention(const struct planche_exec *exec, int node, int64_t y0, int64_t y1);

#endif
