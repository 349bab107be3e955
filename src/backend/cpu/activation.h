/* SPDX-License-Identifier: MIT */
/* Activations of vectors: a few values, so plain C. */
#ifndef PLANCHE_BACKEND_CPU_ACTIVATION_H
#define PLANCHE_BACKEND_CPU_ACTIVATION_H

#include "net/net.h"

#include <math.h>

static inline float planche_clampf(float v, float lo, float hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Any activation but SLOPES. */
static inline float planche_activate(enum planche_activation activation, const float act[2],
                                     float v)
{
    switch (activation) {
    case PLANCHE_ACT_RELU:
        return v > 0.0f ? v : 0.0f;
    case PLANCHE_ACT_LEAKY:
        return v > 0.0f ? v : v * act[0];
    case PLANCHE_ACT_CLIP:
        return planche_clampf(v, act[0], act[1]);
    case PLANCHE_ACT_SIGMOID:
        return 1.0f / (1.0f + expf(-v));
    case PLANCHE_ACT_MISH:
        return v * tanhf(log1pf(expf(v)));
    case PLANCHE_ACT_HARDSWISH:
        return v * planche_clampf(v * act[0] + act[1], 0.0f, 1.0f);
    case PLANCHE_ACT_SILU:
        return v / (1.0f + expf(-v));
    case PLANCHE_ACT_GELU:
        return 0.5f * v * erfcf(v * -0.707106781f);
    case PLANCHE_ACT_GELU_TANH:
        return 0.5f * v * (1.0f + tanhf(0.797884561f * (v + 0.044715f * v * v * v)));
    case PLANCHE_ACT_TANH:
        return tanhf(v);
    case PLANCHE_ACT_HARDSIGMOID:
        return planche_clampf(v * act[0] + act[1], 0.0f, 1.0f);
    case PLANCHE_ACT_ELU:
        return v > 0.0f ? v : act[0] * expm1f(v);
    default:
        return v;
    }
}

#endif
