/* SPDX-License-Identifier: MIT */
/* Between samples as files have them and light, in which colours mix as they do in the eye. */
#ifndef PLANCHE_IMAGE_TRANSFER_H
#define PLANCHE_IMAGE_TRANSFER_H

#include "base/alloc.h"

#include <planche/error.h>

struct planche_transfer;

/* The curves of an ICC profile for pixels of 1 or 3 colours; those of sRGB where there is no
 * profile (size 0), or one without curves. Curves that do not rise everywhere are bent a little, so
 * that there is always a way back. Errors: MEMORY, BUDGET. */
enum planche_status planche_transfer_create(struct planche_transfer **out, unsigned colours,
                                            const void *icc, size_t size,
                                            struct planche_budget *budget,
                                            struct planche_error *error);
void planche_transfer_destroy(struct planche_transfer **tone);

/* In place, count values of one colour (0..2). Samples and light are 0..1; light beyond that is
 * cut. What one function makes of a value the other undoes. */
void planche_transfer_to_light(const struct planche_transfer *tone, unsigned colour, float *values,
                               size_t count);
void planche_transfer_from_light(const struct planche_transfer *tone, unsigned colour,
                                 float *values, size_t count);

#endif
