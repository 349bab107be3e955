/* SPDX-License-Identifier: MIT */
/* WebP's line in the table of formats. */
#include "codec/webp/webp.h"

#include <stdio.h>
#include <string.h>
#include <webp/encode.h>

static bool recognise(const uint8_t *head, size_t size)
{
    return size >= 12 && memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0;
}

static void name_library(char *text, size_t size)
{
    int version = WebPGetEncoderVersion();
    snprintf(text, size, "libwebp %d.%d.%d", version >> 16, version >> 8 & 255, version & 255);
}

const struct planche_format_ops planche_webp_ops = {
    .format = PLANCHE_FORMAT_WEBP,
    .name = "WebP",
    .extensions = {"webp"},
    .caps = {.alpha = true, .max_width = WEBP_MAX_DIMENSION, .max_height = WEBP_MAX_DIMENSION},
    .default_quality = 90,
    .recognise = recognise,
    .reading = &planche_webp_reading,
    .memory = planche_webp_memory,
    .create = planche_webp_start,
    .write = planche_webp_write,
    .finish = planche_webp_finish,
    .abandon = planche_webp_abandon,
    .follow = planche_webp_follow,
    .library = name_library,
};
