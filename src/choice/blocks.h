/* SPDX-License-Identifier: MIT */
/* Blocks of a page's luminance, 8 x 8 pixels, laid where those of an earlier JPEG file lay; and
 * what they tell together.
 *
 * Whatever a decoded JPEG picture was saved as since, its blocks have values that were rounded
 * (comb.h), unless it was resized. A file that was cut has
 * blocks that begin elsewhere: small steps that stand alone tell where. */
#ifndef PLANCHE_CHOICE_BLOCKS_H
#define PLANCHE_CHOICE_BLOCKS_H

#include "base/alloc.h"
#include "choice/comb.h"
#include "choice/texture.h"

struct planche_blocks {
    uint32_t width, rows;
    unsigned left, top; /* where blocks begin, 0..7, by what is known so far */
    unsigned steps_x[PLANCHE_BLOCK], steps_y[PLANCHE_BLOCK]; /* lone steps, by their places */
    struct planche_comb whole, cut;
    struct planche_texture texture;
    uint8_t *window; /* the last 8 rows, row y at y % 8 */
};

/* For rows of so many pixels. False: no memory. */
bool planche_blocks_start(struct planche_blocks *blocks, uint32_t width,
                          struct planche_budget *budget);
void planche_blocks_stop(struct planche_blocks *blocks);
/* The next row of luminance. */
void planche_blocks_add(struct planche_blocks *blocks, const uint8_t *luma);
/* Whether more rows would tell nothing new of an encoder. */
bool planche_blocks_are_enough(const struct planche_blocks *blocks);

#endif
