/* SPDX-License-Identifier: MIT */
/* Pictures in memory: 8-bit RGB, as preview and compare look at all images. */
#ifndef PLANCHE_PREVIEW_PICTURE_H
#define PLANCHE_PREVIEW_PICTURE_H

#include "cli/option_values.h"

#include <planche/planche.h>

#define PLANCHE_CLI_PICTURE_CHANNELS 3

/* rgb: width * height * 3 bytes, owned. */
struct planche_cli_picture {
    uint32_t width, height;
    uint8_t *rgb;
};

/* An empty picture of this size, white. False: no memory, or too large; *picture is empty then. */
bool planche_cli_picture_make(struct planche_cli_picture *picture, uint32_t width, uint32_t height);
void planche_cli_picture_free(struct planche_cli_picture *picture);
/* Pixels as public functions take them; they stay the picture's. */
struct planche_pixels planche_cli_picture_pixels(const struct planche_cli_picture *picture);

/* Part of an image as RGB: grey is repeated, alpha is resolved onto white, 16 bits are rounded.
 * Errors: MEMORY, ARGUMENT (the crop is not inside). */
enum planche_status planche_cli_picture_take(struct planche_cli_picture *picture,
                                             const struct planche_image *image,
                                             const struct planche_cli_crop *crop,
                                             struct planche_error *error);
/* Copies a picture into another, at x, y; what does not fit is cut off. */
void planche_cli_picture_paste(struct planche_cli_picture *to,
                               const struct planche_cli_picture *from, uint32_t x, uint32_t y);

#endif
