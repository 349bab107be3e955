/* SPDX-License-Identifier: MIT */
/* Engines and their budgets. Looks inside of the engine for what is in use, so this one links the
 * internals. */
#include "api_test.h"
#include "engine/run.h"
#include "support/quick.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t used(const struct planche_engine *engine)
{
    return atomic_load(&engine->state->budget.used);
}

static struct bytes make_page_as(enum planche_pixel_format pixels, uint32_t width, uint32_t height,
                                 enum planche_format format)
{
    struct image image;
    image_make(&image, pixels, width, height, 0, 0);
    image_draw(&image, 1);
    struct bytes page = encode(&image.pixels, format);
    image_free(&image);
    return page;
}

static struct bytes make_page(enum planche_pixel_format pixels, uint32_t width, uint32_t height)
{
    return make_page_as(pixels, width, height, PLANCHE_FORMAT_PNG);
}

/* Of all pages; 0: none. */
static uint32_t wanted_width;

/* How often the last page's progress was told. */
static int progress_calls;

static void count_progress(void *user, double done)
{
    (void)user;
    (void)done;
    progress_calls++;
}

static enum planche_status run_as(const struct planche_engine *engine, const struct bytes *page,
                                  enum planche_format format, int tta, struct planche_error *error)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    void *data;
    size_t size;
    options.format = format;
    options.effort = 1;
    options.tta = tta;
    options.progress = count_progress;
    options.width = wanted_width;
    progress_calls = 0;
    error->message[0] = '\0';
    enum planche_status status = planche_engine_run_bytes(engine, page->data, page->size, &data,
                                                          &size, &options, NULL, error);
    planche_free_bytes(data);
    return status;
}

static enum planche_status run(const struct planche_engine *engine, const struct bytes *page,
                               enum planche_format format, struct planche_error *error)
{
    return run_as(engine, page, format, 0, error);
}

/* A hundred pages, good and bad, and the engine holds what it held before. */
static void test_nothing_stays(void **state)
{
    const struct planche_engine_options options = {.memory = (uint64_t)64 << 20};
    struct planche_engine *engine = test_engine(options, 2);
    const uint64_t before = used(engine);
    (void)state;
    for (int i = 0; i < 100; i++) {
        enum planche_pixel_format pixels = (enum planche_pixel_format)(i % 8 + 1);
        enum planche_format format = (enum planche_format)(i % 3 + 1);
        struct bytes page = make_page(pixels, 20 + (uint32_t)i % 9, 31);
        struct planche_error error;
        bool cut = i % 5 == 4;
        page.size -= cut ? page.size / 3 : 0;
        assert_int_equal(run(engine, &page, format, &error), cut ? PLANCHE_ERROR_DATA : PLANCHE_OK);
        assert_int_equal(used(engine), before);
        free(page.data);
    }
    assert_int_equal(engine->state->admission.inside, 0);
    planche_engine_destroy(&engine);
}

struct countdown {
    int left;
    struct planche_cancel cancel;
};

static void stop(void *user, double done)
{
    struct countdown *countdown = user;
    (void)done;
    if (--countdown->left == 0)
        planche_cancel_request(&countdown->cancel);
}

static void test_cancelled_pages_free_all(void **state)
{
    const struct planche_engine_options options = {.memory = (uint64_t)64 << 20};
    struct planche_engine *engine = test_engine(options, 2);
    struct bytes page = make_page(PLANCHE_PIXELS_RGBA8, 33, 64);
    const uint64_t before = used(engine);
    (void)state;
    for (int format = PLANCHE_FORMAT_PNG; format <= PLANCHE_FORMAT_JXL; format++)
        for (int calls = 1; calls < 60; calls += 4) {
            struct planche_page_options page_options = PLANCHE_PAGE_OPTIONS_INIT;
            struct countdown countdown = {.left = calls};
            void *data;
            size_t size;
            page_options.format = (enum planche_format)format;
            page_options.progress = stop;
            page_options.progress_user = &countdown;
            page_options.cancel = &countdown.cancel;
            assert_int_equal(planche_engine_run_bytes(engine, page.data, page.size, &data, &size,
                                                      &page_options, NULL, NULL),
                             PLANCHE_ERROR_CANCELLED);
            assert_null(data);
            assert_int_equal(used(engine), before);
        }
    free(page.data);
    planche_engine_destroy(&engine);
}

