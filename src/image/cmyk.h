/* SPDX-License-Identifier: MIT */
/* CMYK rows to sRGB. */
#ifndef PLANCHE_IMAGE_CMYK_H
#define PLANCHE_IMAGE_CMYK_H

#include "base/alloc.h"

#include <planche/error.h>

struct planche_cmyk;

/* profile: an ICC profile for CMYK (copied), or NULL for the plain formula R = (255 - C)(255 - K) /
 * 255, and so on. inverted: samples say how much light is left (0 is full ink), as Adobe's JPEG
 * files have it. A profile that cannot be used counts as none: *managed says whether one is in
 * use. Errors: MEMORY, BUDGET. */
enum planche_status planche_cmyk_create(struct planche_cmyk **out, struct planche_budget *budget,
                                        const void *profile, size_t size, bool inverted,
                                        bool *managed, struct planche_error *error);
void planche_cmyk_destroy(struct planche_cmyk **cmyk);

/* width pixels of 4 samples to width pixels of 3; the rows must not overlap. */
void planche_cmyk_row(const struct planche_cmyk *cmyk, uint8_t *rgb, const uint8_t *samples,
                      uint32_t width);

#endif
