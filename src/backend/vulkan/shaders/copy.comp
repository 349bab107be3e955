/* SPDX-License-Identifier: MIT */
/* COPY: the channels of the inputs one after another, without their padding; pixels are at local +
 * (in.x, in.y) of each input. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "quads.glsl"

/* The input that has a channel of the output, and which of the input's channels that is. */
int input_of(inout int channel)
{
    int s = 0;
    for (; s < args.in_count - 1 && channel >= args.sources[s].channels; s++)
        channel -= args.sources[s].channels;
    return s;
}

vec4 make_quad(ivec2 at, int quad)
{
    int channel = quad * 4, s = input_of(channel);
    ivec2 from = at + ivec2(args.sources[s].x, args.sources[s].y);
    if (channel % 4 == 0 && args.sources[s].channels - channel >= 4)
        return load_quad(args.sources[s], from, channel / 4);
    vec4 values = vec4(0.0);
    for (int c = 0; c < min(args.result.channels - quad * 4, 4); c++) {
        channel = quad * 4 + c;
        s = input_of(channel);
        from = at + ivec2(args.sources[s].x, args.sources[s].y);
        values[c] = load_value(args.sources[s], from, channel);
    }
    return values;
}
