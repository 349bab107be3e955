/* SPDX-License-Identifier: MIT */
/* Convolution of every channel by itself, over the vectors of simd_<isa>.h, with KERNEL_NAME(op)
 * defined: as many pixels as the registers hold are summed at once, taps in order. */
#include "kernels/conv_ends.h"
#include "kernels/list.h"

#define MAX_PIXELS 12

/* `pixels` is a constant where this is inlined, and step where that pays. The sums begin with the
 * bias. */
static INLINE void filter_pixels(const struct part *part, unsigned pixels, ptrdiff_t step)
{
    const struct planche_conv_args *args = part->args;
    const float *weights = args->weights;
    vec acc[MAX_PIXELS][MAX_BLOCKS * PARTS];
    UNROLL (p, pixels)
        UNROLL (v, PARTS)
            acc[p][v] = vec_load(args->epilogue.bias + v * VEC_LANES);
    for (size_t e = 0; e < args->entries; e++, weights += LANES) {
        const float *input = args->inputs[e] + (ptrdiff_t)part->pixel * step;
        vec w[PARTS];
        UNROLL (v, PARTS)
            w[v] = vec_load(weights + v * VEC_LANES);
        UNROLL (p, pixels)
            UNROLL (v, PARTS)
                acc[p][v] =
                    vec_fma(vec_load(input + (ptrdiff_t)p * step + v * VEC_LANES), w[v], acc[p][v]);
    }
    store_pixels(part, pixels, 1, acc);
}

static INLINE void filter_run(struct part part, ptrdiff_t step)
{
    const unsigned fit = VEC_ACCUMULATORS / PARTS;
    const unsigned max = fit < MAX_PIXELS ? fit : MAX_PIXELS;
    const size_t count = part.args->count;
#define STEP(pixels)                                                                               \
    for (; pixels <= max && count - part.pixel >= pixels; part.pixel += pixels)                    \
        filter_pixels(&part, pixels, step);
    STEP(max)
    STEP(4)
    STEP(2)
    STEP(1)
#undef STEP
}

void KERNEL_NAME(depthwise)(const struct planche_conv_args *args)
{
    const struct part part = {.args = args};
    if (args->input_step == LANES)
        filter_run(part, LANES);
    else
        filter_run(part, args->input_step);
}
