/* SPDX-License-Identifier: MIT */
/* Engines at work: several threads, progress, cancelling. */
#include "api_test.h"
#include "support/quick.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGES   5
#define THREADS 4

static const enum planche_format formats[PAGES] = {PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_JPEG,
                                                   PLANCHE_FORMAT_WEBP, PLANCHE_FORMAT_PNG,
                                                   PLANCHE_FORMAT_WEBP};

/* A page, and what it becomes. */
struct job {
    struct bytes page;
    enum planche_format format;
    void *expected;
    size_t expected_size;
};

static struct job jobs[PAGES];

static enum planche_status run_job(const struct planche_engine *engine, const struct job *job,
                                   void **data, size_t *size)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    options.format = job->format;
    return planche_engine_run_bytes(engine, job->page.data, job->page.size, data, size, &options,
                                    NULL, NULL);
}

static int setup(void **state)
{
    const struct planche_engine_options options = {.threads = 1};
    if (test_setup(state))
        return -1;
    struct planche_engine *engine = test_engine(options, 2);
    for (int i = 0; i < PAGES; i++) {
        struct image image;
        image_make(&image, i % 2 ? PLANCHE_PIXELS_RGBA8 : PLANCHE_PIXELS_RGB8,
                   40 + 9u * (unsigned)i, 90 - 13u * (unsigned)i, 0, 0);
        image_draw(&image, (uint64_t)i);
        jobs[i].page = encode(&image.pixels, PLANCHE_FORMAT_PNG);
        jobs[i].format = formats[i];
        assert_int_equal(run_job(engine, &jobs[i], &jobs[i].expected, &jobs[i].expected_size),
                         PLANCHE_OK);
        image_free(&image);
    }
    planche_engine_destroy(&engine);
    return 0;
}

static int teardown(void **state)
{
    for (int i = 0; i < PAGES; i++) {
        free(jobs[i].page.data);
        planche_free_bytes(jobs[i].expected);
    }
    return test_teardown(state);
}

struct caller {
    pthread_t thread;
    const struct planche_engine *engine;
    int first, wrong;
};

/* cmocka's assertions do not work in other threads. */
static void *call(void *user)
{
    struct caller *caller = user;
    for (int i = 0; i < (test_quick() ? 1 : 3) * PAGES; i++) {
        const struct job *job = &jobs[(caller->first + i) % PAGES];
        void *data = NULL;
        size_t size = 0;
        caller->wrong += run_job(caller->engine, job, &data, &size) != PLANCHE_OK ||
                         size != job->expected_size || memcmp(data, job->expected, size) != 0;
        planche_free_bytes(data);
    }
    return NULL;
}

static void run_callers(const struct planche_engine *engine)
{
    struct caller callers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        callers[i] = (struct caller){.engine = engine, .first = i};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(callers[i].wrong, 0);
    }
}

/* Many threads on one engine get what each gets alone, however many pages may run at once: also
 * where the memory suffices for one, and the others must wait for theirs. */
static void test_threads(void **state)
{
    static const struct {
        unsigned jobs, megabytes;
    } cases[] = {{0, 256}, {0, 24}, {0, 32}, {1, 256}, {3, 256}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct planche_engine_options options = {
            .jobs = cases[i].jobs, .threads = 3, .memory = (uint64_t)cases[i].megabytes << 20};
        struct planche_engine *engine = test_engine(options, 2);
        run_callers(engine);
        planche_engine_destroy(&engine);
    }
}

/* So do engines that differ in everything that must not matter. */
static void test_same_bytes(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct planche_engine_options options = {.threads = threads,
                                                 .memory = (uint64_t)(14 + 10 * threads) << 20};
        struct planche_engine *engine = test_engine(options, 2);
        for (int i = 0; i < PAGES; i++) {
            void *data;
            size_t size;
            assert_int_equal(run_job(engine, &jobs[i], &data, &size), PLANCHE_OK);
            assert_int_equal(size, jobs[i].expected_size);
            assert_memory_equal(data, jobs[i].expected, size);
            planche_free_bytes(data);
        }
        planche_engine_destroy(&engine);
    }
}

struct watch {
    int calls, stop_at; /* the call that cancels; 0: none */
    struct planche_cancel *cancel;
    double last;
    bool fell;
};

