/* SPDX-License-Identifier: MIT */
/* Convolution to a few planar channels in portable C. */
#include "kernels/epilogue_portable.h"
#include "kernels/list.h"

#define LANES PLANCHE_LANES

static float sum_lanes(const struct planche_conv_args *args, size_t c, size_t p)
{
    float acc[LANES] = {0};
    const float *weights = (const float *)args->weights + c * args->entries * LANES;
    for (size_t e = 0; e < args->entries; e++, weights += LANES) {
        const float *input = args->inputs[e] + (ptrdiff_t)p * args->input_step;
        for (size_t i = 0; i < LANES; i++)
            acc[i] += input[i] * weights[i];
    }
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            acc[i] += acc[i + half];
    return acc[0];
}

void planche_conv_narrow_f32_portable(const struct planche_conv_args *args)
{
    const struct planche_epilogue *epilogue = &args->epilogue;
    for (size_t c = 0; c < args->out_blocks; c++)
        for (size_t p = 0; p < args->count; p++) {
            float v = activate(epilogue, c, sum_lanes(args, c, p));
            for (unsigned r = 0; r < epilogue->residuals; r++)
                v = add_residual(epilogue, r, v,
                                 args->residual[r][c][(ptrdiff_t)p * args->residual_step[r]]);
            args->outputs[c][(ptrdiff_t)p * args->output_step] = v;
        }
}
