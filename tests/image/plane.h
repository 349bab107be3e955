/* SPDX-License-Identifier: MIT */
/* Deterministic samples for the tests of this folder. */
#ifndef PLANCHE_TESTS_PLANE_H
#define PLANCHE_TESTS_PLANE_H

#include <stdint.h>

static inline uint32_t plane_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

#endif
