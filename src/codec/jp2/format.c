/* SPDX-License-Identifier: MIT */
/* JPEG 2000's line in the table of formats. It is read by planche-decode. */
#include "codec/isolated.h"

#include <string.h>

/* In a container, or bare. */
static bool recognise(const uint8_t *head, size_t size)
{
    static const uint8_t box[12] = {0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 13, 10, 0x87, 10};
    static const uint8_t code[4] = {0xff, 0x4f, 0xff, 0x51};
    return size >= sizeof box &&
           (memcmp(head, box, sizeof box) == 0 || memcmp(head, code, sizeof code) == 0);
}

const struct planche_format_ops planche_jp2_ops = {
    .format = PLANCHE_FORMAT_JP2,
    .name = "JPEG 2000",
    .extensions = {"jp2", "j2k", "jpf"},
    .recognise = recognise,
    .kept = PLANCHE_FORMAT_JPEG,
    .reading = &planche_isolated_reading,
};
