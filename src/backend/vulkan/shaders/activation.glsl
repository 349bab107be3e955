/* SPDX-License-Identifier: MIT */
/* Activations, with the numbers of enum planche_activation. */
#ifndef PLANCHE_ACTIVATION_GLSL
#define PLANCHE_ACTIVATION_GLSL

#include "common.glsl"

#define ACT_NONE      0
#define ACT_RELU      1
#define ACT_LEAKY     2
#define ACT_CLIP      3
#define ACT_SIGMOID   4
#define ACT_MISH      5
#define ACT_HARDSWISH 6
#define ACT_SLOPES    100

/* What negative values of a quad are multiplied with: all that a convolution's activation does. */
vec4 slope_of(int quad)
{
    switch (args.activation) {
    case ACT_RELU:
        return vec4(0.0);
    case ACT_LEAKY:
        return vec4(args.act0);
    case ACT_SLOPES:
        return vectors(args.constants).at[quads_of(args.result.pitch) + quad];
    default:
        return vec4(1.0);
    }
}

vec4 bend(vec4 v, vec4 slope)
{
    return mix(v * slope, v, greaterThan(v, vec4(0.0)));
}

/* tanh(log(1 + e^v)) is n / (n + 2) for n = e^v * (e^v + 2), and 1 in floats where e^v is large. */
vec4 mish(vec4 v)
{
    vec4 e = exp(min(v, vec4(20.0)));
    vec4 n = e * (e + 2.0);
    return v * (n / (n + 2.0));
}

vec4 activate(vec4 v, int quad)
{
    switch (args.activation) {
    case ACT_CLIP:
        return clamp(v, args.act0, args.act1);
    case ACT_SIGMOID:
        return 1.0 / (1.0 + exp(-v));
    case ACT_MISH:
        return mish(v);
    case ACT_HARDSWISH:
        return v * clamp(v * args.act0 + args.act1, 0.0, 1.0);
    default:
        return bend(v, slope_of(quad));
    }
}

#endif