/* What another page would have. */
struct neighbour {
    struct planche_engine *engine;
    struct planche_reservation reservation;
    pthread_t thread;
    bool cancels;
    struct planche_cancel cancel; /* of the page that waits */
};

/* The neighbour takes all the memory but for `rest` bytes. */
static void move_in(struct neighbour *neighbour, uint64_t rest)
{
    struct planche_admission *admission = &neighbour->engine->state->admission;
    const struct planche_admission_ticket ticket = {0};
    assert_true(planche_admission_acquire(admission, &ticket));
    neighbour->reservation = (struct planche_reservation){admission->memory - rest, 1};
    planche_admission_commit(admission, &neighbour->reservation);
}

/* When the page at the door waits for memory: cancels it, or leaves it the memory, but then the
 * system has none. */
static void *meet_at_door(void *user)
{
    struct neighbour *neighbour = user;
    struct planche_admission *admission = &neighbour->engine->state->admission;
    bool waits = false;
    while (!waits) {
        planche_mutex_lock(&admission->mutex);
        waits = admission->occupied && admission->sleeping > 0;
        planche_mutex_unlock(&admission->mutex);
        sched_yield();
    }
    if (neighbour->cancels) {
        planche_cancel_request(&neighbour->cancel);
    } else {
        planche_alloc_fail_at(1, true);
        planche_admission_release(admission, &neighbour->reservation);
    }
    return NULL;
}

/* A page that waits for memory can be cancelled, and what it is told of a later lack of memory is
 * not what was wrong before it waited. */
static void test_waiting_for_memory(void **state)
{
    const struct planche_engine_options options = {.threads = 4, .memory = (uint64_t)64 << 20};
    static const uint64_t rests[] = {1000, (uint64_t)1 << 20};
    struct bytes page = make_page(PLANCHE_PIXELS_RGB8, 240, 200);
    struct planche_engine *engine = test_engine(options, 2);
    const uint64_t before = used(engine);
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct planche_page_options page_options = PLANCHE_PAGE_OPTIONS_INIT;
        struct neighbour neighbour = {.engine = engine, .cancels = i < 2};
        struct planche_error error;
        void *data;
        size_t size;
        move_in(&neighbour, rests[i % 2]);
        page_options.cancel = &neighbour.cancel;
        assert_int_equal(pthread_create(&neighbour.thread, NULL, meet_at_door, &neighbour), 0);
        enum planche_status status = planche_engine_run_bytes(engine, page.data, page.size, &data,
                                                              &size, &page_options, NULL, &error);
        planche_alloc_fail_at(0, false);
        assert_int_equal(pthread_join(neighbour.thread, NULL), 0);
        assert_int_equal(status, i < 2 ? PLANCHE_ERROR_CANCELLED : PLANCHE_ERROR_MEMORY);
        assert_int_equal(error.status, status);
        if (i < 2)
            planche_admission_release(&engine->state->admission, &neighbour.reservation);
        assert_int_equal(used(engine), before);
        assert_int_equal(engine->state->admission.inside, 0);
    }
    free(page.data);
    planche_engine_destroy(&engine);
}

/* A page to try budgets with. */
struct subject {
    struct planche_engine_options options;
    unsigned scale;
    enum planche_pixel_format pixels;
    uint32_t width, height;
    enum planche_format format;
    int tta;
};

static enum planche_status try_budget(const struct subject *s, const struct bytes *page,
                                      uint64_t memory, struct planche_error *error)
{
    struct planche_engine_options options = s->options;
    options.memory = memory;
    struct planche_engine *engine = test_engine(options, s->scale);
    enum planche_status status = run_as(engine, page, s->format, s->tta, error);
    uint64_t peak = atomic_load(&engine->state->budget.peak);
    if (peak > memory)
        fail_msg("%llu bytes in use of %llu", (unsigned long long)peak, (unsigned long long)memory);
    planche_engine_destroy(&engine);
    return status;
}

