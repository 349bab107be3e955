/* SPDX-License-Identifier: MIT */
/* Results of a wanted size: which size it is, and the same bytes however the page is run. */
#include "api_test.h"

#include <stdlib.h>
#include <string.h>

static struct bytes make_page(enum planche_pixel_format format, uint32_t width, uint32_t height)
{
    struct image image;
    image_make(&image, format, width, height, 0, 0);
    image_draw(&image, 7);
    struct bytes page = encode(&image.pixels, PLANCHE_FORMAT_PNG);
    image_free(&image);
    return page;
}

/* With three equal channels of colour. */
static struct bytes make_grey_page(enum planche_pixel_format format)
{
    struct image image;
    image_make(&image, format, 130, 120, 0, 0);
    image_draw(&image, 8);
    for (uint32_t i = 0; i < 130 * 120; i++)
        for (unsigned c = 1; c < 3; c++)
            image_set(&image, i % 130, i / 130, c,
                      image_sample(&image.pixels, i % 130, i / 130, 0));
    struct bytes page = encode(&image.pixels, PLANCHE_FORMAT_PNG);
    image_free(&image);
    return page;
}

static void expect_size(const struct planche_engine *engine, const uint32_t in[2],
                        const uint32_t most[2], const uint32_t expected[2])
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error = {.status = PLANCHE_OK};
    struct bytes page = make_page(PLANCHE_PIXELS_GREY8, in[0], in[1]);
    struct image image;
    enum planche_format format;
    void *data;
    size_t size;
    options.format = PLANCHE_FORMAT_PNG;
    options.width = most[0];
    options.height = most[1];
    if (planche_engine_run_bytes(engine, page.data, page.size, &data, &size, &options, &result,
                                 &error))
        fail_msg("%u x %u: %s", in[0], in[1], error.message);
    decode(&image, data, size, &format);
    assert_int_equal(image.pixels.width, expected[0]);
    assert_int_equal(image.pixels.height, expected[1]);
    assert_int_equal(result.output_width, expected[0]);
    assert_int_equal(result.output_height, expected[1]);
    image_free(&image);
    planche_free_bytes(data);
    free(page.data);
}

/* Page, most width and height, what comes of it at 2x. */
static void test_which_size(void **state)
{
    static const uint32_t cases[][3][2] = {
        {{30, 40}, {0, 0}, {60, 80}},    {{30, 40}, {45, 0}, {45, 60}},
        {{30, 40}, {0, 60}, {45, 60}},   {{30, 40}, {45, 100}, {45, 60}},
        {{30, 40}, {100, 60}, {45, 60}}, {{30, 40}, {50, 50}, {38, 50}},
        {{30, 40}, {60, 80}, {60, 80}},  {{30, 40}, {61, 0}, {60, 80}},
        {{30, 40}, {500, 81}, {60, 80}}, {{30, 40}, {59, 80}, {59, 79}},
        {{30, 40}, {1, 0}, {1, 1}},      {{90, 1}, {3, 0}, {3, 1}},
        {{1, 90}, {0, 179}, {2, 179}},
    };
    const struct planche_engine_options options = {.memory = (uint64_t)64 << 20};
    struct planche_engine *engine = test_engine(options, 2);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_size(engine, cases[i][0], cases[i][1], cases[i][2]);
    planche_engine_destroy(&engine);
}

static void reduce_pixels(const struct planche_engine *engine, const struct image *in,
                          struct image *out, uint32_t width, uint32_t height)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_error error;
    options.width = width;
    image_make(out, in->pixels.format, width, height, 14, 0);
    if (planche_engine_run_pixels(engine, &in->pixels, &out->pixels, &options, NULL, &error))
        fail_msg("%s", error.message);
}

/* A page of 8 bits and the same in 16 differ by the one rounding that 8 bits need; pixels and files
 * are alike. */
static void test_rounded_once(void **state)
{
    const struct planche_engine_options options = {.memory = (uint64_t)64 << 20};
    struct planche_engine *engine = test_engine(options, 2);
    (void)state;
    for (unsigned channels = 1; channels <= 4; channels++) {
        struct image shallow, deep, small, fine;
        image_make(&shallow, (enum planche_pixel_format)channels, 40, 30, 0, 0);
        image_make(&deep, (enum planche_pixel_format)(channels + 4), 40, 30, 0, 0);
        image_draw(&shallow, channels);
        for (uint32_t i = 0; i < 40 * 30 * channels; i++)
            image_set(&deep, i / channels % 40, i / channels / 40, i % channels,
                      257 * image_sample(&shallow.pixels, i / channels % 40, i / channels / 40,
                                         i % channels));
        reduce_pixels(engine, &shallow, &small, 50, 38);
        reduce_pixels(engine, &deep, &fine, 50, 38);
        for (uint32_t i = 0; i < 50 * 38 * channels; i++) {
            uint32_t x = i / channels % 50, y = i / channels / 50;
            int difference = 257 * (int)image_sample(&small.pixels, x, y, i % channels) -
                             (int)image_sample(&fine.pixels, x, y, i % channels);
            /* What is transparent gets its colour in 8 bits before the network. */
            bool colour_behind = channels % 2 == 0 && i % channels + 1 < channels;
            if (abs(difference) > (colour_behind ? 400 : 131))
                fail_msg("%u channels, pixel %u, %u: %d", channels, x, y, difference);
        }
        image_free(&shallow);
        image_free(&deep);
        image_free(&small);
        image_free(&fine);
    }
    planche_engine_destroy(&engine);
}

