/* SPDX-License-Identifier: MIT */
/* Ringing: what JPEG leaves round black lines on white, where its steps are cut off with everything
 * beyond black and white.
 *
 * Pixels that are nearly white or black, away from edges, but in a block that has one, are pure in
 * a drawing and ripple in a JPEG picture, by more the coarser its steps are. That holds for pages
 * whose paper is pure elsewhere: a painting, or a scan's paper, ripples by itself. So this is asked
 * only where the comb has too little to go by. */
#ifndef PLANCHE_CHOICE_RINGING_H
#define PLANCHE_CHOICE_RINGING_H

#include "choice/block.h"

/* Zeroes at first. */
struct planche_ringing {
    uint32_t edged, far;  /* blocks with edges; their pixels away from these */
    uint64_t ripple;      /* of these, as far as they are off and their neighbours differ */
    uint32_t plain, pure; /* blocks of paper or ink, and those of one colour */
};

/* A block that is cut, or of one colour. */
void planche_ringing_add(struct planche_ringing *ringing, const struct planche_block *block);
/* Whether there is enough to tell by. */
bool planche_ringing_tells(const struct planche_ringing *ringing);
/* If so: the quality of libjpeg that ripples so; 0: nothing does. */
unsigned planche_ringing_quality(const struct planche_ringing *ringing);

#endif
