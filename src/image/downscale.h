/* SPDX-License-Identifier: MIT */
/* Makes a picture smaller, row by row, without moire: what is finer than the new pixels is averaged
 * in linear light.
 *
 * The kernel is Mitchell and Netravali's (1988, B = C = 1/3), as much wider as the picture becomes
 * smaller; edges are cut off and the rest weighted up. Sharper ones (Lanczos's, a sinc under a
 * Kaiser window) overshoot where ink meets paper, and what is cut off there waxes and wanes with
 * the phase of a tone's dots: bands of 3 % of the light, where this one leaves none
 * (docs/limits.md). Colours are weighted with alpha. Sums are taken in one order, so results do not
 * depend on how rows are grouped. */
#ifndef PLANCHE_IMAGE_DOWNSCALE_H
#define PLANCHE_IMAGE_DOWNSCALE_H

#include "base/alloc.h"
#include "image/transfer.h"

#include <planche/types.h>

struct planche_downscale;

struct planche_downscale_options {
    uint32_t width, height;              /* of what is pushed */
    uint32_t out_width, out_height;      /* of what is pulled: neither is larger */
    enum planche_pixel_format format;    /* of what is pulled */
    const struct planche_transfer *tone; /* stays the caller's */
};

/* Bytes that planche_downscale_create takes from the budget; UINT64_MAX when they cannot be
 * counted.
 */
uint64_t planche_downscale_memory(const struct planche_downscale_options *options);

/* Errors: MEMORY, BUDGET. */
enum planche_status planche_downscale_create(struct planche_downscale **out,
                                             const struct planche_downscale_options *options,
                                             struct planche_budget *budget,
                                             struct planche_error *error);
void planche_downscale_destroy(struct planche_downscale **reduce);

/* The next row: a plane of samples, 0..1, for each channel of the format, `width` apart. All rows
 * that are ready must have been pulled. */
void planche_downscale_push(struct planche_downscale *reduce, const float *planes);
/* The next row, out_width pixels; false: none is ready. */
bool planche_downscale_pull(struct planche_downscale *reduce, void *row);

#endif
