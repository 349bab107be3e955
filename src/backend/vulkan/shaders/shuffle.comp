/* SPDX-License-Identifier: MIT */
/* SHUFFLE: channels become pixels. Channel c of the whole output's pixel (x, y) is channel c *
 * scale^2 + y % scale * scale + x % scale of the input's pixel (x / scale, y / scale), stored at
 * that + (in.x, in.y). */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "quads.glsl"

vec4 make_quad(ivec2 at, int quad)
{
    ivec2 whole = at + ivec2(args.result.x, args.result.y), part = whole % args.scale;
    ivec2 from = whole / args.scale + ivec2(args.sources[0].x, args.sources[0].y);
    vec4 values = vec4(0.0);
    for (int c = 0; c < min(args.result.channels - quad * 4, 4); c++) {
        int channel = ((quad * 4 + c) * args.scale + part.y) * args.scale + part.x;
        values[c] = load_value(args.sources[0], from, channel);
    }
    return values;
}
