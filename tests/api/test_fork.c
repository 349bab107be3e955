/* SPDX-License-Identifier: MIT */
/* A child of fork() that inherits an engine and a queue: their threads did not come along. What
 * would wait for them fails, destroying them returns, and an engine that the child makes works. */
#include "api_test.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ThreadSanitizer does not bear threads that a child of fork() starts. */
#if defined(__SANITIZE_THREAD__)
#define MAY_START_THREADS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MAY_START_THREADS 0
#endif
#endif
#ifndef MAY_START_THREADS
#define MAY_START_THREADS 1
#endif

/* A child that hangs is ended by its alarm, which is a failure. */
#define PATIENCE_SECONDS 120

static enum planche_status run_nothing(void *user, struct planche_cancel *cancel)
{
    (void)user;
    (void)cancel;
    return PLANCHE_OK;
}

static enum planche_status run_pixels(struct planche_engine *engine, struct planche_error *error)
{
    uint8_t in_data[4 * 4] = {0}, out_data[8 * 8];
    struct planche_pixels in = PLANCHE_PIXELS_INIT, out = PLANCHE_PIXELS_INIT;
    in.format = out.format = PLANCHE_PIXELS_GREY8;
    in.width = in.height = 4, in.stride = 4, in.data = in_data;
    out.width = out.height = 8, out.stride = 8, out.data = out_data;
    return planche_engine_run_pixels(engine, &in, &out, NULL, NULL, error);
}

static bool names_fork(enum planche_status status, const struct planche_error *error)
{
    return status == PLANCHE_ERROR_ARGUMENT && strstr(error->message, "fork()");
}

static bool engine_is_refused(struct planche_engine *engine)
{
    struct planche_error error = {.message = ""};
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    return names_fork(run_pixels(engine, &error), &error) &&
           names_fork(planche_engine_run_book(engine, test_folder, test_path("book.cbz"), NULL,
                                              NULL, &error),
                      &error) &&
           planche_engine_get_info(engine, &info, &error) == PLANCHE_OK && info.scale == 2;
}

static bool queue_is_refused(struct planche_job_queue *queue)
{
    struct planche_error error = {.message = ""};
    struct planche_job job = PLANCHE_JOB_INIT;
    job.run = run_nothing;
    planche_job_queue_shutdown(queue);
    return names_fork(planche_job_submit(queue, &job, NULL, NULL, &error), &error) &&
           names_fork(planche_job_queue_drain(queue, NULL, &error), &error) &&
           !planche_job_cancel(queue, 1);
}

static bool own_engine_works(void)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine *engine;
    struct planche_error error;
    options.model = test_model(2);
    options.threads = 2;
    options.backend = "cpu";
    if (planche_engine_create(&engine, &options, &error))
        return false;
    bool works = run_pixels(engine, &error) == PLANCHE_OK;
    planche_engine_destroy(&engine);
    return works;
}

/* Exit status: number of the first thing that is not as it should be, 0: all is. */
static int child(struct planche_engine *engine, struct planche_job_queue *queue)
{
    alarm(PATIENCE_SECONDS);
    if (!engine_is_refused(engine))
        return 1;
    if (!queue_is_refused(queue))
        return 2;
    planche_engine_destroy(&engine);
    planche_job_queue_destroy(&queue);
    if (engine || queue)
        return 3;
    return !MAY_START_THREADS || own_engine_works() ? 0 : 4;
}

static void test_child(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_job_queue *queue;
    struct planche_error error;
    int status;
    (void)state;
    options.threads = 3;
    struct planche_engine *engine = test_engine(options, 2);
    assert_int_equal(planche_job_queue_create(&queue, NULL, &error), PLANCHE_OK);
    assert_int_equal(run_pixels(engine, &error), PLANCHE_OK);
    pid_t process = fork();
    assert_int_not_equal(process, -1);
    if (process == 0)
        _exit(child(engine, queue));
    assert_int_equal(waitpid(process, &status, 0), process);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(run_pixels(engine, &error), PLANCHE_OK);
    planche_engine_destroy(&engine);
    planche_job_queue_destroy(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_child)};
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
