/* SPDX-License-Identifier: MIT */
/* JPEG XL's line in the table of formats. */
#include "codec/jxl/jxl.h"
#include "codec/jxl/recognise.h"

#include <stdio.h>

/* Libjxl's own limit of a side, and what decoders of the level that everybody implements read. */
#define MAX_SIDE   ((uint32_t)1 << 18)
#define MAX_PIXELS ((uint64_t)1 << 28)

static void name_library(char *text, size_t size)
{
    struct planche_error error;
    if (planche_jxl_load(NULL, &error)) {
        snprintf(text, size, "libjxl, which cannot be loaded");
        return;
    }
    uint32_t version = planche_libjxl.DecoderVersion();
    snprintf(text, size, "libjxl %u.%u.%u", version / 1000000, version / 1000 % 1000,
             version % 1000);
}

const struct planche_format_ops planche_jxl_ops = {
    .format = PLANCHE_FORMAT_JXL,
    .name = "JPEG XL",
    .extensions = {"jxl"},
    .caps = {.grey = true,
             .alpha = true,
             .deep = true,
             .max_width = MAX_SIDE,
             .max_height = MAX_SIDE,
             .max_pixels = MAX_PIXELS},
    .default_quality = 87,
    .recognise = planche_jxl_recognise,
    .reading = &planche_jxl_reading,
    .memory = planche_jxl_memory,
    .create = planche_jxl_start,
    .write = planche_jxl_write,
    .finish = planche_jxl_finish,
    .abandon = planche_jxl_abandon,
    .follow = planche_jxl_follow,
    .library = name_library,
    .load = planche_jxl_load,
};
