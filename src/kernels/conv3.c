/* SPDX-License-Identifier: MIT */
/* Packing of the weights of quantised 3x3 convolutions. */
#include "kernels/conv3_int8.h"

#include <string.h>

void planche_conv3_int8_pack(const int8_t *weights, unsigned out_channels, unsigned in_channels,
                             int8_t *packed)
{
    const size_t in_quads = (in_channels + PLANCHE_QUAD - 1) / PLANCHE_QUAD;
    const size_t out_quads = (out_channels + PLANCHE_QUAD - 1) / PLANCHE_QUAD;
    memset(packed, 0, out_quads * in_quads * PLANCHE_QUAD_WEIGHTS);
    for (size_t o = 0; o < out_channels; o++)
        for (size_t i = 0; i < in_channels; i++)
            for (size_t tap = 0; tap < 9; tap++) {
                const size_t row = (o / PLANCHE_QUAD * 3 + tap / 3) * in_quads + i / PLANCHE_QUAD;
                const size_t block = row * 3 + tap % 3;
                packed[(block * PLANCHE_QUAD + o % PLANCHE_QUAD) * PLANCHE_QUAD +
                       i % PLANCHE_QUAD] = weights[(o * in_channels + i) * 9 + tap];
            }
}
