/* SPDX-License-Identifier: MIT */
/* QOI's line in the table of formats. */
#include "codec/qoi/qoi.h"

#include <string.h>

static bool recognise(const uint8_t *head, size_t size)
{
    return size >= 14 && memcmp(head, "qoif", 4) == 0;
}

const struct planche_format_ops planche_qoi_ops = {
    .format = PLANCHE_FORMAT_QOI,
    .name = "QOI",
    .extensions = {"qoi"},
    .recognise = recognise,
    .kept = PLANCHE_FORMAT_PNG,
    .reading = &planche_qoi_reading,
};
