/* SPDX-License-Identifier: MIT */
/* Images: files read into pixels and pixels written to files, by Planche's codecs alone. */
#ifndef PLANCHE_IMAGE_H
#define PLANCHE_IMAGE_H

#include <planche/error.h>
#include <planche/log.h>
#include <planche/page.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An image in memory: upright pixels, and the metadata that came with them. Immutable: any number
 * of threads may use it until it is destroyed. */
struct planche_image;

/* Options for reading. Not needed after the call. */
struct planche_image_options {
    size_t struct_size;
    uint64_t memory;     /* budget in bytes; 0: a quarter of the machine's memory */
    uint64_t max_pixels; /* LIMIT above; 0: 500,000,000 */
    planche_log_fn log;  /* warnings, during the call; NULL: silent */
    void *log_user;
    int isolate; /* != 0: decode in a process of its own, which has neither files nor network (see
                    planche_engine_options); UNSUPPORTED where that cannot be */
    enum planche_priority priority; /* BACKGROUND: that process leaves the processors to others */
};
#define PLANCHE_IMAGE_OPTIONS_INIT PLANCHE_STRUCT_INIT(struct planche_image_options)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_image_options_init(struct planche_image_options *out, size_t size);

/* Reads the image file at path, of any format that pages may have; options may be NULL. Errors:
 * NOT_FOUND, IO, DATA, UNSUPPORTED, LIMIT, BUDGET, MEMORY, ARGUMENT. */
PLANCHE_API enum planche_status planche_image_read(struct planche_image **out, const char *path,
                                                   const struct planche_image_options *options,
                                                   struct planche_error *error);
/* Decodes an image file in memory whole, and keeps nothing of it: whether it is sound. Of formats
 * that have rows one after the other some rows are held at a time. data is not copied; options may
 * be NULL. Thread-safe. Errors: DATA, UNSUPPORTED, LIMIT, BUDGET, MEMORY, ARGUMENT. */
PLANCHE_API enum planche_status
planche_image_check_bytes(const void *data, size_t size,
                          const struct planche_image_options *options, struct planche_error *error);
/* Destroys *image and sets it to NULL; NULL is fine. */
PLANCHE_API void planche_image_destroy(struct planche_image **image);

/* Describes the image's pixels, which stay its own and must not be changed. Samples are encoded as
 * the file says (by its profile; without one, sRGB). Errors: ARGUMENT. */
PLANCHE_API enum planche_status planche_image_get_pixels(const struct planche_image *image,
                                                         struct planche_pixels *pixels,
                                                         struct planche_error *error);

/* Writes pixels as the image file at path, which appears complete or not at all. Of options (may be
 * NULL) format, quality, lossless, effort, overwrite and cancel are used. Profile, EXIF, XMP and
 * density are those of `like`; NULL: none. Samples that the format cannot hold are converted: 16
 * bits become 8, grey becomes RGB; alpha is UNSUPPORTED by JPEG. Errors: ARGUMENT, LIMIT,
 * UNSUPPORTED, IO, EXISTS, NOT_FOUND, MEMORY, CANCELLED. */
PLANCHE_API enum planche_status planche_image_write(const char *path,
                                                    const struct planche_pixels *pixels,
                                                    const struct planche_image *like,
                                                    const struct planche_page_options *options,
                                                    struct planche_error *error);

#ifdef __cplusplus
}
#endif
#endif
