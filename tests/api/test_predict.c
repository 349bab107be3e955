/* SPDX-License-Identifier: MIT */
/* What is predicted of a page's result is what its run makes of it: status, size, format, parts. */
#include "api_test.h"
#include "support/quick.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCALE 2

static struct planche_engine *engine;

static int setup(void **state)
{
    const struct planche_engine_options options = {.memory = (uint64_t)256 << 20};
    if (test_setup(state))
        return -1;
    engine = test_engine(options, SCALE);
    return 0;
}

static int teardown(void **state)
{
    planche_engine_destroy(&engine);
    return test_teardown(state);
}

/* White, so that a result has as few parts as it can have. */
static void write_page(uint32_t width, uint32_t height)
{
    struct image image;
    image_make(&image, PLANCHE_PIXELS_GREY8, width, height, 0, 255);
    struct bytes page = encode(&image.pixels, PLANCHE_FORMAT_PNG);
    test_write(test_path("model-page.png"), page.data, page.size);
    image_free(&image);
    free(page.data);
}

static void remove_result(const struct planche_page_result *result)
{
    char name[256];
    for (unsigned part = 1; part <= result->parts; part++) {
        planche_page_file_name(name, sizeof(name), test_path("result"), result, part);
        assert_int_equal(unlink(name), 0);
    }
}

/* The page has this size. */
static void compare(uint32_t width, uint32_t height, const struct planche_page_options *options)
{
    struct planche_page_result predicted = PLANCHE_PAGE_RESULT_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error said = {0}, error = {0};
    enum planche_status expected =
        planche_page_predict(width, height, SCALE, 0, options, &predicted, &said);
    enum planche_status status = planche_engine_run_file(
        engine, test_path("model-page.png"), test_path("result"), options, &result, &error);
    if (status != expected || strcmp(error.message, said.message) != 0)
        fail_msg("%u x %u, format %d, on_limit %d: predicted %d (%s), but it is %d (%s)", width,
                 height, (int)options->format, (int)options->on_limit, (int)expected, said.message,
                 (int)status, error.message);
    assert_int_equal(result.output_width, predicted.output_width);
    assert_int_equal(result.output_height, predicted.output_height);
    assert_int_equal(result.format, predicted.format);
    assert_int_equal(result.switched, predicted.switched);
    assert_int_equal(result.parts, predicted.parts);
    if (!status)
        remove_result(&result);
    assert_int_equal(test_count_files(), 0);
}

/* Every way to meet a limit; WebP also without loss, which makes it switch to another format. */
static void compare_all(uint32_t width, uint32_t height, struct planche_page_options options)
{
    for (int way = PLANCHE_ON_LIMIT_FAIL; way <= PLANCHE_ON_LIMIT_SPLIT; way++) {
        options.on_limit = (enum planche_on_limit)way;
        options.lossless = 0;
        compare(width, height, &options);
    }
    options.on_limit = PLANCHE_ON_LIMIT_SWITCH;
    options.lossless = 1;
    if (options.format == PLANCHE_FORMAT_WEBP)
        compare(width, height, &options);
}

/* Results whose long side is just below, at and above a format's limit, from pages and by
 * reduction. */
static void test_limit(enum planche_format format, uint32_t limit)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    options.format = format;
    for (uint32_t side = limit / SCALE; side <= limit / SCALE + 1; side++) {
        write_page(1, side);
        compare_all(1, side, options);
        if (test_quick())
            continue;
        write_page(side, 1);
        compare_all(side, 1, options);
    }
    write_page(1, limit / SCALE + 2);
    options.height = limit;
    compare_all(1, limit / SCALE + 2, options);
    options.height = limit + 1;
    if (!test_quick()) {
        compare_all(1, limit / SCALE + 2, options);
        return;
    }
    /* A quick run leaves out the switch to another format. */
    compare(1, limit / SCALE + 2, &options);
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    compare(1, limit / SCALE + 2, &options);
}

static void test_webp(void **state)
{
    (void)state;
    test_limit(PLANCHE_FORMAT_WEBP, 16383);
}

static void test_jpeg(void **state)
{
    (void)state;
    test_limit(PLANCHE_FORMAT_JPEG, 65500);
}

static void test_avif(void **state)
{
    (void)state;
    test_limit(PLANCHE_FORMAT_AVIF, 32768);
}

static void test_png(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    (void)state;
    options.format = PLANCHE_FORMAT_PNG;
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    write_page(1, 32768);
    compare(1, 32768, &options);
    options.width = 1;
    compare(1, 32768, &options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_webp),
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_avif),
        cmocka_unit_test(test_png),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
