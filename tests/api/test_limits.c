/* SPDX-License-Identifier: MIT */
/* Results that are too large for their format: told beforehand, in another format, or in parts. */
#include "api_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* At 2x more than a WebP file can have, with a gutter across the middle of the page. */
#define WIDTH  8
#define HEIGHT 8300

static struct planche_engine *engine;

static int setup(void **state)
{
    const struct planche_engine_options options = {.memory = (uint64_t)256 << 20};
    if (test_setup(state))
        return -1;
    engine = test_engine(options, 2);
    return 0;
}

static int teardown(void **state)
{
    planche_engine_destroy(&engine);
    return test_teardown(state);
}

static void write_strip(enum planche_pixel_format format)
{
    struct image image;
    image_make(&image, format, WIDTH, HEIGHT, 0, 0);
    image_draw(&image, 5);
    for (uint32_t y = 4000; y < 4020; y++)
        memset(image.data + (size_t)y * image.pixels.stride, 255, image.pixels.stride);
    struct bytes page = encode(&image.pixels, PLANCHE_FORMAT_PNG);
    test_write(test_path("model-strip.png"), page.data, page.size);
    image_free(&image);
    free(page.data);
}

static enum planche_status run(const char *output, const struct planche_page_options *options,
                               struct planche_page_result *result, struct planche_error *error)
{
    *result = (struct planche_page_result)PLANCHE_PAGE_RESULT_INIT;
    return planche_engine_run_file(engine, test_path("model-strip.png"), test_path(output), options,
                                   result, error);
}

static void read_image(struct image *image, const char *path, enum planche_format *format)
{
    size_t size;
    void *data = test_read(path, &size);
    if (!data)
        fail_msg("%s is not there", path);
    decode(image, data, size, format);
    free(data);
}

