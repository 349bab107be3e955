/* SPDX-License-Identifier: MIT */
/* Interpolation and pixel shuffle of one row. Included once per ISA with KERNEL_NAME(op) defined:
 * the compiler vectorises them for the flags of the including file. */
#include "kernels/list.h"

#include <string.h>

#define LANES PLANCHE_LANES

#define MAX_TAPS 4

/* lanes and taps are constants where this is inlined. */
static inline __attribute__((always_inline)) void
interpolate(const struct planche_interp_args *args, size_t lanes, size_t taps)
{
    for (size_t p = 0; p < args->pixels; p++)
        for (size_t lane = 0; lane < lanes; lane++) {
            const int32_t *columns = args->columns + p * taps;
            const float *weights = args->column_weights + p * taps;
            float sum = 0.0f;
            for (size_t i = 0; i < taps; i++) {
                float row = 0.0f;
                for (size_t j = 0; j < taps; j++)
                    row += weights[j] * args->rows[i][(size_t)columns[j] * lanes + lane];
                sum += args->row_weights[i] * row;
            }
            args->out[p * lanes + lane] = sum;
        }
}

void KERNEL_NAME(interp)(const struct planche_interp_args *args)
{
    const size_t lanes = args->lanes;
    if (args->taps == 1 && lanes == 1)
        interpolate(args, 1, 1);
    else if (args->taps == 1)
        interpolate(args, LANES, 1);
    else if (args->taps == 2 && lanes == 1)
        interpolate(args, 1, 2);
    else if (args->taps == 2)
        interpolate(args, LANES, 2);
    else if (lanes == 1)
        interpolate(args, 1, MAX_TAPS);
    else
        interpolate(args, LANES, MAX_TAPS);
}

/* Copies `run` neighbouring lanes of every pixel; the strides count floats. run is a constant where
 * this is inlined. */
static inline __attribute__((always_inline)) void copy_lanes(const float *in, size_t in_stride,
                                                             float *out, size_t out_stride,
                                                             size_t pixels, size_t run)
{
    for (size_t p = 0; p < pixels; p++)
        memcpy(out + p * out_stride, in + p * in_stride, run * sizeof *out);
}

/* The whole of one planar output channel from lanes that are neighbours in one input block. */
static void shuffle_run(const float *in, float *out, size_t factor, size_t pixels)
{
    if (factor == 2)
        copy_lanes(in, LANES, out, 2, pixels, 2);
    else if (factor == 3)
        copy_lanes(in, LANES, out, 3, pixels, 3);
    else if (factor == 4)
        copy_lanes(in, LANES, out, 4, pixels, 4);
    else
        copy_lanes(in, LANES, out, factor, pixels, factor);
}

/* Output channel c, one input channel after another. */
static void shuffle_channel(const struct planche_shuffle_args *args, size_t c)
{
    const size_t factor = args->factor, in_lanes = args->in_lanes, out_lanes = args->out_lanes;
    const size_t first = (c * factor + args->row) * factor;
    float *out = args->outputs[c / out_lanes] + c % out_lanes;
    if (out_lanes == 1 && in_lanes == LANES && first % LANES + factor <= LANES) {
        shuffle_run(args->inputs[first / LANES] + first % LANES, out, factor, args->pixels);
        return;
    }
    for (size_t j = 0; j < factor; j++) {
        const float *in = args->inputs[(first + j) / in_lanes] + (first + j) % in_lanes;
        copy_lanes(in, in_lanes, out + j * out_lanes, factor * out_lanes, args->pixels, 1);
    }
}

static void clear_unused_lanes(const struct planche_shuffle_args *args)
{
    const size_t used = args->out_channels % args->out_lanes;
    if (used == 0)
        return;
    float *out = args->outputs[args->out_channels / args->out_lanes];
    for (size_t p = 0; p < args->pixels * args->factor; p++)
        memset(out + p * args->out_lanes + used, 0, (args->out_lanes - used) * sizeof *out);
}

void KERNEL_NAME(shuffle)(const struct planche_shuffle_args *args)
{
    for (size_t c = 0; c < args->out_channels; c++)
        shuffle_channel(args, c);
    clear_unused_lanes(args);
}
