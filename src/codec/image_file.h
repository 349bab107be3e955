/* SPDX-License-Identifier: MIT */
/* Whole images: files read into pixels, and pixels written to files. */
#ifndef PLANCHE_CODEC_IMAGE_FILE_H
#define PLANCHE_CODEC_IMAGE_FILE_H

#include "codec/codec.h"

#include <planche/image.h>

/* An image in memory. */
struct planche_image {
    struct planche_budget budget;
    struct planche_isolation *isolation; /* NULL: it was decoded in this process */
    struct planche_reader *reader;       /* owns the metadata */
    struct planche_pixels pixels;        /* own */
};

/* As planche_image_read; memory and max_pixels of options are set. */
enum planche_status planche_image_load(struct planche_image **out, const char *path,
                                       const struct planche_image_options *options,
                                       struct planche_error *error);
/* As planche_image_check_bytes, likewise. */
enum planche_status planche_image_check(const void *data, size_t size,
                                        const struct planche_image_options *options,
                                        struct planche_error *error);
/* NULL is fine. */
void planche_image_unload(struct planche_image **image);

/* As planche_image_write, with a format that is not AUTO. */
enum planche_status planche_image_save(const char *path, const struct planche_pixels *pixels,
                                       const struct planche_metadata *metadata,
                                       const struct planche_page_options *options,
                                       struct planche_error *error);

#endif