static void watch_progress(void *user, double done)
{
    struct watch *watch = user;
    watch->fell = watch->fell || done < watch->last || done < 0 || done > 1;
    watch->last = done;
    if (++watch->calls == watch->stop_at)
        planche_cancel_request(watch->cancel);
}

static enum planche_status run_watched(const struct planche_engine *engine, const char *output,
                                       struct watch *watch, struct planche_error *error)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    options.progress = watch_progress;
    options.progress_user = watch;
    assert_int_equal(planche_cancel_create(&watch->cancel, NULL), PLANCHE_OK);
    options.cancel = watch->cancel;
    options.overwrite = 1;
    enum planche_status status = planche_engine_run_file(engine, test_path("model-page.png"),
                                                         test_path(output), &options, NULL, error);
    planche_cancel_destroy(&watch->cancel);
    return status;
}

static void test_progress(void **state)
{
    static const char *const outputs[] = {"a.png", "a.jpg", "a.webp"};
    static const uint64_t budgets[] = {256, 18};
    (void)state;
    test_write(test_path("model-page.png"), jobs[1].page.data, jobs[1].page.size);
    for (int b = 0; b < 2; b++) {
        const struct planche_engine_options options = {.memory = budgets[b] << 20};
        struct planche_engine *engine = test_engine(options, 2);
        for (int i = 0; i < 3; i++) {
            struct watch watch = {0};
            struct planche_error error;
            if (run_watched(engine, outputs[i], &watch, &error))
                fail_msg("%s", error.message);
            assert_false(watch.fell);
            assert_true(watch.calls >= 10);
            assert_true(watch.last == 1);
            unlink(test_path(outputs[i]));
        }
        planche_engine_destroy(&engine);
    }
}

/* Whenever it is asked to stop, a page stops and leaves nothing, and the engine goes on. */
static void test_cancel(void **state)
{
    static const char *const outputs[] = {"a.png", "a.jpg", "a.webp"};
    const struct planche_engine_options options = {.memory = (uint64_t)64 << 20};
    const int stops = test_quick() ? 12 : 40;
    struct planche_engine *engine = test_engine(options, 2);
    (void)state;
    test_write(test_path("model-page.png"), jobs[1].page.data, jobs[1].page.size);
    for (int i = 0; i < 3; i++) {
        struct watch all = {0};
        assert_int_equal(run_watched(engine, outputs[i], &all, NULL), PLANCHE_OK);
        unlink(test_path(outputs[i]));
        /* The last call says that the page is complete: there is nothing to cancel any more. */
        for (int stop_at = 1; stop_at < all.calls; stop_at += 1 + all.calls / stops) {
            struct watch watch = {.stop_at = stop_at};
            struct planche_error error = {.status = PLANCHE_OK};
            assert_int_equal(run_watched(engine, outputs[i], &watch, &error),
                             PLANCHE_ERROR_CANCELLED);
            assert_int_equal(error.status, PLANCHE_ERROR_CANCELLED);
            assert_int_equal(watch.calls, stop_at);
            assert_int_equal(test_count_files(), 0);
        }
        struct watch watch = {.stop_at = all.calls - 1};
        assert_int_equal(run_watched(engine, outputs[i], &watch, NULL), PLANCHE_ERROR_CANCELLED);
        assert_int_equal(test_count_files(), 0);
        struct watch again = {0};
        assert_int_equal(run_watched(engine, outputs[i], &again, NULL), PLANCHE_OK);
        assert_int_equal(again.calls, all.calls);
        unlink(test_path(outputs[i]));
    }
    planche_engine_destroy(&engine);
}

/* A page that stays in the middle of its work until another has come back. */
struct blocker {
    pthread_t thread;
    const struct planche_engine *engine;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool works, released, too_long;
    enum planche_status status;
};

static void block(void *user, double done)
{
    struct blocker *blocker = user;
    struct timespec until;
    (void)done;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20; /* rather a failure than a test that hangs */
    pthread_mutex_lock(&blocker->mutex);
    blocker->works = true;
    pthread_cond_broadcast(&blocker->changed);
    while (!blocker->released && !blocker->too_long)
        blocker->too_long =
            pthread_cond_timedwait(&blocker->changed, &blocker->mutex, &until) == ETIMEDOUT;
    pthread_mutex_unlock(&blocker->mutex);
}