static void test_wrong_pixels(void **state)
{
    const struct planche_engine_options engine_options = {.memory = (uint64_t)64 << 20};
    struct planche_engine *engine = test_engine(engine_options, 2);
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct image in, out;
    (void)state;
    image_make(&in, PLANCHE_PIXELS_RGB8, 20, 10, 0, 9);
    image_make(&out, PLANCHE_PIXELS_RGB8, 40, 20, 0, 9);
    options.height = 15;
    assert_int_equal(
        planche_engine_run_pixels(engine, &in.pixels, &out.pixels, &options, NULL, NULL),
        PLANCHE_ERROR_ARGUMENT);
    image_free(&in);
    image_free(&out);
    planche_engine_destroy(&engine);
}

/* How a page is run, and what of it must not show. */
struct way {
    unsigned threads;
    uint64_t memory;
};

static enum planche_status run(const struct way *way, const struct bytes *page,
                               const struct planche_page_options *options, void **data,
                               size_t *size)
{
    const struct planche_engine_options engine_options = {.threads = way->threads,
                                                          .memory = way->memory};
    struct planche_engine *engine = test_engine(engine_options, 3);
    enum planche_status status =
        planche_engine_run_bytes(engine, page->data, page->size, data, size, options, NULL, NULL);
    planche_engine_destroy(&engine);
    return status;
}

static void expect_same(const struct bytes *page, const struct planche_page_options *options)
{
    const struct way first = {1, (uint64_t)256 << 20};
    void *expected, *data;
    size_t expected_size, size;
    int done = 0;
    assert_int_equal(run(&first, page, options, &expected, &expected_size), PLANCHE_OK);
    for (uint64_t memory = (uint64_t)9 << 20; memory < (uint64_t)40 << 20; memory += memory / 4)
        for (unsigned threads = 1; threads <= 3; threads += 2) {
            const struct way way = {threads, memory};
            enum planche_status status = run(&way, page, options, &data, &size);
            if (status == PLANCHE_ERROR_BUDGET)
                continue;
            assert_int_equal(status, PLANCHE_OK);
            assert_int_equal(size, expected_size);
            assert_memory_equal(data, expected, size);
            planche_free_bytes(data);
            done++;
        }
    assert_true(done >= 4);
    planche_free_bytes(expected);
}

static void test_same_bytes_anyway(void **state)
{
    static const struct {
        enum planche_pixel_format pixels;
        enum planche_format format;
        uint32_t width, height;
        int tta, grey;
    } cases[] = {
        {PLANCHE_PIXELS_RGB8, PLANCHE_FORMAT_PNG, 151, 0, 0, 0},
        {PLANCHE_PIXELS_RGBA8, PLANCHE_FORMAT_WEBP, 0, 211, 0, 0},
        {PLANCHE_PIXELS_GREY16, PLANCHE_FORMAT_PNG, 33, 0, 0, 0},
        {PLANCHE_PIXELS_GREY_ALPHA8, PLANCHE_FORMAT_JPEG, 300, 300, 0, 0},
        {PLANCHE_PIXELS_RGB16, PLANCHE_FORMAT_PNG, 100, 0, 1, 0},
        {PLANCHE_PIXELS_RGB8, PLANCHE_FORMAT_PNG, 0, 0, 0, 1},
        {PLANCHE_PIXELS_RGBA8, PLANCHE_FORMAT_JPEG, 222, 0, 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
        struct bytes page =
            cases[i].grey ? make_grey_page(cases[i].pixels) : make_page(cases[i].pixels, 130, 120);
        options.format = cases[i].format;
        options.width = cases[i].width;
        options.height = cases[i].height;
        options.tta = cases[i].tta;
        options.grey = cases[i].grey ? PLANCHE_GREY_AUTO : PLANCHE_GREY_KEEP;
        expect_same(&page, &options);
        free(page.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_size),
        cmocka_unit_test(test_rounded_once),
        cmocka_unit_test(test_wrong_pixels),
        cmocka_unit_test(test_same_bytes_anyway),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