/* The budget that a message asks for. */
static uint64_t asked_for(const char *message)
{
    const char *at = strstr(message, "option memory = ");
    if (!at)
        fail_msg("\"%s\" does not name a budget", message);
    return strtoull(at + strlen("option memory = "), NULL, 10) << 20;
}

/* Too little is noticed before the network runs, and the message names a budget that will do; with
 * that and with anything above it the page succeeds. */
static void check_subject(const struct subject *s)
{
    struct bytes page = make_page(s->pixels, s->width, s->height);
    struct planche_error error;
    uint64_t memory = (uint64_t)9 << 20;
    assert_int_equal(try_budget(s, &page, memory, &error), PLANCHE_ERROR_BUDGET);
    uint64_t least = asked_for(error.message);
    assert_true(least > memory);
    for (memory = least; memory < 4 * least;
         memory += ((uint64_t)1 << 20) + memory / (test_quick() ? 2 : 6))
        if (try_budget(s, &page, memory, &error))
            fail_msg("%u x, page of %u x %u, pixel format %d, format %d, %u jobs, budget of %llu "
                     "MiB, %llu MiB promised: %s",
                     s->scale, s->width, s->height, s->pixels, s->format, s->options.jobs,
                     (unsigned long long)memory >> 20, (unsigned long long)least >> 20,
                     error.message);
    free(page.data);
}

