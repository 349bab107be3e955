/* SPDX-License-Identifier: MIT */
/* TGA's line in the table of formats. It has no signature: its header must make sense. */
#include "codec/tga/tga.h"

static bool recognise(const uint8_t *data, size_t size)
{
    struct planche_tga_head head;
    return size >= PLANCHE_TGA_HEAD_BYTES && planche_tga_parse(data, &head);
}

const struct planche_format_ops planche_tga_ops = {
    .format = PLANCHE_FORMAT_TGA,
    .name = "TGA",
    .extensions = {"tga"},
    .recognise = recognise,
    .kept = PLANCHE_FORMAT_PNG,
    .reading = &planche_tga_reading,
};
