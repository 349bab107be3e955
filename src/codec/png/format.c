/* SPDX-License-Identifier: MIT */
/* PNG's line in the table of formats. */
#include "codec/png/png.h"

#include <png.h>
#include <stdio.h>
#include <string.h>

static bool recognise(const uint8_t *head, size_t size)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    return size >= sizeof signature && memcmp(head, signature, sizeof signature) == 0;
}

static void name_library(char *text, size_t size)
{
    snprintf(text, size, "libpng %s", png_get_libpng_ver(NULL));
}

const struct planche_format_ops planche_png_ops = {
    .format = PLANCHE_FORMAT_PNG,
    .name = "PNG",
    .extensions = {"png"},
    .caps = {.grey = true,
             .alpha = true,
             .deep = true,
             .max_width = PNG_UINT_31_MAX,
             .max_height = PNG_UINT_31_MAX},
    .recognise = recognise,
    .reading = &planche_png_reading,
    .memory = planche_png_memory,
    .create = planche_png_start,
    .write = planche_png_write,
    .finish = planche_png_finish,
    .abandon = planche_png_abandon,
    .follow = planche_png_follow,
    .library = name_library,
};
