/* SPDX-License-Identifier: MIT */
/* Half precision: IEEE binary16. */
#ifndef PLANCHE_BACKEND_VULKAN_HALF_H
#define PLANCHE_BACKEND_VULKAN_HALF_H

#include <stdint.h>
#include <string.h>

/* Rounds to nearest, ties to even; what is too large becomes infinite. */
static inline uint16_t planche_half_from_float(float value)
{
    uint32_t bits, rounded;
    memcpy(&bits, &value, sizeof(bits));
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (magnitude >= 0x47800000)
        return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) { /* subnormal: the addition rounds where half's last bit is */
        const float shift = 0.5f;
        float tiny;
        memcpy(&tiny, &magnitude, sizeof(tiny));
        tiny += shift;
        memcpy(&rounded, &tiny, sizeof(rounded));
        return (uint16_t)(sign | (rounded - 0x3f000000));
    }
    rounded = magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000;
    return (uint16_t)(sign | rounded >> 13);
}

static inline float planche_half_to_float(uint16_t half)
{
    uint32_t magnitude = half & 0x7fff, bits = magnitude << 13;
    float value;
    memcpy(&value, &bits, sizeof(value));
    value *= 0x1p112f; /* the exponents' biases differ by 112 */
    memcpy(&bits, &value, sizeof(bits));
    if (magnitude >= 0x7c00) /* infinite, or no number */
        bits |= 0x7f800000;
    bits |= (uint32_t)(half & 0x8000) << 16;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

#endif
