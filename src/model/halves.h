/* SPDX-License-Identifier: MIT */
/* Numbers of model files as floats: IEEE binary16, bfloat16, binary32 and binary64,
 * little-endian. */
#ifndef PLANCHE_MODEL_HALVES_H
#define PLANCHE_MODEL_HALVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exact, but for doubles, which are rounded. False: some number is not finite. */
bool planche_halves_to_floats(float *values, const uint8_t *bytes, size_t count);
bool planche_bfloats_to_floats(float *values, const uint8_t *bytes, size_t count);
bool planche_singles_to_floats(float *values, const uint8_t *bytes, size_t count);
bool planche_doubles_to_floats(float *values, const uint8_t *bytes, size_t count);

#endif
