/* SPDX-License-Identifier: MIT */
/* JPEG's line in the table of formats. */
#include "codec/jpeg/jpeg.h"

#include <stdio.h>
#include <string.h>

static bool recognise(const uint8_t *head, size_t size)
{
    static const uint8_t start[3] = {0xff, 0xd8, 0xff};
    return size >= sizeof start && memcmp(head, start, sizeof start) == 0;
}

#define JPEG_TEXT(version)        JPEG_TEXT_OF_VALUE(version)
#define JPEG_TEXT_OF_VALUE(value) #value

static void name_library(char *text, size_t size)
{
#ifdef LIBJPEG_TURBO_VERSION
    snprintf(text, size, "libjpeg-turbo " JPEG_TEXT(LIBJPEG_TURBO_VERSION));
#else
    snprintf(text, size, "libjpeg %d", JPEG_LIB_VERSION);
#endif
}

const struct planche_format_ops planche_jpeg_ops = {
    .format = PLANCHE_FORMAT_JPEG,
    .name = "JPEG",
    .extensions = {"jpg", "jpeg", "jpe"},
    .caps = {.grey = true, .max_width = JPEG_MAX_DIMENSION, .max_height = JPEG_MAX_DIMENSION},
    .default_quality = 90,
    .recognise = recognise,
    .reading = &planche_jpeg_reading,
    .memory = planche_jpeg_memory_needed,
    .create = planche_jpeg_start,
    .write = planche_jpeg_write,
    .finish = planche_jpeg_finish,
    .abandon = planche_jpeg_abandon,
    .follow = planche_jpeg_follow,
    .library = name_library,
};
