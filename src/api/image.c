/* SPDX-License-Identifier: MIT */
/* Images: arguments and struct sizes. */
#include "codec/image_file.h"

#include "api/page_options.h"
#include "engine/create.h"
#include "engine/engine.h"
#include "engine/run.h"
#include "image/pixels.h"

#define PIXELS PLANCHE_ARGS_STRUCT(struct planche_pixels, PLANCHE_PIXELS_INIT)

/* options with what they leave open. */
static enum planche_status take_options(struct planche_image_options *taken,
                                        const struct planche_image_options *options,
                                        struct planche_error *error)
{
    enum planche_status status = planche_args_take(
        taken, options,
        PLANCHE_ARGS_STRUCT(struct planche_image_options, PLANCHE_IMAGE_OPTIONS_INIT), error);
    if (status)
        return status;
    if (!taken->memory)
        taken->memory = planche_engine_default_memory();
    if (!taken->max_pixels)
        taken->max_pixels = PLANCHE_MAX_PIXELS;
    return PLANCHE_OK;
}

enum planche_status planche_image_read(struct planche_image **out, const char *path,
                                       const struct planche_image_options *options,
                                       struct planche_error *error)
{
    struct planche_image_options taken;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!out)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "out must be given");
    *out = NULL;
    if (!path)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "path must be given");
    enum planche_status status = take_options(&taken, options, error);
    return status ? status : planche_image_load(out, path, &taken, error);
}

enum planche_status planche_image_check_bytes(const void *data, size_t size,
                                              const struct planche_image_options *options,
                                              struct planche_error *error)
{
    struct planche_image_options taken;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!data || !size)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "data must be given");
    enum planche_status status = take_options(&taken, options, error);
    return status ? status : planche_image_check(data, size, &taken, error);
}

void planche_image_destroy(struct planche_image **image)
{
    if (image)
        planche_image_unload(image);
}

enum planche_status planche_image_get_pixels(const struct planche_image *image,
                                             struct planche_pixels *pixels,
                                             struct planche_error *error)
{
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!image || !pixels)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "image and pixels must be given");
    enum planche_status status = planche_args_check_result(pixels, PIXELS, error);
    if (!status)
        planche_args_give(pixels, &image->pixels, PIXELS);
    return status;
}

enum planche_status planche_image_write(const char *path, const struct planche_pixels *pixels,
                                        const struct planche_image *like,
                                        const struct planche_page_options *options,
                                        struct planche_error *error)
{
    struct planche_pixels from;
    struct planche_page_options taken;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!path || !pixels)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "path and pixels must be given");
    enum planche_status status = planche_args_take(&from, pixels, PIXELS, error);
    if (!status)
        status = planche_args_take_page(&taken, options, error);
    if (!status)
        status = planche_pixels_check(&from, error);
    if (!status)
        status = planche_run_choose_format(&taken.format, path, error);
    return status ? status
                  : planche_image_save(path, &from,
                                       like ? planche_reader_info(like->reader)->metadata : NULL,
                                       &taken, error);
}
