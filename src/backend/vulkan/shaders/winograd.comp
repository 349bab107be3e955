/* SPDX-License-Identifier: MIT */
/* WINOGRAD: convolutions of 3 x 3 taps and stride 1, with all that CONV has, by Winograd's F(4x4,
 * 3x3): a quarter of the products. Squares of 4 x 4 output pixels, tiles, lie on multiples of 4 in
 * the whole tensor, so that a pixel has one sequence of operations wherever a page is cut; the host
 * makes regions of whole tiles, and inputs beyond the whole view are zero.
 *
 * A workgroup makes TILE_PARTS * TILES tiles of OUT_PARTS * QUADS quads of output channels. For
 * STAGED quads of input channels at a time it brings columns, then rows of 6 x 6 pixels to the 36
 * points in shared memory; each invocation has one point, and multiplies it for TILES tiles and
 * QUADS quads. The products' sums, which stay in registers all the time, then come back through
 * shared memory, PASSED tiles of an invocation at a time.
 *
 * Weights: [block of a workgroup][input quad][input channel of it][QUADS][point][OUT_PARTS] quads
 * of transformed kernels, floats. The transforms are those of
 * kernels/winograd_transforms.h. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "activation.glsl"

#define SIDE        4
#define EDGE        6
#define POINTS      36
#define MOST_TILES  4
#define MOST_QUADS  2

layout(local_size_x_id = 0) in; /* POINTS * TILE_PARTS * OUT_PARTS */
layout(constant_id = 1) const int TILE_PARTS = 2;
layout(constant_id = 2) const int OUT_PARTS = 8;
layout(constant_id = 3) const int TILES = 4;   /* at most MOST_TILES */
layout(constant_id = 4) const int QUADS = 2;   /* at most MOST_QUADS */
layout(constant_id = 5) const int STAGED = 4;
layout(constant_id = 6) const int COLUMNS = 4; /* tiles side by side */
layout(constant_id = 7) const int PASSED = 2;
/* Of a point, at least STAGED * TILE_PARTS * TILES and PASSED * TILE_PARTS * OUT_PARTS. */
layout(constant_id = 8) const int SLOTS = 36;

shared vec4 slots[POINTS * SLOTS];

vec4 sums[MOST_TILES][MOST_QUADS];

/* o = B^T d */
void transform_input(vec4 d[EDGE], out vec4 o[EDGE])
{
    vec4 even = fma(vec4(-2.25), d[2], d[4]), odd = fma(vec4(-2.25), d[1], d[3]);
    vec4 even2 = fma(vec4(-0.390625), d[2], d[4]), odd2 = fma(vec4(-0.390625), d[1], d[3]);
    o[0] = fma(vec4(0.87890625), d[0], fma(vec4(-2.640625), d[2], d[4]));
    o[1] = fma(vec4(0.625), odd, even);
    o[2] = fma(vec4(-0.625), odd, even);
    o[3] = fma(vec4(1.5), odd2, even2);
    o[4] = fma(vec4(-1.5), odd2, even2);
    o[5] = fma(vec4(0.87890625), d[1], fma(vec4(-2.640625), d[3], d[5]));
}

/* o = A^T m */
void transform_output(vec4 m[EDGE], out vec4 o[SIDE])
{
    vec4 sum = m[1] + m[2], difference = m[1] - m[2];
    vec4 sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    o[0] = m[0] + sum + sum2;
    o[1] = fma(vec4(1.5), difference2, 0.625 * difference);
    o[2] = fma(vec4(2.25), sum2, 0.390625 * sum);
    o[3] = fma(vec4(3.375), difference2, fma(vec4(0.244140625), difference, m[5]));
}

/* The first pixel of a tile of this workgroup. */
ivec2 origin_of(int tile)
{
    ivec2 group = ivec2(gl_WorkGroupID.xy) * ivec2(COLUMNS, TILE_PARTS * TILES / COLUMNS);
    return (group + ivec2(tile % COLUMNS, tile / COLUMNS)) * SIDE;
}

