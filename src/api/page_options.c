/* SPDX-License-Identifier: MIT */
/* Page options of a caller, taken and checked. */
#include "api/page_options.h"

#include "choice/auto_model.h"
#include "codec/codec.h"
#include "engine/scale_chain.h"

static enum planche_status check_scale(const struct planche_page_options *options,
                                       struct planche_error *error)
{
    bool automatic = options->scale == PLANCHE_SCALE_AUTO;
    if (automatic && !options->width && !options->height)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "a scale that follows from the target needs a width or a height");
    if (!automatic && options->scale > PLANCHE_MAX_SCALE)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "a scale of %u: it is at most %d",
                            options->scale, PLANCHE_MAX_SCALE);
    return PLANCHE_OK;
}

static enum planche_status check_options(const struct planche_page_options *options,
                                         struct planche_error *error)
{
    if (options->quality < 0 || options->quality > 100)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "quality %d is not within 1..100",
                            options->quality);
    if (options->effort < 0 || options->effort > PLANCHE_MAX_EFFORT)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "effort %d is not within 1..9",
                            options->effort);
    if (options->format != PLANCHE_FORMAT_AUTO && !planche_codec_is_written(options->format))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            *planche_codec_extension(options->format)
                                ? "format %d (%s) is read, but not written"
                                : "unknown format %d%s",
                            (int)options->format, planche_codec_extension(options->format));
    if (options->grey != PLANCHE_GREY_KEEP && options->grey != PLANCHE_GREY_AUTO)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown way with grey pages: %d",
                            (int)options->grey);
    if (options->priority < PLANCHE_PRIORITY_NORMAL ||
        options->priority > PLANCHE_PRIORITY_BACKGROUND)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown priority: %d",
                            (int)options->priority);
    if (options->on_limit < PLANCHE_ON_LIMIT_FAIL || options->on_limit > PLANCHE_ON_LIMIT_SPLIT)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown way with limits of formats: %d",
                            (int)options->on_limit);
    if (options->fit < PLANCHE_FIT_BOX || options->fit > PLANCHE_FIT_SCREEN)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown way to fit: %d",
                            (int)options->fit);
    if (options->usual > PLANCHE_AUTO_LEVELS)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "a usual level of %u: it is at most %d",
                            options->usual, PLANCHE_AUTO_LEVELS);
    return check_scale(options, error);
}

enum planche_status planche_args_take_page(struct planche_page_options *to,
                                           const struct planche_page_options *from,
                                           struct planche_error *error)
{
    enum planche_status status = planche_args_take(
        to, from, PLANCHE_ARGS_STRUCT(struct planche_page_options, PLANCHE_PAGE_OPTIONS_INIT),
        error);
    return status ? status : check_options(to, error);
}
