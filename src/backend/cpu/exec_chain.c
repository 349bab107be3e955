/* SPDX-License-Identifier: MIT */
/* Execution of chains: every thread takes its strip of columns through all steps, a block at a
 * time. */
#include "backend/cpu/exec_nodes.h"

#include "backend/cpu/layer_chain.h"
#include "net/integers.h"
#include "os/clock.h"

#include <assert.h>

/* A chain that runs. */
struct chain_run {
    const struct planche_exec *exec;
    bool rest; /* of the strips; else their first parts */
    struct planche_task tasks[PLANCHE_LAYER_CHAIN_STEPS];
};

/* What lies beyond the columns of a step's rows: with the first and the last ones, since the slot
 * may hold other columns there that are still to be read. */
static void clear_margins(const struct chain_run *run, int k, int64_t x0, int64_t x1)
{
    const struct planche_pass *pass = run->exec->pass;
    const struct planche_task *task = &run->tasks[k];
    const struct planche_buffer *buffer = &pass->buffers[task->part->output];
    for (int64_t y = task->y0; y < task->y1 && !buffer->retained; y++) {
        float *row = buffer->rows[y % buffer->height];
        if (x0 == task->part->rect.x0)
            planche_exec_clear_left(pass, task->part->output, row);
        if (x1 == task->part->rect.x1)
            planche_exec_clear_right(pass, task->part->output, row);
    }
}

/* Columns [x0, x1) of a step. */
static void run_columns(const struct chain_run *run, int k, int64_t x0, int64_t x1, unsigned worker)
{
    const struct planche_task *task = &run->tasks[k];
    int64_t unit = task->unit, max = task->max_columns;
    int64_t most = max > unit ? max / unit * unit : unit;
    clear_margins(run, k, x0, x1);
    for (size_t row = 0; row < task->rows; row++)
        for (int64_t x = x0; x < x1; x += most)
            task->run(task, task->first_row + (int64_t)row, x, planche_int_min(x + most, x1),
                      worker);
}

static void run_columns_timed(const struct chain_run *run, int k, int64_t x0, int64_t x1,
                              unsigned worker)
{
    const struct planche_layer_chain *chain = run->exec->pass->chain;
    struct planche_node_profile *profile = run->exec->data->profile;
    double start = profile ? planche_clock_ms() : 0;
    run_columns(run, k, x0, x1, worker);
    if (profile) /* of all threads' time, the page's part */
        atomic_fetch_add(&profile[chain->steps[k].node].ns,
                         (uint64_t)((planche_clock_ms() - start) * 1e6 / chain->strips));
}

/* How far step k goes in this part of a strip. */
static int64_t part_end(const struct chain_run *run, int k, size_t strip)
{
    const struct planche_layer_chain *chain = run->exec->pass->chain;
    return run->rest ? planche_layer_chain_start(chain, k, strip + 1)
                     : planche_layer_chain_first(chain, k, strip);
}

/* The next block of a strip, step by step; the first step goes up to column x. */
static void run_block(const struct chain_run *run, size_t strip, int64_t x, unsigned worker)
{
    const struct planche_pass *pass = run->exec->pass;
    const struct planche_layer_chain *chain = pass->chain;
    size_t classes = (size_t)pass->spec.program->slot_class_count;
    int64_t *reached = chain->reached + strip * PLANCHE_LAYER_CHAIN_STEPS;
    int64_t *limits = chain->limits + strip * classes;
    bool last = x == part_end(run, 0, strip);
    for (size_t c = 0; c < classes; c++)
        limits[c] = INT64_MAX;
    for (int k = 0; k < chain->count; k++) {
        int64_t goal = part_end(run, k, strip);
        if (!last && chain->roots[k])
            goal = planche_int_min(goal, planche_layer_chain_column(pass, k, x));
        int64_t end = planche_layer_chain_frontier(pass, k, strip, run->rest, goal, limits);
        if (end > reached[k]) {
            run_columns_timed(run, k, reached[k], end, worker);
            reached[k] = end;
        }
        assert(!last || reached[k] == goal);
        planche_layer_chain_limit(pass, k, strip, run->rest, limits);
    }
}

static void run_part(void *user, size_t strip, unsigned worker)
{
    const struct chain_run *run = user;
    const struct planche_layer_chain *chain = run->exec->pass->chain;
    int64_t x = chain->reached[strip * PLANCHE_LAYER_CHAIN_STEPS], end = part_end(run, 0, strip);
    do {
        x = planche_int_min(x + chain->block, end);
        run_block(run, strip, x, worker);
    } while (x < end);
}

static struct planche_task task_of(const struct planche_exec *exec,
                                   const struct planche_layer_chain_step *step)
{
    switch (exec->pass->spec.program->nodes[step->node].kind) {
    case PLANCHE_NODE_CONV:
        return planche_conv_task(exec, step->node, step->y0, step->y1);
    case PLANCHE_NODE_WINOGRAD:
        return planche_winograd_task(exec, step->node, step->y0, step->y1);
    case PLANCHE_NODE_DEPTHWISE:
        return planche_depthwise_task(exec, step->node, step->y0, step->y1);
    case PLANCHE_NODE_NORM:
        return planche_norm_task(exec, step->node, step->y0, step->y1);
    case PLANCHE_NODE_INTERP:
        return planche_interp_task(exec, step->node, step->y0, step->y1);
    default:
        return planche_simple_task(exec, step->node, step->y0, step->y1);
    }
}

void planche_exec_chain(const struct planche_exec *exec)
{
    const struct planche_layer_chain *chain = exec->pass->chain;
    struct planche_pool *pool = exec->data->pool;
    struct chain_run run = {.exec = exec};
    for (int k = 0; k < chain->count; k++) {
        run.tasks[k] = task_of(exec, &chain->steps[k]);
        for (size_t s = 0; s < chain->strips; s++)
            chain->reached[s * PLANCHE_LAYER_CHAIN_STEPS + (size_t)k] =
                planche_layer_chain_start(chain, k, s);
    }
    if (chain->strips > 1)
        planche_pool_run(pool, chain->strips, run_part, &run);
    run.rest = true;
    planche_pool_run(pool, chain->strips, run_part, &run);
}
