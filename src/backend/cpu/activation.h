/* SPDX-License-Identifier: MIT */
/* Activation functions that are not a slope: rare in these networks, so plain C. */
#ifndef PLANCHE_BACKEND_CPU_ACTIVATION_H
#define PLANCHE_BACKEND_CPU_ACTIVATION_H

#include "net/net.h"

#include <math.h>

static inline float planche_clampf(float v, float lo, float hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Any activation but SLOPES, as ncnn defines them. */
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
    default:
        return v;
    }
}

/* Whether the channel kernel's slope cannot express it. */
static inline bool planche_activation_is_curved(enum planche_activation activation)
{
    return activation >= PLANCHE_ACT_CLIP && activation <= PLANCHE_ACT_HARDSWISH;
}

#endif
