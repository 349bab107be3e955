/* SPDX-License-Identifier: MIT */
/* Lossless WebP streams, as far as they tell how much memory libwebp takes for them. */
#ifndef PLANCHE_CODEC_WEBP_LOSSLESS_H
#define PLANCHE_CODEC_WEBP_LOSSLESS_H

#include "base/alloc.h"

/* Adds to *memory what libwebp takes at most for Huffman tables, which one pixel of sixteen may
 * have of its own. data: a stream behind its header, of so many pixels; a damaged one counts as far
 * as it goes. False: the budget or the system has no *memory left for a look at it. */
bool planche_webp_lossless_tables(const uint8_t *data, size_t size, uint32_t width, uint32_t height,
                                  struct planche_budget *budget, uint64_t *memory);

/* Bytes of the header of a lossless picture: a signature, 14 bits for each side, four of flags. */
#define PLANCHE_WEBP_LOSSLESS_HEAD 5

#endif