/* Columns that are staged: one of an invocation, at most. */
int count_columns()
{
    return EDGE * TILE_PARTS * TILES * STAGED;
}

/* From quad `first` of a view on. */
void load_column(planche_gpu_view view, int first, out vec4 column[EDGE])
{
    int n = int(gl_LocalInvocationIndex), quad = n % STAGED;
    if (n >= count_columns())
        return;
    ivec2 local = origin_of(n / (STAGED * EDGE)) + ivec2(n / STAGED % EDGE, 0);
    ivec2 at = local + ivec2(view.x, view.y);
    ivec2 whole = local + ivec2(args.result.x - args.pad_left, args.result.y - args.pad_top);
    bool there = uint(whole.x) < uint(args.in_width) && uint(at.x) < uint(view.width);
    int index = at.x * quads_of(view.pitch) + first + quad;
    [[unroll]] for (int i = 0; i < EDGE; i++) {
        column[i] = vec4(0.0);
        if (there && uint(whole.y + i) < uint(args.in_height) && uint(at.y + i) < uint(view.height))
            column[i] = unpack_quad(row_in(row_of(view, at.y + i)).at[index]);
    }
}

void stage_column(vec4 column[EDGE])
{
    int n = int(gl_LocalInvocationIndex), tile = n / (STAGED * EDGE);
    if (n >= count_columns())
        return;
    vec4 o[EDGE];
    transform_input(column, o);
    [[unroll]] for (int i = 0; i < EDGE; i++)
        slots[(i * EDGE + n / STAGED % EDGE) * SLOTS + tile * STAGED + n % STAGED] = o[i];
}

/* A row of what was staged, in place. */
void transform_row()
{
    int n = int(gl_LocalInvocationIndex), places = TILE_PARTS * TILES * STAGED;
    if (n >= count_columns())
        return;
    int at = n / places * EDGE * SLOTS + n % places;
    vec4 d[EDGE], o[EDGE];
    [[unroll]] for (int j = 0; j < EDGE; j++)
        d[j] = slots[at + j * SLOTS];
    transform_input(d, o);
    [[unroll]] for (int j = 0; j < EDGE; j++)
        slots[at + j * SLOTS] = o[j];
}

/* Which point, tiles and channels an invocation multiplies. */
int point()
{
    return int(gl_LocalInvocationIndex) / (TILE_PARTS * OUT_PARTS);
}

int tile_part()
{
    return int(gl_LocalInvocationIndex) / OUT_PARTS % TILE_PARTS;
}

int out_part()
{
    return int(gl_LocalInvocationIndex) % OUT_PARTS;
}

MEMORY(16) readonly buffer weights_in
{
    vec4 at[];
};

/* Adds the products of what is staged, whose weights begin at quad `at`. */
void multiply(int at)
{
    int from = point() * SLOTS + tile_part() * STAGED;
    for (int quad = 0; quad < STAGED; quad++) {
        vec4 weights[4][MOST_QUADS];
        [[unroll]] for (int c = 0; c < 4; c++)
            [[unroll]] for (int q = 0; q < QUADS; q++, at += POINTS * OUT_PARTS)
                weights[c][q] = weights_in(args.weights).at[at];
        [[unroll]] for (int t = 0; t < TILES; t++) {
            vec4 v = slots[from + t * TILE_PARTS * STAGED + quad];
            [[unroll]] for (int c = 0; c < 4; c++)
                [[unroll]] for (int q = 0; q < QUADS; q++)
                    sums[t][q] = fma(vec4(v[c]), weights[c][q], sums[t][q]);
        }
    }
}

