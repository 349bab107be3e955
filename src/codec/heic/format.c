/* SPDX-License-Identifier: MIT */
/* HEIC's line in the table of formats. It is read by planche-decode. */
#include "codec/isolated.h"

#include <string.h>

/* Brands of the standard for still pictures: the first, or one of those that follow. AVIF comes
 * before it in the table. */
static bool recognise(const uint8_t *head, size_t size)
{
    static const char brands[] = "heic heix heim heis hevc hevx mif1 msf1";
    if (size < 12 || memcmp(head + 4, "ftyp", 4) != 0)
        return false;
    for (size_t i = 0; i + 4 < sizeof brands; i += 5)
        if (memcmp(head + 8, brands + i, 4) == 0)
            return true;
    return false;
}

const struct planche_format_ops planche_heic_ops = {
    .format = PLANCHE_FORMAT_HEIC,
    .name = "HEIC",
    .extensions = {"heic", "heif"},
    .recognise = recognise,
    .kept = PLANCHE_FORMAT_JPEG,
    .reading = &planche_isolated_reading,
};
