/* SPDX-License-Identifier: MIT */
/* ELEMENTWISE: a step of kind STEP, whose inputs are at local + (in.x, in.y).
 *   BINARY:        self * a (operation) other * b
 *   BINARY_SCALAR: a (operation) other
 *   BINARY_VECTOR: a (operation) vector[channel], floats
 *   CHANNEL:       activation(a * weights[channel] + constants[channel]), floats; address 0: none
 * Vectors have as many values as the pitch. */
#version 460
#extension GL_GOOGLE_include_directive : require
#include "curves.glsl"
#include "quads.glsl"

/* enum planche_step_op */
#define STEP_BINARY        2
#define STEP_BINARY_SCALAR 3
#define STEP_BINARY_VECTOR 4
layout(constant_id = 0) const int STEP = STEP_BINARY;

/* enum planche_binary_op */
#define BINARY_ADD  0
#define BINARY_SUB  1
#define BINARY_MUL  2
#define BINARY_DIV  3
#define BINARY_MAX  4
#define BINARY_MIN  5
#define BINARY_RSUB 7
#define BINARY_RDIV 8

vec4 combine(vec4 a, vec4 b)
{
    switch (args.operation) {
    case BINARY_ADD:
        return a + b;
    case BINARY_SUB:
        return a - b;
    case BINARY_MUL:
        return a * b;
    case BINARY_DIV:
        return a / b;
    case BINARY_MAX:
        return max(a, b);
    case BINARY_MIN:
        return min(a, b);
    case BINARY_RSUB:
        return b - a;
    default:
        return b / a;
    }
}

vec4 scale_channels(vec4 a, int quad)
{
    vec4 scale = is_null(args.weights) ? vec4(1.0) : vectors(args.weights).at[quad];
    vec4 bias = is_null(args.constants) ? vec4(0.0) : vectors(args.constants).at[quad];
    return curve(a * scale + bias, quad);
}

vec4 operand(int index, ivec2 at, int quad)
{
    return load_quad(args.sources[index], at + ivec2(args.sources[index].x, args.sources[index].y),
                     quad);
}

vec4 make_quad(ivec2 at, int quad)
{
    vec4 a = operand(0, at, quad);
    if (STEP == STEP_BINARY)
        return combine(args.self * a, args.other * operand(1, at, quad));
    if (STEP == STEP_BINARY_SCALAR)
        return combine(a, vec4(args.other));
    if (STEP == STEP_BINARY_VECTOR)
        return combine(a, vectors(args.vector).at[quad]);
    return scale_channels(a, quad);
}
