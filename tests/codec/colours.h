/* SPDX-License-Identifier: MIT */
/* Well-known colour spaces, to compare profiles with. */
#ifndef PLANCHE_TESTS_CODEC_COLOURS_H
#define PLANCHE_TESTS_CODEC_COLOURS_H

#include "images.h"

enum colours_space {
    COLOURS_SRGB,
    COLOURS_DISPLAY_P3,
    COLOURS_ADOBE,   /* its primaries, exponent 2.2 */
    COLOURS_REC2020, /* with the curve of Rec. 709 */
    COLOURS_LINEAR,  /* sRGB's primaries */
    COLOURS_ODD      /* wide, with a curve that has no name */
};

/* A profile of the space. */
struct bytes colours_profile(enum colours_space space);
/* The largest difference (CIEDE2000) between what an RGB profile says about some colours and what
 * the space is; an empty profile is sRGB. */
double colours_distance(const struct bytes *icc, enum colours_space space);

#endif
