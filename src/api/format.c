/* SPDX-License-Identifier: MIT */
/* Names of formats and containers. */
#include "archive/detect.h"
#include "codec/codec.h"

enum planche_format planche_format_from_name(const char *file_name)
{
    return file_name ? planche_codec_format_of(file_name) : PLANCHE_FORMAT_AUTO;
}

const char *planche_format_extension(enum planche_format format)
{
    return planche_codec_extension(format);
}

int planche_format_is_written(enum planche_format format)
{
    return planche_codec_is_written(format);
}

enum planche_container planche_container_of(const char *path)
{
    int ignored;
    return path ? planche_archive_detect(path, &ignored) : PLANCHE_CONTAINER_AUTO;
}

const char *planche_container_extension(enum planche_container container)
{
    return planche_archive_extension(container);
}
