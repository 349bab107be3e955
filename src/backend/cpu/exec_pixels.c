/* SPDX-License-Identifier: MIT */
/* Depthwise convolutions, normalisation, and padding within the network. */
#include "backend/cpu/exec_nodes.h"
#include "backend/cpu/pack_weights.h"
#include "net/integers.h"

#include <assert.h>
#include <string.h>

static const struct planche_tensor_layout *layout_of(const struct planche_task *task, int edge)
{
    return &task->exec->pass->spec.program->tensors[task->node->edges[edge].view.tensor];
}

/* Where column x of a block of an edge's row y is; both are the view's. */
static const float *input_at(const struct planche_task *task, int edge, int64_t y, int64_t x,
                             unsigned block)
{
    const struct planche_edge *e = &task->node->edges[edge];
    return planche_exec_input(task->exec, e, y + e->view.top, block) +
           (x + e->view.left) * layout_of(task, edge)->lanes;
}

/* One block of channels. */
static void filter_block(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1,
                         unsigned block, const float **inputs)
{
    const struct planche_node *node = task->node;
    const struct planche_step *step = node->step;
    const struct planche_edge *edge = &node->edges[0];
    size_t taps = (size_t)step->kernel_w * (size_t)step->kernel_h;
    const float *residuals[PLANCHE_RESIDUALS];
    struct planche_conv_args args = {
        .entries = taps,
        .inputs = inputs,
        .depth = PLANCHE_LANES,
        .input_step = (ptrdiff_t)edge->columns.stride * PLANCHE_LANES,
        .weights = node->conv->depthwise + (size_t)block * taps * PLANCHE_LANES,
        .out_blocks = 1,
        .outputs =
            (float *[]){planche_exec_row(task->exec, node->output, y, block) + x0 * PLANCHE_LANES},
        .output_step = PLANCHE_LANES,
        .count = (size_t)(x1 - x0),
        .epilogue = planche_exec_epilogue(task, (size_t)block * PLANCHE_LANES),
    };
    for (int ky = 0; ky < step->kernel_h; ky++)
        for (int kx = 0; kx < step->kernel_w; kx++)
            *inputs++ = input_at(
                task, 0, y * edge->rows.stride + edge->rows.offset + (int64_t)ky * step->dilation_h,
                x0 * edge->columns.stride + edge->columns.offset + (int64_t)kx * step->dilation_w,
                block);
    for (int r = 0; r < step->residual_count; r++) {
        residuals[r] = input_at(task, step->input_count + r, y, x0, block);
        args.residual[r] = &residuals[r];
        args.residual_step[r] = PLANCHE_LANES;
    }
    task->exec->pass->spec.program->kernels.depthwise(&args);
}

static void depthwise_span(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1,
                           unsigned worker)
{
    const struct planche_program *program = task->exec->pass->spec.program;
    char *scratch = task->exec->scratch + worker * program->scratch_bytes;
    for (unsigned b = 0; b < program->tensors[task->node->output].blocks; b++)
        filter_block(task, y, x0, x1, b, (const float **)(void *)scratch);
    planche_exec_tail(task, y, x0, x1);
}

struct planche_task planche_depthwise_task(const struct planche_exec *exec, int node, int64_t y0,
                                           int64_t y1)
{
    struct planche_task task = planche_exec_task(exec, node, y0, y1, depthwise_span);
    task.max_columns = PLANCHE_CONV_RUN;
    return task;
}

/* Blocks of any tensor; channels are limited when the model is loaded. */
#define MOST_BLOCKS 256
static_assert(PLANCHE_NET_CHANNELS <= MOST_BLOCKS * PLANCHE_LANES, "blocks of any tensor");

static void norm_span(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1,
                      unsigned worker)
{
    const struct planche_program *program = task->exec->pass->spec.program;
    const struct planche_tensor_layout *layout = &program->tensors[task->node->output];
    const float *in[MOST_BLOCKS];
    float *out[MOST_BLOCKS];
    (void)worker;
    for (unsigned b = 0; b < layout->blocks; b++) {
        in[b] = input_at(task, 0, y, x0, b);
        out[b] = planche_exec_row(task->exec, task->node->output, y, b) + x0 * layout->lanes;
    }
    program->kernels.norm(&(struct planche_norm_args){
        .norm = (int)task->node->step->norm,
        .lanes = layout->lanes,
        .blocks = layout->blocks,
        .channels = (unsigned)layout->channels,
        .in = in,
        .scale = task->node->channel,
        .bias = task->node->channel + (size_t)layout->blocks * layout->lanes,
        .eps = task->node->step->eps,
        .out = out,
        .pixels = (size_t)(x1 - x0),
    });
}

struct planche_task planche_norm_task(const struct planche_exec *exec, int node, int64_t y0,
                                      int64_t y1)
{
    struct planche_task task = planche_exec_task(exec, node, y0, y1, norm_span);
    task.max_columns = 256;
    return task;
}

/* The row or column that stands at i beyond an edge or within it; -1: zeros. */
static int64_t padded_place(enum planche_pad_mode mode, int64_t i, int64_t size)
{
    switch (mode) {
    case PLANCHE_PAD_REFLECT:
        return planche_reflect(i, size);
    case PLANCHE_PAD_EDGE:
        return planche_int_clamp(i, 0, size - 1);
    default:
        return i < 0 || i >= size ? -1 : i;
    }
}

/* Columns [x0, x1) of a row, of which `in` is column 0. */
static void pad_columns(const struct planche_step *step, const float *in, unsigned lanes,
                        int64_t width, int64_t x0, int64_t x1, float *out)
{
    size_t bytes = lanes * sizeof(*out);
    int64_t first = planche_int_clamp(step->pad_left, x0, x1);
    int64_t end = planche_int_clamp(step->pad_left + width, first, x1);
    for (int64_t x = x0; x < x1; x++) {
        int64_t from = padded_place(step->pad_mode, x - step->pad_left, width);
        if (x == first && end > first) {
            memcpy(out, in + (x - step->pad_left) * lanes, (size_t)(end - first) * bytes);
            out += (end - first) * lanes;
            x = end - 1;
            continue;
        }
        if (from < 0)
            memset(out, 0, bytes);
        else
            memcpy(out, in + from * lanes, bytes);
        out += lanes;
    }
}

static void border_span(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1,
                        unsigned worker)
{
    const struct planche_pass *pass = task->exec->pass;
    const struct planche_step *step = task->node->step;
    const struct planche_tensor_layout *layout = &pass->spec.program->tensors[task->node->output];
    struct planche_shape in =
        planche_view_shape(&task->node->edges[0].view, pass->spec.geometry->shapes);
    int64_t from = padded_place(step->pad_mode, y - step->pad_top, in.height);
    (void)worker;
    for (unsigned b = 0; b < layout->blocks; b++) {
        float *out = planche_exec_row(task->exec, task->node->output, y, b) + x0 * layout->lanes;
        if (from < 0)
            memset(out, 0, (size_t)(x1 - x0) * layout->lanes * sizeof(*out));
        else
            pad_columns(step, input_at(task, 0, from, 0, b), layout->lanes, in.width, x0, x1, out);
    }
}

struct planche_task planche_border_task(const struct planche_exec *exec, int node, int64_t y0,
                                        int64_t y1)
{
    struct planche_task task = planche_exec_task(exec, node, y0, y1, border_span);
    task.max_columns = 1024;
    return task;
}
