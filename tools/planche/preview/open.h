/* SPDX-License-Identifier: MIT */
/* Reading of the images that preview and compare are given. */
#ifndef PLANCHE_PREVIEW_OPEN_H
#define PLANCHE_PREVIEW_OPEN_H

#include "cli/options.h"
#include "preview/picture.h"

/* A status of the command: whether an input is there. What is not has been told; advice: beside
 * that a book or a folder is no page, or "". */
int planche_cli_check_input(const char *path, const char *advice);
/* Reads a page within the memory and pixels of the options. Errors: those of planche_image_read. */
enum planche_status planche_cli_open_image(struct planche_image **image, const char *path,
                                           const struct planche_cli_options *options,
                                           struct planche_error *error);
/* All of an image as a picture. */
enum planche_status planche_cli_open_picture(struct planche_cli_picture *picture, const char *path,
                                             const struct planche_cli_options *options,
                                             struct planche_error *error);
/* Whether a picture can be written there, as far as that is known before: for long work. */
bool planche_cli_can_save(const char *path, const struct planche_cli_options *options,
                          struct planche_error *error);
/* Writes a picture, in the format of its name unless options say another. */
enum planche_status planche_cli_save_picture(const struct planche_cli_picture *picture,
                                             const char *path,
                                             const struct planche_cli_options *options,
                                             struct planche_error *error);

#endif
