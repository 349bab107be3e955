/* SPDX-License-Identifier: MIT */
/* Quantised 3x3 convolution: unsigned bytes times signed bytes, summed in 32 bits.
 *
 * Layout: a row of a quantised tensor lies in quads of channels, [quad][x][4] bytes, so that a quad
 * of a pixel is one 32-bit word: lanes of vectors are pixels, and a layer costs what its quads ask
 * for. A byte q stands for (q - zero) * step, with one zero and step for a channel, so that the
 * values of a PReLU below 0 get their share of the 256. Outside of the page lies the channel's byte
 * `zero`. Channels that an incomplete last quad lacks have weights of 0 and may hold any bytes.
 *
 * All sums are exact, and the few operations in float are the same everywhere: every version gives
 * the same bytes. */
#ifndef PLANCHE_KERNELS_CONV3_INT8_H
#define PLANCHE_KERNELS_CONV3_INT8_H

#include <stddef.h>
#include <stdint.h>

#define PLANCHE_QUAD 4
/* Bytes of the weights between a quad of inputs and a quad of outputs, at all nine taps. */
#define PLANCHE_QUAD_WEIGHTS ((size_t)(9 * PLANCHE_QUAD * PLANCHE_QUAD))

/* A run of `count` pixels of an output row. For output channel c:
 *   sum = bias[c] + sum over rows r, inputs i, columns k of input[r][i][x + k] * weight[c][i][r][k]
 *   m = sum < 0 ? below[c] : scale[c]
 *   planes given: planes[c][x] = (float)sum * m
 *   else: outputs[c / 4][x][c % 4] = clamp(rint(fma((float)sum, m, zero[c])), 0, 255)
 * with the current rounding, to nearest, ties to even. What the caller sees to: sums fit 32 bits,
 * values before the clamp are below 2^31. The share of `below` in `scale` is the slope of a PReLU;
 * the bias contains what the input's zero adds to the sums. */
struct planche_conv3_int8_args {
    unsigned in_quads, out_quads;
    const uint8_t *const *inputs; /* [3][in_quads]: rows at the run's first input column, which is
                                     one left of its first pixel; count + 2 pixels are read */
    const int8_t *weights;        /* from planche_conv3_int8_pack */
    const int32_t *bias;          /* [out_quads * 4], and so are the next two */
    const float *scale, *below;
    const float *zero;       /* not read for planes */
    uint8_t *const *outputs; /* [out_quads], at the run's first pixel, of 4 bytes a pixel */
    float *const *planes;    /* NULL, or [out_quads * 4], NULL where a channel is not wanted */
    size_t count;
};
typedef void (*planche_conv3_int8_fn)(const struct planche_conv3_int8_args *args);

/* [out_channels][in_channels][3][3] to [out quad][row][in quad][column][4 outputs][4 inputs];
 * packed has PLANCHE_QUAD_WEIGHTS bytes for each pair of an input and an output quad. */
void planche_conv3_int8_pack(const int8_t *weights, unsigned out_channels, unsigned in_channels,
                             int8_t *packed);

#endif
