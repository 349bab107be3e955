/* SPDX-License-Identifier: MIT */
/* TIFF, read with libtiff in planche-decode. */
#ifndef PLANCHE_CODEC_TIFF_TIFF_H
#define PLANCHE_CODEC_TIFF_TIFF_H

#include "codec/format.h"
#include "image/cmyk.h"

#include <tiffio.h>

struct planche_tiff {
    TIFF *tiff;
    const uint8_t *file;
    size_t size;
    toff_t at;
    char message[256]; /* of libtiff's last error */
    uint16_t bits, samples, photometric, planar, packing, format;
    uint16_t alpha;   /* EXTRASAMPLE_ASSOCALPHA, _UNASSALPHA; 0: none */
    unsigned colours; /* samples of a pixel that are colours */
    bool by_libtiff;  /* converted to RGBA of 8 bits by libtiff: rare kinds */
    uint16_t *palette[3];
    struct planche_cmyk *cmyk;
    uint8_t *ink; /* a row of a block */
};

/* What libtiff said last; UNSUPPORTED where it says that it cannot, else DATA. */
enum planche_status planche_tiff_explain(const struct planche_decoder *decoder,
                                         struct planche_error *error);

/* A block of pixels as stored: rows of row_bytes. */
struct planche_tiff_block {
    const uint8_t *data;
    size_t row_bytes;
    uint32_t x, y, width, height; /* of what belongs to the picture */
    unsigned plane;               /* of pictures that store one colour after the other */
};
/* Puts it where it belongs in the picture. */
void planche_tiff_put_block(const struct planche_decoder *decoder,
                            const struct planche_tiff_block *block, uint8_t *rows, size_t stride);
/* Straight alpha of rows that were put together. */
void planche_tiff_divide(const struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                         uint32_t count);

#endif
