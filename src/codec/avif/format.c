/* SPDX-License-Identifier: MIT */
/* AVIF's line in the table of formats. */
#include "codec/avif/avif.h"

#include <stdio.h>
#include <string.h>

/* A box "ftyp": its size, its name, the major brand, a version, the compatible brands. What has a
 * general major brand (mif1) says among the others that it is AVIF. */
static bool recognise(const uint8_t *head, size_t size)
{
    const size_t major = 8, compatible = 16;
    if (size < major + 4 || memcmp(head + 4, "ftyp", 4) != 0)
        return false;
    size_t end = (size_t)head[2] << 8 | head[3];
    if (head[0] || head[1] || end > size)
        end = size;
    for (size_t at = major; at + 4 <= end; at = at == major ? compatible : at + 4)
        if (memcmp(head + at, "avif", 4) == 0 || memcmp(head + at, "avis", 4) == 0)
            return true;
    return false;
}

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
    .recognise = recognise,
    .reading = {.open = planche_avif_open, .read = planche_avif_read, .close = planche_avif_close},
    .memory = planche_avif_memory,
    .create = planche_avif_start,
    .write = planche_avif_write,
    .finish = planche_avif_finish,
    .abandon = planche_avif_abandon,
    .follow = planche_avif_follow,
    .library = name_library,
};
