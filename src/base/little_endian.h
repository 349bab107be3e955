/* SPDX-License-Identifier: MIT */
/* Little-endian numbers in the bytes of file formats. */
#ifndef PLANCHE_BASE_LITTLE_ENDIAN_H
#define PLANCHE_BASE_LITTLE_ENDIAN_H

#include <stdint.h>

static inline uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get32(const uint8_t *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static inline uint64_t get64(const uint8_t *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* All return where the next number goes. */
static inline uint8_t *put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    return p + 2;
}

static inline uint8_t *put32(uint8_t *p, uint32_t value)
{
    return put16(put16(p, value & 0xffff), value >> 16);
}

static inline uint8_t *put64(uint8_t *p, uint64_t value)
{
    return put32(put32(p, (uint32_t)value), (uint32_t)(value >> 32));
}

#endif
