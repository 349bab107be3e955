/* SPDX-License-Identifier: MIT */
/* Pages that choose their level of cleaning: model "auto" and Planche's own by name. */
#include "api_test.h"
#include "support/quick.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 32

static struct planche_engine *make(const char *model, struct planche_engine_options options)
{
    struct planche_engine *engine;
    struct planche_error error;
    options.struct_size = sizeof options;
    options.model = model;
    options.backend = "cpu";
    options.threads = 2;
    options.memory = (uint64_t)96 << 20;
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    return engine;
}

/* A page of these channels as a JPEG file of this quality. */
static struct bytes page_of(enum planche_pixel_format format, int quality)
{
    struct image page;
    image_make(&page, format, SIDE, SIDE, 0, 0);
    image_draw(&page, 3);
    struct bytes file = encode_jpeg(&page.pixels, quality);
    image_free(&page);
    return file;
}

/* What becomes of a file; *out may be NULL. The engine is destroyed. */
static struct planche_page_result run(struct planche_engine *engine, const struct bytes *file,
                                      struct bytes *out)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    options.format = PLANCHE_FORMAT_PNG;
    options.grey = PLANCHE_GREY_AUTO;
    struct bytes made = test_run_bytes(engine, file, &options, &result);
    if (out)
        *out = made;
    else
        free(made.data);
    planche_engine_destroy(&engine);
    return result;
}

static void test_quality(void **state)
{
    static const struct {
        int quality;
        double level;
        const char *networks;
    } expected[] = {{98, -1, "small-2x 2x"},
                    {90, -.5, "small-2x-clean-0.5 2x"},
                    {80, 1, "small-2x-clean1 2x"},
                    {30, 3, "small-2x-clean3 2x"}};
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct bytes file = page_of(PLANCHE_PIXELS_RGB8, expected[i].quality);
        struct planche_page_result result =
            run(make("small", (struct planche_engine_options){0}), &file, NULL);
        assert_int_equal(result.chosen, 1);
        assert_true(result.level == expected[i].level);
        assert_int_equal(result.grey, 0);
        assert_true(strncmp(result.reason, "JPEG ", 5) == 0);
        assert_int_equal(result.chroma, 4);
        assert_true(strlen(result.kind) > 0);
        /* Marks have the level's network, and the trusting one where there is nothing to clean. */
        if (strcmp(result.networks, expected[i].networks) != 0 && expected[i].level > -.5)
            fail_msg("%s", result.networks);
        free(file.data);
    }
}

/* A page makes the same bytes by its own choice and by the same level asked for. */
static void test_same_bytes(void **state)
{
    static const enum planche_pixel_format formats[] = {PLANCHE_PIXELS_GREY8, PLANCHE_PIXELS_RGB8};
    (void)state;
    for (int i = 0; i < (test_quick() ? 1 : 2); i++) {
        struct bytes file = page_of(formats[i], 80), chosen, asked, trusted;
        struct planche_page_result result =
            run(make("auto", (struct planche_engine_options){0}), &file, &chosen);
        assert_int_equal(result.grey, i == 0);
        result = run(make("medium", (struct planche_engine_options){.has_level = 1, .level = 1}),
                     &file, &asked);
        assert_int_equal(result.chosen, 0);
        assert_int_equal(chosen.size, asked.size);
        assert_memory_equal(chosen.data, asked.data, asked.size);
        result = run(make("auto", (struct planche_engine_options){.denoise = PLANCHE_DENOISE_NONE}),
                     &file, &trusted);
        assert_int_equal(result.chosen, 0);
        assert_string_equal(result.reason, "");
        assert_true(trusted.size != asked.size ||
                    memcmp(trusted.data, asked.data, asked.size) != 0);
        free(file.data);
        free(chosen.data);
        free(asked.data);
        free(trusted.data);
    }
}

/* At scale 1 there is always something to do. */
static void test_clean_only(void **state)
{
    struct bytes clean = page_of(PLANCHE_PIXELS_RGB8, 98), bad = page_of(PLANCHE_PIXELS_RGB8, 70);
    (void)state;
    struct planche_page_result result =
        run(make("small", (struct planche_engine_options){.scale = 1}), &clean, NULL);
    assert_int_equal(result.output_width, SIDE);
    assert_int_equal(result.passes, 1);
    result = run(make("small", (struct planche_engine_options){.scale = 1}), &bad, NULL);
    assert_non_null(strstr(result.networks, "clean1.5"));
    free(clean.data);
    free(bad.data);
}

/* Pixels in memory are trusted. */
static void test_pixels(void **state)
{
    struct planche_engine *engine = make("small", (struct planche_engine_options){0});
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct image in, out;
    struct planche_error error;
    (void)state;
    image_make(&in, PLANCHE_PIXELS_RGB8, SIDE, SIDE, 0, 90);
    image_make(&out, PLANCHE_PIXELS_RGB8, 2 * SIDE, 2 * SIDE, 0, 0);
    assert_int_equal(
        planche_engine_run_pixels(engine, &in.pixels, &out.pixels, NULL, &result, &error),
        PLANCHE_OK);
    assert_int_equal(result.chosen, 0);
    image_free(&in);
    image_free(&out);
    planche_engine_destroy(&engine);
}

