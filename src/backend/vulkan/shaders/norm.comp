/* SPDX-License-Identifier: MIT */
/* NORM: every pixel over its channels, less their mean unless operation is NORM_RMS, divided by the
 * root of the mean of the squares and `self`; times weights, plus constants: floats, address 0:
 * none. An invocation makes a pixel, which is at local + (in.x, in.y) of the input. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

/* enum planche_norm */
#define NORM_RMS 1

layout(local_size_x = 64, local_size_y = 4) in;

vec4 channels_of(ivec2 from, int quad)
{
    return load_quad(args.sources[0], from, quad);
}

float mean_of(ivec2 from, int quads)
{
    float sum = 0.0;
    for (int q = 0; q < quads; q++)
        sum += dot(channels_of(from, q), vec4(1.0));
    return sum / float(args.result.channels);
}

float square_of(ivec2 from, int quads, float mean)
{
    float sum = 0.0;
    for (int q = 0; q < quads; q++) {
        vec4 v = mix(vec4(0.0), channels_of(from, q) - mean, used_channels(q));
        sum += dot(v, v);
    }
    return sum / float(args.result.channels);
}

void main()
{
    ivec2 at = ivec2(gl_WorkGroupID.xy * gl_WorkGroupSize.xy + gl_LocalInvocationID.xy);
    if (at.x >= args.result.width || at.y >= args.result.height)
        return;
    ivec2 from = at + ivec2(args.sources[0].x, args.sources[0].y);
    int quads = quads_of(args.result.pitch);
    float mean = args.operation == NORM_RMS ? 0.0 : mean_of(from, quads);
    float factor = inversesqrt(square_of(from, quads, mean) + args.self);
    for (int q = 0; q < quads; q++) {
        vec4 scale = is_null(args.weights) ? vec4(1.0) : vectors(args.weights).at[q];
        vec4 bias = is_null(args.constants) ? vec4(0.0) : vectors(args.constants).at[q];
        vec4 v = (channels_of(from, q) - mean) * factor * scale + bias;
        store_quad(at, q, mix(vec4(0.0), v, used_channels(q)));
    }
}
