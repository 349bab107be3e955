/* SPDX-License-Identifier: MIT */
/* Pages in eight orientations: against eight pages, and whatever must not matter. */
#include "api_test.h"
#include "support/quick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNS 8

static const struct planche_engine_options defaults = {.cpu_mask = 0};

static void run_pixels(const struct planche_engine *engine, const struct image *in, int tta,
                       struct image *out)
{
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_error error;
    planche_engine_get_info(engine, &info, NULL);
    image_make(out, in->pixels.format, in->pixels.width * info.scale,
               in->pixels.height * info.scale, 0, 0);
    options.tta = tta;
    if (planche_engine_run_pixels(engine, &in->pixels, &out->pixels, &options, NULL, &error))
        fail_msg("%s", error.message);
}

/* One of the eight orientations, said in another way than the library does: a quarter turn to the
 * right, `turn` % 4 times, after a mirror for the second four. */
static void place(int turn, uint32_t width, uint32_t height, uint32_t *x, uint32_t *y)
{
    if (turn >= 4)
        *x = width - 1 - *x;
    for (int i = 0; i < turn % 4; i++) {
        uint32_t was_x = *x, was_width = width;
        *x = height - 1 - *y;
        *y = was_x;
        width = height;
        height = was_width;
    }
}

static void turn_image(const struct image *from, int turn, struct image *to)
{
    const struct planche_pixels *p = &from->pixels;
    image_make(to, p->format, turn % 2 ? p->height : p->width, turn % 2 ? p->width : p->height, 0,
               0);
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++) {
            uint32_t to_x = x, to_y = y;
            place(turn, p->width, p->height, &to_x, &to_y);
            for (unsigned c = 0; c < image_channels(p->format); c++)
                image_set(to, to_x, to_y, c, image_sample(p, x, y, c));
        }
}

/* Each result was rounded, and so is their average: half a level and half a level. What was cut off
 * at black or white says nothing. Returns how many samples were compared. */
static size_t expect_average(const struct image *actual, const struct image results[TURNS],
                             unsigned channels)
{
    const struct planche_pixels *p = &actual->pixels;
    unsigned most = image_depth(p->format) == 8 ? 255 : 65535;
    size_t compared = 0;
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++)
            for (unsigned c = 0; c < channels; c++) {
                long sum = 0;
                bool cut = false;
                for (int turn = 0; turn < TURNS; turn++) {
                    uint32_t from_x = x, from_y = y;
                    place(turn, p->width, p->height, &from_x, &from_y);
                    unsigned v = image_sample(&results[turn].pixels, from_x, from_y, c);
                    sum += (long)v;
                    cut = cut || v == 0 || v == most;
                }
                if (cut)
                    continue;
                compared++;
                assert_in_range(labs(TURNS * (long)image_sample(p, x, y, c) - sum), 0, TURNS);
            }
    return compared;
}

/* Alpha is full everywhere: what shows through a hole is made up before the page is turned. */
static void fill_alpha(struct image *image)
{
    const struct planche_pixels *p = &image->pixels;
    unsigned last = image_channels(p->format) - 1;
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++)
            if (image_has_alpha(p->format))
                image_set(image, x, y, last, image_depth(p->format) == 8 ? 255 : 65535);
}

static void check_format(const struct planche_engine *engine, enum planche_pixel_format format)
{
    struct image page, turned[TURNS], results[TURNS], actual, plain;
    unsigned colours = image_channels(format) < 3 ? 1 : 3;
    image_make(&page, format, 37, 26, 0, 0);
    image_draw(&page, 3);
    fill_alpha(&page);
    for (int turn = 0; turn < TURNS; turn++) {
        turn_image(&page, turn, &turned[turn]);
        run_pixels(engine, &turned[turn], 0, &results[turn]);
    }
    run_pixels(engine, &page, 1, &actual);
    size_t samples = (size_t)actual.pixels.width * actual.pixels.height * colours;
    assert_true(expect_average(&actual, results, colours) > samples / 2);
    /* The test must be able to tell the average from the page as it is. */
    run_pixels(engine, &page, 0, &plain);
    assert_memory_not_equal(actual.data, plain.data,
                            plain.pixels.height * image_row_bytes(&plain.pixels));
    for (int turn = 0; turn < TURNS; turn++) {
        image_free(&turned[turn]);
        image_free(&results[turn]);
    }
    image_free(&page);
    image_free(&actual);
    image_free(&plain);
}

static void test_eight_pages(void **state)
{
    (void)state;
    for (unsigned scale = 2; scale <= (test_quick() ? 2 : 3); scale++) {
        struct planche_engine *engine = test_engine(defaults, scale);
        for (int f = PLANCHE_PIXELS_GREY8; f <= PLANCHE_PIXELS_RGBA16; f += test_quick() ? 2 : 1)
            check_format(engine, (enum planche_pixel_format)f);
        planche_engine_destroy(&engine);
    }
}

