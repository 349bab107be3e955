/* SPDX-License-Identifier: MIT */
/* Reading of the images that preview and compare are given. */
#include "preview/open.h"

#include "base/status.h"
#include "cli/logging.h"
#include "cli/near_file.h"

enum planche_status planche_cli_open_image(struct planche_image **image, const char *path,
                                           const struct planche_cli_options *options,
                                           struct planche_error *error)
{
    struct planche_image_options how = PLANCHE_IMAGE_OPTIONS_INIT;
    how.memory = options->engine.memory;
    how.max_pixels = options->engine.max_pixels;
    how.log = planche_cli_log;
    how.log_user = (void *)(uintptr_t)options;
    enum planche_status status = planche_image_read(image, path, &how, error);
    if (status != PLANCHE_OK)
        planche_cli_near_file_hint(path, error);
    return status;
}

enum planche_status planche_cli_open_picture(struct planche_cli_picture *picture, const char *path,
                                             const struct planche_cli_options *options,
                                             struct planche_error *error)
{
    struct planche_image *image = NULL;
    struct planche_pixels pixels = PLANCHE_PIXELS_INIT;
    enum planche_status status = planche_cli_open_image(&image, path, options, error);
    if (status == PLANCHE_OK)
        status = planche_image_get_pixels(image, &pixels, error);
    const struct planche_cli_crop whole = {.width = pixels.width, .height = pixels.height};
    if (status == PLANCHE_OK)
        status = planche_cli_picture_take(picture, image, &whole, error);
    planche_image_destroy(&image);
    return status;
}

enum planche_status planche_cli_save_picture(const struct planche_cli_picture *picture,
                                             const char *path,
                                             const struct planche_cli_options *options,
                                             struct planche_error *error)
{
    const struct planche_pixels pixels = planche_cli_picture_pixels(picture);
    return planche_image_write(path, &pixels, NULL, &options->page, error);
}
