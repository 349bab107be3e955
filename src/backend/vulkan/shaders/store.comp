/* SPDX-License-Identifier: MIT */
/* STORE: finished pixels from what the network made, in[0] at local + (in.x, in.y).
 *
 * value = self * in + other, in 0..1, for a grey page of the mean of the three channels, or of the
 * one that the network has (operation: its channels, 1 or 3). With a
 * depth of 8 or 16: rounded samples, interleaved with the page's alpha; row oy is at page + oy *
 * page_stride, and begins with the tile's first pixel. An invocation makes 4 pixels of a row and
 * writes whole words: rows have room for a multiple of 4 pixels. With a depth of 32: floats, rows
 * of a plane for each colour, of out_width values, in which the tile begins at out.x. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "alpha.glsl"

#define PIXELS 4

layout(local_size_x = 64, local_size_y = 4) in;

/* NaN fails the comparison with 0. */
uint to_sample(float v)
{
    v = v * most_sample() + 0.5;
    v = v > 0.0 ? v : 0.0;
    return uint(v < most_sample() ? v : most_sample());
}

bool is_finite(float v)
{
    return (floatBitsToUint(v) & 0x7f800000u) != 0x7f800000u;
}

/* The colours of an invocation's pixels, where these are a row of the 4 x 4 that a shuffle makes of
 * one pixel: three quads in place of twelve values. */
vec4 row[3];
bool has_row;

void load_row(ivec2 at)
{
    planche_gpu_view view = args.sources[0];
    ivec2 whole = at + ivec2(args.shuffle_x, args.shuffle_y);
    has_row = args.shuffle == PIXELS && whole.x % PIXELS == 0;
    if (!has_row)
        return;
    ivec2 from = whole / PIXELS + ivec2(view.x, view.y);
    for (int c = 0; c < 3; c++)
        row[c] = load_quad(view, from, c * PIXELS + whole.y % PIXELS);
}

/* A network's last steps, made here to spare the memory between them: a pixel shuffle, and the
 * nearest-neighbour enlargement of a small tensor added to it. */
vec3 load_shuffled(ivec2 at)
{
    planche_gpu_view view = args.sources[0];
    ivec2 whole = at + ivec2(args.shuffle_x, args.shuffle_y), part = whole % args.shuffle;
    ivec2 from = whole / args.shuffle + ivec2(view.x, view.y);
    int square = args.shuffle * args.shuffle, first = part.y * args.shuffle + part.x;
    vec3 v = has_row ? vec3(row[0][part.x], row[1][part.x], row[2][part.x])
                     : vec3(load_value(view, from, first), load_value(view, from, square + first),
                            load_value(view, from, 2 * square + first));
    if (args.enlargement == 0)
        return v;
    view = args.sources[1];
    whole = at + ivec2(args.enlarge_x, args.enlarge_y);
    return v + load_quad(view, whole / args.enlargement + ivec2(view.x, view.y), 0).xyz;
}

/* The colours of a local pixel; what it saw of NaN goes into flags. */
vec3 load_colours(ivec2 at, inout uint flags)
{
    planche_gpu_view view = args.sources[0];
    vec3 v = args.shuffle != 0 ? load_shuffled(at)
                               : load_quad(view, at + ivec2(view.x, view.y), 0).xyz;
    if (args.operation == 1)
        v = v.xxx;
    if (!is_finite(v.x) || !is_finite(v.y) || !is_finite(v.z))
        flags |= PLANCHE_GPU_SAW_NAN;
    if (args.colours == 1 && args.operation != 1)
        v = vec3((v.x + v.y + v.z) * (1.0 / 3.0));
    return v * args.self + args.other;
}

/* Words of a row, filled sample by sample. */
uint word, filled;
uvec2 place;

void push_sample(uint value)
{
    word |= value << filled;
    filled += uint(args.depth);
    if (filled < 32)
        return;
    words(place).at[0] = word;
    place = address_of(place, 0, 0, 4);
    word = 0;
    filled = 0;
}

uint store_samples(ivec2 at)
{
    uint flags = 0;
    word = 0;
    filled = 0;
    place = address_of(args.page, at.y, args.page_stride,
                       uint(at.x * args.channels) * (uint(args.depth) / 8));
    for (int p = 0; p < PIXELS; p++, at.x++) {
        bool exists = at.x < args.result.width;
        vec3 v = exists ? load_colours(at, flags) : vec3(0.0);
        for (int c = 0; c < args.colours; c++) {
            uint value = exists ? to_sample(v[c]) : 0;
            flags |= value != 0 ? PLANCHE_GPU_SAW_OUTPUT : 0;
            push_sample(value);
        }
        if (args.channels > args.colours) {
            ivec2 whole = at + ivec2(args.result.x, args.result.y);
            push_sample(exists && !is_null(args.alpha) ? alpha_sample(whole) : 0);
        }
    }
    return flags;
}

/* Not black is what would not be at 8 bits. */
uint store_floats(ivec2 at)
{
    uint flags = 0;
    int end = min(at.x + PIXELS, args.result.width);
    for (; at.x < end; at.x++) {
        vec3 v = load_colours(at, flags);
        for (int c = 0; c < args.colours; c++) {
            uint index = uint(c * args.out_width + args.result.x + at.x);
            floats(address_of(args.page, at.y, args.page_stride, index * 4)).at[0] = v[c];
            flags |= v[c] >= 0.5 / 255.0 ? PLANCHE_GPU_SAW_OUTPUT : 0;
        }
    }
    return flags;
}

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy) * ivec2(PIXELS, 1);
    clear_seen();
    uint flags = 0;
    if (at.x < args.result.width && at.y < args.result.height) {
        load_row(at);
        flags = args.depth == 32 ? store_floats(at) : store_samples(at);
    }
    report_seen(flags);
}
