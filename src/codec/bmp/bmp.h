/* SPDX-License-Identifier: MIT */
/* BMP, read by own code: the file is held, rows are taken from it. Source: Microsoft's description
 * of BITMAPINFOHEADER and its successors. */
#ifndef PLANCHE_CODEC_BMP_BMP_H
#define PLANCHE_CODEC_BMP_BMP_H

#include "codec/format.h"

enum planche_bmp_packing {
    PLANCHE_BMP_PLAIN = 0,
    PLANCHE_BMP_RLE8 = 1,
    PLANCHE_BMP_RLE4 = 2,
    PLANCHE_BMP_MASKS = 3,
    PLANCHE_BMP_ALPHA_MASKS = 6,
};

/* What of a pixel is a channel. */
struct planche_bmp_mask {
    uint32_t mask;
    unsigned shift;
};

struct planche_bmp {
    const uint8_t *file;
    size_t size;
    size_t pixels; /* where they begin */
    size_t row_bytes;
    unsigned bits; /* of a pixel: 1, 4, 8, 16, 24, 32 */
    enum planche_bmp_packing packing;
    bool top_down;
    unsigned colours; /* of the palette */
    uint8_t palette[256][3];
    struct planche_bmp_mask masks[4]; /* red, green, blue, alpha */
    uint32_t next;                    /* row */
};

/* Reads all headers: fills in decoder and *bmp, whose file is there. Errors: DATA, UNSUPPORTED,
 * LIMIT, MEMORY, BUDGET. */
enum planche_status planche_bmp_parse(struct planche_decoder *decoder, struct planche_bmp *bmp,
                                      struct planche_error *error);
/* The image is damaged: why says so. */
enum planche_status planche_bmp_damaged(const struct planche_decoder *decoder, const char *why,
                                        struct planche_error *error);

enum planche_status planche_bmp_open(struct planche_decoder *decoder, struct planche_error *error);
enum planche_status planche_bmp_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error);
enum planche_status planche_bmp_rewind(struct planche_decoder *decoder,
                                       struct planche_error *error);
void planche_bmp_close(struct planche_decoder *decoder);

#endif
