/* SPDX-License-Identifier: MIT */
/* Chains of networks: the same samples as single runs one after the other, whatever the page is and
 * however it is run. */
#include "api_test.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH  37
#define HEIGHT 29
#define SCALE  2

static struct planche_engine *make_engine(unsigned threads, uint64_t memory, unsigned scale)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    options.threads = threads;
    options.memory = memory;
    options.backend = "cpu";
    options.scale = scale;
    return test_engine(options, SCALE);
}

static void run(const struct planche_engine *engine, const struct image *in, struct image *out,
                const struct planche_page_options *options, unsigned passes)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT, predicted = result;
    struct planche_error error = {.status = PLANCHE_OK};
    assert_int_equal(planche_engine_predict(engine, NULL, in->pixels.width, in->pixels.height,
                                            options, &predicted, &error),
                     PLANCHE_OK);
    image_make(out, in->pixels.format, predicted.output_width, predicted.output_height, 0, 0);
    if (planche_engine_run_pixels(engine, &in->pixels, &out->pixels, options, &result, &error))
        fail_msg("%s", error.message);
    assert_int_equal(result.passes, passes);
    assert_int_equal(result.scale, predicted.scale);
    for (unsigned i = 0; i < PLANCHE_MAX_PASSES; i++)
        assert_int_equal(result.pass_scale[i], i < passes ? SCALE : 0);
}

/* With 16 bits, the chain is two runs. Transparency is not part of that: it is enlarged once. */
static void test_two_runs(void **state)
{
    static const enum planche_pixel_format formats[] = {PLANCHE_PIXELS_GREY16,
                                                        PLANCHE_PIXELS_RGB16};
    (void)state;
    for (int tta = 0; tta <= 1; tta++)
        for (size_t i = 0; i < 2; i++) {
            struct planche_engine *once = make_engine(2, 0, 0), *twice = make_engine(2, 0, 4);
            struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
            struct image page, half, whole, chain;
            options.tta = tta;
            image_make(&page, formats[i], WIDTH, HEIGHT, 0, 0);
            image_draw(&page, 3);
            run(once, &page, &half, &options, 1);
            run(once, &half, &whole, &options, 1);
            run(twice, &page, &chain, &options, 2);
            image_expect_equal(&chain.pixels, &whole.pixels);
            image_free(&page);
            image_free(&half);
            image_free(&whole);
            image_free(&chain);
            planche_engine_destroy(&once);
            planche_engine_destroy(&twice);
        }
}

/* 8 bits are the same page with more bits, rounded at the end. */
static void test_bits_between(void **state)
{
    struct planche_engine *engine = make_engine(2, 0, 8);
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct image page, deep, small, large;
    (void)state;
    image_make(&page, PLANCHE_PIXELS_RGB8, 13, 9, 0, 0);
    image_draw(&page, 5);
    image_make(&deep, PLANCHE_PIXELS_RGB16, 13, 9, 0, 0);
    for (uint32_t i = 0; i < 13 * 9 * 3; i++)
        image_set(&deep, i / 3 % 13, i / 39, i % 3,
                  image_sample(&page.pixels, i / 3 % 13, i / 39, i % 3) * 257);
    run(engine, &page, &small, &options, 3);
    run(engine, &deep, &large, &options, 3);
    for (uint32_t y = 0; y < 72; y++)
        for (uint32_t x = 0; x < 104; x++)
            for (unsigned c = 0; c < 3; c++) {
                double fine = image_sample(&large.pixels, x, y, c) / 257.0;
                double off = fine - image_sample(&small.pixels, x, y, c);
                assert_true(off <= 0.505 && off >= -0.505);
            }
    image_free(&page);
    image_free(&deep);
    image_free(&small);
    image_free(&large);
    planche_engine_destroy(&engine);
}

/* Transparency as the same page has it whose network enlarges as many times at once. */
static void test_alpha(void **state)
{
    struct planche_engine_options direct = PLANCHE_ENGINE_OPTIONS_INIT;
    (void)state;
    direct.backend = "cpu";
    struct planche_engine *chain = make_engine(2, 0, 4), *once = test_engine(direct, 4);
    for (int tta = 0; tta <= 1; tta++) {
        struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
        struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
        struct image page, two, one;
        options.tta = tta;
        image_make(&page, PLANCHE_PIXELS_RGBA8, WIDTH, HEIGHT, 0, 0);
        image_draw(&page, 6);
        image_make(&one, PLANCHE_PIXELS_RGBA8, 4 * WIDTH, 4 * HEIGHT, 0, 0);
        run(chain, &page, &two, &options, 2);
        assert_int_equal(
            planche_engine_run_pixels(once, &page.pixels, &one.pixels, &options, &result, NULL),
            PLANCHE_OK);
        for (uint32_t i = 0; i < 16 * WIDTH * HEIGHT; i++)
            assert_int_equal(image_sample(&two.pixels, i % (4 * WIDTH), i / (4 * WIDTH), 3),
                             image_sample(&one.pixels, i % (4 * WIDTH), i / (4 * WIDTH), 3));
        image_free(&page);
        image_free(&two);
        image_free(&one);
    }
    planche_engine_destroy(&chain);
    planche_engine_destroy(&once);
}