/* Alpha takes no part in it. */
static void test_alpha(void **state)
{
    struct planche_engine *engine = test_engine(defaults, 2);
    struct image page, plain, actual;
    (void)state;
    image_make(&page, PLANCHE_PIXELS_RGBA8, 33, 21, 0, 0);
    image_draw(&page, 4);
    run_pixels(engine, &page, 0, &plain);
    run_pixels(engine, &page, 1, &actual);
    for (uint32_t y = 0; y < plain.pixels.height; y++)
        for (uint32_t x = 0; x < plain.pixels.width; x++)
            assert_int_equal(image_sample(&actual.pixels, x, y, 3),
                             image_sample(&plain.pixels, x, y, 3));
    image_free(&page);
    image_free(&plain);
    image_free(&actual);
    planche_engine_destroy(&engine);
}

static enum planche_status run_bytes(const struct planche_engine *engine, const struct bytes *page,
                                     int tta, struct bytes *out, struct planche_error *error)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    void *data;
    options.format = PLANCHE_FORMAT_PNG;
    options.tta = tta;
    enum planche_status status = planche_engine_run_bytes(engine, page->data, page->size, &data,
                                                          &out->size, &options, NULL, error);
    out->data = data;
    return status;
}

/* Encoded pages and pixels, any budget that suffices and any number of threads: the same. */
static void test_budgets(void **state)
{
    struct image page, expected;
    struct planche_engine *engine = test_engine(defaults, 2);
    int planned = 0, refused = 0;
    (void)state;
    image_make(&page, PLANCHE_PIXELS_RGB8, 300, 170, 0, 0);
    image_draw(&page, 5);
    run_pixels(engine, &page, 1, &expected);
    planche_engine_destroy(&engine);
    struct bytes png = encode(&page.pixels, PLANCHE_FORMAT_PNG);
    for (unsigned i = 0; i < 24; i += test_quick() ? 4 : 1) {
        const struct planche_engine_options options = {
            .memory = (uint64_t)(10 + i) << 20, .threads = 1 + i % 4, .jobs = i % 3 ? 0 : 1};
        struct planche_error error;
        struct bytes out;
        engine = test_engine(options, 2);
        enum planche_status status = run_bytes(engine, &png, 1, &out, &error);
        planche_engine_destroy(&engine);
        planned += !status;
        refused += status != PLANCHE_OK;
        if (status) {
            assert_int_equal(status, PLANCHE_ERROR_BUDGET);
            continue;
        }
        struct image actual;
        enum planche_format found;
        decode(&actual, out.data, out.size, &found);
        image_expect_equal(&actual.pixels, &expected.pixels);
        image_free(&actual);
        planche_free_bytes(out.data);
    }
    assert_true(planned > 0 && refused > 0);
    free(png.data);
    image_free(&page);
    image_free(&expected);
}

struct watch {
    int calls, stop_at; /* the call that cancels; 0: none */
    struct planche_cancel *cancel;
    double last;
    bool fell;
    int eighths; /* of the network's share, that were seen: one bit each */
};

static void watch_progress(void *user, double done)
{
    struct watch *watch = user;
    watch->fell = watch->fell || done < watch->last || done < 0 || done > 1;
    watch->last = done;
    watch->eighths |= 1 << (int)(done / 0.9 * TURNS);
    if (++watch->calls == watch->stop_at)
        planche_cancel_request(watch->cancel);
}

static enum planche_status run_watched(const struct planche_engine *engine, struct watch *watch)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    options.progress = watch_progress;
    options.progress_user = watch;
    assert_int_equal(planche_cancel_create(&watch->cancel, NULL), PLANCHE_OK);
    options.cancel = watch->cancel;
    options.tta = 1;
    enum planche_status status = planche_engine_run_file(engine, test_path("model-page.png"),
                                                         test_path("a.png"), &options, NULL, NULL);
    planche_cancel_destroy(&watch->cancel);
    return status;
}

/* All eight count, and the page stops in any of them. */
static void test_progress(void **state)
{
    struct planche_engine *engine = test_engine(defaults, 2);
    struct image page;
    struct watch all = {0};
    (void)state;
    image_make(&page, PLANCHE_PIXELS_RGBA8, 90, 60, 0, 0);
    image_draw(&page, 6);
    struct bytes png = encode(&page.pixels, PLANCHE_FORMAT_PNG);
    test_write(test_path("model-page.png"), png.data, png.size);
    assert_int_equal(run_watched(engine, &all), PLANCHE_OK);
    assert_false(all.fell);
    assert_true(all.last == 1);
    assert_int_equal(all.eighths & 0xff, 0xff);
    assert_int_equal(test_count_files(), 1);
    assert_int_equal(remove(test_path("a.png")), 0);
    for (int stop_at = 1; stop_at < all.calls; stop_at += 1 + all.calls / (test_quick() ? 8 : 30)) {
        struct watch watch = {.stop_at = stop_at};
        assert_int_equal(run_watched(engine, &watch), PLANCHE_ERROR_CANCELLED);
        assert_int_equal(test_count_files(), 0);
    }
    free(png.data);
    image_free(&page);
    planche_engine_destroy(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eight_pages),
        cmocka_unit_test(test_alpha),
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_progress),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
