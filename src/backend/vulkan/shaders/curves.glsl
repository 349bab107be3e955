/* SPDX-License-Identifier: MIT */
/* Activations that no convolution does itself, with the numbers of enum planche_activation. Apart
 * from activation.glsl, so that the convolutions' shaders do not depend on them. */
#ifndef PLANCHE_CURVES_GLSL
#define PLANCHE_CURVES_GLSL

#include "activation.glsl"

#define ACT_SILU      7
#define ACT_GELU      8
#define ACT_GELU_TANH 9
#define ACT_TANH      10
#define ACT_HARDSIGMOID 11
#define ACT_ELU       12

/* Not all devices' tanh bears large numbers. */
vec4 tangent(vec4 v)
{
    return tanh(clamp(v, vec4(-9.0), vec4(9.0)));
}

/* The rational function of kernels/activate_body.h. */
vec4 error_function(vec4 v)
{
    v = clamp(v, vec4(-4.0), vec4(4.0));
    vec4 s = v * v;
    vec4 p = s * -2.72614225801306e-10 + 2.77068142495902e-08;
    p = p * s - 2.10102402082508e-06;
    p = p * s - 5.69250639462346e-05;
    p = p * s - 7.34990630326855e-04;
    p = p * s - 2.95459980854025e-03;
    p = p * s - 1.60960333262415e-02;
    vec4 q = s * -1.45660718464996e-05 - 2.13374055278905e-04;
    q = q * s - 1.68282697438203e-03;
    q = q * s - 7.37332916720468e-03;
    q = q * s - 1.42647390514189e-02;
    return v * p / q;
}

/* Below -5.6 both are zero but for a millionth. */
vec4 gelu(vec4 v)
{
    v = max(v, vec4(-5.6));
    return 0.5 * v * (1.0 + error_function(v * 0.707106781));
}

vec4 gelu_tanh(vec4 v)
{
    v = max(v, vec4(-5.6));
    return 0.5 * v * (1.0 + tangent(0.797884561 * (v + 0.044715 * v * v * v)));
}

vec4 curve(vec4 v, int quad)
{
    switch (args.activation) {
    case ACT_SILU:
        return v / (1.0 + exp(-v));
    case ACT_GELU:
        return gelu(v);
    case ACT_GELU_TANH:
        return gelu_tanh(v);
    case ACT_TANH:
        return tangent(v);
    case ACT_HARDSIGMOID:
        return clamp(v * args.act0 + args.act1, 0.0, 1.0);
    case ACT_ELU:
        return max(v, vec4(0.0)) + args.act0 * (exp(min(v, vec4(0.0))) - 1.0);
    default:
        return activate(v, quad);
    }
}

#endif
