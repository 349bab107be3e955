/* SPDX-License-Identifier: MIT */
/* Colour profiles for tests, made by lcms2. */
#ifndef PLANCHE_TESTS_PROFILES_H
#define PLANCHE_TESTS_PROFILES_H

#include <stddef.h>
#include <stdint.h>

/* For 1 channel a grey profile of exponent 1.8; for 3 sRGB; for 4 a CMYK profile by which only
 * black counts: all other inks are as light as paper. malloc'ed. */
uint8_t *profile_make(unsigned channels, size_t *size);

#endif
