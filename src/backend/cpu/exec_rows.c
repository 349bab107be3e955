/* SPDX-License-Identifier: MIT */
/* Nodes but convolutions: copies, shuffles, interpolation, pooling. */
#include "backend/cpu/exec_nodes.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* One chunk of one row of a node's output. */
struct span {
    const struct planche_exec *exec;
    const struct planche_node *node;
    const struct planche_tensor_layout *out;
    int64_t y, x;
    size_t pixels;
};

static const struct planche_tensor_layout *layout_of(const struct span *span, int edge)
{
    return &span->exec->pass->spec.program->tensors[span->node->edges[edge].view.tensor];
}

static const float *input_at(const struct span *span, int edge, unsigned block)
{
    const struct planche_edge *e = &span->node->edges[edge];
    return planche_exec_input(span->exec, e, span->y + e->view.top, block) +
           (span->x + e->view.left) * layout_of(span, edge)->lanes;
}

static float *output_at(const struct span *span, unsigned block)
{
    return planche_exec_row(span->exec, span->node->output, span->y, block) +
           span->x * span->out->lanes;
}

/* Division leaves something in the lanes beyond the last channel. */
static void clear_unused_lanes(const struct span *span)
{
    planche_exec_clear_unused(span->exec, span->node->output, span->y, span->x,
                              span->x + (int64_t)span->pixels);
}

static void run_binary_vector(const struct span *span, const struct planche_kernels *kernels)
{
    const struct planche_step *step = span->node->step;
    for (unsigned b = 0; b < span->out->blocks; b++) {
        struct planche_binary_vector_args args = {
            .op = step->binary,
            .lanes = span->out->lanes,
            .a = input_at(span, 0, b),
            .vector = span->exec->data->vectors[step->vector] + b * span->out->lanes,
            .out = output_at(span, b),
            .pixels = span->pixels,
        };
        kernels->binary_vector(&args);
    }
    clear_unused_lanes(span);
}

/* Copies channel by channel; whole blocks where lanes line up. */
static void run_concat(const struct span *span)
{
    unsigned channel = 0, out_lanes = span->out->lanes;
    for (int e = 0; e < span->node->edge_count; e++) {
        const struct planche_tensor_layout *in = layout_of(span, e);
        for (unsigned c = 0; c < (unsigned)in->channels;) {
            float *to = output_at(span, channel / out_lanes);
            const float *from = input_at(span, e, c / in->lanes);
            if (in->lanes == out_lanes && channel % out_lanes == 0 && c % in->lanes == 0 &&
                (unsigned)in->channels - c >= in->lanes) {
                memcpy(to, from, span->pixels * in->lanes * sizeof(float));
                c += in->lanes;
                channel += in->lanes;
                continue;
            }
            for (size_t p = 0; p < span->pixels; p++)
                to[p * out_lanes + channel % out_lanes] = from[p * in->lanes + c % in->lanes];
            c++;
            channel++;
        }
    }
    clear_unused_lanes(span);
}

static void simple_span(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1,
                        unsigned worker)
{
    const struct planche_program *program = task->exec->pass->spec.program;
    const struct span span = {
        .exec = task->exec,
        .node = task->node,
        .out = &program->tensors[task->node->output],
        .y = y,
        .x = x0,
        .pixels = (size_t)(x1 - x0),
    };
    (void)worker;
    switch (task->node->kind) {
    case PLANCHE_NODE_BINARY_VECTOR:
        run_binary_vector(&span, &program->kernels);
        break;
    case PLANCHE_NODE_CONCAT:
        run_concat(&span);
        break;
    default:
        planche_exec_tail(task, y, x0, x1);
        break;
    }
}

/* Blocks of a shuffle's inputs or outputs; channels are limited when the model is loaded. */
#define SHUFFLE_BLOCKS 256
static_assert(PLANCHE_NET_CHANNELS <= SHUFFLE_BLOCKS * PLANCHE_LANES, "blocks of any tensor");

/* Where the blocks of a shuffle's input row lie, for output row y from column x on, which begins an
 * input pixel. */
