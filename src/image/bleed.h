/* SPDX-License-Identifier: MIT */
/* Gives colours to what is transparent, before a network sees the page.
 *
 * Files hide any colour under transparency, black as a rule; enlarged as it is, it would creep into
 * the visible edge as a dark halo. A pixel of alpha a keeps a part a of its own colour and takes
 * the rest from the alpha-weighted mean colour of the window of (2R + 1) x (2R + 1) pixels around
 * it (the part of it that lies on the page). Opaque pixels thus stay as they are, and where the
 * window shows nothing at all the pixel becomes white, like the paper under it. Whole-number
 * running sums make the result independent of how rows are grouped. */
#ifndef PLANCHE_IMAGE_BLEED_H
#define PLANCHE_IMAGE_BLEED_H

#include "base/alloc.h"

#include <planche/types.h>

/* R, in pixels: about what the networks' first layers can see from a visible edge. */
#define PLANCHE_BLEED_RADIUS 8

struct planche_bleed;

struct planche_bleed_options {
    uint32_t width, height;           /* pixels */
    enum planche_pixel_format format; /* one with alpha */
    uint32_t ahead; /* rows that may wait before the output rows they serve are pulled (0: every row
                       that is ready is pulled before the next push) */
};

/* Bytes that planche_bleed_create takes from the budget; UINT64_MAX when they cannot be counted. */
uint64_t planche_bleed_memory(const struct planche_bleed_options *options);

/* Errors: ARGUMENT, MEMORY, BUDGET. */
enum planche_status planche_bleed_create(struct planche_bleed **out,
                                         const struct planche_bleed_options *options,
                                         struct planche_budget *budget,
                                         struct planche_error *error);
void planche_bleed_destroy(struct planche_bleed **bleed);
/* Back to the first row. */
void planche_bleed_rewind(struct planche_bleed *bleed);

/* The next row, width pixels of the format. False: there is no room before rows are pulled, or all
 * rows were pushed; nothing happened. */
bool planche_bleed_push(struct planche_bleed *bleed, const void *row);
/* Rows that can be pulled now. */
uint32_t planche_bleed_ready(const struct planche_bleed *bleed);
/* The next row without its alpha: width pixels of 1 or 3 samples. False: none is ready. */
bool planche_bleed_pull(struct planche_bleed *bleed, void *row);

#endif
