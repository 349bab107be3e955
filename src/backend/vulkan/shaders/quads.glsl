/* SPDX-License-Identifier: MIT */
/* Shaders that make each quad of their output by itself: they define make_quad, whose `at` is the
 * output's local pixel. Neighbouring invocations make neighbouring quads, whatever the pitch. */
#ifndef PLANCHE_QUADS_GLSL
#define PLANCHE_QUADS_GLSL

#include "common.glsl"

#define PIXELS_X 64

layout(local_size_x = 64, local_size_y = 4) in;

vec4 make_quad(ivec2 at, int quad);

void main()
{
    ivec2 at = ivec2(gl_WorkGroupID.x * PIXELS_X, gl_GlobalInvocationID.y);
    if (at.y >= args.result.height)
        return;
    int quads = quads_of(args.result.pitch);
    int count = min(args.result.width - at.x, PIXELS_X) * quads;
    for (int i = int(gl_LocalInvocationID.x); i < count; i += int(gl_WorkGroupSize.x)) {
        ivec2 pixel = ivec2(at.x + i / quads, at.y);
        int quad = i % quads;
        store_quad(pixel, quad, mix(vec4(0.0), make_quad(pixel, quad), used_channels(quad)));
    }
}

#endif
