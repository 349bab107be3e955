/* SPDX-License-Identifier: MIT */
/* Rows of a page in whatever order passes ask for them, read ahead or not. */
#include "images.h"

#include "engine/input.h"
#include "os/clock.h"

#include <png.h>
#include <stdio.h>
#include <string.h>

#define WIDTH  23
#define HEIGHT 150

struct page {
    struct picture picture;
    struct bytes file;
    struct planche_pool *pool;
    struct planche_budget budget;
    struct planche_input input;
};

static void open_page(struct page *page, unsigned threads, size_t cut)
{
    struct planche_error error;
    *page = (struct page){.picture = picture_noise(WIDTH, HEIGHT, 3, 8, 7)};
    const struct png_spec spec = {
        .width = WIDTH,
        .height = HEIGHT,
        .colour_type = PNG_COLOR_TYPE_RGB,
        .bit_depth = 8,
        .rows = page->picture.data,
        .stride = picture_row_bytes(&page->picture),
    };
    page->file = make_png(&spec);
    page->file.size -= cut;
    planche_budget_init(&page->budget, 0);
    assert_int_equal(planche_pool_create(&page->pool, threads, NULL, &error), PLANCHE_OK);
    const struct planche_source source = {
        .name = "page", .data = page->file.data, .size = page->file.size};
    const struct planche_input_options options = {
        .source = &source, .reader = {.budget = &page->budget}, .pool = page->pool};
    assert_int_equal(planche_input_open(&page->input, &options, &error), PLANCHE_OK);
}

static void close_page(struct page *page)
{
    planche_input_close(&page->input);
    assert_int_equal(page->budget.used, 0);
    planche_pool_destroy(&page->pool);
    bytes_free(&page->file);
    picture_free(&page->picture);
}

static void expect_row(struct page *page, int64_t y)
{
    const void *row;
    struct planche_error error;
    size_t bytes = picture_row_bytes(&page->picture);
    assert_int_equal(planche_input_row(&page->input, y, &row, &error), PLANCHE_OK);
    assert_memory_equal(row, page->picture.data + (size_t)y * bytes, bytes);
}

/* Steps forwards and back, and whole passes. */
static void walk(struct page *page, int64_t window)
{
    int64_t y = 0;
    uint32_t random = 1;
    for (unsigned pass = 0; pass < 2; pass++)
        for (y = 0; y < HEIGHT; y++)
            expect_row(page, y);
    for (unsigned i = 0; i < 2000; i++) {
        random = random * 1664525 + 1013904223;
        int64_t step = (int64_t)(random >> 24) % (2 * window + 3) - window;
        y = y + step < 0 ? 0 : y + step >= HEIGHT ? (random >> 16) % HEIGHT : y + step;
        expect_row(page, y);
    }
}

static void rows_in_any_order(void **state)
{
    static const int64_t windows[] = {1, 7, 60, HEIGHT - 5, HEIGHT, 2 * HEIGHT};
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads++)
        for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
            struct page page;
            struct planche_error error;
            open_page(&page, threads, 0);
            assert_int_equal(planche_input_start(&page.input, windows[i], &error), PLANCHE_OK);
            walk(&page, windows[i] < HEIGHT ? windows[i] : HEIGHT);
            planche_input_stop(&page.input);
            close_page(&page);
        }
}

/* A thread that has nothing else to do reads on: nobody asks for these rows. */
static void reads_on_alone(void **state)
{
    struct page page;
    struct planche_error error;
    (void)state;
    open_page(&page, 2, 0);
    assert_int_equal(planche_input_start(&page.input, 1, &error), PLANCHE_OK);
    expect_row(&page, 0);
    double end = planche_clock_ms() + 30000;
    while (!planche_pool_task_is_done(page.input.ahead.task) && planche_clock_ms() < end)
        continue;
    assert_true(planche_pool_task_is_done(page.input.ahead.task));
    assert_true(page.input.ahead.read > 8);
    /* What was read in vain goes with the page. */
    close_page(&page);
}

static void damage_is_told(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct page page;
        struct planche_error error;
        const void *row;
        enum planche_status status = PLANCHE_OK;
        open_page(&page, threads, WIDTH * HEIGHT);
        assert_int_equal(planche_input_start(&page.input, 1, &error), PLANCHE_OK);
        int64_t y = 0; /* after the loop: behind the row that is not there */
        for (; !status && y < HEIGHT; y++)
            status = planche_input_row(&page.input, y, &row, &error);
        assert_int_equal(status, PLANCHE_ERROR_DATA);
        char rows[64];
        snprintf(rows, sizeof rows, "%d of %d rows", (int)y - 1, HEIGHT);
        assert_true(y > HEIGHT / 3 && y < HEIGHT);
        assert_non_null(strstr(error.message, rows));
        assert_int_not_equal(planche_input_row(&page.input, y, &row, &error), PLANCHE_OK);
        close_page(&page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_in_any_order),
        cmocka_unit_test(reads_on_alone),
        cmocka_unit_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
