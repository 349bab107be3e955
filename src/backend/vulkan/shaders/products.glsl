/* SPDX-License-Identifier: MIT */
/* Sums of products, for convolutions and deconvolutions on any device.
 *
 * Weights are [kernel row][kernel column][input channel][output channel]: input channels are those
 * of the views, one view after another, each padded to its pitch; output channels are padded to the
 * output's pitch. A pixel's sum is made tap by tap and channel by channel, wherever it lies.
 *
 * An invocation has 4 pixels of a row and 1 or 2 quads of output channels; a workgroup has 32 x 4
 * pixels. Specialization constants: 0: invocations side by side in channels, the quads of 64 channels
 * (or of all, if there are fewer) divided by constant 1; 1: quads of an invocation, 2, or 1 for a
 * pitch of 4. */
#ifndef PLANCHE_PRODUCTS_GLSL
#define PLANCHE_PRODUCTS_GLSL

#include "activation.glsl"

#define PIXELS       4
#define MOST_QUADS   2
#define GROUP_QUADS  16
#define NOWHERE      (-0x40000000)

layout(local_size_x_id = 0, local_size_y = 8, local_size_z = 4) in;
layout(constant_id = 1) const int QUADS = 2;

vec4 sums[PIXELS][MOST_QUADS];

int first_quad()
{
    return int(gl_WorkGroupID.z) * GROUP_QUADS + int(gl_LocalInvocationID.x) * QUADS;
}

/* Channels of all inputs, as the weights have them. */
int input_channels()
{
    int channels = 0;
    for (int s = 0; s < args.in_count; s++)
        channels += args.sources[s].pitch;
    return channels;
}

void clear_sums()
{
    [[unroll]] for (int p = 0; p < PIXELS; p++)
        [[unroll]] for (int q = 0; q < MOST_QUADS; q++)
            sums[p][q] = vec4(0.0);
}

/* Adds what a view's pixels, given by their quads' first index, contribute through weights that
 * begin at row `row`; the pixels that are not `inside` are zero. */
void add_view(planche_gpu_view view, int row, ivec4 first, bvec4 inside)
{
    int out_quads = quads_of(args.result.pitch), quads = quads_of(view.pitch);
    int weight = row * out_quads + first_quad();
    for (int i = 0; i < quads; i++) {
        vec4 values[PIXELS];
        [[unroll]] for (int p = 0; p < PIXELS; p++) {
            vec4 v = vec4(quads_in(view.address).at[first[p] + i]);
            values[p] = inside[p] ? v : vec4(0.0);
        }
        [[unroll]] for (int c = 0; c < 4; c++, weight += out_quads)
            [[unroll]] for (int q = 0; q < QUADS; q++) {
                vec4 w = vec4(quads_in(args.weights).at[weight + q]);
                [[unroll]] for (int p = 0; p < PIXELS; p++)
                    sums[p][q] = fma(vec4(values[p][c]), w, sums[p][q]);
            }
    }
}

/* Adds a tap, whose pixels in the inputs are x in row y. */
void add_tap(int tap, ivec4 x, int y, int channels)
{
    int row = tap * channels;
    for (int s = 0; s < args.in_count; s++) {
        planche_gpu_view view = args.sources[s];
        ivec4 at = x + view.x;
        bvec4 inside = lessThan(uvec4(at), uvec4(view.width));
        if (uint(y + view.y) < uint(view.height) && any(inside)) {
            ivec4 first = ((y + view.y) * view.width + at) * quads_of(view.pitch);
            add_view(view, row, mix(ivec4(0), first, inside), inside);
        }
        row += view.pitch;
    }
}

/* Bias, activation, residuals. */
vec4 finish(vec4 sum, ivec2 at, int quad)
{
    if (!is_null(args.constants))
        sum += vectors(args.constants).at[quad];
    sum = bend(sum, slope_of(quad));
    for (int r = 0; r < args.residual_count; r++) {
        planche_gpu_view view = args.residual[r].view;
        vec4 other = load_quad(view, at + ivec2(view.x, view.y), quad);
        sum = args.residual[r].self * sum + args.residual[r].other * other;
    }
    return sum;
}

/* The local pixels are x in row y. */
void store_sums(ivec4 x, int y)
{
    [[unroll]] for (int q = 0; q < QUADS; q++) {
        int quad = first_quad() + q;
        [[unroll]] for (int p = 0; p < PIXELS; p++)
            if (x[p] < args.result.width)
                store_quad(ivec2(x[p], y), quad, finish(sums[p][q], ivec2(x[p], y), quad));
    }
}

#endif
