/* SPDX-License-Identifier: MIT */
/* Pixel formats and the conversion of rows between them. */
#ifndef PLANCHE_IMAGE_PIXELS_H
#define PLANCHE_IMAGE_PIXELS_H

#include <planche/page.h>
#include <planche/types.h>
#include <stdbool.h>
#include <stddef.h>

bool planche_pixel_format_valid(enum planche_pixel_format format);
/* The format of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) channels of 8 or 16 bits. */
enum planche_pixel_format planche_pixel_format_make(unsigned channels, unsigned depth);
unsigned planche_pixel_channels(enum planche_pixel_format format);
/* Bits of a sample: 8 or 16. */
unsigned planche_pixel_depth(enum planche_pixel_format format);
bool planche_pixel_has_alpha(enum planche_pixel_format format);
/* Bytes of one pixel. */
size_t planche_pixel_size(enum planche_pixel_format format);

/* Whether rows of pixels in memory are as far apart as they must be and aligned. The format is
 * valid. */
bool planche_pixels_fit(const struct planche_pixels *pixels);
/* Checks pixels of a caller: format, size, data, and that their rows fit. Errors: ARGUMENT. */
enum planche_status planche_pixels_check(const struct planche_pixels *pixels,
                                         struct planche_error *error);

/* Converts width pixels; the rows must not overlap. Grey becomes RGB by repetition, RGB becomes
 * grey by the luma weights of ITU-R BT.601 (exact for neutral colours). Alpha that dst lacks is
 * resolved onto white; alpha that src lacks is opaque. 8 bits become 16 as v * 257, 16 become 8 by
 * rounding to the nearest. */
void planche_row_convert(void *dst, enum planche_pixel_format dst_format, const void *src,
                         enum planche_pixel_format src_format, size_t width);

#endif
