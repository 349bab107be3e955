/* SPDX-License-Identifier: MIT */
/* ATTENTION: attention within windows of kernel_w rows and columns, which begin at pad_left and end
 * at the edges of the picture, in_width x in_height pixels. in[0], at local + (in.x, in.y), has
 * queries, keys and values one after another, each with the channels of the output, head by head.
 * weights: floats, [rows from the other + kernel_w - 1][columns likewise][head]; self: the factor
 * of products. Specialization constant 1: the quads of a head.
 *
 * An invocation makes a head's channels of a pixel, z of the workgroup is the head. It goes through
 * the window's pixels row by row, and what it has summed is scaled down whenever a greater product
 * is found: so every share is a power of e of at most 1, and one loop is enough. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

/* Less than any product. */
#define LEAST (-1e30)

layout(local_size_x = 8, local_size_y = 8) in;
layout(constant_id = 1) const int QUADS = 4;

vec4 query[QUADS], sums[QUADS];
float most = LEAST, total = 0.0;

float product_with(uvec2 line, int key)
{
    float product = 0.0;
    for (int q = 0; q < QUADS; q++)
        product += dot(query[q], unpack_quad(row_in(line).at[key + q]));
    return product * args.self;
}

void add(float score, uvec2 line, int value)
{
    if (score > most) {
        float kept = exp(most - score);
        for (int q = 0; q < QUADS; q++)
            sums[q] *= kept;
        total *= kept;
        most = score;
    }
    float share = exp(score - most);
    for (int q = 0; q < QUADS; q++)
        sums[q] += share * unpack_quad(row_in(line).at[value + q]);
    total += share;
}

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (at.x >= args.result.width || at.y >= args.result.height)
        return;
    planche_gpu_view view = args.sources[0];
    int side = args.kernel_w, all = quads_of(args.result.pitch), head = int(gl_WorkGroupID.z);
    int heads = all / QUADS, pitch = quads_of(view.pitch);
    ivec2 place = at + ivec2(args.result.x, args.result.y);
    ivec2 to_region = ivec2(view.x, view.y) - ivec2(args.result.x, args.result.y);
    /* All of a window, were it not cut; places are none below 0, and shifts less than a window. */
    ivec2 window = place - (place + side - args.pad_left) % side;
    ivec2 begin = max(window, ivec2(0));
    ivec2 end = min(window + side, ivec2(args.in_width, args.in_height));
    for (int q = 0; q < QUADS; q++) {
        query[q] = load_quad(view, at + ivec2(view.x, view.y), head * QUADS + q);
        sums[q] = vec4(0.0);
    }
    for (int y = begin.y; y < end.y; y++) {
        uvec2 line = row_of(view, y + to_region.y);
        int offset =
            ((place.y - y + side - 1) * (2 * side - 1) + place.x + side - 1) * heads + head;
        for (int x = begin.x; x < end.x; x++) {
            int key = (x + to_region.x) * pitch + all + head * QUADS;
            add(product_with(line, key) + floats(args.weights).at[offset - x * heads], line,
                key + all);
        }
    }
    for (int q = 0; q < QUADS; q++)
        store_quad(at, head * QUADS + q, sums[q] / total);
}
