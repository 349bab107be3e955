/* SPDX-License-Identifier: MIT */
/* AVIF's line in the table of formats, in a build without it. */
#include "codec/avif/recognise.h"
#include "codec/format.h"

#include <stdio.h>

static void name_library(char *text, size_t size)
{
    snprintf(text, size, "libavif, which this build is without");
}

const struct planche_format_ops planche_avif_ops = {
    .format = PLANCHE_FORMAT_AVIF,
    .name = "AVIF",
    .extensions = {"avif"},
    .recognise = planche_avif_recognise,
    .absent = true,
    .library = name_library,
};
