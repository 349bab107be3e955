/* SPDX-License-Identifier: MIT */
/* Activations that are no slope. Included once per ISA with KERNEL_NAME(op) defined: plain loops
 * without branches, which the compiler vectorises. Nothing is contracted (-ffp-contract=off), so a
 * value's bits depend neither on its place nor on the instruction set. docs/numerics.md has the
 * errors; `kernels` checks them. */
#include "kernels/exponential.h"

/* The first operand may be a NaN, which stays: no comparison holds for it. */
static inline __attribute__((always_inline)) float least(float a, float b)
{
    return a > b ? b : a;
}

static inline __attribute__((always_inline)) float most(float a, float b)
{
    return a < b ? b : a;
}

/* Where functions are cut off. Variables, though they never change: of a comparison with a constant
 * GCC makes a branch, and of each branch's result the rest of the loop once more. */
struct limits {
    struct exp_limits exp;
    float mish_high, tangent, error_function, gelu_low;
};

static inline __attribute__((always_inline)) float sigmoid(float v, const struct limits *limits)
{
    return 1.0f / (1.0f + exponential(-v, &limits->exp));
}

/* An odd rational minimax function, as in Eigen; beyond 7.9 it is 1. */
static inline __attribute__((always_inline)) float tangent(float v, const struct limits *limits)
{
    v = within(v, -limits->tangent, limits->tangent);
    const float s = v * v;
    float p = -2.76076847742355e-16f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return v * p / q;
}

/* Likewise; beyond 4 it is 1 to the last bit or so. */
static inline __attribute__((always_inline)) float error_function(float v,
                                                                  const struct limits *limits)
{
    v = within(v, -limits->error_function, limits->error_function);
    const float s = v * v;
    float p = -2.72614225801306e-10f;
    p = p * s + 2.77068142495902e-08f;
    p = p * s + -2.10102402082508e-06f;
    p = p * s + -5.69250639462346e-05f;
    p = p * s + -7.34990630326855e-04f;
    p = p * s + -2.95459980854025e-03f;
    p = p * s + -1.60960333262415e-02f;
    float q = -1.45660718464996e-05f;
    q = q * s + -2.13374055278905e-04f;
    q = q * s + -1.68282697438203e-03f;
    q = q * s + -7.37332916720468e-03f;
    q = q * s + -1.42647390514189e-02f;
    return v * p / q;
}

/* tanh(log(1 + e^v)) is n / (n + 2) for n = e^v * (e^v + 2), and 1 in floats where e^v is large. */
static inline __attribute__((always_inline)) float mish(float v, const struct limits *limits)
{
    const float e = exponential(within(v, limits->exp.low, limits->mish_high), &limits->exp),
                n = e * (e + 2.0f);
    return v * (n / (n + 2.0f));
}

/* Below -5.6 both are zero but for a millionth; there the sum's error would grow with v. */
static inline __attribute__((always_inline)) float gelu(float v, const struct limits *limits)
{
    v = most(v, limits->gelu_low);
    return 0.5f * v * (1.0f + error_function(v * 0.707106781186547524f, limits));
}

static inline __attribute__((always_inline)) float gelu_tanh(float v, const struct limits *limits)
{
    v = most(v, limits->gelu_low);
    const float inner = 0.797884560802865f * (v + 0.044715f * (v * v * v));
    return 0.5f * v * (1.0f + tangent(inner, limits));
}

#define ACTIVATE(activation, expression)                                                           \
    case activation:                                                                               \
        for (size_t i = 0; i < count; i++) {                                                       \
            const float v = values[i];                                                             \
            values[i] = (expression);                                                              \
        }                                                                                          \
        break

void KERNEL_NAME(activate)(const struct planche_activate_args *args)
{
    const float a = args->act[0], b = args->act[1];
    float *values = args->values;
    const size_t count = args->count;
    struct limits limits = {EXP_LIMITS, 20.0f, 7.90531110763549805f, 4.0f, -5.6f};
    __asm__("" : "+m"(limits));
    switch (args->activation) {
        ACTIVATE(PLANCHE_ACT_RELU, most(v, 0.0f));
        ACTIVATE(PLANCHE_ACT_LEAKY, v < 0.0f ? v * a : v);
        ACTIVATE(PLANCHE_ACT_CLIP, within(v, a, b));
        ACTIVATE(PLANCHE_ACT_SIGMOID, sigmoid(v, &limits));
        ACTIVATE(PLANCHE_ACT_MISH, mish(v, &limits));
        ACTIVATE(PLANCHE_ACT_HARDSWISH, v * within(v * a + b, 0.0f, 1.0f));
        ACTIVATE(PLANCHE_ACT_SILU, v * sigmoid(v, &limits));
        ACTIVATE(PLANCHE_ACT_GELU, gelu(v, &limits));
        ACTIVATE(PLANCHE_ACT_GELU_TANH, gelu_tanh(v, &limits));
        ACTIVATE(PLANCHE_ACT_TANH, tangent(v, &limits));
        ACTIVATE(PLANCHE_ACT_HARDSIGMOID, within(v * a + b, 0.0f, 1.0f));
        ACTIVATE(PLANCHE_ACT_ELU,
                 most(v, 0.0f) + a * (exponential(least(v, 0.0f), &limits.exp) - 1.0f));
    }
}
#undef ACTIVATE
