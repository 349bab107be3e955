/* SPDX-License-Identifier: MIT */
/* What all pages of the set show, and colours as numbers that can be compared. */
#ifndef PLANCHE_TESTS_COLOUR_SCENE_H
#define PLANCHE_TESTS_COLOUR_SCENE_H

#include "codec/images.h"

#include <lcms2.h>

#define SCENE_WIDTH  96
#define SCENE_HEIGHT 200 /* no ornament of an EPUB */

/* Red, green, blue and alpha, 0 to 1, at the middle of a pixel. */
void scene_at(uint32_t x, uint32_t y, double rgba[4]);

/* Light: XYZ relative to white, in D50. */
struct light {
    uint32_t width, height;
    cmsCIEXYZ *pixels;
};
/* Of upright pixels with a profile (empty: sRGB, or grey with its curve), seen before white. */
struct light light_of(const struct picture *picture, const struct bytes *icc);
/* A CMYK profile whose inks make what sRGB can show. */
struct bytes inks_profile(void);
/* Of CMYK pixels of which 255 is no ink; by the profile, in relative colorimetry with black point
 * compensation. */
struct light light_of_inks(const struct picture *inks, const struct bytes *icc);
void light_free(struct light *light);

/* Mean CIEDE2000 of two pictures of light, the second one a whole number of times as large;
 * negative: it is not. */
double light_distance(const struct light *page, const struct light *result);

#endif
