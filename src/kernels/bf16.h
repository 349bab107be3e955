/* SPDX-License-Identifier: MIT */
/* bf16: the upper half of a float. */
#ifndef PLANCHE_KERNELS_BF16_H
#define PLANCHE_KERNELS_BF16_H

#include <stdint.h>
#include <string.h>

/* Rounds to nearest, ties to even; what is less than the least normal float becomes zero, as in
 * the CPU's own conversion. */
static inline uint16_t planche_bf16_round(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits & 0x80000000u, magnitude = bits & 0x7fffffffu;
    const uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1);
    const uint32_t nan = bits | 0x00400000u;
    return (uint16_t)((magnitude > 0x7f800000u   ? nan
                       : magnitude < 0x00800000u ? sign
                                                 : rounded) >>
                      16);
}

static inline float planche_bf16_value(uint16_t bf16)
{
    const uint32_t bits = (uint32_t)bf16 << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
