/* SPDX-License-Identifier: MIT */
/* Rows of bytes, and a layer over a run of their columns. */
#include "backend/cpu/int8_rows.h"

#include "base/checked.h"

#include <string.h>

/* Column 0 is aligned; the pixel to its left lies before it. */
#define LEFT 64

bool planche_int8_rows_size(struct planche_int8_rows *rows, unsigned quads, int64_t width,
                            int64_t height, int64_t ring, size_t *bytes)
{
    size_t count;
    *rows = (struct planche_int8_rows){.height = height, .ring = ring};
    if (!planche_mul_size((size_t)width + 1, PLANCHE_QUAD, &rows->quad_bytes) ||
        !planche_add_size(rows->quad_bytes, LEFT + 63, &rows->quad_bytes))
        return false;
    /* An odd number of cache lines: rows must not all meet in the same few sets. */
    rows->quad_bytes = rows->quad_bytes / 64 * 64;
    rows->quad_bytes += rows->quad_bytes / 64 % 2 ? 0 : 64;
    return planche_mul_size(rows->quad_bytes, quads, &rows->row_bytes) &&
           planche_add_size((size_t)ring, 1, &count) &&
           planche_mul_size(rows->row_bytes, count, bytes);
}

uint8_t *planche_int8_row(const struct planche_int8_rows *rows, int64_t y, unsigned quad)
{
    const int64_t slot = y < 0 || y >= rows->height ? rows->ring : y % rows->ring;
    return rows->data + (size_t)slot * rows->row_bytes + quad * rows->quad_bytes + LEFT;
}

void planche_int8_rows_clear(const struct planche_int8_rows *rows, int64_t width,
                             const struct planche_int8_layer *reader)
{
    for (int64_t slot = 0; slot <= rows->ring; slot++)
        for (unsigned quad = 0; quad < reader->in_quads; quad++) {
            uint8_t *row = rows->data + (size_t)slot * rows->row_bytes + quad * rows->quad_bytes;
            const uint8_t *outside = reader->outside + (size_t)quad * PLANCHE_QUAD;
            for (int64_t x = -1; x <= width; x++)
                if (slot == rows->ring || x < 0 || x == width)
                    memcpy(row + LEFT + x * PLANCHE_QUAD, outside, PLANCHE_QUAD);
        }
}

void planche_int8_convolve(const struct planche_kernels *kernels,
                           const struct planche_int8_layer *layer,
                           const struct planche_int8_rows *in, int64_t y, int64_t x0, int64_t x1,
                           const struct planche_int8_rows *out, float *const *planes)
{
    const uint8_t *inputs[3 * PLANCHE_INT8_QUADS];
    uint8_t *outputs[PLANCHE_INT8_QUADS];
    for (unsigned r = 0; r < 3; r++)
        for (unsigned q = 0; q < layer->in_quads; q++)
            inputs[r * layer->in_quads + q] =
                planche_int8_row(in, y - 1 + r, q) + (x0 - 1) * PLANCHE_QUAD;
    for (unsigned q = 0; out && q < layer->out_quads; q++)
        outputs[q] = planche_int8_row(out, y, q) + x0 * PLANCHE_QUAD;
    kernels->conv3_int8(&(struct planche_conv3_int8_args){
        .in_quads = layer->in_quads,
        .out_quads = layer->out_quads,
        .inputs = inputs,
        .weights = layer->weights,
        .bias = layer->bias,
        .scale = layer->scale,
        .below = layer->below,
        .zero = layer->zero,
        .outputs = outputs,
        .planes = planes,
        .count = (size_t)(x1 - x0),
    });
}
