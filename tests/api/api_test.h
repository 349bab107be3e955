/* SPDX-License-Identifier: MIT */
/* What the tests of the public functions share: a folder of their own with a small model in it,
 * pages, and coders for them that are not Planche's. */
#ifndef PLANCHE_TESTS_API_TEST_H
#define PLANCHE_TESTS_API_TEST_H

#include "support/put_file.h"
#include "support/random.h"
#include "support/testing.h"
#include "support/tiny_model.h"

#include <planche/planche.h>
#include <stdbool.h>

/* The folder, and the small models' paths in it (scale 2 to 4). */
extern char test_folder[];
const char *test_model(unsigned scale);
/* A path in the folder; the text lasts until the next few calls. */
const char *test_path(const char *name);
/* For cmocka's group: makes the folder and the models, removes all. */
int test_setup(void **state);
int test_teardown(void **state);
/* Names of files in the folder but for those of the models. */
int test_count_files(void);

/* The content, to be freed with free(); NULL: there is no such file. */
void *test_read(const char *path, size_t *size);

/* An engine with a small model; the options' model is set to it. Fails the test on errors. */
struct planche_engine *test_engine(struct planche_engine_options options, unsigned scale);

/* Pixels of its own, the stride `more` bytes longer than a row. */
struct image {
    struct planche_pixels pixels;
    uint8_t *data;
};
unsigned image_channels(enum planche_pixel_format format);
unsigned image_depth(enum planche_pixel_format format);
bool image_has_alpha(enum planche_pixel_format format);
size_t image_row_bytes(const struct planche_pixels *pixels);
/* Filled with `fill`. */
void image_make(struct image *image, enum planche_pixel_format format, uint32_t width,
                uint32_t height, size_t more, uint8_t fill);
/* Waves and noise; alpha, too, varies. */
void image_draw(struct image *image, uint64_t seed);
void image_free(struct image *image);
unsigned image_sample(const struct planche_pixels *pixels, uint32_t x, uint32_t y,
                      unsigned channel);
void image_set(struct image *image, uint32_t x, uint32_t y, unsigned channel, unsigned value);
/* Fails the test unless the rows' pixels are the same. */
void image_expect_equal(const struct planche_pixels *actual, const struct planche_pixels *expected);

/* Encoded bytes, to be freed with free(). */
struct bytes {
    uint8_t *data;
    size_t size;
};
struct bytes encode(const struct planche_pixels *pixels, enum planche_format format);
struct bytes encode_jpeg(const struct planche_pixels *pixels, int quality);
/* Into a new image; the format found follows from the first bytes. Fails the test when they are
 * damaged. */
void decode(struct image *image, const void *data, size_t size, enum planche_format *format);
/* What an engine makes of a page's bytes. Fails the test on errors. result may be NULL. */
struct bytes test_run_bytes(const struct planche_engine *engine, const struct bytes *page,
                            const struct planche_page_options *options,
                            struct planche_page_result *result);

#endif
