/* SPDX-License-Identifier: MIT */
/* Integer arithmetic on rows and columns. */
#ifndef PLANCHE_NET_INTEGERS_H
#define PLANCHE_NET_INTEGERS_H

#include <stdint.h>

static inline int64_t planche_int_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* v, but no less than min and no more than max. */
static inline int64_t planche_int_clamp(int64_t v, int64_t min, int64_t max)
{
    return v < min ? min : v > max ? max : v;
}

/* Quotients rounded down and up; b > 0. */
static inline int64_t planche_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

static inline int64_t planche_ceil_div(int64_t a, int64_t b)
{
    return -planche_floor_div(-a, b);
}

#endif