static enum planche_status run_with(const struct planche_engine *engine,
                                    const struct planche_page_options *options)
{
    void *data;
    size_t size;
    enum planche_status status = planche_engine_run_bytes(
        engine, jobs[0].page.data, jobs[0].page.size, &data, &size, options, NULL, NULL);
    planche_free_bytes(data);
    return status;
}

static void *run_blocker(void *user)
{
    struct blocker *blocker = user;
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    options.progress = block;
    options.progress_user = blocker;
    blocker->status = run_with(blocker->engine, &options);
    return NULL;
}

static void start_blocker(struct blocker *blocker)
{
    pthread_mutex_init(&blocker->mutex, NULL);
    pthread_cond_init(&blocker->changed, NULL);
    assert_int_equal(pthread_create(&blocker->thread, NULL, run_blocker, blocker), 0);
    pthread_mutex_lock(&blocker->mutex);
    while (!blocker->works)
        pthread_cond_wait(&blocker->changed, &blocker->mutex);
    pthread_mutex_unlock(&blocker->mutex);
}

static void end_blocker(struct blocker *blocker)
{
    pthread_mutex_lock(&blocker->mutex);
    blocker->released = true;
    pthread_cond_broadcast(&blocker->changed);
    pthread_mutex_unlock(&blocker->mutex);
    assert_int_equal(pthread_join(blocker->thread, NULL), 0);
    pthread_cond_destroy(&blocker->changed);
    pthread_mutex_destroy(&blocker->mutex);
}

static void *cancel_soon(void *cancel)
{
    const struct timespec soon = {.tv_nsec = 50000000};
    nanosleep(&soon, NULL);
    planche_cancel_request(cancel);
    return NULL;
}

/* A page that waits for others to end can be cancelled meanwhile, or its time runs out, and others
 * come in after it. */
static void test_cancel_before_turn(void **state)
{
    const struct planche_engine_options options = {.threads = 1};
    struct planche_engine *engine = test_engine(options, 2);
    struct blocker blocker = {.engine = engine};
    struct watch watch = {0};
    struct planche_cancel *cancel;
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    pthread_t canceller;
    (void)state;
    start_blocker(&blocker);
    page.progress = watch_progress;
    page.progress_user = &watch;
    assert_int_equal(planche_cancel_create(&cancel, NULL), PLANCHE_OK);
    page.cancel = cancel;
    assert_int_equal(pthread_create(&canceller, NULL, cancel_soon, cancel), 0);
    assert_int_equal(run_with(engine, &page), PLANCHE_ERROR_CANCELLED);
    assert_int_equal(pthread_join(canceller, NULL), 0);
    page.cancel = NULL;
    planche_cancel_destroy(&cancel);
    page.deadline_ms = 50;
    assert_int_equal(run_with(engine, &page), PLANCHE_ERROR_DEADLINE);
    assert_int_equal(watch.calls, 0);
    end_blocker(&blocker);
    assert_false(blocker.too_long);
    assert_int_equal(blocker.status, PLANCHE_OK);
    page.deadline_ms = 600000;
    assert_int_equal(run_with(engine, &page), PLANCHE_OK);
    planche_engine_destroy(&engine);
}

/* Outlasts the page's time. */
static void take_long(void *user, double done)
{
    const struct timespec long_time = {.tv_nsec = 30000000};
    ++*(int *)user;
    (void)done;
    nanosleep(&long_time, NULL);
}

/* A page whose time runs out while it is made. */
static void test_deadline(void **state)
{
    const struct planche_engine_options options = {.threads = 1};
    struct planche_engine *engine = test_engine(options, 2);
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    int calls = 0;
    (void)state;
    page.progress = take_long;
    page.progress_user = &calls;
    page.deadline_ms = 20;
    assert_int_equal(run_with(engine, &page), PLANCHE_ERROR_DEADLINE);
    assert_true(calls <= 1);
    page.priority = (enum planche_priority)3;
    assert_int_equal(run_with(engine, &page), PLANCHE_ERROR_ARGUMENT);
    planche_engine_destroy(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_before_turn),
        cmocka_unit_test(test_deadline),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
