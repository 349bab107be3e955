/* SPDX-License-Identifier: MIT */
/* Execution of tails, and of elementwise steps that are all of their node. */
#include "backend/cpu/exec_nodes.h"

#include <string.h>

/* Floats of a value at once: with a few of them and their operands within 32 KB. */
#define RUN 1024

/* Some pixels of one block of a row. */
struct piece {
    const struct planche_task *task;
    int64_t y, x;
    unsigned block;
    size_t pixels, lanes;
    float *values[PLANCHE_TAIL_VALUES + 1];
};

static const float *operand_at(const struct piece *piece, int operand)
{
    if (operand >= 0)
        return piece->values[operand];
    const struct planche_edge *edge = &piece->task->node->edges[~operand];
    return planche_exec_input(piece->task->exec, edge, piece->y + edge->view.top, piece->block) +
           (piece->x + edge->view.left) * (int64_t)piece->lanes;
}

static void run_scalar(const struct piece *piece, const struct planche_tail_op *op,
                       const struct planche_kernels *kernels)
{
    float scalars[PLANCHE_LANES];
    for (int i = 0; i < PLANCHE_LANES; i++)
        scalars[i] = op->step->scalar;
    kernels->binary_vector(&(struct planche_binary_vector_args){
        .op = (int)op->step->binary,
        .lanes = (unsigned)piece->lanes,
        .a = operand_at(piece, op->operands[0]),
        .vector = scalars,
        .out = piece->values[op->value],
        .pixels = piece->pixels,
    });
}

static void run_binary(const struct piece *piece, const struct planche_tail_op *op,
                       const struct planche_kernels *kernels)
{
    kernels->binary(&(struct planche_binary_args){
        .op = (int)op->step->binary,
        .self = op->step->self,
        .other = op->step->other,
        .a = operand_at(piece, op->operands[0]),
        .b = operand_at(piece, op->operands[1]),
        .out = piece->values[op->value],
        .count = piece->pixels * piece->lanes,
    });
}

static void run_channel(const struct piece *piece, const struct planche_tail_op *op,
                        const struct planche_kernels *kernels)
{
    const struct planche_step *step = op->step;
    const float *in = operand_at(piece, op->operands[0]);
    float *out = piece->values[op->value];
    size_t lanes = piece->lanes, count = piece->pixels * lanes;
    size_t all = lanes * piece->task->exec->pass->spec.program->tensors[step->output].blocks;
    if (op->channel)
        kernels->channel(&(struct planche_channel_args){
            .lanes = (unsigned)lanes,
            .in = in,
            .scale = op->channel + piece->block * lanes,
            .bias = op->channel + all + piece->block * lanes,
            .slope = op->channel + 2 * all + piece->block * lanes,
            .out = out,
            .pixels = piece->pixels,
        });
    else if (in != out)
        memcpy(out, in, count * sizeof(*out));
    if (!planche_activation_is_slope(step->activation))
        kernels->activate(&(struct planche_activate_args){
            .activation = (int)step->activation,
            .act = {step->act[0], step->act[1]},
            .values = out,
            .count = count,
        });
}

static void run_piece(const struct piece *piece)
{
    const struct planche_tail *tail = &piece->task->node->tail;
    const struct planche_kernels *kernels = &piece->task->exec->pass->spec.program->kernels;
    for (int i = 0; i < tail->count; i++) {
        const struct planche_tail_op *op = &tail->ops[i];
        if (op->step->op == PLANCHE_STEP_BINARY)
            run_binary(piece, op, kernels);
        else if (op->step->op == PLANCHE_STEP_BINARY_SCALAR)
            run_scalar(piece, op, kernels);
        else
            run_channel(piece, op, kernels);
    }
}

void planche_exec_tail(const struct planche_task *task, int64_t y, int64_t x0, int64_t x1)
{
    int tensor = task->node->output;
    const struct planche_tensor_layout *layout = &task->exec->pass->spec.program->tensors[tensor];
    int64_t lanes = layout->lanes, step = RUN / lanes;
    float values[PLANCHE_TAIL_VALUES][RUN] __attribute__((aligned(PLANCHE_ALIGN)));
    for (unsigned b = 0; task->node->tail.count > 0 && b < layout->blocks; b++)
        for (int64_t x = x0; x < x1; x += step) {
            struct piece piece = {.task = task, .y = y, .x = x, .block = b, .lanes = (size_t)lanes};
            piece.pixels = (size_t)(x1 - x < step ? x1 - x : step);
            piece.values[0] = planche_exec_row(task->exec, tensor, y, b) + x * lanes;
            for (int v = 0; v < PLANCHE_TAIL_VALUES; v++)
                piece.values[v + 1] = values[v];
            run_piece(&piece);
        }
    /* Division and scalars leave something in the lanes beyond the last channel. */
    if (task->node->tail.count > 0)
        planche_exec_clear_unused(task->exec, tensor, y, x0, x1);
}
