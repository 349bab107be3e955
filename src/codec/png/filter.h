/* SPDX-License-Identifier: MIT */
/* Filters of PNG's rows (ISO/IEC 15948, 9): bytes less what is predicted for them. */
#ifndef PLANCHE_CODEC_PNG_FILTER_H
#define PLANCHE_CODEC_PNG_FILTER_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of zeroes that must lie in front of a row: the largest pixel. */
#define PLANCHE_PNG_PAD 8

/* out: size + 1 bytes, the filter's number first. row and above have size bytes each; before the
 * first row lies one of zeroes. */
void planche_png_filter_up(uint8_t *out, const uint8_t *row, const uint8_t *above, size_t size);
/* pixel: bytes of a pixel. In front of row and above lie PLANCHE_PNG_PAD zeroes. */
void planche_png_filter_paeth(uint8_t *out, const uint8_t *row, const uint8_t *above, size_t size,
                              size_t pixel);

#endif
