/* SPDX-License-Identifier: MIT */
/* What a page's size and the limits of formats make of its result, known before any work. */
#include "engine/result_size.h"

#include "base/status.h"
#include "engine/engine.h"

/* a * b / c to the nearest, at least 1; a quotient that fits. */
static uint32_t scale_side(uint32_t a, uint32_t b, uint32_t c)
{
    uint64_t side = ((uint64_t)a * b + c / 2) / c;
    return side ? (uint32_t)side : 1;
}

static void set_size(struct planche_page_result *result, uint32_t width, uint32_t height,
                     const struct planche_page_options *options)
{
    uint32_t most_width = options->width ? options->width : width;
    uint32_t most_height = options->height ? options->height : height;
    result->output_width = width;
    result->output_height = height;
    if (width <= most_width && height <= most_height)
        return;
    if ((uint64_t)width * most_height > (uint64_t)height * most_width) {
        result->output_width = most_width;
        result->output_height = scale_side(height, most_width, width);
    } else {
        result->output_width = scale_side(width, most_height, height);
        result->output_height = most_height;
    }
}

enum planche_status planche_result_size(struct planche_page_result *result, unsigned scale,
                                        uint64_t max_pixels,
                                        const struct planche_page_options *options,
                                        struct planche_error *error)
{
    uint64_t width = (uint64_t)result->input_width * scale;
    uint64_t height = (uint64_t)result->input_height * scale;
    if (width > INT32_MAX || height > INT32_MAX || width * height > max_pixels)
        return planche_fail(
            error, PLANCHE_ERROR_LIMIT,
            "the result would have %llu x %llu pixels, more than the limit of %llu pixels; "
            "raise the limit (--max-pixels) if that is what you want",
            (unsigned long long)width, (unsigned long long)height, (unsigned long long)max_pixels);
    set_size(result, (uint32_t)width, (uint32_t)height, options);
    return PLANCHE_OK;
}

uint32_t planche_result_rows(enum planche_format format, uint32_t width)
{
    const struct planche_format_caps *caps = planche_format_get_caps(format);
    uint32_t most = caps->max_height;
    if (width > caps->max_width)
        return 0;
    if (caps->max_pixels && caps->max_pixels / width < most)
        most = (uint32_t)(caps->max_pixels / width);
    return most;
}

enum planche_format planche_result_other_format(const struct planche_image_info *info,
                                                bool lossless)
{
    const struct planche_format_caps *caps = planche_format_get_caps(PLANCHE_FORMAT_JPEG);
    bool lossy =
        !lossless && (info->format == PLANCHE_FORMAT_WEBP || info->format == PLANCHE_FORMAT_AVIF);
    bool fits = info->width <= caps->max_width && info->height <= caps->max_height &&
                info->channels % 2 == 1 && info->depth == 8;
    return lossy && fits ? PLANCHE_FORMAT_JPEG : PLANCHE_FORMAT_PNG;
}

/* The result's format and parts; its size is known. */
static enum planche_status foresee_files(struct planche_page_result *result,
                                         const struct planche_page_options *options,
                                         struct planche_error *error)
{
    struct planche_image_info info = {
        .width = result->output_width,
        .height = result->output_height,
        .channels = 3,
        .depth = 8,
        .format = options->format ? options->format : PLANCHE_FORMAT_WEBP,
    };
    const struct planche_writer_options writer = {.quality = options->quality,
                                                  .lossless = options->lossless};
    uint32_t rows = planche_result_rows(info.format, info.width);
    result->parts = 1;
    if (options->on_limit == PLANCHE_ON_LIMIT_SPLIT && rows && info.height > rows) {
        result->parts = info.height / rows + (info.height % rows != 0);
        info.height = rows;
    }
    enum planche_status status = planche_writer_check(&info, &writer, error);
    if (status == PLANCHE_ERROR_LIMIT && options->on_limit == PLANCHE_ON_LIMIT_SWITCH) {
        info.format = planche_result_other_format(&info, options->lossless);
        status = planche_writer_check(&info, &writer, error);
        result->switched = 1;
    }
    result->format = info.format;
    return status;
}

enum planche_status planche_result_predict(struct planche_page_result *result, unsigned scale,
                                           uint64_t max_pixels,
                                           const struct planche_page_options *options,
                                           struct planche_error *error)
{
    enum planche_status status = planche_result_size(
        result, scale, max_pixels ? max_pixels : PLANCHE_MAX_PIXELS, options, error);
    return status ? status : foresee_files(result, options, error);
}