static void point_shuffle(const struct planche_task *task, int edge, int64_t y, int64_t x,
                          const float **blocks)
{
    const struct planche_edge *e = &task->node->edges[edge];
    const struct planche_tensor_layout *in =
        &task->exec->pass->spec.program->tensors[e->view.tensor];
    int64_t factor = task->node->shuffle;
    y += e->rows.offset;
    x += e->columns.offset;
    for (unsigned b = 0; b < in->blocks; b++)
        blocks[b] = planche_exec_input(task->exec, e, y / factor + e->view.top, b) +
                    (x / factor + e->view.left) * in->lanes;
}

/* A span is whole input pixels, `factor` columns each (see round_part in pass_create.c). */
static void shuffle_span(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1,
                         unsigned worker)
{
    const struct planche_program *program = task->exec->pass->spec.program;
    const struct planche_node *node = task->node;
    const struct planche_tensor_layout *in = &program->tensors[node->edges[0].view.tensor];
    const struct planche_tensor_layout *out = &program->tensors[node->output];
    int factor = node->shuffle;
    const float *inputs[SHUFFLE_BLOCKS], *addends[SHUFFLE_BLOCKS];
    float *outputs[SHUFFLE_BLOCKS];
    (void)worker;
    point_shuffle(task, 0, y, x0, inputs);
    if (node->edge_count > 1)
        point_shuffle(task, 1, y, x0, addends);
    for (unsigned b = 0; b < out->blocks; b++)
        outputs[b] = planche_exec_row(task->exec, node->output, y, b) + x0 * out->lanes;
    struct planche_shuffle_args args = {
        .inputs = inputs,
        .in_lanes = in->lanes,
        .addends = node->edge_count > 1 ? addends : NULL,
        .outputs = outputs,
        .out_lanes = out->lanes,
        .out_channels = (unsigned)out->channels,
        .factor = (unsigned)factor,
        .row = (unsigned)(y % factor),
        .pixels = (size_t)((x1 - x0) / factor),
    };
    program->kernels.shuffle(&args);
}

struct planche_task planche_simple_task(const struct planche_exec *exec, int node, int64_t y0,
                                        int64_t y1)
{
    bool shuffles = exec->pass->spec.program->nodes[node].kind == PLANCHE_NODE_SHUFFLE;
    struct planche_task task =
        planche_exec_task(exec, node, y0, y1, shuffles ? shuffle_span : simple_span);
    if (shuffles)
        task.unit = task.node->shuffle;
    task.max_columns = shuffles ? 512 : 1024;
    return task;
}

/* Columns that are shuffled at once on their way to the caller: they stay in the L1 cache. */
#define PUT_RUN 256

/* Columns [x0, x1) of the result's row y from the last shuffle's input. The first and the last
 * pixel of it may be cropped. */
static void put_shuffled(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1)
{
    const struct planche_program *program = task->exec->pass->spec.program;
    const struct planche_node *node = task->node;
    const struct planche_page_io *io = task->exec->data->io;
    int64_t factor = node->shuffle, crop = node->edges[0].columns.offset;
    int64_t first = (x0 + crop) / factor, end = (x1 + crop + factor - 1) / factor;
    size_t skip = (size_t)(x0 + crop - first * factor);
    float values[PLANCHE_PLANES][PUT_RUN + 2 * PLANCHE_PUT_FACTOR];
    const float *inputs[SHUFFLE_BLOCKS], *addends[SHUFFLE_BLOCKS];
    point_shuffle(task, 0, y, first * factor - crop, inputs);
    if (node->edge_count > 1)
        point_shuffle(task, 1, y, first * factor - crop, addends);
    struct planche_shuffle_args args = {
        .inputs = inputs,
        .in_lanes = program->tensors[node->edges[0].view.tensor].lanes,
        .addends = node->edge_count > 1 ? addends : NULL,
        .outputs = (float *[]){values[0], values[1], values[2]},
        .out_lanes = 1,
        .out_channels = (unsigned)program->net->tensors[program->net->output.tensor].channels,
        .factor = (unsigned)factor,
        .row = (unsigned)((y + node->edges[0].rows.offset) % factor),
        .pixels = (size_t)(end - first),
    };
    program->kernels.shuffle(&args);
    io->put(io->user, y, x0, (size_t)(x1 - x0),
            (const float *const[]){values[0] + skip, values[1] + skip, values[2] + skip});
}

