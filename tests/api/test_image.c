/* SPDX-License-Identifier: MIT */
/* Images that are read and written without an engine. */
#include "api_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_image(const char *name, const struct planche_pixels *pixels,
                        const struct planche_page_options *options)
{
    struct planche_error error;
    if (planche_image_write(test_path(name), pixels, NULL, options, &error))
        fail_msg("%s", error.message);
}

static struct planche_image *read_image(const char *name, struct planche_pixels *pixels)
{
    struct planche_image *image;
    struct planche_error error;
    struct planche_pixels got = PLANCHE_PIXELS_INIT;
    if (planche_image_read(&image, test_path(name), NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(planche_image_get_pixels(image, &got, &error), PLANCHE_OK);
    *pixels = got;
    return image;
}

/* Each format gives back what it was given where it can hold that. */
static void test_round_trips(void **state)
{
    static const struct {
        const char *name;
        enum planche_pixel_format from, to;
    } cases[] = {
        {"a.png", PLANCHE_PIXELS_GREY8, PLANCHE_PIXELS_GREY8},
        {"a.png", PLANCHE_PIXELS_RGBA16, PLANCHE_PIXELS_RGBA16},
        {"a.webp", PLANCHE_PIXELS_RGBA8, PLANCHE_PIXELS_RGBA8},
        {"a.webp", PLANCHE_PIXELS_GREY8, PLANCHE_PIXELS_RGB8},
        {"a.jxl", PLANCHE_PIXELS_RGB16, PLANCHE_PIXELS_RGB16},
        {"a.avif", PLANCHE_PIXELS_GREY8, PLANCHE_PIXELS_GREY8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
        struct planche_pixels got;
        struct image image;
        image_make(&image, cases[i].from, 9, 7, 6, 0);
        image_draw(&image, i);
        options.lossless = options.overwrite = 1;
        write_image(cases[i].name, &image.pixels, &options);
        struct planche_image *read = read_image(cases[i].name, &got);
        assert_int_equal(got.format, cases[i].to);
        assert_int_equal(got.width, 9);
        assert_int_equal(got.height, 7);
        if (cases[i].from == cases[i].to)
            image_expect_equal(&got, &image.pixels);
        else
            assert_int_equal(image_sample(&got, 3, 2, 1), image_sample(&image.pixels, 3, 2, 0));
        planche_image_destroy(&read);
        assert_null(read);
        image_free(&image);
        unlink(test_path(cases[i].name));
    }
}

static void test_lossy(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_pixels got;
    struct image image;
    (void)state;
    image_make(&image, PLANCHE_PIXELS_RGB16, 16, 16, 0, 0x80);
    options.format = PLANCHE_FORMAT_JPEG;
    write_image("name", &image.pixels, &options);
    struct planche_image *read = read_image("name", &got);
    assert_int_equal(got.format, PLANCHE_PIXELS_RGB8);
    assert_in_range(image_sample(&got, 8, 8, 0), 0x7f, 0x81);
    planche_image_destroy(&read);
    image_free(&image);
    unlink(test_path("name"));
}

static enum planche_status write_status(const char *name, const struct planche_pixels *pixels)
{
    return planche_image_write(test_path(name), pixels, NULL, NULL, NULL);
}

/* What fails leaves no file. */
static void test_failures(void **state)
{
    struct planche_image_options options = PLANCHE_IMAGE_OPTIONS_INIT;
    struct planche_image *read;
    struct image image, alpha;
    (void)state;
    int files = test_count_files();
    image_make(&image, PLANCHE_PIXELS_RGB8, 64, 64, 0, 1);
    image_make(&alpha, PLANCHE_PIXELS_RGBA8, 4, 4, 0, 1);
    assert_int_equal(write_status("a.jpg", &alpha.pixels), PLANCHE_ERROR_UNSUPPORTED);
    assert_int_equal(write_status("a.gif", &image.pixels), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(write_status("nowhere/a.png", &image.pixels), PLANCHE_ERROR_NOT_FOUND);
    struct planche_pixels wrong = image.pixels;
    wrong.stride = 5;
    assert_int_equal(write_status("a.png", &wrong), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(test_count_files(), files);
    assert_int_equal(write_status("a.png", &image.pixels), PLANCHE_OK);
    assert_int_equal(write_status("a.png", &image.pixels), PLANCHE_ERROR_EXISTS);
    options.max_pixels = 64 * 64 - 1;
    assert_int_equal(planche_image_read(&read, test_path("a.png"), &options, NULL),
                     PLANCHE_ERROR_LIMIT);
    assert_null(read);
    options.max_pixels = 0;
    options.memory = 8 << 10;
    assert_int_equal(planche_image_read(&read, test_path("a.png"), &options, NULL),
                     PLANCHE_ERROR_BUDGET);
    options.struct_size = 0;
    assert_int_equal(planche_image_read(&read, test_path("a.png"), &options, NULL),
                     PLANCHE_ERROR_ARGUMENT);
    unlink(test_path("a.png"));
    image_free(&image);
    image_free(&alpha);
}

static void test_check(void **state)
{
    struct planche_image_options options = PLANCHE_IMAGE_OPTIONS_INIT;
    struct image image;
    size_t size;
    (void)state;
    image_make(&image, PLANCHE_PIXELS_RGB8, 64, 61, 0, 1);
    assert_int_equal(write_status("a.png", &image.pixels), PLANCHE_OK);
    uint8_t *data = test_read(test_path("a.png"), &size);
    assert_int_equal(planche_image_check_bytes(data, size, NULL, NULL), PLANCHE_OK);
    assert_int_equal(planche_image_check_bytes(data, size / 2, NULL, NULL), PLANCHE_ERROR_DATA);
    assert_int_equal(planche_image_check_bytes("none", 4, NULL, NULL), PLANCHE_ERROR_DATA);
    options.max_pixels = 64 * 61 - 1;
    assert_int_equal(planche_image_check_bytes(data, size, &options, NULL), PLANCHE_ERROR_LIMIT);
    options.max_pixels = 0;
    options.memory = 2 << 10;
    assert_int_equal(planche_image_check_bytes(data, size, &options, NULL), PLANCHE_ERROR_BUDGET);
    data[size / 2] ^= 1; /* the sum of a chunk is wrong */
    assert_int_equal(planche_image_check_bytes(data, size, NULL, NULL), PLANCHE_ERROR_DATA);
    free(data);
    unlink(test_path("a.png"));
    image_free(&image);
}

/* Sound files of the usual formats, and their halves, in this process and in one of their own. */
static void test_check_of_formats(void **state)
{
    static const char *const names[] = {"a.png", "a.jpg", "a.webp"};
    struct planche_image_options options = PLANCHE_IMAGE_OPTIONS_INIT;
    struct image image;
    (void)state;
    int last = planche_isolation_check(NULL) == PLANCHE_OK;
    image_make(&image, PLANCHE_PIXELS_RGB8, 150, 97, 0, 1);
    for (size_t i = 0; i < 4; i++) {
        struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
        const char *path = test_path(i < 3 ? names[i] : "b.webp");
        size_t size;
        page.lossless = i == 3;
        assert_int_equal(planche_image_write(path, &image.pixels, NULL, &page, NULL), PLANCHE_OK);
        uint8_t *data = test_read(path, &size);
        for (options.isolate = 0; options.isolate <= last; options.isolate++) {
            assert_int_equal(planche_image_check_bytes(data, size, &options, NULL), PLANCHE_OK);
            assert_int_equal(planche_image_check_bytes(data, size / 2, &options, NULL),
                             PLANCHE_ERROR_DATA);
            data[size / 2] ^= 0xff; /* a lossy picture is another one then, or none */
            planche_image_check_bytes(data, size, &options, NULL);
            data[size / 2] ^= 0xff;
        }
        free(data);
        unlink(path);
    }
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),      cmocka_unit_test(test_lossy),
        cmocka_unit_test(test_failures),         cmocka_unit_test(test_check),
        cmocka_unit_test(test_check_of_formats),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