static void test_smallest_budget(void **state)
{
    static const struct subject subjects[] = {
        {{.jobs = 1}, 2, PLANCHE_PIXELS_RGB8, 700, 300, .format = PLANCHE_FORMAT_PNG},
        {{.jobs = 1}, 2, PLANCHE_PIXELS_RGBA8, 500, 400, .format = PLANCHE_FORMAT_PNG},
        {{.jobs = 1}, 3, PLANCHE_PIXELS_RGB16, 400, 500, .format = PLANCHE_FORMAT_PNG},
        {{.jobs = 1}, 4, PLANCHE_PIXELS_RGB8, 300, 500, .format = PLANCHE_FORMAT_JPEG},
        {{.jobs = 1}, 2, PLANCHE_PIXELS_GREY8, 600, 500, .format = PLANCHE_FORMAT_WEBP},
        {{.jobs = 1, .se = PLANCHE_SE_SAMPLED},
         2,
         PLANCHE_PIXELS_RGB8,
         400,
         600,
         .format = PLANCHE_FORMAT_JPEG},
        {{.jobs = 3}, 2, PLANCHE_PIXELS_RGB8, 400, 300, .format = PLANCHE_FORMAT_PNG},
        {{.jobs = 2}, 2, PLANCHE_PIXELS_RGBA8, 300, 300, .format = PLANCHE_FORMAT_WEBP},
        {{.jobs = 1}, 2, PLANCHE_PIXELS_RGBA8, 300, 200, PLANCHE_FORMAT_WEBP, .tta = 1},
        {{.jobs = 2}, 3, PLANCHE_PIXELS_GREY8, 200, 400, PLANCHE_FORMAT_PNG, .tta = 1},
        {{.jobs = 1}, 2, PLANCHE_PIXELS_RGB16, 100, 120, .format = PLANCHE_FORMAT_AVIF},
        {{.jobs = 2}, 2, PLANCHE_PIXELS_RGBA8, 150, 100, .format = PLANCHE_FORMAT_JXL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i += test_quick() ? 3 : 1)
        check_subject(&subjects[i]);
}

/* More threads compress with more memory where there is more, and do without where there is not.
 * What they compute with is little. */
static void test_smallest_budget_of_threads(void **state)
{
    (void)state;
    for (int format = PLANCHE_FORMAT_PNG; format <= PLANCHE_FORMAT_JPEG; format++) {
        const uint64_t memory = (uint64_t)9 << 20, some = (uint64_t)2 << 20;
        struct subject s = {{.jobs = 1, .threads = 1},
                            2,
                            PLANCHE_PIXELS_RGB8,
                            2000,
                            300,
                            .format = (enum planche_format)format};
        struct bytes page = make_page(s.pixels, s.width, s.height);
        struct planche_error error;
        assert_int_equal(try_budget(&s, &page, memory, &error), PLANCHE_ERROR_BUDGET);
        uint64_t alone = asked_for(error.message);
        s.options.threads = 4;
        assert_int_equal(try_budget(&s, &page, memory, &error), PLANCHE_ERROR_BUDGET);
        uint64_t least = asked_for(error.message);
        assert_true(least <= alone + some);
        if (try_budget(&s, &page, least, &error))
            fail_msg("%llu MiB, as was promised: %s", (unsigned long long)least >> 20,
                     error.message);
        free(page.data);
    }
}

/* From what an engine alone takes on. */
#define FIRST_BUDGET ((uint64_t)8600 << 10)
#define LAST_BUDGET  ((uint64_t)28 << 20)

static uint64_t next_budget(uint64_t memory)
{
    return memory + memory / (test_quick() ? 12 : 40);
}

/* However tight it is, a page that has begun to run does not fail for want of memory afterwards. */
static void check_early_failure(const struct subject *s, enum planche_format from)
{
    struct bytes page = make_page_as(s->pixels, s->width, s->height, from);
    int planned = 0, refused = 0;
    for (uint64_t memory = FIRST_BUDGET; memory < LAST_BUDGET; memory = next_budget(memory)) {
        struct planche_error error;
        enum planche_status status = try_budget(s, &page, memory, &error);
        planned += status == PLANCHE_OK;
        refused += status != PLANCHE_OK;
        if (status == PLANCHE_OK)
            continue;
        assert_int_equal(status, PLANCHE_ERROR_BUDGET);
        if (progress_calls > 0)
            fail_msg("budget of %llu KiB: %s", (unsigned long long)memory >> 10, error.message);
        /* What a picture takes that cannot be streamed is another message's affair. */
        if (from == PLANCHE_FORMAT_PNG)
            assert_true(asked_for(error.message) > memory);
    }
    int some = test_quick() ? 1 : 3;
    assert_true(planned > some && refused > some);
    free(page.data);
}

static void test_no_late_failure(void **state)
{
    static const struct subject opaque = {{.jobs = 1}, 2,   PLANCHE_PIXELS_RGB8,
                                          240,         200, .format = PLANCHE_FORMAT_PNG};
    static const struct subject transparent = {{.jobs = 1}, 2,   PLANCHE_PIXELS_RGBA8,
                                               160,         120, .format = PLANCHE_FORMAT_WEBP};
    static const struct subject turned = {
        {.jobs = 1}, 2, PLANCHE_PIXELS_RGB8, 240, 100, .format = PLANCHE_FORMAT_JPEG, .tta = 1};
    static const struct subject avif = {{.jobs = 1}, 2,   PLANCHE_PIXELS_GREY8,
                                        120,         100, .format = PLANCHE_FORMAT_AVIF};
    static const struct subject jxl = {{.jobs = 1}, 2,   PLANCHE_PIXELS_GREY8,
                                       110,         100, .format = PLANCHE_FORMAT_JXL};
    (void)state;
    check_early_failure(&avif, PLANCHE_FORMAT_PNG);
    check_early_failure(&jxl, PLANCHE_FORMAT_PNG);
    check_early_failure(&turned, PLANCHE_FORMAT_PNG);
    check_early_failure(&opaque, PLANCHE_FORMAT_PNG);
    check_early_failure(&opaque, PLANCHE_FORMAT_WEBP);
    check_early_failure(&opaque, PLANCHE_FORMAT_JPEG);
    check_early_failure(&transparent, PLANCHE_FORMAT_PNG);
    check_early_failure(&transparent, PLANCHE_FORMAT_WEBP);
    wanted_width = 201;
    check_early_failure(&opaque, PLANCHE_FORMAT_PNG);
    check_early_failure(&transparent, PLANCHE_FORMAT_PNG);
    wanted_width = 0;
}

/* Files go the same way; what they are written through counts as well. */
static void test_files(void **state)
{
    struct bytes page = make_page(PLANCHE_PIXELS_RGB8, 240, 200);
    int planned = 0, refused = 0;
    (void)state;
    test_write(test_path("model-page.png"), page.data, page.size);
    for (uint64_t memory = FIRST_BUDGET; memory < LAST_BUDGET; memory = next_budget(memory)) {
        const struct planche_engine_options options = {.memory = memory};
        struct planche_engine *engine = test_engine(options, 2);
        struct planche_error error;
        uint64_t before = used(engine);
        enum planche_status status = planche_engine_run_file(
            engine, test_path("model-page.png"), test_path("a.jpg"), NULL, NULL, &error);
        assert_int_equal(used(engine), before);
        assert_int_equal(test_count_files(), status == PLANCHE_OK);
        if (status == PLANCHE_OK) {
            planned++;
            assert_int_equal(remove(test_path("a.jpg")), 0);
        } else {
            assert_int_equal(status, PLANCHE_ERROR_BUDGET);
            assert_true(asked_for(error.message) > memory);
            refused++;
        }
        planche_engine_destroy(&engine);
    }
    int some = test_quick() ? 1 : 3;
    assert_true(planned > some && refused > some);
    free(page.data);
}

/* A page in memory becomes the same file as one on the disk. */
static void test_source_in_memory(void **state)
{
    const struct planche_engine_options options = {.memory = (uint64_t)64 << 20};
    struct planche_engine *engine = test_engine(options, 2);
    struct bytes page = make_page(PLANCHE_PIXELS_RGB8, 40, 30);
    const struct planche_source source = {
        .name = "a.cbz: 1.png", .data = page.data, .size = page.size};
    const uint64_t before = used(engine);
    const struct planche_page_options defaults = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    struct planche_error error;
    size_t file_size, memory_size;
    char b[300], c[300];
    (void)state;
    snprintf(b, sizeof b, "%s", test_path("b.png"));
    snprintf(c, sizeof c, "%s", test_path("c.png"));
    const struct planche_run_output to_b = {.path = b}, to_c = {.path = c};
    test_write(test_path("model-page.png"), page.data, page.size);
    assert_int_equal(planche_engine_run_file(engine, test_path("model-page.png"),
                                             test_path("a.png"), NULL, NULL, &error),
                     PLANCHE_OK);
    assert_int_equal(
        planche_run_source(engine, &source, NULL, NULL, &to_b, &defaults, &result, &error),
        PLANCHE_OK);
    void *file = test_read(test_path("a.png"), &file_size);
    void *memory = test_read(test_path("b.png"), &memory_size);
    assert_int_equal(memory_size, file_size);
    assert_memory_equal(memory, file, file_size);
    assert_int_equal(used(engine), before);
    const struct planche_source cut = {
        .name = "a.cbz: 2.png", .data = page.data, .size = page.size / 2};
    assert_int_equal(
        planche_run_source(engine, &cut, NULL, NULL, &to_c, &defaults, &result, &error),
        PLANCHE_ERROR_DATA);
    assert_non_null(strstr(error.message, "a.cbz: 2.png"));
    assert_int_equal(remove(test_path("a.png")), 0);
    assert_int_equal(remove(test_path("b.png")), 0);
    assert_int_equal(test_count_files(), 0);
    free(file);
    free(memory);
    free(page.data);
    planche_engine_destroy(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_stays),
        cmocka_unit_test(test_cancelled_pages_free_all),
        cmocka_unit_test(test_waiting_for_memory),
        cmocka_unit_test(test_smallest_budget),
        cmocka_unit_test(test_smallest_budget_of_threads),
        cmocka_unit_test(test_no_late_failure),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_source_in_memory),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
