/* SPDX-License-Identifier: MIT */
/* Reading of the images that preview and compare are given. */
#include "preview/open.h"

#include "base/status.h"
#include "cli/cli.h"
#include "cli/logging.h"
#include "cli/near_file.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "io/atomic_file.h"
#include "io/temp_name.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int planche_cli_check_input(const char *path, const char *advice)
{
    char near[PATH_MAX];
    if (planche_cli_is_folder(path) || planche_container_of(path) != PLANCHE_CONTAINER_AUTO)
        return planche_cli_usage_error("", "%s is a book or a folder, and a page is wanted%s", path,
                                       advice);
    if (access(path, F_OK) == 0 || errno != ENOENT)
        return PLANCHE_CLI_OK;
    if (planche_cli_near_file(path, near, sizeof near))
        return planche_cli_usage_error("", "%s: there is no such file; did you mean %s?", path,
                                       near);
    return planche_cli_usage_error("", "%s: there is no such file; nothing was done", path);
}

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

bool planche_cli_can_save(const char *path, const struct planche_cli_options *options,
                          struct planche_error *error)
{
    char folder[PATH_MAX];
    if (planche_atomic_file_check(path, options->page.overwrite != 0, error) != PLANCHE_OK)
        return false;
    int length = (int)planche_temp_name_folder(path);
    snprintf(folder, sizeof folder, "%.*s", length > 0 ? length : 1, length > 0 ? path : ".");
    if (access(folder, W_OK | X_OK) != 0) {
        planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be written there: %s", path,
                     strerror(errno));
        return false;
    }
    if (options->page.format == PLANCHE_FORMAT_AUTO &&
        !planche_format_is_written(planche_format_from_name(path))) {
        planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                     "%s: is not the name of a format that is written: give one that ends in .png, "
                     ".webp, .jpg, .avif or .jxl",
                     path);
        return false;
    }
    return true;
}

enum planche_status planche_cli_save_picture(const struct planche_cli_picture *picture,
                                             const char *path,
                                             const struct planche_cli_options *options,
                                             struct planche_error *error)
{
    const struct planche_pixels pixels = planche_cli_picture_pixels(picture);
    return planche_image_write(path, &pixels, NULL, &options->page, error);
}
