/* SPDX-License-Identifier: MIT */
/* Several models in one engine: chains, which make what single runs make, and choices by the page;
 * black and white points. */
#include "api_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  37
#define HEIGHT 29

static struct planche_engine *make(const char *model, unsigned scale, uint64_t memory)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine *engine;
    struct planche_error error;
    options.model = model;
    options.scale = scale;
    options.memory = memory;
    options.threads = 2;
    options.backend = "cpu";
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s: %s", model, error.message);
    return engine;
}

static const char *join(const char *format, const char *a, const char *b)
{
    static char text[2048];
    snprintf(text, sizeof text, format, a, b);
    return text;
}

static void run_pixels(const struct planche_engine *engine, const struct image *in,
                       struct image *out, struct planche_page_result *result)
{
    struct planche_page_result predicted = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error = {0};
    *result = predicted;
    if (planche_engine_predict(engine, NULL, in->pixels.width, in->pixels.height, NULL, &predicted,
                               &error))
        fail_msg("%s", error.message);
    image_make(out, in->pixels.format, predicted.output_width, predicted.output_height, 0, 0);
    if (planche_engine_run_pixels(engine, &in->pixels, &out->pixels, NULL, result, &error))
        fail_msg("%s", error.message);
}

/* A then B, with 16 bits between them, at any budget: a chain's bytes. */
static void expect_chain(const char *a, const char *b, unsigned scale, const char *networks)
{
    struct planche_engine *first = make(a, 0, 0), *second = make(b, 0, 0);
    struct planche_page_result result, ignored;
    struct image page, middle, whole;
    char chain[2048];
    snprintf(chain, sizeof chain, "%s+%s", a, b);
    image_make(&page, PLANCHE_PIXELS_RGB16, WIDTH, HEIGHT, 0, 0);
    image_draw(&page, 3);
    run_pixels(first, &page, &middle, &ignored);
    run_pixels(second, &middle, &whole, &ignored);
    for (uint64_t memory = 0; memory <= (uint64_t)40 << 20; memory += (uint64_t)20 << 20) {
        struct planche_engine *both = make(chain, scale, memory);
        struct image out;
        run_pixels(both, &page, &out, &result);
        assert_int_equal(result.passes, 2);
        assert_string_equal(result.networks, networks);
        image_expect_equal(&out.pixels, &whole.pixels);
        image_free(&out);
        planche_engine_destroy(&both);
    }
    image_free(&page);
    image_free(&middle);
    image_free(&whole);
    planche_engine_destroy(&first);
    planche_engine_destroy(&second);
}

static void test_chains(void **state)
{
    char two[512], three[512];
    (void)state;
    snprintf(two, sizeof two, "%s", test_model(2));
    snprintf(three, sizeof three, "%s", test_model(3));
    expect_chain(two, three, 0, "model-2x 2x + model-3x 3x");
    expect_chain(three, two, 6, "model-3x 3x + model-2x 2x");
    expect_chain(two, "small", 0, "model-2x 2x + small-2x 2x");
}

