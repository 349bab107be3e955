/* SPDX-License-Identifier: MIT */
/* TGA, read by own code. Source: Truevision's TGA File Format Specification 2.0. */
#ifndef PLANCHE_CODEC_TGA_TGA_H
#define PLANCHE_CODEC_TGA_TGA_H

#include "codec/format.h"

enum planche_tga_kind { PLANCHE_TGA_PALETTE = 1, PLANCHE_TGA_COLOUR = 2, PLANCHE_TGA_GREY = 3 };

/* What the first 18 bytes say. */
struct planche_tga_head {
    enum planche_tga_kind kind;
    bool packed; /* run lengths */
    uint32_t width, height;
    unsigned bits;       /* of a pixel */
    unsigned alpha_bits; /* of a pixel, or of a colour of the palette */
    bool right_to_left, top_down;
    unsigned first_colour, colours, colour_bits; /* of the palette */
    size_t palette, pixels;                      /* where they begin */
};

#define PLANCHE_TGA_HEAD_BYTES 18

/* False: this is no TGA that makes sense. */
bool planche_tga_parse(const uint8_t *data, struct planche_tga_head *head);

enum planche_status planche_tga_open(struct planche_decoder *decoder, struct planche_error *error);
enum planche_status planche_tga_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error);
void planche_tga_close(struct planche_decoder *decoder);

#endif
