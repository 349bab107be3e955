/* SPDX-License-Identifier: MIT */
/* AVIF's line in the table of formats. */
#include "codec/avif/avif.h"
#include "codec/avif/recognise.h"

#include <stdio.h>

static void name_library(char *text, size_t size)
{
    char codecs[256];
    struct planche_error error;
    if (planche_avif_load(NULL, &error)) {
        snprintf(text, size, "libavif, which cannot be loaded");
        return;
    }
    planche_libavif.CodecVersions(codecs);
    snprintf(text, size, "libavif %s (%s)", planche_libavif.Version(), codecs);
}

const struct planche_format_ops planche_avif_ops = {
    .format = PLANCHE_FORMAT_AVIF,
    .name = "AVIF",
    .extensions = {"avif"},
    /* AV1 allows twice the side, but readers made with libavif refuse more than this unless they
     * were told otherwise: nobody would see the page. */
    .caps = {.grey = true,
             .alpha = true,
             .deep = true,
             .max_width = AVIF_DEFAULT_IMAGE_DIMENSION_LIMIT,
             .max_height = AVIF_DEFAULT_IMAGE_DIMENSION_LIMIT,
             .max_pixels = AVIF_DEFAULT_IMAGE_SIZE_LIMIT},
    .default_quality = 82,
    .recognise = planche_avif_recognise,
    .reading = &planche_avif_reading,
    .memory = planche_avif_memory,
    .create = planche_avif_start,
    .write = planche_avif_write,
    .finish = planche_avif_finish,
    .abandon = planche_avif_abandon,
    .follow = planche_avif_follow,
    .library = name_library,
    .load = planche_avif_load,
};
