/* SPDX-License-Identifier: MIT */
/* PSD and PSB, the merged image, read by own code. Source: Adobe's Photoshop File Formats
 * Specification. */
#ifndef PLANCHE_CODEC_PSD_PSD_H
#define PLANCHE_CODEC_PSD_PSD_H

#include "codec/format.h"
#include "image/cmyk.h"

enum planche_psd_mode {
    PLANCHE_PSD_BITMAP = 0,
    PLANCHE_PSD_GREY = 1,
    PLANCHE_PSD_PALETTE = 2,
    PLANCHE_PSD_RGB = 3,
    PLANCHE_PSD_CMYK = 4,
    PLANCHE_PSD_DUOTONE = 8, /* to others its ink is grey */
};

struct planche_psd {
    const uint8_t *file;
    size_t size;
    bool large; /* PSB: lengths of 8 bytes */
    enum planche_psd_mode mode;
    unsigned bits;          /* 1, 8, 16 */
    unsigned channels;      /* stored */
    unsigned planes;        /* used: those of the colours, and alpha */
    bool alpha;             /* the first further channel is the picture's transparency */
    const uint8_t *palette; /* 256 reds, greens, blues */
    bool packed;
    size_t pixels;    /* where they, or their lengths, begin */
    size_t row_bytes; /* of a channel, unpacked */
    uint64_t *rows;   /* packed: where each row of each used channel begins, and an end */
    uint8_t *line;    /* a row of each used channel */
    uint8_t *ink;     /* a row of CMYK */
    struct planche_cmyk *cmyk;
    uint32_t next; /* row */
};

/* Reads all that stands before the pixels: fills in decoder and *psd, whose file is there. Errors:
 * DATA, UNSUPPORTED, LIMIT, MEMORY, BUDGET. */
enum planche_status planche_psd_parse(struct planche_decoder *decoder, struct planche_psd *psd,
                                      struct planche_error *error);
enum planche_status planche_psd_damaged(const struct planche_decoder *decoder, const char *why,
                                        struct planche_error *error);

enum planche_status planche_psd_open(struct planche_decoder *decoder, struct planche_error *error);
enum planche_status planche_psd_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error);
enum planche_status planche_psd_rewind(struct planche_decoder *decoder,
                                       struct planche_error *error);
void planche_psd_close(struct planche_decoder *decoder);

#endif
