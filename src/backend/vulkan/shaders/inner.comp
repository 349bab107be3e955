/* SPDX-License-Identifier: MIT */
/* INNER: a dense layer. vector[o] = activation(constants[o] + sum of weights[o][i] * in[i]), all of
 * them floats; in has the in[0].channels values at in[0].address, weights have no padding, and
 * vector gets zeros behind the channels up to the pitch. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "curves.glsl"

#define CHANNELS 64

layout(local_size_x = CHANNELS) in;

float inner(int o)
{
    floats values = floats(args.sources[0].address), weights = floats(args.weights);
    int count = args.sources[0].channels;
    float sum = is_null(args.constants) ? 0.0 : floats(args.constants).at[o];
    for (int i = 0; i < count; i++)
        sum = fma(weights.at[o * count + i], values.at[i], sum);
    return curve(vec4(sum), o / 4)[o % 4];
}

void main()
{
    int o = int(gl_WorkGroupID.z * CHANNELS + gl_LocalInvocationID.x);
    if (o < args.result.pitch)
        floats(args.vector).at[o] = o < args.result.channels ? inner(o) : 0.0;
}
