/* SPDX-License-Identifier: MIT */
/* Turning pictures upright, as EXIF's orientation says. */
#ifndef PLANCHE_CODEC_ORIENTATION_H
#define PLANCHE_CODEC_ORIENTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Width and height change places. */
bool planche_orientation_swaps(unsigned orientation);
/* The picture can be turned row by row. */
bool planche_orientation_streams(unsigned orientation);

/* Mirrors a row of width pixels of pixel_size bytes in place (orientation 2). */
void planche_orientation_mirror(uint8_t *row, uint32_t width, size_t pixel_size);

/* A stored picture. */
struct planche_picture {
    const uint8_t *data;
    size_t stride;
    uint32_t width, height;
    size_t pixel_size;
};

/* Row y of the upright picture. */
void planche_orientation_row(const struct planche_picture *picture, unsigned orientation,
                             uint32_t y, uint8_t *row);

#endif
