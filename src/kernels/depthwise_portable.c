/* SPDX-License-Identifier: MIT */
/* Convolution of every channel by itself in portable C. */
#include "kernels/epilogue_portable.h"
#include "kernels/list.h"

#define LANES PLANCHE_LANES

void planche_depthwise_f32_portable(const struct planche_conv_args *args)
{
    const struct planche_epilogue *epilogue = &args->epilogue;
    for (size_t p = 0; p < args->count; p++) {
        const float *weights = args->weights;
        float sums[LANES] = {0};
        for (size_t e = 0; e < args->entries; e++, weights += LANES) {
            const float *input = args->inputs[e] + (ptrdiff_t)p * args->input_step;
            for (size_t i = 0; i < LANES; i++)
                sums[i] += input[i] * weights[i];
        }
        for (size_t i = 0; i < LANES; i++)
            sums[i] = activate(epilogue, i, sums[i]);
        for (unsigned r = 0; r < epilogue->residuals; r++) {
            const float *residual = args->residual[r][0] + (ptrdiff_t)p * args->residual_step[r];
            for (size_t i = 0; i < LANES; i++)
                sums[i] = add_residual(epilogue, r, sums[i], residual[i]);
        }
        for (size_t i = 0; i < LANES; i++)
            args->outputs[0][(ptrdiff_t)p * args->output_step + (ptrdiff_t)i] =
                apply_scale(epilogue, i, sums[i]);
    }
}
