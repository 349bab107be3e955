/* SPDX-License-Identifier: MIT */
/* Quantised 3x3 convolution in portable C. */
#include "kernels/list.h"

#include <math.h>

static int32_t add_products(int32_t sum, const uint8_t *inputs, const int8_t *weights)
{
    for (unsigned i = 0; i < PLANCHE_QUAD; i++)
        sum += inputs[i] * weights[i];
    return sum;
}

/* Of channel c at pixel x. */
static int32_t sum_products(const struct planche_conv3_int8_args *args, size_t c, size_t x)
{
    int32_t sum = args->bias[c];
    const int8_t *weights = args->weights +
                            c / PLANCHE_QUAD * args->in_quads * PLANCHE_QUAD_WEIGHTS +
                            c % PLANCHE_QUAD * PLANCHE_QUAD;
    for (size_t row = 0; row < (size_t)3 * args->in_quads; row++)
        for (size_t k = 0; k < 3; k++, weights += PLANCHE_QUAD * PLANCHE_QUAD)
            sum = add_products(sum, args->inputs[row] + (x + k) * PLANCHE_QUAD, weights);
    return sum;
}

static uint8_t quantise(float sum, float scale, float zero)
{
    const long value = lrintf(fmaf(sum, scale, zero));
    return (uint8_t)(value < 0 ? 0 : value > UINT8_MAX ? UINT8_MAX : value);
}

void planche_conv3_int8_portable(const struct planche_conv3_int8_args *args)
{
    for (size_t c = 0; c < (size_t)args->out_quads * PLANCHE_QUAD; c++) {
        if (args->planes && !args->planes[c])
            continue;
        for (size_t x = 0; x < args->count; x++) {
            const int32_t sum = sum_products(args, c, x);
            const float scale = sum < 0 ? args->below[c] : args->scale[c];
            if (args->planes)
                args->planes[c][x] = (float)sum * scale;
            else
                args->outputs[c / PLANCHE_QUAD][x * PLANCHE_QUAD + c % PLANCHE_QUAD] =
                    quantise((float)sum, scale, args->zero[c]);
        }
    }
}
