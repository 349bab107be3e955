/* SPDX-License-Identifier: MIT */
/* PLANCHE_TRACE: a page's timeline comes to the engine's log, in order, and only then. */
#include "api_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  40
#define HEIGHT 30

/* The lines of a log; those of one page are in the order in which they came. */
struct lines {
    int count, warnings;
    char text[64][256];
};
static struct lines lines;

static void take_line(void *user, enum planche_log_level level, const char *line)
{
    struct lines *to = user;
    to->warnings += level >= PLANCHE_LOG_WARNING;
    if (level != PLANCHE_LOG_TRACE)
        return;
    assert_in_range(to->count, 0, 63);
    snprintf(to->text[to->count++], sizeof(to->text[0]), "%s", line);
}

static struct planche_engine *make_engine(const char *areas)
{
    struct planche_engine_options options = {
        .backend = "cpu", .threads = 1, .log = take_line, .log_user = &lines};
    if (areas)
        setenv("PLANCHE_TRACE", areas, 1);
    else
        unsetenv("PLANCHE_TRACE");
    memset(&lines, 0, sizeof(lines));
    return test_engine(options, 2);
}

/* From bytes to bytes, as PNG. */
static enum planche_status run_page(const struct planche_engine *engine, const void *data,
                                    size_t size)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    void *result = NULL;
    size_t result_size;
    options.format = PLANCHE_FORMAT_PNG;
    enum planche_status status =
        planche_engine_run_bytes(engine, data, size, &result, &result_size, &options, NULL, NULL);
    planche_free_bytes(result);
    return status;
}

static struct bytes make_file(void)
{
    struct image image;
    image_make(&image, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 0);
    image_draw(&image, 1);
    struct bytes file = encode(&image.pixels, PLANCHE_FORMAT_PNG);
    image_free(&image);
    return file;
}

/* The lines are these, each of one page, whose time does not go back. */
static void expect_lines(const char *const *expected, int count)
{
    unsigned long long page = 0, first = 0;
    double ms, before = 0;
    unsigned thread;
    int text;
    for (int i = 0; i < count && i < lines.count; i++) {
        assert_int_equal(
            sscanf(lines.text[i], "page %llu +%lf ms thread %u %n", &page, &ms, &thread, &text), 3);
        first = first ? first : page;
        assert_int_equal(page, first);
        assert_true(ms >= before && thread > 0);
        before = ms;
        if (strncmp(lines.text[i] + text, expected[i], strlen(expected[i])) != 0)
            fail_msg("'%s' is not '%s...'", lines.text[i] + text, expected[i]);
    }
    assert_int_equal(lines.count, count);
}

static void test_timeline(void **state)
{
    static const char *const expected[] = {
        "page: opened: 40 x 30 pixels",
        "plan: CPU: ",
        "page: planned: ",
        "page: admitted after ",
        "page: first row",
        "page: last row",
        "page: encoded",
        "page: finished: 80 x 60 pixels",
    };
    (void)state;
    struct bytes file = make_file();
    struct planche_engine *engine = make_engine("page,plan");
    for (int i = 0; i < 2; i++) {
        lines.count = 0;
        assert_int_equal(run_page(engine, file.data, file.size), PLANCHE_OK);
        expect_lines(expected, 8);
    }
    assert_int_equal(lines.warnings, 0);
    planche_engine_destroy(&engine);
    free(file.data);
}

static void test_failure(void **state)
{
    static const char *const damaged[] = {"page: failed: "};
    (void)state;
    struct planche_engine *engine = make_engine("page");
    assert_int_not_equal(run_page(engine, "no picture", 10), PLANCHE_OK);
    expect_lines(damaged, 1);
    planche_engine_destroy(&engine);
}

/* Nothing when it is not asked for, whatever another engine did; a name that is unknown is said. */
static void test_off(void **state)
{
    (void)state;
    struct bytes file = make_file();
    struct planche_engine *engine = make_engine(NULL);
    assert_int_equal(run_page(engine, file.data, file.size), PLANCHE_OK);
    assert_int_equal(lines.count + lines.warnings, 0);
    planche_engine_destroy(&engine);
    engine = make_engine("gpu");
    assert_int_equal(run_page(engine, file.data, file.size), PLANCHE_OK);
    assert_int_equal(lines.count + lines.warnings, 0);
    planche_engine_destroy(&engine);
    engine = make_engine("paeg");
    assert_int_equal(run_page(engine, file.data, file.size), PLANCHE_OK);
    assert_int_equal(lines.count, 0);
    assert_int_equal(lines.warnings, 1);
    planche_engine_destroy(&engine);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_timeline),
                                       cmocka_unit_test(test_failure), cmocka_unit_test(test_off)};
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
