/* SPDX-License-Identifier: MIT */
/* Half precision in model files: IEEE binary16, little-endian. */
#ifndef PLANCHE_MODEL_HALVES_H
#define PLANCHE_MODEL_HALVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exact. False: some number is not finite. */
bool planche_halves_to_floats(float *values, const uint8_t *bytes, size_t count);

#endif
