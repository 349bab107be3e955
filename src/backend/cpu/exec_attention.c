/* SPDX-License-Identifier: MIT */
/* Execution of attention within windows: one window and one head at a time. A window is always made
 * whole, so that no stripe and no band changes what comes out of it. */
#include "backend/cpu/exec_nodes.h"

#include "net/integers.h"

#include <string.h>

/* Windows next to each other that a worker makes at a time: they share their offsets, and what is
 * read of them lies side by side. */
#define CHUNK 8
#define ROWS  (PLANCHE_ATTENTION_BLOCKS * PLANCHE_ATTENTION_WINDOW)

/* A window's rows and columns; less than whole ones at the edges of the picture. */
struct window {
    int64_t top, left; /* where it would begin */
    int64_t y0, y1, x0, x1;
};

static struct window window_at(const struct planche_task *task, int64_t y, int64_t x)
{
    const struct planche_exec *exec = task->exec;
    struct planche_shape shape = exec->pass->spec.geometry->shapes[task->node->output];
    int64_t side = task->node->step->window;
    return (struct window){
        .top = y,
        .left = x,
        .y0 = y > 0 ? y : 0,
        .y1 = planche_int_min(y + side, shape.height),
        .x0 = x > 0 ? x : 0,
        .x1 = planche_int_min(x + side, shape.width),
    };
}

/* The offsets of a window's pixels to each other: those of the whole window that are left. */
static void cut_offsets(const struct window *window, int64_t side, const float *whole, float *to)
{
    size_t all = PLANCHE_ATTENTION_LENGTH((size_t)(side * side));
    int64_t rows = window->y1 - window->y0, columns = window->x1 - window->x0;
    int64_t top = window->y0 - window->top, left = window->x0 - window->left;
    size_t length = PLANCHE_ATTENTION_LENGTH((size_t)(rows * columns));
    memset(to, 0, (size_t)(rows * columns) * length * sizeof(*to));
    for (int64_t j = 0; j < rows * columns; j++, to += length) {
        const float *from = whole + (size_t)((j / columns + top) * side + j % columns + left) * all;
        for (int64_t y = 0; y < rows; y++)
            memcpy(to + y * columns, from + (y + top) * side + left, (size_t)columns * sizeof(*to));
    }
}

/* What a head has of a window, of the queries, keys or values that begin at block `first`. */
static void point_inputs(const struct planche_task *task, const struct window *window,
                         unsigned first, unsigned blocks, const float **to)
{
    const struct planche_edge *edge = &task->node->edges[0];
    for (unsigned b = 0; b < blocks; b++)
        for (int64_t y = window->y0; y < window->y1; y++)
            *to++ = planche_exec_input(task->exec, edge, y + edge->view.top, first + b) +
                    (window->x0 + edge->view.left) * PLANCHE_LANES;
}

static void run_head(const struct planche_task *task, const struct window *window, unsigned head,
                     float *scratch)
{
    const struct planche_program *program = task->exec->pass->spec.program;
    const struct planche_step *step = task->node->step;
    unsigned all = program->tensors[task->node->output].blocks,
             blocks = all / (unsigned)step->heads;
    size_t side = (size_t)step->window, whole = side * side;
    const float *inputs[3][ROWS];
    float *outputs[ROWS];
    struct planche_attention_args args = {
        .blocks = blocks,
        .rows = (unsigned)(window->y1 - window->y0),
        .columns = (unsigned)(window->x1 - window->x0),
        .query = inputs[0],
        .key = inputs[1],
        .value = inputs[2],
        .factor = task->node->attention_factor,
        .bias = task->node->channel + head * whole * PLANCHE_ATTENTION_LENGTH(whole),
        .out = outputs,
        .scratch = scratch,
    };
    for (unsigned part = 0; part < 3; part++)
        point_inputs(task, window, part * all + head * blocks, blocks, inputs[part]);
    for (unsigned b = 0, at = 0; b < blocks; b++)
        for (int64_t y = window->y0; y < window->y1; y++)
            outputs[at++] = planche_exec_row(task->exec, task->node->output, y, head * blocks + b) +
                            window->x0 * PLANCHE_LANES;
    if (args.rows * args.columns < whole) {
        float *cut = scratch + PLANCHE_ATTENTION_SCRATCH(blocks, whole);
        cut_offsets(window, step->window, args.bias, cut);
        args.bias = cut;
    }
    program->kernels.attention(&args);
}

static void run_chunk(void *user, size_t index, unsigned worker)
{
    const struct planche_task *task = user;
    const struct planche_program *program = task->exec->pass->spec.program;
    const struct planche_node *node = task->node;
    float *scratch = (float *)(void *)(task->exec->scratch + worker * program->scratch_bytes);
    int64_t side = node->tile, chunks = task->chunks;
    int64_t y = planche_node_group_floor(node, task->y0) + (int64_t)index / chunks * side;
    int64_t first = planche_node_group_floor(node, task->part->rect.x0) +
                    (int64_t)index % chunks * CHUNK * side;
    for (int head = 0; head < node->step->heads; head++)
        for (int64_t x = first; x < first + CHUNK * side && x < task->part->rect.x1; x += side) {
            struct window window = window_at(task, y, x);
            run_head(task, &window, (unsigned)head, scratch);
        }
}

void planche_exec_attention(const struct planche_exec *exec, int node, int64_t y0, int64_t y1)
{
    struct planche_task task = planche_exec_task(exec, node, y0, y1, NULL);
    const struct planche_node *n = task.node;
    int64_t columns = task.part->rect.x1 - planche_node_group_floor(n, task.part->rect.x0);
    int64_t rows = planche_node_group_ceil(n, y1) - planche_node_group_floor(n, y0);
    task.chunks = planche_ceil_div(columns, CHUNK * n->tile);
    planche_pool_run(exec->data->pool, (size_t)(rows / n->tile * task.chunks), run_chunk, &task);
}

size_t planche_attention_scratch(const struct planche_step *step, unsigned blocks)
{
    size_t pixels = (size_t)step->window * (size_t)step->window;
    return (PLANCHE_ATTENTION_SCRATCH(blocks / (unsigned)step->heads, pixels) +
            pixels * PLANCHE_ATTENTION_LENGTH(pixels)) *
           sizeof(float);
}

float *planche_attention_offsets(struct planche_budget *budget, const struct planche_step *step)
{
    size_t side = (size_t)step->window, pixels = side * side, heads = (size_t)step->heads;
    size_t length = PLANCHE_ATTENTION_LENGTH(pixels);
    float *offsets = planche_calloc(budget, heads * pixels * length, sizeof(float)), *to = offsets;
    for (size_t h = 0; offsets && h < heads; h++)
        for (size_t j = 0; j < pixels; j++, to += length)
            for (size_t i = 0; i < pixels; i++) {
                size_t row = i / side + side - 1 - j / side,
                       column = i % side + side - 1 - j % side;
                to[i] = step->offsets[(row * (2 * side - 1) + column) * heads + h];
            }
    return offsets;
}
