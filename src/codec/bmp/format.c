/* SPDX-License-Identifier: MIT */
/* BMP's line in the table of formats. */
#include "codec/bmp/bmp.h"

#include "base/little_endian.h"

/* "BM" alone begins many a text: the header's size must be one of the known ones, too. */
static bool recognise(const uint8_t *head, size_t size)
{
    if (size < 18 || head[0] != 'B' || head[1] != 'M')
        return false;
    uint32_t header = get32(head + 14);
    return header == 12 || header == 16 || (header >= 40 && header <= 124);
}

const struct planche_format_ops planche_bmp_ops = {
    .format = PLANCHE_FORMAT_BMP,
    .name = "BMP",
    .extensions = {"bmp", "dib"},
    .recognise = recognise,
    .kept = PLANCHE_FORMAT_PNG,
    .reading = &planche_bmp_reading,
};