/* The head cleans at scale 1 if it can; the level is its own. The last may be a chain itself. */
static void test_heads(void **state)
{
    static const struct {
        const char *chain, *networks;
        unsigned scale, result;
        int has_level;
        double level;
    } cases[] = {
        {"small+medium", "small-1x-clean0 1x + medium-2x 2x", 0, 2, 0, 0},
        {"small+medium", "small-1x-clean1.5 1x + medium-2x 2x", 2, 2, 1, 1.5},
        {"small+medium", "small-1x-clean0 1x + medium-3x 3x", 3, 3, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
        struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
        struct planche_error error = {0};
        options.model = cases[i].chain;
        options.scale = cases[i].scale;
        options.has_level = cases[i].has_level;
        options.level = cases[i].level;
        if (planche_engine_predict(NULL, &options, 10, 10, NULL, &result, &error))
            fail_msg("%s", error.message);
        assert_string_equal(result.networks, cases[i].networks);
        assert_int_equal(result.output_width, 10 * cases[i].result);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *model, *message;
        unsigned scale;
        enum planche_status status;
    } cases[] = {
        {"small+nothing", "no model named 'nothing'", 0, PLANCHE_ERROR_NOT_FOUND},
        {"nothing+small", "no model named 'nothing'", 0, PLANCHE_ERROR_NOT_FOUND},
        {"grey:small|nothing", "no model named 'nothing'", 0, PLANCHE_ERROR_NOT_FOUND},
        {"small+/none.pth", "/none.pth", 0, PLANCHE_ERROR_NOT_FOUND},
        {"grey:small|/none.pth", "/none.pth", 0, PLANCHE_ERROR_NOT_FOUND},
        {"grey:small", "no model for other pages", 0, PLANCHE_ERROR_ARGUMENT},
        {"small+", "name is missing", 0, PLANCHE_ERROR_ARGUMENT},
        {"small+medium", "at most 64", 65, PLANCHE_ERROR_ARGUMENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
        struct planche_engine *engine = NULL;
        struct planche_error error = {0};
        options.model = cases[i].model;
        options.scale = cases[i].scale;
        options.backend = "cpu";
        enum planche_status status = planche_engine_create(&engine, &options, &error);
        if (status != cases[i].status || !strstr(error.message, cases[i].message))
            fail_msg("%s: %d, %s", cases[i].model, (int)status, error.message);
        assert_null(engine);
    }
}

/* As a PNG file, whose colours the page decides. */
static struct bytes run_bytes(const struct planche_engine *engine, const struct bytes *page,
                              struct planche_page_result *result)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    options.format = PLANCHE_FORMAT_PNG;
    options.grey = PLANCHE_GREY_AUTO;
    return test_run_bytes(engine, page, &options, result);
}

static struct bytes page_of(enum planche_pixel_format format, uint32_t height)
{
    struct image page;
    image_make(&page, format, WIDTH, height, 0, 0);
    image_draw(&page, 5);
    struct bytes file = encode(&page.pixels, PLANCHE_FORMAT_PNG);
    image_free(&page);
    return file;
}

/* Each page is what an engine of its alternative alone makes of it. */
static void test_choices(void **state)
{
    char models[3][512], choice[2048];
    (void)state;
    snprintf(models[0], sizeof models[0], "%s", test_model(2));
    snprintf(models[1], sizeof models[1], "%s", "small");
    snprintf(models[2], sizeof models[2], "%s", test_model(4));
    snprintf(choice, sizeof choice, "grey,height<=30:%s|grey:%s|%s", models[0], models[1],
             models[2]);
    static const struct {
        enum planche_pixel_format format;
        uint32_t height;
        unsigned alternative;
        const char *rule;
    } cases[] = {
        {PLANCHE_PIXELS_RGB8, 20, 3, ""},
        {PLANCHE_PIXELS_GREY8, 20, 1, "grey, height <= 30"},
        {PLANCHE_PIXELS_GREY8, 31, 2, "grey"},
        {PLANCHE_PIXELS_RGB8, 31, 3, ""},
    };
    struct planche_engine *engine = make(choice, 0, (uint64_t)64 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes page = page_of(cases[i].format, cases[i].height);
        struct planche_page_result result, own;
        struct bytes out = run_bytes(engine, &page, &result);
        assert_int_equal(result.alternative, cases[i].alternative);
        assert_string_equal(result.rule, cases[i].rule);
        assert_int_equal(result.output_height, 2 * cases[i].height);
        struct planche_engine *alone = make(models[cases[i].alternative - 1], 2, 0);
        struct bytes expected = run_bytes(alone, &page, &own);
        assert_int_equal(own.alternative, 0);
        assert_string_equal(result.networks, own.networks);
        assert_int_equal(out.size, expected.size);
        assert_memory_equal(out.data, expected.data, out.size);
        planche_engine_destroy(&alone);
        free(page.data);
        free(out.data);
        free(expected.data);
    }
    planche_engine_destroy(&engine);
}

/* Who makes the first pages of an alternative, all at once. */
struct caller {
    pthread_t thread;
    pthread_barrier_t *begin;
    const struct planche_engine *engine;
    const struct bytes *page, *expected;
    int wrong;
};

/* cmocka's assertions do not work in other threads. */
static void *make_first(void *user)
{
    struct caller *caller = user;
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    void *data = NULL;
    size_t size = 0;
    options.format = PLANCHE_FORMAT_PNG;
    pthread_barrier_wait(caller->begin);
    caller->wrong = planche_engine_run_bytes(caller->engine, caller->page->data, caller->page->size,
                                             &data, &size, &options, &result, NULL) ||
                    result.alternative != 2 || size != caller->expected->size ||
                    memcmp(data, caller->expected->data, size) != 0;
    planche_free_bytes(data);
    return NULL;
}

/* Who asks for the engine's memory meanwhile. */
struct asker {
    pthread_t thread;
    const struct planche_engine *engine;
    atomic_bool end;
    int wrong;
};

static void *ask(void *user)
{
    struct asker *asker = user;
    do {
        struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
        asker->wrong += planche_engine_get_info(asker->engine, &info, NULL) != PLANCHE_OK;
    } while (!atomic_load(&asker->end));
    return NULL;
}

/* An alternative of a file is planned once its file is loaded, by one of the first pages. */
static void test_first_pages(void **state)
{
    enum { CALLERS = 3 };
    struct bytes page = page_of(PLANCHE_PIXELS_RGB8, HEIGHT), expected;
    struct planche_page_result result;
    (void)state;
    struct planche_engine *engine = make(test_model(2), 0, 0);
    expected = run_bytes(engine, &page, &result);
    planche_engine_destroy(&engine);
    for (int round = 0; round < 4; round++) {
        struct asker asker = {.wrong = 0};
        struct caller callers[CALLERS];
        pthread_barrier_t begin;
        engine = make(join("grey:%s|%s", "small", test_model(2)), 2, 0);
        asker.engine = engine;
        assert_int_equal(pthread_barrier_init(&begin, NULL, CALLERS), 0);
        assert_int_equal(pthread_create(&asker.thread, NULL, ask, &asker), 0);
        for (int i = 0; i < CALLERS; i++) {
            callers[i] = (struct caller){
                .begin = &begin, .engine = engine, .page = &page, .expected = &expected};
            assert_int_equal(pthread_create(&callers[i].thread, NULL, make_first, &callers[i]), 0);
        }
        for (int i = 0; i < CALLERS; i++) {
            assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
            assert_int_equal(callers[i].wrong, 0);
        }
        atomic_store(&asker.end, true);
        assert_int_equal(pthread_join(asker.thread, NULL), 0);
        assert_int_equal(asker.wrong, 0);
        pthread_barrier_destroy(&begin);
        planche_engine_destroy(&engine);
    }
    free(page.data);
    free(expected.data);
}

/* Pixels in memory are what their format says. */
static void test_choices_of_pixels(void **state)
{
    struct planche_engine *engine = make(join("grey:%s|%s", test_model(2), "small"), 0, 0);
    struct planche_page_result result;
    struct image page, out;
    (void)state;
    image_make(&page, PLANCHE_PIXELS_GREY8, WIDTH, HEIGHT, 0, 0);
    run_pixels(engine, &page, &out, &result);
    assert_int_equal(result.alternative, 1);
    image_free(&page);
    image_free(&out);
    image_make(&page, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 0);
    run_pixels(engine, &page, &out, &result);
    assert_int_equal(result.alternative, 2);
    image_free(&page);
    image_free(&out);
    planche_engine_destroy(&engine);
}

/* Ink and paper, in this many channels; dots of a colour in one corner. */
static struct bytes scan_of(unsigned channels, unsigned black, unsigned white, bool coloured)
{
    struct image page;
    image_make(&page, channels == 1 ? PLANCHE_PIXELS_GREY8 : PLANCHE_PIXELS_RGB8, 64, 64, 0, 0);
    for (uint32_t y = 0; y < 64; y++)
        for (uint32_t x = 0; x < 64; x++)
            for (unsigned c = 0; c < channels; c++) {
                unsigned value = (x / 4 + y / 4) % 4 == 0 ? black : white;
                image_set(&page, x, y, c, coloured && x + y > 120 && c == 2 ? 90 : value);
            }
    struct bytes file = encode(&page.pixels, PLANCHE_FORMAT_PNG);
    image_free(&page);
    return file;
}

static void expect_same(const struct planche_engine *engine, const struct planche_engine *plain,
                        const struct bytes *page, const struct bytes *clean, bool moved)
{
    struct planche_page_result result, ignored;
    struct bytes out = run_bytes(engine, page, &result);
    struct bytes expected = run_bytes(plain, clean, &ignored);
    assert_int_equal(result.white != 0, moved);
    assert_int_equal(out.size, expected.size);
    assert_memory_equal(out.data, expected.data, out.size);
    free(out.data);
    free(expected.data);
}

/* A scan becomes what the same page in black and white becomes; clean pages, and pages in colour,
 * what they become without levels. */
static void test_levels(void **state)
{
    struct planche_engine *engine = make(join("%s+%s", "levels", test_model(2)), 0, 0);
    struct planche_engine *plain = make(test_model(2), 0, 0);
    struct planche_page_result result;
    (void)state;
    for (unsigned channels = 1; channels <= 3; channels += 2) {
        struct bytes clean = scan_of(channels, 0, 255, false);
        struct bytes scan = scan_of(channels, 30, 220, false);
        expect_same(engine, plain, &scan, &clean, true);
        expect_same(engine, plain, &clean, &clean, false);
        free(run_bytes(engine, &scan, &result).data);
        assert_int_equal(result.black, 30);
        assert_int_equal(result.white, 220);
        free(clean.data);
        free(scan.data);
    }
    struct bytes colour = scan_of(3, 30, 220, true);
    expect_same(engine, plain, &colour, &colour, false);
    free(colour.data);
    planche_engine_destroy(&engine);
    planche_engine_destroy(&plain);
}

static void test_parts(void **state)
{
    static const char text[] = "grey,height<=9:levels+a.pth+b|c";
    static const struct {
        const char *name;
        unsigned alternative;
        int grey, levels;
        uint32_t height;
    } parts[] = {{"a.pth", 1, 1, 1, 9}, {"b", 1, 1, 1, 9}, {"c", 2, 0, 0, 0}};
    struct planche_model_part part = PLANCHE_MODEL_PART_INIT;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(planche_model_part_find(text, i, &part, NULL), PLANCHE_OK);
        assert_int_equal(part.length, strlen(parts[i].name));
        assert_memory_equal(part.name, parts[i].name, part.length);
        assert_true(part.name > text && part.name < text + sizeof text);
        assert_int_equal(part.alternative, parts[i].alternative);
        assert_int_equal(part.grey, parts[i].grey);
        assert_int_equal(part.levels, parts[i].levels);
        assert_int_equal(part.height, parts[i].height);
        assert_int_equal(part.colour, 0);
    }
    assert_int_equal(planche_model_part_find(text, 3, &part, NULL), PLANCHE_ERROR_NOT_FOUND);
    assert_int_equal(planche_model_part_find("a+", 0, &part, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_model_is_file("a.pth"), 1);
    assert_int_equal(planche_model_is_file("a.pth+b.pth"), 0);
    assert_int_equal(planche_model_is_file("grey:a|b.pth"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),      cmocka_unit_test(test_heads),
        cmocka_unit_test(test_errors),      cmocka_unit_test(test_choices),
        cmocka_unit_test(test_first_pages), cmocka_unit_test(test_choices_of_pixels),
        cmocka_unit_test(test_levels),      cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
