/* SPDX-License-Identifier: MIT */
/* GIF's line in the table of formats. It is read by planche-decode. */
#include "codec/isolated.h"

#include <string.h>

static bool recognise(const uint8_t *head, size_t size)
{
    return size >= 13 && (memcmp(head, "GIF87a", 6) == 0 || memcmp(head, "GIF89a", 6) == 0);
}

const struct planche_format_ops planche_gif_ops = {
    .format = PLANCHE_FORMAT_GIF,
    .name = "GIF",
    .extensions = {"gif"},
    .recognise = recognise,
    .kept = PLANCHE_FORMAT_PNG,
    .reading = &planche_isolated_reading,
};
