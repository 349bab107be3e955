/* SPDX-License-Identifier: MIT */
/* Layers of bytes, the rows that they read and make, and a layer over a run of columns. */
#ifndef PLANCHE_BACKEND_CPU_INT8_ROWS_H
#define PLANCHE_BACKEND_CPU_INT8_ROWS_H

#include "kernels/kernels.h"

#include <stdbool.h>

/* No layer has more channels, no network more layers. */
#define PLANCHE_INT8_CHANNELS 256
#define PLANCHE_INT8_LAYERS   64
#define PLANCHE_INT8_QUADS    (PLANCHE_INT8_CHANNELS / PLANCHE_QUAD)

struct planche_int8_layer {
    unsigned in_channels, out_channels, in_quads, out_quads;
    int8_t *weights; /* packed */
    int32_t *bias;   /* [out_quads * 4], and so are the next three */
    float *scale, *below, *zero;
    uint8_t *outside; /* [in_quads][4]: the inputs of a pixel outside of the page */
};

/* Rows of a tensor of bytes: a ring, and a row that stands for those outside of the page. */
struct planche_int8_rows {
    uint8_t *data;
    int64_t height; /* of the tensor */
    int64_t ring;   /* rows that are kept */
    size_t row_bytes, quad_bytes;
};
/* Bytes that `data` needs, aligned to 64; false on overflow. Fills in all but data. */
bool planche_int8_rows_size(struct planche_int8_rows *rows, unsigned quads, int64_t width,
                            int64_t height, int64_t ring, size_t *bytes);
/* What no layer writes: the pixels beside and outside of the page, for the layer that reads them.
 */
void planche_int8_rows_clear(const struct planche_int8_rows *rows, int64_t width,
                             const struct planche_int8_layer *reader);
/* Column 0 of a quad of row y, which may lie a row outside of the tensor. */
uint8_t *planche_int8_row(const struct planche_int8_rows *rows, int64_t y, unsigned quad);

/* Columns [x0, x1) of a layer's row y: into `out`, or to `planes`, [out_quads * 4] at column x0. */
void planche_int8_convolve(const struct planche_kernels *kernels,
                           const struct planche_int8_layer *layer,
                           const struct planche_int8_rows *in, int64_t y, int64_t x0, int64_t x1,
                           const struct planche_int8_rows *out, float *const *planes);

#endif
