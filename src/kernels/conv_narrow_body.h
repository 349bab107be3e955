/* SPDX-License-Identifier: MIT */
/* Convolution to a few planar channels over the vectors of simd_<isa>.h, with KERNEL_NAME(op)
 * defined: vectors along the input lanes, summed across at the end, always in the same order. */
#include "kernels/epilogue_portable.h"
#include "kernels/list.h"

#define MAX_CHANNELS 4
#define MAX_PIXELS   8
#define SUM          4 /* pixels that are summed across together */

/* Adds pixels[p] * weights over all entries, for `pixels` pixels and `channels` channels, both
 * constant where this is inlined, and leaves the sums with bias and activation in
 * sums[channel][pixel]. Pixel p lies `start` + offsets[p] floats from the run's first one; constant
 * offsets take no registers. */
static INLINE void sum_pixels(const struct planche_conv_args *args, ptrdiff_t start,
                              const ptrdiff_t *offsets, unsigned first, unsigned pixels,
                              unsigned channels, float sums[][MAX_PIXELS])
{
    const size_t channel = args->entries * LANES;
    const float *weights = (const float *)args->weights + first * channel;
    vec acc[MAX_CHANNELS][MAX_PIXELS];
    UNROLL (c, channels)
        UNROLL (p, pixels)
            acc[c][p] = vec_set(0.0f);
    for (size_t e = 0; e < args->entries; e++) {
        const float *input = args->inputs[e] + start;
        UNROLL (p, pixels)
            __builtin_prefetch(input + offsets[p] + (ptrdiff_t)pixels * args->input_step, 0);
        UNROLL (i, PARTS) {
            vec w[MAX_CHANNELS];
            UNROLL (c, channels)
                w[c] = vec_load(weights + c * channel + i * VEC_LANES);
            UNROLL (p, pixels) {
                const vec x = vec_hold(vec_load(input + offsets[p] + i * VEC_LANES));
                UNROLL (c, channels)
                    acc[c][p] = vec_fma(x, w[c], acc[c][p]);
            }
        }
        weights += LANES;
    }
    UNROLL (c, channels) {
        const float bias = args->epilogue.bias[first + c];
        const float slope = args->epilogue.slope[first + c];
        UNROLL (p, pixels / SUM) {
            const vec *v = &acc[c][p * SUM];
            quad_store(&sums[c][p * SUM],
                       quad_activate(vec_sum4(v[0], v[1], v[2], v[3]), bias, slope));
        }
    }
}

/* The steps are constants where this is inlined, so that whole runs are vectors. */
static INLINE void store_pixels(const struct planche_conv_args *args, unsigned c, size_t first,
                                size_t count, ptrdiff_t out_step, float *restrict sums)
{
    const struct planche_epilogue *epilogue = &args->epilogue;
    float *restrict out = args->outputs[c] + (ptrdiff_t)first * out_step;
    for (unsigned r = 0; r < epilogue->residuals; r++) {
        const ptrdiff_t step = args->residual_step[r];
        const float *residual = args->residual[r][c] + (ptrdiff_t)first * step;
        if (step == 1)
            for (size_t p = 0; p < count; p++)
                sums[p] = add_residual(epilogue, r, sums[p], residual[p]);
        else
            for (size_t p = 0; p < count; p++)
                sums[p] = add_residual(epilogue, r, sums[p], residual[(ptrdiff_t)p * step]);
    }
    for (size_t p = 0; p < count; p++)
        out[(ptrdiff_t)p * out_step] = sums[p];
}

/* One piece of a run; `count` pixels of it exist, and the last one stands for those beyond. */
static INLINE void convolve_piece(const struct planche_conv_args *args, size_t pixel, size_t count,
                                  ptrdiff_t step, unsigned first, unsigned pixels,
                                  unsigned channels)
{
    float sums[MAX_CHANNELS][MAX_PIXELS];
    ptrdiff_t offsets[MAX_PIXELS];
    UNROLL (p, pixels)
        offsets[p] = (ptrdiff_t)(p < count ? p : count - 1) * step;
    sum_pixels(args, (ptrdiff_t)pixel * step, offsets, first, pixels, channels, sums);
    UNROLL (c, channels) {
        if (args->output_step == 1)
            store_pixels(args, first + c, pixel, count, 1, sums[c]);
        else
            store_pixels(args, first + c, pixel, count, args->output_step, sums[c]);
    }
}

/* A run in pieces of as many pixels as the registers hold. channels is a constant where this is
 * inlined. */
static INLINE void convolve_channels(const struct planche_conv_args *args, unsigned first,
                                     unsigned channels)
{
    const unsigned fit = VEC_ACCUMULATORS / channels / SUM * SUM;
    const unsigned pixels = fit < MAX_PIXELS ? fit : MAX_PIXELS;
    size_t pixel = 0;
    if (args->input_step == LANES)
        for (; args->count - pixel >= pixels; pixel += pixels)
            convolve_piece(args, pixel, pixels, LANES, first, pixels, channels);
    for (; pixel < args->count; pixel += pixels) {
        const size_t left = args->count - pixel;
        convolve_piece(args, pixel, left < pixels ? left : pixels, args->input_step, first, pixels,
                       channels);
    }
}

void KERNEL_NAME(conv_narrow)(const struct planche_conv_args *args)
{
    switch (args->out_blocks) {
    case 1:
        convolve_channels(args, 0, 1);
        break;
    case 2:
        convolve_channels(args, 0, 2);
        break;
    case 3:
        convolve_channels(args, 0, 3);
        break;
    case 4:
        convolve_channels(args, 0, 2);
        convolve_channels(args, 2, 2);
        break;
    }
}