/* Pages of three levels, grey and in colour: each has a network of its own. */
#define KINDS 3

static struct bytes kind(int index)
{
    return index == 0   ? page_of(PLANCHE_PIXELS_GREY8, 40)
           : index == 1 ? page_of(PLANCHE_PIXELS_RGB8, 80)
                        : page_of(PLANCHE_PIXELS_RGB8, 30);
}

static struct planche_engine *make_within(const char *model, uint64_t mib)
{
    const struct planche_engine_options options = {.struct_size = sizeof options,
                                                   .model = model,
                                                   .backend = "cpu",
                                                   .threads = 2,
                                                   .memory = mib << 20};
    struct planche_engine *engine = NULL;
    struct planche_error error;
    planche_engine_create(&engine, &options, &error);
    return engine;
}

static enum planche_status try_page(const struct planche_engine *engine, const struct bytes *file,
                                    struct bytes *out, struct planche_error *error)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    void *data = NULL;
    options.format = PLANCHE_FORMAT_PNG;
    options.grey = PLANCHE_GREY_AUTO;
    enum planche_status status = planche_engine_run_bytes(engine, file->data, file->size, &data,
                                                          &out->size, &options, NULL, error);
    out->data = status ? NULL : memcpy(malloc(out->size), data, out->size);
    planche_free_bytes(data);
    return status;
}

/* The least budget, to 8 MiB and not less than this, of an engine which makes this page alone. */
static uint64_t least_for(const struct bytes *file, uint64_t mib, struct bytes *out)
{
    for (; mib < 96; mib += 8) {
        struct planche_engine *engine = make_within("medium", mib);
        struct planche_error error;
        bool made = engine && try_page(engine, file, out, &error) == PLANCHE_OK;
        planche_engine_destroy(&engine);
        if (made)
            return mib;
    }
    fail_msg("a page of this size needs more than 96 MiB");
    return 0;
}

/* Whoever follows the advice of a message that speaks of networks has the page, wherever the memory
 * ends: their weights take several times their own size once they are packed. */
static void check_advice(const char *model)
{
    const uint64_t step = test_quick() ? 9 : 3;
    struct bytes file = kind(2), out = {0};
    uint64_t mib = 24;
    unsigned advised = 0;
    struct planche_error error;
    struct planche_engine *engine = NULL;
    while (!(engine = make_within(model, mib)))
        mib++;
    for (; !engine || try_page(engine, &file, &out, &error); mib += step) {
        planche_engine_destroy(&engine);
        const char *advice = strstr(error.message, "(option memory = ");
        if (advice && strtoull(advice + 17, NULL, 10) > mib) {
            engine = make_within(model, strtoull(advice + 17, NULL, 10));
            if (try_page(engine, &file, &out, &error))
                fail_msg("%s", error.message);
            free(out.data);
            planche_engine_destroy(&engine);
            advised++;
        }
        engine = make_within(model, mib + step);
    }
    planche_engine_destroy(&engine);
    assert_true(advised > 0);
    free(out.data);
    free(file.data);
}

static void test_advice(void **state)
{
    (void)state;
    if (test_quickest())
        skip();
    check_advice("medium");
}

static void test_advice_of_large(void **state)
{
    (void)state;
    if (test_quick())
        skip();
    check_advice("large");
}

struct reader {
    pthread_t thread;
    const struct planche_engine *engine;
    struct bytes file, expected;
    struct planche_error error;
    enum planche_status status;
    bool same;
};

static void *read_pages(void *user)
{
    struct reader *reader = user;
    reader->same = true;
    for (int i = 0; i < (test_quick() ? 1 : 3) && !reader->status; i++) {
        struct bytes out;
        reader->status = try_page(reader->engine, &reader->file, &out, &reader->error);
        reader->same = reader->same && !reader->status && out.size == reader->expected.size &&
                       memcmp(out.data, reader->expected.data, out.size) == 0;
        free(out.data);
    }
    return NULL;
}

/* A page that an engine could make alone is made after pages of other kinds and beside them:
 * networks that no page runs on are given up for it. */
static void test_other_kinds(void **state)
{
    struct reader readers[KINDS] = {0};
    uint64_t least = 24;
    (void)state;
    if (test_quickest())
        skip();
    for (int i = 0; i < KINDS; i++) {
        readers[i].file = kind(i);
        least = least_for(&readers[i].file, least, &readers[i].expected);
    }
    struct planche_engine *engine = make_within("medium", least);
    for (int i = 0; i < 2 * KINDS; i++) { /* one after the other, then at once */
        readers[i % KINDS].engine = engine;
        assert_int_equal(
            pthread_create(&readers[i % KINDS].thread, NULL, read_pages, &readers[i % KINDS]), 0);
        if (i < KINDS)
            assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
    }
    for (int i = 0; i < KINDS; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        if (readers[i].status)
            fail_msg("within %d MiB: %s", (int)least, readers[i].error.message);
        assert_true(readers[i].same);
        free(readers[i].file.data);
        free(readers[i].expected.data);
    }
    planche_engine_destroy(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quality),         cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_clean_only),      cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_other_kinds),     cmocka_unit_test(test_advice),
        cmocka_unit_test(test_advice_of_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