static void put_span(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1,
                     unsigned worker)
{
    const struct planche_page_io *io = task->exec->data->io;
    const struct planche_view *view = &task->node->edges[0].view;
    const float *planes[PLANCHE_PLANES] = {0};
    (void)worker;
    for (int64_t x = x0; task->node->shuffle && x < x1; x += PUT_RUN)
        put_shuffled(task, y, x, x1 - x < PUT_RUN ? x1 : x + PUT_RUN);
    if (task->node->shuffle)
        return;
    for (unsigned b = 0; b < task->exec->pass->spec.program->tensors[view->tensor].blocks; b++)
        planes[b] = planche_exec_row(task->exec, view->tensor, y + view->top, b) + view->left + x0;
    io->put(io->user, y, x0, (size_t)(x1 - x0), planes);
}

struct planche_task planche_put_task(const struct planche_exec *exec, int node, int64_t y0,
                                     int64_t y1)
{
    struct planche_task task = planche_exec_task(exec, node, y0, y1, put_span);
    task.max_columns = 1024;
    return task;
}

#define INTERP_RUN  256
#define INTERP_TAPS 4

/* Weights of the taps of a position `f` beyond a pixel; bicubic as Keys (1981). */
static void interp_weights(int taps, double f, double a, float *weight)
{
    if (taps == 1) {
        weight[0] = 1.0f;
    } else if (taps == 2) {
        weight[0] = (float)(1.0 - f);
        weight[1] = (float)f;
    } else {
        const double g = 1.0 - f;
        double w0 = ((a * (f + 1) - 5 * a) * (f + 1) + 8 * a) * (f + 1) - 4 * a;
        double w1 = ((a + 2) * f - (a + 3)) * f * f + 1;
        double w2 = ((a + 2) * g - (a + 3)) * g * g + 1;
        weight[0] = (float)w0;
        weight[1] = (float)w1;
        weight[2] = (float)w2;
        weight[3] = (float)(1.0 - w0 - w1 - w2);
    }
}

/* First taps and weights of output columns [x0, x1). Where a column lies among its taps repeats
 * after a few columns, as the weights do, unless sizes are odd. */
static void interp_columns(const struct planche_edge *edge, double a, int64_t x0, int64_t x1,
                           int64_t in, int64_t out, int32_t *columns, float *weights)
{
    size_t taps = (size_t)edge->columns.extent, period = 0;
    int64_t parts = planche_interp_parts(&edge->columns, out), rest;
    int64_t step = 2 * (edge->columns.offset == PLANCHE_INTERP_ALIGN_CORNERS ? in - 1 : in);
    int64_t whole = step / parts, part = step % parts;
    int64_t first = planche_interp_first(&edge->columns, x0, in, out, &rest), origin = rest;
    for (size_t p = 0; p < (size_t)(x1 - x0); p++, weights += taps) {
        columns[p] = (int32_t)(first + edge->view.left);
        if (!period && p > 0 && rest == origin)
            period = p;
        if (period)
            memcpy(weights, weights - period * taps, taps * sizeof(*weights));
        else
            interp_weights(edge->columns.extent, (double)rest / (double)parts, a, weights);
        first += whole;
        rest += part;
        if (rest >= parts) {
            rest -= parts;
            first++;
        }
    }
}

/* The rows of output row y's taps, and their weights; rows beyond the edges repeat the last one. */
static void interp_rows(const struct planche_edge *edge, double a, int64_t y, int64_t in,
                        int64_t out, int64_t *rows, float *weights)
{
    int64_t parts = planche_interp_parts(&edge->rows, out);
    int64_t rest, first = planche_interp_first(&edge->rows, y, in, out, &rest);
    interp_weights(edge->rows.extent, (double)rest / (double)parts, a, weights);
    for (int t = 0; t < edge->rows.extent; t++) {
        int64_t row = first + t < 0 ? 0 : first + t >= in ? in - 1 : first + t;
        rows[t] = row + edge->view.top;
    }
}