static struct bytes make_page(uint32_t width, uint32_t height)
{
    struct image image;
    image_make(&image, PLANCHE_PIXELS_RGBA8, width, height, 0, 0);
    image_draw(&image, 11);
    struct bytes page = encode(&image.pixels, PLANCHE_FORMAT_PNG);
    image_free(&image);
    return page;
}

/* The same bytes with one thread and little memory, and with several and much. */
static void test_same_bytes(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct bytes page = make_page(150, 190);
    (void)state;
    options.format = PLANCHE_FORMAT_PNG;
    options.scale = PLANCHE_SCALE_AUTO;
    options.width = 431;
    struct planche_engine *much = make_engine(3, (uint64_t)300 << 20, 0),
                          *little = make_engine(1, (uint64_t)16 << 20, 0);
    struct bytes first = test_run_bytes(much, &page, &options, NULL),
                 second = test_run_bytes(little, &page, &options, NULL);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    planche_engine_get_info(little, &info, NULL);
    assert_true(info.peak_bytes <= info.memory);
    free(first.data);
    free(second.data);
    free(page.data);
    planche_engine_destroy(&much);
    planche_engine_destroy(&little);
}

/* What lies between two networks is in the plan: it fails before the first of them, with the budget
 * that would do, and does with that. */
static void test_memory(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_engine *engine = make_engine(1, (uint64_t)12 << 20, 4);
    struct planche_error error = {.status = PLANCHE_OK};
    struct bytes page = make_page(700, 500);
    unsigned needed = 0;
    size_t size;
    void *data;
    (void)state;
    options.format = PLANCHE_FORMAT_PNG;
    assert_int_equal(planche_engine_run_bytes(engine, page.data, page.size, &data, &size, &options,
                                              &result, &error),
                     PLANCHE_ERROR_BUDGET);
    planche_engine_destroy(&engine);
    const char *said = strstr(error.message, "at least ");
    assert_non_null(said);
    needed = (unsigned)strtoul(said + strlen("at least "), NULL, 10);
    assert_in_range(needed, 13, 60);
    engine = make_engine(1, (uint64_t)needed << 20, 4);
    if (planche_engine_run_bytes(engine, page.data, page.size, &data, &size, &options, &result,
                                 &error))
        fail_msg("with %u MiB: %s", needed, error.message);
    assert_true(result.peak_bytes <= (uint64_t)needed << 20);
    planche_free_bytes(data);
    free(page.data);
    planche_engine_destroy(&engine);
}

/* A page that is as large as the target is what it was; one that is larger is only reduced. */
static void test_without_networks(void **state)
{
    static const enum planche_pixel_format formats[] = {
        PLANCHE_PIXELS_GREY8, PLANCHE_PIXELS_RGB8,  PLANCHE_PIXELS_GREY_ALPHA8,
        PLANCHE_PIXELS_RGBA8, PLANCHE_PIXELS_RGB16, PLANCHE_PIXELS_GREY16};
    struct planche_engine *engine = make_engine(2, 0, 0);
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    (void)state;
    options.scale = PLANCHE_SCALE_AUTO;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct image page, out;
        image_make(&page, formats[i], WIDTH, HEIGHT, 0, 0);
        image_draw(&page, 9);
        for (uint32_t k = 0; image_has_alpha(formats[i]) && k < WIDTH * HEIGHT; k++)
            image_set(&page, k % WIDTH, k / WIDTH, image_channels(formats[i]) - 1, 255);
        options.width = WIDTH;
        run(engine, &page, &out, &options, 0);
        image_expect_equal(&out.pixels, &page.pixels);
        image_free(&out);
        options.width = WIDTH / 2;
        run(engine, &page, &out, &options, 0);
        assert_int_equal(out.pixels.width, WIDTH / 2);
        image_free(&out);
        image_free(&page);
    }
    planche_engine_destroy(&engine);
}

static void test_arguments(void **state)
{
    struct planche_engine_options models = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    (void)state;
    models.model = "waifu2x-cunet";
    options.scale = PLANCHE_SCALE_AUTO;
    assert_int_equal(planche_engine_predict(NULL, &models, 600, 840, &options, &result, NULL),
                     PLANCHE_ERROR_ARGUMENT);
    options.width = 1600;
    assert_int_equal(planche_engine_predict(NULL, &models, 600, 840, &options, &result, NULL),
                     PLANCHE_OK);
    assert_int_equal(result.output_height, 2240);
    assert_int_equal(result.scale, 4);
    assert_int_equal(result.passes, 2);
    options.scale = 65;
    assert_int_equal(planche_engine_predict(NULL, &models, 600, 840, &options, &result, NULL),
                     PLANCHE_ERROR_ARGUMENT);
    options.scale = 64;
    assert_int_equal(planche_engine_predict(NULL, &models, 60, 84, &options, &result, NULL),
                     PLANCHE_OK);
    options.fit = (enum planche_fit)2;
    assert_int_equal(planche_engine_predict(NULL, &models, 60, 84, &options, &result, NULL),
                     PLANCHE_ERROR_ARGUMENT);
    models.model = test_model(2);
    assert_int_equal(planche_engine_predict(NULL, &models, 600, 840, NULL, &result, NULL),
                     PLANCHE_ERROR_UNSUPPORTED);
    models.model = "no-such-model";
    assert_int_equal(planche_engine_predict(NULL, &models, 600, 840, NULL, &result, NULL),
                     PLANCHE_ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_runs),  cmocka_unit_test(test_bits_between),
        cmocka_unit_test(test_alpha),     cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_without_networks),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
