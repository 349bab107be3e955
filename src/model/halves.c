/* SPDX-License-Identifier: MIT */
/* Conversion of the numbers of model files. */
#include "model/halves.h"

#include "base/little_endian.h"

#include <math.h>
#include <string.h>

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* Without branches, so that compilers make vectors of it: this is most of what loading takes. */
bool planche_halves_to_floats(float *values, const uint8_t *bytes, size_t count)
{
    uint32_t special = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8;
        uint32_t exponent = bits & 0x7C00, mantissa = bits & 0x3FF;
        uint32_t normal = (exponent << 13) + ((uint32_t)112 << 23) + (mantissa << 13);
        uint32_t small = to_bits((float)(int32_t)mantissa * 0x1p-24f);
        uint32_t is_small = (uint32_t)0 - (exponent == 0);
        special |= exponent == 0x7C00;
        values[i] = from_bits((normal & ~is_small) | (small & is_small) | (bits & 0x8000) << 16);
    }
    return !special;
}

bool planche_bfloats_to_floats(float *values, const uint8_t *bytes, size_t count)
{
    uint32_t special = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)bytes[2 * i] << 16 | (uint32_t)bytes[2 * i + 1] << 24;
        special |= (bits & 0x7F800000) == 0x7F800000;
        values[i] = from_bits(bits);
    }
    return !special;
}

bool planche_singles_to_floats(float *values, const uint8_t *bytes, size_t count)
{
    uint32_t special = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = get32(bytes + 4 * i);
        special |= (bits & 0x7F800000) == 0x7F800000;
        values[i] = from_bits(bits);
    }
    return !special;
}

bool planche_doubles_to_floats(float *values, const uint8_t *bytes, size_t count)
{
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = get64(bytes + 8 * i);
        double value;
        memcpy(&value, &bits, sizeof(value));
        values[i] = (float)value;
        finite = finite && isfinite(values[i]);
    }
    return finite;
}