/* A span is columns of all the rows, so that the columns' taps are worked out once for them. */
static void interp_span(const struct planche_task *task, int64_t row, int64_t x0, int64_t x1,
                        unsigned worker)
{
    const struct planche_pass *pass = task->exec->pass;
    const struct planche_program *program = pass->spec.program;
    const struct planche_node *node = task->node;
    const struct planche_edge *edge = &node->edges[0];
    const struct planche_tensor_layout *layout = &program->tensors[node->output];
    struct planche_shape in = planche_view_shape(&edge->view, pass->spec.geometry->shapes);
    struct planche_shape out = pass->spec.geometry->shapes[node->output];
    int32_t columns[INTERP_RUN];
    float column_weights[INTERP_RUN * INTERP_TAPS], row_weights[INTERP_TAPS];
    int64_t positions[INTERP_TAPS];
    (void)row;
    (void)worker;
    interp_columns(edge, node->step->cubic, x0, x1, in.width, out.width, columns, column_weights);
    for (int64_t y = task->y0; y < task->y1; y++) {
        interp_rows(edge, node->step->cubic, y, in.height, out.height, positions, row_weights);
        for (unsigned b = 0; b < layout->blocks; b++) {
            const float *rows[INTERP_TAPS];
            for (int t = 0; t < edge->rows.extent; t++)
                rows[t] = planche_exec_input(task->exec, edge, positions[t], b);
            struct planche_interp_args args = {
                .lanes = layout->lanes,
                .taps = (unsigned)edge->rows.extent,
                .rows = rows,
                .row_weights = row_weights,
                .columns = columns,
                .min = edge->view.left,
                .max = (int32_t)(edge->view.left + in.width - 1),
                .column_weights = column_weights,
                .out = planche_exec_row(task->exec, node->output, y, b) + x0 * layout->lanes,
                .pixels = (size_t)(x1 - x0),
            };
            program->kernels.interp(&args);
        }
    }
}

struct planche_task planche_interp_task(const struct planche_exec *exec, int node, int64_t y0,
                                        int64_t y1)
{
    struct planche_task task = planche_exec_task(exec, node, y0, y1, interp_span);
    task.rows = 1;
    task.max_columns = INTERP_RUN;
    return task;
}

/* Sums too large for the fixed point are cut off: the averages are then beyond anything a network
 * makes. */
static int64_t fixed_point(float sum)
{
    double v = (double)sum * PLANCHE_POOL_SCALE;
    return v > -9e15 && v < 9e15 ? llrint(v) : v > 0 ? (int64_t)9e15 : v < 0 ? -(int64_t)9e15 : 0;
}

static void pool_chunk(void *user, size_t index, unsigned worker)
{
    const struct planche_task *task = user;
    const struct planche_exec *exec = task->exec;
    const struct planche_program *program = exec->pass->spec.program;
    const struct planche_edge *edge = &task->node->edges[0];
    const struct planche_tensor_layout *in = &program->tensors[edge->view.tensor];
    int64_t *sums = exec->sums + worker * exec->sum_stride + task->part->sum_offset;
    int64_t y = task->y0 + (int64_t)index;
    for (unsigned b = 0; b < in->blocks; b++) {
        const float *row = planche_exec_input(exec, edge, y + edge->view.top, b);
        for (int64_t x = task->part->rect.x0; x < task->part->rect.x1; x += PLANCHE_POOL_SEGMENT) {
            int64_t rest = task->part->rect.x1 - x;
            float segment[PLANCHE_LANES] = {0};
            struct planche_sum_args args = {
                .lanes = in->lanes,
                .in = row + (x + edge->view.left) * in->lanes,
                .pixels = (size_t)(rest < PLANCHE_POOL_SEGMENT ? rest : PLANCHE_POOL_SEGMENT),
                .sums = segment,
            };
            program->kernels.sum(&args);
            for (unsigned l = 0; l < in->lanes; l++)
                sums[b * in->lanes + l] += fixed_point(segment[l]);
        }
    }
}

void planche_exec_pool(const struct planche_exec *exec, int node, int64_t y0, int64_t y1)
{
    struct planche_task task = planche_exec_task(exec, node, y0, y1, NULL);
    planche_pool_run(exec->data->pool, (size_t)(y1 - y0), pool_chunk, &task);
}
