/* SPDX-License-Identifier: MIT */
/* JPEG 2000, read with OpenJPEG in planche-decode. */
#ifndef PLANCHE_CODEC_JP2_JP2_H
#define PLANCHE_CODEC_JP2_JP2_H

#include "codec/format.h"

/* EnumCS of the box "colr". */
enum planche_jp2_colours {
    PLANCHE_JP2_UNSAID = 0,
    PLANCHE_JP2_CMYK = 12,
    PLANCHE_JP2_SRGB = 16,
    PLANCHE_JP2_GREY = 17,
    PLANCHE_JP2_SYCC = 18,
};

/* What the boxes of a JP2 say beside the codestream. */
struct planche_jp2_boxes {
    unsigned colours;         /* enum planche_jp2_colours, or another number of the standard */
    unsigned palette_columns; /* 0: no palette */
    unsigned palette_bits;
    int alpha;          /* channel; -1: none */
    bool premultiplied; /* that alpha */
    bool motion;        /* a film */
};

/* Walks through the boxes of a file that is held; metadata go to decoder. Errors: DATA, LIMIT,
 * MEMORY, BUDGET. */
enum planche_status planche_jp2_walk(struct planche_decoder *decoder, const uint8_t *file,
                                     size_t size, struct planche_jp2_boxes *boxes,
                                     struct planche_error *error);

#endif
