/* SPDX-License-Identifier: MIT */
/* The exponential function as loops without branches have it, which the compiler vectorises.
 * Nothing is contracted (-ffp-contract=off), so a value's bits depend neither on its place nor on
 * the instruction set. docs/numerics.md has the errors; `kernels` checks them. */
#ifndef PLANCHE_KERNELS_EXPONENTIAL_H
#define PLANCHE_KERNELS_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

/* The bits of a float, and the float of bits. */
static inline __attribute__((always_inline)) uint32_t bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline __attribute__((always_inline)) float of_bits(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static inline __attribute__((always_inline)) float within(float v, float low, float high)
{
    v = v < low ? low : v;
    return v > high ? high : v;
}

/* Where the function is cut off. Variables, though they never change: of a comparison with a
 * constant GCC makes a branch, and of each branch's result the rest of the loop once more. */
struct exp_limits {
    float low, high;
};
#define EXP_LIMITS ((struct exp_limits){-87.0f, 88.0f})

/* e^v for v in -87..88, and of the nearest of these for others: 2^n e^r with |r| <= ln(2) / 2, by
 * the polynomial of Cephes' expf (S. Moshier). Adding EXP_ROUND leaves n in the last bits. */
#define EXP_ROUND 12582912.0f
static inline __attribute__((always_inline)) float exponential(float v,
                                                               const struct exp_limits *limits)
{
    v = within(v, limits->low, limits->high);
    const float shifted = v * 1.44269504088896341f + EXP_ROUND, n = shifted - EXP_ROUND;
    const float r = (v - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    return p * of_bits((bits_of(shifted) - bits_of(EXP_ROUND) + 127u) << 23);
}
#undef EXP_ROUND

#endif
