/* SPDX-License-Identifier: MIT */
/* Header of TGA files. */
#include "codec/tga/tga.h"

#include "base/little_endian.h"

static bool bits_fit(const struct planche_tga_head *head)
{
    switch (head->kind) {
    case PLANCHE_TGA_PALETTE:
        return head->bits == 8 && head->colours > 0 && head->alpha_bits <= 8 &&
               (head->colour_bits == 15 || head->colour_bits == 16 || head->colour_bits == 24 ||
                head->colour_bits == 32);
    case PLANCHE_TGA_COLOUR:
        return ((head->bits == 15 || head->bits == 24) && head->alpha_bits == 0) ||
               (head->bits == 16 && head->alpha_bits <= 1) ||
               (head->bits == 32 && (head->alpha_bits == 0 || head->alpha_bits == 8));
    case PLANCHE_TGA_GREY:
        return (head->bits == 8 && head->alpha_bits == 0) ||
               (head->bits == 16 && head->alpha_bits == 8);
    }
    return false;
}

bool planche_tga_parse(const uint8_t *data, struct planche_tga_head *head)
{
    unsigned type = data[2];
    if (data[1] > 1 || (type & ~8u) < 1 || (type & ~8u) > 3 || data[17] & 0xc0)
        return false;
    *head = (struct planche_tga_head){.kind = (enum planche_tga_kind)(type & ~8u),
                                      .packed = type & 8,
                                      .width = get16(data + 12),
                                      .height = get16(data + 14),
                                      .bits = data[16],
                                      .alpha_bits = data[17] & 15,
                                      .right_to_left = data[17] & 16,
                                      .top_down = data[17] & 32,
                                      .first_colour = get16(data + 3),
                                      .colours = get16(data + 5),
                                      .colour_bits = data[7],
                                      .palette = PLANCHE_TGA_HEAD_BYTES + (size_t)data[0]};
    head->pixels = head->palette + (size_t)head->colours * ((head->colour_bits + 7u) / 8);
    /* Fields of a palette that there is not are zero. */
    bool palette = data[1] == 1;
    if (!palette && (head->first_colour || head->colours || head->colour_bits))
        return false;
    return palette == (head->kind == PLANCHE_TGA_PALETTE) && head->width && head->height &&
           bits_fit(head);
}
