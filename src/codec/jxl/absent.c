/* SPDX-License-Identifier: MIT */
/* JPEG XL's line in the table of formats, in a build without it. */
#include "codec/format.h"

#include <stdio.h>

static void name_library(char *text, size_t size)
{
    snprintf(text, size, "libjxl, which this build is without");
}
#include "codec/jxl/recognise.h"

const struct planche_format_ops planche_jxl_ops = {
    .format = PLANCHE_FORMAT_JXL,
    .name = "JPEG XL",
    .extensions = {"jxl"},
    .recognise = planche_jxl_recognise,
    .absent = true,
    .library = name_library,
};
