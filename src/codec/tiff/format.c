/* SPDX-License-Identifier: MIT */
/* TIFF's line in the table of formats. It is read by planche-decode. */
#include "codec/isolated.h"

#include <string.h>

/* Of either byte order, and BigTIFF. */
static bool recognise(const uint8_t *head, size_t size)
{
    static const uint8_t signatures[][4] = {
        {0x49, 0x49, 42, 0}, {0x4d, 0x4d, 0, 42}, {0x49, 0x49, 43, 0}, {0x4d, 0x4d, 0, 43}};
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (size >= 8 && memcmp(head, signatures[i], 4) == 0)
            return true;
    return false;
}

const struct planche_format_ops planche_tiff_ops = {
    .format = PLANCHE_FORMAT_TIFF,
    .name = "TIFF",
    .extensions = {"tif", "tiff"},
    .recognise = recognise,
    .kept = PLANCHE_FORMAT_PNG,
    .reading = &planche_isolated_reading,
};
