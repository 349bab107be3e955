/* SPDX-License-Identifier: MIT */
/* Arithmetic that says when it overflows. Each returns false on overflow and leaves *out
 * unspecified. */
#ifndef PLANCHE_BASE_CHECKED_H
#define PLANCHE_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>

static inline bool planche_add_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool planche_mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

#endif
