/* SPDX-License-Identifier: MIT */
/* Sums of products, for convolutions and deconvolutions on any device.
 *
 * Weights are [kernel row][kernel column][input channel][output channel]: input channels are those
 * of the views, one view after another, each padded to its pitch; output channels are padded to the
 * output's pitch. A pixel's sum is made tap by tap and channel by channel, wherever it lies.
 *
 * An invocation has 8 pixels of a row and 1 or 2 quads of output channels; a workgroup has 32 x 4
 * pixels. Specialization constants: 0: invocations side by side in channels, the quads of 64
 * channels (or of all, if there are fewer) divided by constant 1; 1: quads of an invocation, 2, or
 * 1 for a pitch of 4; 2: 1, or for a pitch of 4 constant 0: so many invocations share the input
 * channels of the same pixels among them, and what they have is added up in the end.
 *
 * Neighbouring invocations have neighbouring channels of the same pixels, so that a subgroup's
 * loads of pixels meet in few cache lines, and its loads of weights in consecutive ones. */
#ifndef PLANCHE_PRODUCTS_GLSL
#define PLANCHE_PRODUCTS_GLSL

#include "activation.glsl"

#define PIXELS       8
#define MOST_QUADS   2
#define GROUP_QUADS  16
#define GROUP_WIDTH  32
#define GROUP_HEIGHT 4
#define NOWHERE      (-0x40000000)

layout(local_size_x = GROUP_WIDTH * GROUP_HEIGHT / PIXELS, local_size_y_id = 0) in;
layout(constant_id = 1) const int QUADS = 2;
layout(constant_id = 2) const int PARTS = 1;

vec4 sums[PIXELS][MOST_QUADS];

int place_in_channels()
{
    return int(gl_LocalInvocationIndex % gl_WorkGroupSize.y);
}

int first_quad()
{
    return int(gl_WorkGroupID.z) * GROUP_QUADS + (PARTS > 1 ? 0 : place_in_channels() * QUADS);
}

/* The invocation's place in the workgroup: which 8 pixels of a row, and which row. */
ivec2 place_in_group()
{
    int place = int(gl_LocalInvocationIndex / gl_WorkGroupSize.y);
    return ivec2(place % (GROUP_WIDTH / PIXELS), place / (GROUP_WIDTH / PIXELS));
}

/* The workgroup's first pixel. */
ivec2 group_origin()
{
    return ivec2(gl_WorkGroupID.xy) * ivec2(GROUP_WIDTH, GROUP_HEIGHT);
}

/* Channels of all inputs, as the weights have them. */
int input_channels()
{
    int channels = 0;
    for (int s = 0; s < args.in_count; s++)
        channels += args.sources[s].pitch;
    return channels;
}

/* A tap: its number in the kernel, and where the inputs have the invocation's pixels for it, x in
 * row y; NOWHERE: they have not. */
struct tap {
    int index;
    int x[PIXELS];
    int y;
};
/* Defined by the shader: the n-th tap of this invocation, in the order of the kernel. */
tap locate_tap(int n);

/* Adds the products of a view's pixels in the row at `line`, given by their quads' first index,
 * with the weights from row `row` on; pixels that are not `inside` are zero. */
void add_view(planche_gpu_view view, uvec2 line, int row, int first[PIXELS], bool inside[PIXELS])
{
    int out_quads = quads_of(args.result.pitch), quads = quads_of(view.pitch);
    int part = PARTS > 1 ? place_in_channels() : 0;
    int weight = (row + 4 * part) * out_quads + first_quad();
    for (int i = part; i < quads; i += PARTS, weight += 4 * (PARTS - 1) * out_quads) {
        vec4 values[PIXELS];
        [[unroll]] for (int p = 0; p < PIXELS; p++) {
            vec4 v = unpack_quad(row_in(line).at[first[p] + i]);
            values[p] = inside[p] ? v : vec4(0.0);
        }
        [[unroll]] for (int c = 0; c < 4; c++, weight += out_quads)
            [[unroll]] for (int q = 0; q < QUADS; q++) {
                vec4 w = unpack_quad(quads_in(args.weights).at[weight + q]);
                [[unroll]] for (int p = 0; p < PIXELS; p++)
                    sums[p][q] = fma(vec4(values[p][c]), w, sums[p][q]);
            }
    }
}

/* One loop for taps and views together: the fewer loops the sums go through the better for devices
 * that keep masks of them. */
void sum_taps(int count)
{
    int channels = input_channels(), row = 0;
    [[unroll]] for (int p = 0; p < PIXELS; p++)
        [[unroll]] for (int q = 0; q < MOST_QUADS; q++)
            sums[p][q] = vec4(0.0);
    for (int n = 0; n < count * args.in_count; n++) {
        int s = n % args.in_count;
        planche_gpu_view view = args.sources[s];
        tap place = locate_tap(n / args.in_count);
        row = s == 0 ? place.index * channels : row + args.sources[s - 1].pitch;
        int y = place.y + view.y, first[PIXELS];
        bool there = uint(y) < uint(view.height), inside[PIXELS];
        [[unroll]] for (int p = 0; p < PIXELS; p++) {
            int x = place.x[p] + view.x;
            inside[p] = there && uint(x) < uint(view.width);
            first[p] = inside[p] ? x * quads_of(view.pitch) : 0;
        }
        add_view(view, row_of(view, there ? y : 0), row, first, inside);
    }
}

shared vec4 partial[PARTS > 1 ? GROUP_WIDTH * GROUP_HEIGHT * PARTS : 1];

/* Adds up what the invocations of the same pixels have, in the first of them; true there. All
 * invocations of the workgroup are here. */
bool gather_parts()
{
    int at = int(gl_LocalInvocationIndex) * PIXELS;
    if (PARTS == 1)
        return true;
    [[unroll]] for (int p = 0; p < PIXELS; p++)
        partial[at + p] = sums[p][0];
    barrier();
    if (place_in_channels() != 0)
        return false;
    for (int i = 1; i < PARTS; i++)
        [[unroll]] for (int p = 0; p < PIXELS; p++)
            sums[p][0] += partial[at + i * PIXELS + p];
    return true;
}

void bend_sums(int quad, int q)
{
    vec4 bias = is_null(args.constants) ? vec4(0.0) : vectors(args.constants).at[quad];
    vec4 slope = slope_of(quad);
    [[unroll]] for (int p = 0; p < PIXELS; p++)
        sums[p][q] = bend(sums[p][q] + bias, slope);
}

void add_residual(planche_gpu_residual residual, int x[PIXELS], int y)
{
    [[unroll]] for (int q = 0; q < QUADS; q++)
        [[unroll]] for (int p = 0; p < PIXELS; p++) {
            ivec2 at = ivec2(min(x[p], args.result.width - 1), y);
            vec4 other = load_quad(residual.view, at + ivec2(residual.view.x, residual.view.y),
                                   first_quad() + q);
            sums[p][q] = residual.self * sums[p][q] + residual.other * other;
        }
}

/* Bias, activation, residuals; the local pixels are x in row y. */
void store_sums(int x[PIXELS], int y)
{
    [[unroll]] for (int q = 0; q < QUADS; q++)
        bend_sums(first_quad() + q, q);
    for (int r = 0; r < args.residual_count; r++)
        add_residual(args.residual[r], x, y);
    [[unroll]] for (int p = 0; p < PIXELS; p++)
        if (x[p] < args.result.width)
            [[unroll]] for (int q = 0; q < QUADS; q++)
                store_quad(ivec2(x[p], y), first_quad() + q, sums[p][q]);
}

#endif
