/* SPDX-License-Identifier: MIT */
/* PSD's line in the table of formats. */
#include "codec/psd/psd.h"

#include <string.h>

static bool recognise(const uint8_t *head, size_t size)
{
    return size >= 26 && memcmp(head, "8BPS\0", 5) == 0 && (head[5] == 1 || head[5] == 2);
}

const struct planche_format_ops planche_psd_ops = {
    .format = PLANCHE_FORMAT_PSD,
    .name = "PSD",
    .extensions = {"psd", "psb"},
    .recognise = recognise,
    .kept = PLANCHE_FORMAT_PNG,
    .reading = &planche_psd_reading,
};