void sum_inputs()
{
    int all = 0, step = 4 * QUADS * POINTS * OUT_PARTS; /* quads of weights for one of inputs */
    for (int s = 0; s < args.in_count; s++)
        all += quads_of(args.sources[s].pitch);
    int at = int(gl_WorkGroupID.z) * all * step + point() * OUT_PARTS + out_part();
    for (int s = 0; s < args.in_count; s++) {
        planche_gpu_view view = args.sources[s];
        for (int first = 0; first < quads_of(view.pitch); first += STAGED, at += STAGED * step) {
            vec4 column[EDGE];
            load_column(view, first, column);
            barrier(); /* what was staged before has been multiplied */
            stage_column(column);
            barrier();
            transform_row();
            barrier();
            multiply(at);
        }
    }
}

/* Bias, activation and residuals of four pixels, of which those that there are are stored. */
void store_pixels(ivec2 at, int quad, vec4 values[SIDE])
{
    vec4 bias = is_null(args.constants) ? vec4(0.0) : vectors(args.constants).at[quad];
    vec4 slope = slope_of(quad);
    [[unroll]] for (int x = 0; x < SIDE; x++) {
        ivec2 pixel = at + ivec2(x, 0);
        if (pixel.x >= args.result.width)
            return;
        vec4 v = bend(values[x] + bias, slope);
        for (int r = 0; r < args.residual_count; r++) {
            planche_gpu_view view = args.residual[r].view;
            v = args.residual[r].self * v +
                args.residual[r].other * load_quad(view, pixel + ivec2(view.x, view.y), quad);
        }
        store_quad(pixel, quad, v);
    }
}

/* Puts the sums of a round in shared memory: quad q of PASSED tiles. */
void pass_sums(int round)
{
    int to = point() * SLOTS + tile_part() * OUT_PARTS + out_part();
    [[unroll]] for (int q = 0; q < QUADS; q++)
        [[unroll]] for (int t = 0; t < TILES; t++)
            if (q * (TILES / PASSED) + t / PASSED == round)
                slots[to + t % PASSED * TILE_PARTS * OUT_PARTS] = sums[t][q];
}

void output_columns(int items)
{
    for (int n = int(gl_LocalInvocationIndex); n < items * EDGE; n += int(gl_WorkGroupSize.x)) {
        int at = n / items * SLOTS + n % items;
        vec4 m[EDGE], o[SIDE];
        [[unroll]] for (int i = 0; i < EDGE; i++)
            m[i] = slots[at + i * EDGE * SLOTS];
        transform_output(m, o);
        [[unroll]] for (int i = 0; i < SIDE; i++)
            slots[at + i * EDGE * SLOTS] = o[i];
    }
}

void output_rows(int items, int round)
{
    int q = round / (TILES / PASSED), first = round % (TILES / PASSED) * PASSED * TILE_PARTS;
    int quad = (int(gl_WorkGroupID.z) * QUADS + q) * OUT_PARTS;
    for (int n = int(gl_LocalInvocationIndex); n < items * SIDE; n += int(gl_WorkGroupSize.x)) {
        int item = n % items, row = n / items;
        ivec2 at = origin_of(first + item / OUT_PARTS) + ivec2(0, row);
        vec4 m[EDGE], o[SIDE];
        [[unroll]] for (int j = 0; j < EDGE; j++)
            m[j] = slots[(row * EDGE + j) * SLOTS + item];
        transform_output(m, o);
        if (at.y < args.result.height && quad + item % OUT_PARTS < quads_of(args.result.pitch))
            store_pixels(at, quad + item % OUT_PARTS, o);
    }
}

void main()
{
    int items = PASSED * TILE_PARTS * OUT_PARTS;
    [[unroll]] for (int t = 0; t < MOST_TILES; t++)
        [[unroll]] for (int q = 0; q < MOST_QUADS; q++)
            sums[t][q] = vec4(0.0);
    sum_inputs();
    for (int round = 0; round < QUADS * (TILES / PASSED); round++) {
        barrier();
        pass_sums(round);
        barrier();
        output_columns(items);
        barrier();
        output_rows(items, round);
    }
}
