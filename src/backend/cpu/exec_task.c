/* SPDX-License-Identifier: MIT */
/* Data parallelism: where rows lie, and how the rows of a node are split among workers. */
#include "backend/cpu/exec_task.h"

#include <assert.h>
#include <string.h>

float *planche_exec_row(const struct planche_exec *exec, int tensor, int64_t y, unsigned block)
{
    const struct planche_tensor_layout *layout = &exec->pass->spec.program->tensors[tensor];
    const struct planche_buffer *b = &exec->pass->buffers[tensor];
    assert(y >= b->freed && y < b->rect.y1 && block < layout->blocks);
    float *row = b->rows[y % b->height] + block * b->block_stride;
    return row - b->origin * (int64_t)layout->lanes;
}

const float *planche_exec_input(const struct planche_exec *exec, const struct planche_edge *edge,
                                int64_t y, unsigned block)
{
    const struct planche_program *program = exec->pass->spec.program;
    int tensor = edge->view.tensor;
    const struct planche_tensor_layout *layout = &program->tensors[tensor];
    int64_t height = exec->pass->spec.geometry->shapes[tensor].height;
    if (y < edge->view.top || y >= height - edge->view.bottom)
        return exec->zeros - exec->pass->buffers[tensor].origin * (int64_t)layout->lanes;
    return planche_exec_row(exec, tensor, y, block);
}

void planche_exec_clear_unused(const struct planche_exec *exec, int tensor, int64_t y, int64_t x0,
                               int64_t x1)
{
    const struct planche_tensor_layout *layout = &exec->pass->spec.program->tensors[tensor];
    unsigned lanes = layout->lanes, used = (unsigned)layout->channels % lanes;
    if (!used)
        return;
    float *out = planche_exec_row(exec, tensor, y, layout->blocks - 1);
    for (int64_t x = x0; x < x1; x++)
        memset(out + x * lanes + used, 0, (lanes - used) * sizeof(float));
}

struct planche_task planche_exec_task(const struct planche_exec *exec, int node, int64_t y0,
                                      int64_t y1, planche_span_fn run)
{
    return (struct planche_task){
        .exec = exec,
        .node = &exec->pass->spec.program->nodes[node],
        .part = &exec->pass->parts[node],
        .run = run,
        .y0 = y0,
        .y1 = y1,
        .first_row = y0,
        .rows = (size_t)(y1 - y0),
        .unit = 1,
    };
}

/* The first unit of a chunk in the task's row number `row`. Units are dealt out column by column,
 * so that chunks of all rows together differ by one unit, not by one in every row. */
static int64_t first_unit(const struct planche_task *task, int64_t units, int64_t chunk,
                          int64_t row)
{
    int64_t rows = (int64_t)task->rows;
    return (units * rows * chunk / task->chunks - row + rows - 1) / rows;
}

/* The rows of a chunk follow each other: where they read the same input rows, a worker finds these
 * in its cache. */
static void run_chunk(void *user, size_t index, unsigned worker)
{
    const struct planche_task *task = user;
    const struct planche_rect *rect = &task->part->rect;
    int64_t unit = task->chunk_unit, units = (rect->x1 - rect->x0 + unit - 1) / unit;
    int64_t chunk = (int64_t)(index / task->rows), r = (int64_t)(index % task->rows);
    int64_t x0 = rect->x0 + first_unit(task, units, chunk, r) * unit;
    int64_t x1 = rect->x0 + first_unit(task, units, chunk + 1, r) * unit;
    task->run(task, task->first_row + r, x0, x1 < rect->x1 ? x1 : rect->x1, worker);
}

void planche_exec_split(struct planche_task *task, int64_t min_columns, int64_t chunk_unit)
{
    struct planche_pool *pool = task->exec->data->pool;
    int64_t workers = planche_pool_threads(pool), rows = (int64_t)task->rows,
            columns = task->part->rect.x1 - task->part->rect.x0;
    assert(rows > 0 && columns > 0 && chunk_unit > 0 && chunk_unit % task->unit == 0);
    int64_t max =
        task->max_columns > chunk_unit ? task->max_columns / chunk_unit * chunk_unit : chunk_unit;
    int64_t chunks = (columns + max - 1) / max;
    /* A whole number of chunks for every worker, unless they would be too small to be worth it. */
    int64_t total = (rows * chunks + workers - 1) / workers * workers;
    int64_t wanted = (total + rows - 1) / rows;
    if (wanted > chunks && columns / wanted >= min_columns)
        chunks = wanted;
    int64_t units = (columns + chunk_unit - 1) / chunk_unit;
    task->chunk_unit = chunk_unit;
    task->chunks = chunks < units ? chunks : units;
    planche_pool_run(pool, (size_t)(rows * task->chunks), run_chunk, task);
}
