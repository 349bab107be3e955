/* SPDX-License-Identifier: MIT */
/* Comb: the steps by which JPEG rounded the blocks of a picture, found in its pixels.
 *
 * JPEG rounds each frequency of a block to multiples of a step. The decoded picture still has these
 * values, within the rounding of its pixels: their histogram is a comb, and the distance of its
 * teeth is the step. Drawings have no combs in many frequencies at once; a screen whose period
 * divides 8 has few values, which tells it from one.
 *
 * Low frequencies tell most, with steps that are small. Blocks with black or white in them were cut
 * off there, and their values lie beside the teeth, by less than the steps of high frequencies:
 * such blocks have a comb of their own, of these. Dots of screentone have enough of them. */
#ifndef PLANCHE_CHOICE_COMB_H
#define PLANCHE_CHOICE_COMB_H

#include "choice/block.h"

#define PLANCHE_COMB_FREQUENCIES 9
#define PLANCHE_COMB_BINS        512

enum planche_comb_kind { PLANCHE_COMB_WHOLE, PLANCHE_COMB_CUT };

/* Zeroes at first, but for the kind of its blocks. */
struct planche_comb {
    enum planche_comb_kind kind;
    unsigned blocks; /* that have something in them */
    uint32_t bins[PLANCHE_COMB_FREQUENCIES][PLANCHE_COMB_BINS];
};

void planche_comb_add(struct planche_comb *comb, const struct planche_block *block);
/* Whether more blocks would change nothing. */
bool planche_comb_is_enough(const struct planche_comb *comb);
/* The quality of libjpeg that has such steps; 0: there are none, or they are too small to be seen,
 * as from about 93 on. */
unsigned planche_comb_quality(const struct planche_comb *comb);

#endif
