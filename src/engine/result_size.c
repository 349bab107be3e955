/* SPDX-License-Identifier: MIT */
/* Size and target of a result, known before any work. */
#include "engine/result_size.h"

#include "base/status.h"
#include "engine/engine.h"
#include "engine/split_result.h"

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
            "raise the limit (option max_pixels) if that is what you want",
            (unsigned long long)width, (unsigned long long)height, (unsigned long long)max_pixels);
    set_size(result, (uint32_t)width, (uint32_t)height, options);
    return PLANCHE_OK;
}

/* Rows of a file of this format and width; 0: that is too wide. */
static uint32_t rows_of_file(enum planche_format format, uint32_t width)
{
    const struct planche_format_caps *caps = planche_format_get_caps(format);
    uint32_t most = caps->max_height;
    if (width > caps->max_width)
        return 0;
    if (caps->max_pixels && caps->max_pixels / width < most)
        most = (uint32_t)(caps->max_pixels / width);
    return most;
}

/* The picture that a file of this format has, with colours: grey is never too much for one. */
static struct planche_image_info describe(const struct planche_result_request *request,
                                          enum planche_format format)
{
    const struct planche_format_caps *caps = planche_format_get_caps(format);
    return (struct planche_image_info){
        .width = request->width,
        .height = request->height,
        .channels = request->alpha && caps->alpha ? 4 : 3,
        .depth = caps->deep ? request->depth : 8,
        .format = format,
    };
}

/* A format for what is too large for that of info: JPEG, which every viewer opens and which is
 * written row by row, in the place of lossy ones if nothing but size is against it. */
static enum planche_format other_format(const struct planche_image_info *info, bool lossless)
{
    const struct planche_format_caps *caps = planche_format_get_caps(PLANCHE_FORMAT_JPEG);
    bool lossy =
        !lossless && (info->format == PLANCHE_FORMAT_WEBP || info->format == PLANCHE_FORMAT_AVIF);
    bool fits = info->width <= caps->max_width && info->height <= caps->max_height &&
                info->channels == 3 && info->depth == 8;
    return lossy && fits ? PLANCHE_FORMAT_JPEG : PLANCHE_FORMAT_PNG;
}

/* Sets parts and rows. */
static enum planche_status split(struct planche_result_target *target,
                                 const struct planche_result_request *request,
                                 const struct planche_page_options *options,
                                 struct planche_error *error)
{
    uint32_t rows = rows_of_file(target->format, request->width);
    target->parts = 1;
    target->rows = request->height;
    if (options->on_limit != PLANCHE_ON_LIMIT_SPLIT || !request->splits || !rows ||
        request->height <= rows)
        return PLANCHE_OK;
    target->parts = request->height / rows + (request->height % rows != 0);
    target->rows = rows;
    if (target->parts <= PLANCHE_MAX_PARTS)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_LIMIT,
                        "the result would be split into more than %d parts", PLANCHE_MAX_PARTS);
}

enum planche_status planche_result_choose_target(struct planche_result_target *target,
                                                 const struct planche_result_request *request,
                                                 const struct planche_page_options *options,
                                                 struct planche_error *error)
{
    const struct planche_writer_options writer = {.quality = options->quality,
                                                  .lossless = options->lossless,
                                                  .png_level = options->png_level};
    *target = (struct planche_result_target){.format = options->format};
    enum planche_status status = split(target, request, options, error);
    if (status)
        return status;
    struct planche_image_info info = describe(request, target->format);
    info.height = target->rows;
    status = planche_writer_check(&info, &writer, error);
    if (status != PLANCHE_ERROR_LIMIT || options->on_limit != PLANCHE_ON_LIMIT_SWITCH)
        return status;
    target->format = other_format(&info, options->lossless);
    info = describe(request, target->format);
    status = planche_writer_check(&info, &writer, error);
    target->switched = !status;
    return status;
}

/* The result's format and parts; its size is known. */
static enum planche_status predict_files(struct planche_page_result *result,
                                         const struct planche_page_options *options,
                                         struct planche_error *error)
{
    const struct planche_result_request request = {
        .width = result->output_width,
        .height = result->output_height,
        .depth = 8,
        .splits = true,
    };
    struct planche_page_options filled = *options;
    struct planche_result_target target;
    if (filled.format == PLANCHE_FORMAT_AUTO)
        filled.format = PLANCHE_FORMAT_WEBP;
    enum planche_status status = planche_result_choose_target(&target, &request, &filled, error);
    result->format = target.format;
    result->switched = target.switched;
    result->parts = target.parts;
    return status;
}

enum planche_status planche_result_predict(struct planche_page_result *result, unsigned scale,
                                           uint64_t max_pixels,
                                           const struct planche_page_options *options,
                                           struct planche_error *error)
{
    enum planche_status status = planche_result_size(
        result, scale, max_pixels ? max_pixels : PLANCHE_MAX_PIXELS, options, error);
    return status ? status : predict_files(result, options, error);
}
