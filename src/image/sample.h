/* SPDX-License-Identifier: MIT */
/* Samples of a pixel, of 8 or 16 bits in the machine's order. */
#ifndef PLANCHE_IMAGE_SAMPLE_H
#define PLANCHE_IMAGE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void planche_sample_put(uint8_t *pixel, unsigned channel, unsigned depth,
                                      uint16_t value)
{
    if (depth == 16)
        memcpy(pixel + (size_t)2 * channel, &value, sizeof value);
    else
        pixel[channel] = (uint8_t)value;
}

#endif
