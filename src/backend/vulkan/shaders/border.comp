/* SPDX-License-Identifier: MIT */
/* BORDER: in[0], whose whole view has in_width x in_height pixels, with more rows and columns round
 * it, pad_left and pad_top of them before it; operation is the mode. A pixel of the view is stored
 * at that + (in.x, in.y). */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "quads.glsl"

/* enum planche_pad_mode */
#define PAD_ZERO    0
#define PAD_REFLECT 1

int mirror(int i, int size)
{
    if (size == 1)
        return 0;
    int period = 2 * (size - 1), place = abs(i) % period;
    return place < size ? place : period - place;
}

vec4 make_quad(ivec2 at, int quad)
{
    ivec2 size = ivec2(args.in_width, args.in_height);
    ivec2 from = at + ivec2(args.result.x - args.pad_left, args.result.y - args.pad_top);
    ivec2 inside = clamp(from, ivec2(0), size - 1);
    if (args.operation == PAD_ZERO && from != inside)
        return vec4(0.0);
    if (args.operation == PAD_REFLECT)
        inside = ivec2(mirror(from.x, size.x), mirror(from.y, size.y));
    return load_quad(args.sources[0], inside + ivec2(args.sources[0].x, args.sources[0].y), quad);
}