static void test_fail(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    struct planche_error error;
    void *data;
    size_t size, page_size;
    (void)state;
    write_strip(PLANCHE_PIXELS_RGB8);
    assert_int_equal(run("a.webp", &options, &result, &error), PLANCHE_ERROR_LIMIT);
    assert_non_null(strstr(error.message, "16383"));
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    void *page = test_read(test_path("model-strip.png"), &page_size);
    assert_int_equal(
        planche_engine_run_bytes(engine, page, page_size, &data, &size, &options, NULL, &error),
        PLANCHE_ERROR_LIMIT);
    free(page);
    options.on_limit = (enum planche_on_limit)3;
    assert_int_equal(run("a.webp", &options, &result, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(test_count_files(), 0);
}

static void expect_switch(enum planche_pixel_format pixels, const char *output, int lossless,
                          const char *made, enum planche_format expected)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    struct planche_error error;
    struct image image;
    enum planche_format format;
    char name[256];
    write_strip(pixels);
    options.on_limit = PLANCHE_ON_LIMIT_SWITCH;
    options.lossless = lossless;
    options.format = strchr(output, '.') ? PLANCHE_FORMAT_AUTO : PLANCHE_FORMAT_WEBP;
    if (run(output, &options, &result, &error))
        fail_msg("%s", error.message);
    assert_int_equal(result.format, expected);
    assert_int_equal(result.switched, 1);
    assert_int_equal(result.parts, 1);
    planche_page_file_name(name, sizeof name, test_path(output), &result, 1);
    assert_string_equal(name, test_path(made));
    read_image(&image, name, &format);
    assert_int_equal(format, expected);
    assert_int_equal(image.pixels.height, 2 * HEIGHT);
    image_free(&image);
    assert_int_equal(test_count_files(), 1);
    assert_int_equal(run(output, &options, &result, &error), PLANCHE_ERROR_EXISTS);
    assert_int_equal(unlink(name), 0);
}

static void test_switch(void **state)
{
    (void)state;
    expect_switch(PLANCHE_PIXELS_RGB8, "a.webp", 0, "a.jpg", PLANCHE_FORMAT_JPEG);
    expect_switch(PLANCHE_PIXELS_GREY8, "b.c.webp", 0, "b.c.jpg", PLANCHE_FORMAT_JPEG);
    expect_switch(PLANCHE_PIXELS_RGBA8, "a.webp", 0, "a.png", PLANCHE_FORMAT_PNG);
    expect_switch(PLANCHE_PIXELS_RGB8, "a.webp", 1, "a.png", PLANCHE_FORMAT_PNG);
    expect_switch(PLANCHE_PIXELS_RGB8, "plain", 0, "plain", PLANCHE_FORMAT_JPEG);
}

/* What fits is left alone. */
static void test_no_need(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    struct planche_error error;
    char name[256];
    (void)state;
    write_strip(PLANCHE_PIXELS_RGB8);
    for (int way = PLANCHE_ON_LIMIT_FAIL; way <= PLANCHE_ON_LIMIT_SPLIT; way++) {
        options.on_limit = (enum planche_on_limit)way;
        options.height = 16383;
        assert_int_equal(run("a.webp", &options, &result, &error), PLANCHE_OK);
        assert_int_equal(result.parts, 1);
        assert_int_equal(result.switched, 0);
        planche_page_file_name(name, sizeof name, test_path("a.webp"), &result, 1);
        assert_string_equal(name, test_path("a.webp"));
        assert_int_equal(unlink(name), 0);
    }
}

/* The parts below each other are the whole; their cut is in the gutter. */
static void test_split(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    struct planche_error error;
    struct image whole;
    enum planche_format format;
    uint32_t row = 0;
    (void)state;
    write_strip(PLANCHE_PIXELS_RGB8);
    assert_int_equal(run("whole.png", &options, &result, &error), PLANCHE_OK);
    read_image(&whole, test_path("whole.png"), &format);
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    options.lossless = 1;
    if (run("a.webp", &options, &result, &error))
        fail_msg("%s", error.message);
    assert_int_equal(result.parts, 2);
    assert_int_equal(result.format, PLANCHE_FORMAT_WEBP);
    assert_int_equal(result.output_height, 2 * HEIGHT);
    assert_int_equal(test_count_files(), 3);
    for (unsigned part = 1; part <= 2; part++) {
        struct image image;
        char name[256];
        planche_page_file_name(name, sizeof name, test_path("a.webp"), &result, part);
        assert_string_equal(name, test_path(part == 1 ? "a-1.webp" : "a-2.webp"));
        read_image(&image, name, &format);
        struct planche_pixels expected = whole.pixels;
        expected.data = (uint8_t *)whole.pixels.data + row * whole.pixels.stride;
        expected.height = image.pixels.height;
        image_expect_equal(&image.pixels, &expected);
        row += image.pixels.height;
        if (part == 1)
            assert_in_range(row, 8000, 8040);
        image_free(&image);
        assert_int_equal(unlink(name), 0);
    }
    assert_int_equal(row, 2 * HEIGHT);
    image_free(&whole);
    assert_int_equal(unlink(test_path("whole.png")), 0);
}

/* All parts or none: the second one's name is taken. */
static void test_taken_name(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    struct planche_error error;
    (void)state;
    write_strip(PLANCHE_PIXELS_GREY8);
    test_write(test_path("a-2.webp"), "mine", 4);
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    assert_int_equal(run("a.webp", &options, &result, &error), PLANCHE_ERROR_EXISTS);
    assert_non_null(strstr(error.message, "a-2.webp"));
    assert_int_equal(test_count_files(), 1);
    options.overwrite = 1;
    assert_int_equal(run("a.webp", &options, &result, &error), PLANCHE_OK);
    assert_int_equal(test_count_files(), 2);
    assert_int_equal(unlink(test_path("a-1.webp")), 0);
    assert_int_equal(unlink(test_path("a-2.webp")), 0);
}

/* Split, reduced, as grey and with less memory: the same bytes. */
static void test_same_parts_anyway(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    struct planche_error error;
    struct bytes first[2];
    (void)state;
    write_strip(PLANCHE_PIXELS_GREY_ALPHA8);
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    options.height = 16500;
    options.overwrite = 1;
    options.provenance = 1;
    for (int i = 0; i < 2; i++) {
        if (i) {
            const struct planche_engine_options less = {.threads = 1, .memory = (uint64_t)64 << 20};
            planche_engine_destroy(&engine);
            engine = test_engine(less, 2);
        }
        if (run("a.webp", &options, &result, &error))
            fail_msg("%s", error.message);
        assert_int_equal(result.parts, 2);
        for (int part = 0; part < 2; part++) {
            struct bytes file;
            file.data = test_read(test_path(part ? "a-2.webp" : "a-1.webp"), &file.size);
            if (i) {
                assert_int_equal(file.size, first[part].size);
                assert_memory_equal(file.data, first[part].data, file.size);
                free(first[part].data);
                free(file.data);
            } else {
                first[part] = file;
            }
        }
    }
    assert_int_equal(unlink(test_path("a-1.webp")), 0);
    assert_int_equal(unlink(test_path("a-2.webp")), 0);
    assert_int_equal(test_count_files(), 0);
}

static void test_foresee(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    (void)state;
    assert_int_equal(planche_page_predict(100, 9000, 2, 0, &options, &result, NULL),
                     PLANCHE_ERROR_LIMIT);
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    assert_int_equal(planche_page_predict(100, 9000, 2, 0, &options, &result, NULL), PLANCHE_OK);
    assert_int_equal(result.parts, 2);
    assert_int_equal(result.output_height, 18000);
    options.on_limit = PLANCHE_ON_LIMIT_SWITCH;
    assert_int_equal(planche_page_predict(100, 9000, 2, 0, &options, &result, NULL), PLANCHE_OK);
    assert_int_equal(result.format, PLANCHE_FORMAT_JPEG);
    assert_int_equal(result.switched, 1);
    options.height = 900;
    assert_int_equal(planche_page_predict(100, 9000, 2, 0, &options, &result, NULL), PLANCHE_OK);
    assert_int_equal(result.format, PLANCHE_FORMAT_WEBP);
    assert_int_equal(result.output_width, 10);
    assert_int_equal(planche_page_predict(100, 9000, 2, 1000, &options, &result, NULL),
                     PLANCHE_ERROR_LIMIT);
    assert_int_equal(planche_page_predict(0, 1, 2, 0, &options, &result, NULL),
                     PLANCHE_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail),       cmocka_unit_test(test_switch),
        cmocka_unit_test(test_no_need),    cmocka_unit_test(test_split),
        cmocka_unit_test(test_taken_name), cmocka_unit_test(test_same_parts_anyway),
        cmocka_unit_test(test_foresee),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
