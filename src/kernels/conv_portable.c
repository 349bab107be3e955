/* SPDX-License-Identifier: MIT */
/* Convolution of a run of pixels in portable C. */
#include "kernels/bf16.h"
#include "kernels/epilogue_portable.h"
#include "kernels/list.h"

#include <string.h>

#define LANES      PLANCHE_LANES
#define MAX_BLOCKS 4

static inline void add_products(float *restrict acc, float x, const float *restrict weights,
                                size_t lanes)
{
    for (size_t i = 0; i < lanes; i++)
        acc[i] += x * weights[i];
}

static void finish_block(const struct planche_conv_args *args, size_t b, size_t p,
                         float *restrict acc)
{
    const struct planche_epilogue *epilogue = &args->epilogue;
    for (size_t i = 0; i < LANES; i++)
        acc[i] = activate(epilogue, b * LANES + i, acc[i]);
    for (unsigned r = 0; r < epilogue->residuals; r++) {
        const float *residual = args->residual[r][b] + (ptrdiff_t)p * args->residual_step[r];
        for (size_t i = 0; i < LANES; i++)
            acc[i] = add_residual(epilogue, r, acc[i], residual[i]);
    }
    for (size_t i = 0; i < LANES; i++)
        acc[i] = apply_scale(epilogue, b * LANES + i, acc[i]);
    memcpy(args->outputs[b] + (ptrdiff_t)p * args->output_step, acc, LANES * sizeof *acc);
}

void planche_conv_f32_portable(const struct planche_conv_args *args)
{
    const size_t lanes = (size_t)args->out_blocks * LANES;
    for (size_t p = 0; p < args->count; p++) {
        float acc[MAX_BLOCKS * LANES] = {0};
        const float *weights = args->weights;
        for (size_t e = 0; e < args->entries; e++) {
            const float *input = args->inputs[e] + (ptrdiff_t)p * args->input_step;
            for (unsigned k = 0; k < args->depth; k++, weights += lanes)
                add_products(acc, input[k], weights, lanes);
        }
        for (size_t b = 0; b < args->out_blocks; b++)
            finish_block(args, b, p, acc + b * LANES);
    }
}

/* Of an input lane: every other one of the weights of its pair. */
static inline void add_rounded_products(float *restrict acc, float x,
                                        const uint16_t *restrict weights, size_t lanes)
{
    const float rounded = planche_bf16_value(planche_bf16_round(x));
    for (size_t i = 0; i < lanes; i++)
        acc[i] += rounded * planche_bf16_value(weights[2 * i]);
}

void planche_conv_bf16_portable(const struct planche_conv_args *args)
{
    const size_t lanes = (size_t)args->out_blocks * LANES;
    for (size_t p = 0; p < args->count; p++) {
        float acc[MAX_BLOCKS * LANES] = {0};
        const uint16_t *weights = args->weights;
        for (size_t e = 0; e < args->entries; e++, weights += LANES * lanes) {
            const float *input = args->inputs[e] + (ptrdiff_t)p * args->input_step;
            for (unsigned k = 0; k < LANES; k++)
                add_rounded_products(acc, input[k], weights + k / 2 * 2 * lanes + k % 2, lanes);
        }
        for (size_t b = 0; b < args->out_blocks; b++)
            finish_block(args, b, p, acc + b * LANES);
    }
}
