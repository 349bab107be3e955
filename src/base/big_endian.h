/* SPDX-License-Identifier: MIT */
/* Big-endian numbers in the bytes of file formats. */
#ifndef PLANCHE_BASE_BIG_ENDIAN_H
#define PLANCHE_BASE_BIG_ENDIAN_H

#include <stdint.h>

static inline uint16_t get16_big(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32_big(const uint8_t *p)
{
    return (uint32_t)get16_big(p) << 16 | get16_big(p + 2);
}

static inline uint64_t get64_big(const uint8_t *p)
{
    return (uint64_t)get32_big(p) << 32 | get32_big(p + 4);
}

#endif
