/* SPDX-License-Identifier: MIT */
/* Job queues: order, room, cancelling, deadlines, and their end. */
#include "job/job_test.h"

#include <string.h>

static const struct planche_job plain = {.priority = PLANCHE_PRIORITY_NORMAL};

static void test_order(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w[6] = {0};
    scene_open(&scene, 1, 10, false);
    work_hold(&scene, &hold, 'h', plain);
    work_add(&scene, &w[0], 'b', (struct planche_job){.priority = PLANCHE_PRIORITY_BACKGROUND});
    work_add(&scene, &w[1], 'n', plain);
    work_add(&scene, &w[2], '3', (struct planche_job){.deadline_ms = 300});
    work_add(&scene, &w[3], '2', (struct planche_job){.deadline_ms = 200});
    work_add(&scene, &w[4], 'm', plain);
    work_add(&scene, &w[5], 'i', (struct planche_job){.priority = PLANCHE_PRIORITY_INTERACTIVE});
    work_let_go(&hold);
    assert_int_equal(planche_job_queue_drain(scene.queue, NULL, NULL), PLANCHE_OK);
    assert_string_equal(scene.runs, "hi23nmb");
    assert_string_equal(scene.dones, "hi23nmb");
    scene_close(&scene);
}

/* What is overdue gets every fourth turn, so that neither starves. */
static void test_aging(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, old[3] = {0}, w[9] = {0};
    const struct planche_job background = {.priority = PLANCHE_PRIORITY_BACKGROUND};
    const struct planche_job urgent = {.priority = PLANCHE_PRIORITY_INTERACTIVE,
                                       .deadline_ms = 500};
    scene_open(&scene, 1, 20, false);
    work_hold(&scene, &hold, 'h', plain);
    for (int i = 0; i < 2; i++)
        work_add(&scene, &old[i], (char)('a' + i), background);
    scene_advance(&scene, 1000);
    work_add(&scene, &old[2], 'c', background);
    for (int i = 0; i < 9; i++)
        work_add(&scene, &w[i], (char)('1' + i), urgent);
    work_let_go(&hold);
    assert_int_equal(planche_job_queue_drain(scene.queue, NULL, NULL), PLANCHE_OK);
    assert_string_equal(scene.runs, "h123a456b789c");
    scene_close(&scene);
}

static void test_room(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w[4] = {0};
    scene_open(&scene, 1, 2, true);
    work_hold(&scene, &hold, 'h', plain);
    work_add(&scene, &w[0], '1', plain);
    work_add(&scene, &w[1], '2', plain);
    assert_int_equal(work_try(&scene, &w[2], '3', plain), PLANCHE_ERROR_LIMIT);
    assert_true(planche_job_cancel(scene.queue, w[0].id));
    work_add(&scene, &w[3], '4', plain);
    assert_int_equal(work_try(&scene, &w[2], '3', plain), PLANCHE_ERROR_LIMIT);
    work_let_go(&hold);
    planche_job_queue_drain(scene.queue, NULL, NULL);
    assert_string_equal(scene.runs, "h24");
    assert_int_equal(w[2].done, 0);
    scene_close(&scene);
}

/* Submits to a full queue. */
struct submission {
    struct scene *scene;
    struct planche_cancel handle;
    struct planche_job job;
    struct planche_thread thread;
    uint64_t id;
    enum planche_status status;
};

static enum planche_status run_nothing(void *user, struct planche_cancel *cancel)
{
    (void)user;
    (void)cancel;
    return PLANCHE_OK;
}

static void submit(void *user)
{
    struct submission *submission = user;
    submission->job.struct_size = sizeof submission->job;
    submission->job.run = run_nothing;
    submission->status = planche_job_submit(submission->scene->queue, &submission->job,
                                            &submission->handle, &submission->id, NULL);
}

static void test_waiting_for_room(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w = {0};
    struct submission cancelled = {.scene = &scene}, late = {.scene = &scene},
                      accepted = {.scene = &scene}, refused = {.scene = &scene};
    scene_open(&scene, 1, 1, true);
    work_hold(&scene, &hold, 'h', plain);
    work_add(&scene, &w, '1', plain);
    assert_true(planche_thread_start(&cancelled.thread, submit, &cancelled));
    planche_cancel_request(&cancelled.handle);
    planche_thread_join(&cancelled.thread);
    assert_int_equal(cancelled.status, PLANCHE_ERROR_CANCELLED);
    late.job.deadline_ms = 5;
    submit(&late);
    assert_int_equal(late.status, PLANCHE_ERROR_DEADLINE);
    assert_true(planche_thread_start(&accepted.thread, submit, &accepted));
    work_let_go(&hold);
    planche_thread_join(&accepted.thread);
    assert_int_equal(accepted.status, PLANCHE_OK);
    assert_true(accepted.id > w.id);
    struct work again = {0}, full = {0};
    assert_int_equal(work_wait(&w), PLANCHE_OK);
    while (work_try(&scene, &again, '2', plain) != PLANCHE_OK)
        ; /* what was accepted leaves soon */
    assert_int_equal(work_wait(&again), PLANCHE_OK);
    struct work hold2 = {0};
    work_hold(&scene, &hold2, 'g', plain);
    work_add(&scene, &full, '3', plain);
    assert_true(planche_thread_start(&refused.thread, submit, &refused));
    planche_job_queue_shutdown(scene.queue);
    planche_thread_join(&refused.thread);
    assert_int_equal(refused.status, PLANCHE_ERROR_CANCELLED);
    scene_close(&scene);
}

static void test_cancel(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w[2] = {0};
    scene_open(&scene, 1, 4, true);
    work_hold(&scene, &hold, 'h', plain);
    work_add(&scene, &w[0], '1', plain);
    work_add(&scene, &w[1], '2', plain);
    assert_true(planche_job_cancel(scene.queue, w[0].id));
    assert_true(work_is_done(&w[0])); /* before the call returns */
    assert_int_equal(w[0].status, PLANCHE_ERROR_CANCELLED);
    assert_false(planche_job_cancel(scene.queue, w[0].id));
    assert_false(work_is_done(&hold));
    assert_true(planche_job_cancel(scene.queue, hold.id));
    assert_int_equal(work_wait(&hold), PLANCHE_ERROR_CANCELLED);
    assert_int_equal(work_wait(&w[1]), PLANCHE_OK);
    assert_int_equal(w[0].ran, 0);
    planche_job_queue_drain(scene.queue, NULL, NULL);
    assert_false(planche_job_cancel(scene.queue, hold.id));
    assert_false(planche_job_cancel(scene.queue, 0));
    scene_close(&scene);
}

static void test_deadline(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w[3] = {0};
    scene_open(&scene, 1, 4, false);
    work_hold(&scene, &hold, 'h', (struct planche_job){.deadline_ms = 10});
    work_add(&scene, &w[0], '1', (struct planche_job){.deadline_ms = 100});
    work_add(&scene, &w[1], '2', (struct planche_job){.deadline_ms = 200});
    work_add(&scene, &w[2], '3', (struct planche_job){.deadline_ms = 300});
    scene_advance(&scene, 99);
    planche_job_queue_expire(scene.queue);
    assert_false(work_is_done(&w[0]));
    scene_advance(&scene, 1);
    planche_job_queue_expire(scene.queue);
    assert_true(work_is_done(&w[0]));
    assert_int_equal(w[0].status, PLANCHE_ERROR_DEADLINE);
    assert_false(work_is_done(&w[1]));
    scene_advance(&scene, 100);
    work_let_go(&hold); /* and the worker itself finds the second */
    planche_job_queue_drain(scene.queue, NULL, NULL);
    assert_int_equal(hold.status, PLANCHE_OK); /* it had begun in time */
    assert_int_equal(w[1].status, PLANCHE_ERROR_DEADLINE);
    assert_int_equal(w[2].status, PLANCHE_OK);
    assert_string_equal(scene.runs, "h3");
    scene_close(&scene);
}

/* The system's clock: a deadline shows although the only worker is held. */
static void test_deadline_while_all_are_busy(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w = {0}, more = {0};
    struct planche_job soon = {.deadline_ms = 5};
    scene_open(&scene, 1, 4, true);
    work_hold(&scene, &hold, 'h', plain);
    while (work_try(&scene, &w, '1', soon) == PLANCHE_ERROR_DEADLINE)
        soon.deadline_ms *= 2; /* a slow machine */
    assert_int_equal(work_wait(&w), PLANCHE_ERROR_DEADLINE);
    soon.deadline_ms = 3600000;
    work_add(&scene, &more, '2', soon);
    work_let_go(&hold);
    assert_int_equal(work_wait(&more), PLANCHE_OK);
    scene_close(&scene);
    assert_int_equal(w.ran, 0);
}

static void test_drain(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w[3] = {0}, late = {0};
    struct planche_cancel handle = {true};
    struct planche_error error = {0};
    scene_open(&scene, 1, 4, true);
    work_hold(&scene, &hold, 'h', plain);
    for (int i = 0; i < 3; i++)
        work_add(&scene, &w[i], (char)('1' + i), plain);
    assert_int_equal(planche_job_queue_drain(scene.queue, &handle, &error),
                     PLANCHE_ERROR_CANCELLED);
    assert_int_equal(error.status, PLANCHE_ERROR_CANCELLED);
    assert_int_equal(work_try(&scene, &late, 'l', plain), PLANCHE_ERROR_CANCELLED);
    work_let_go(&hold);
    assert_int_equal(planche_job_queue_drain(scene.queue, NULL, NULL), PLANCHE_OK);
    assert_string_equal(scene.dones, "h123");
    assert_int_equal(late.done, 0);
    scene_close(&scene);
}

static void test_shutdown(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold[2] = {0}, w[2] = {0}, late = {0};
    scene_open(&scene, 2, 4, true);
    work_hold(&scene, &hold[0], 'h', plain);
    work_hold(&scene, &hold[1], 'H', plain);
    work_add(&scene, &w[0], '1', plain);
    work_add(&scene, &w[1], '2', plain);
    planche_job_queue_shutdown(scene.queue);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(work_wait(&hold[i]), PLANCHE_ERROR_CANCELLED);
        assert_int_equal(work_wait(&w[i]), PLANCHE_ERROR_CANCELLED);
        assert_int_equal(w[i].ran, 0);
    }
    assert_int_equal(work_try(&scene, &late, 'l', plain), PLANCHE_ERROR_CANCELLED);
    planche_job_queue_shutdown(scene.queue);
    scene_close(&scene);
}

/* Destroying is shutting down. */
static void test_destroy(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w = {0};
    scene_open(&scene, 1, 1, true);
    work_hold(&scene, &hold, 'h', plain);
    work_add(&scene, &w, '1', plain);
    scene_close(&scene);
    assert_int_equal(hold.status, PLANCHE_ERROR_CANCELLED);
    assert_int_equal(w.status, PLANCHE_ERROR_CANCELLED);
    assert_int_equal(hold.done + w.done, 2);
}

/* Each end of one submits the next: neither callback is called under the queue's lock. */
struct chain {
    struct planche_job_queue *queue;
    struct planche_job job;
    int runs, dones;
    struct planche_mutex mutex;
    struct planche_cond changed;
};

static enum planche_status run_link(void *user, struct planche_cancel *cancel)
{
    struct chain *chain = user;
    (void)cancel;
    planche_job_cancel(chain->queue, UINT64_MAX); /* takes the lock */
    chain->runs++;
    return PLANCHE_OK;
}

static void end_link(void *user, enum planche_status status)
{
    struct chain *chain = user;
    assert_int_equal(status, PLANCHE_OK);
    planche_mutex_lock(&chain->mutex);
    if (++chain->dones < 100)
        assert_int_equal(planche_job_try_submit(chain->queue, &chain->job, NULL, NULL), PLANCHE_OK);
    planche_cond_broadcast(&chain->changed);
    planche_mutex_unlock(&chain->mutex);
}

static void test_callbacks_submit(void **state)
{
    (void)state;
    struct chain chain = {
        .job = {
            .struct_size = sizeof chain.job, .run = run_link, .done = end_link, .user = &chain}};
    planche_mutex_init(&chain.mutex);
    planche_cond_init(&chain.changed);
    assert_int_equal(planche_job_queue_create(&chain.queue, NULL, NULL), PLANCHE_OK);
    planche_mutex_lock(&chain.mutex);
    assert_int_equal(planche_job_try_submit(chain.queue, &chain.job, NULL, NULL), PLANCHE_OK);
    while (chain.dones < 100)
        planche_cond_wait(&chain.changed, &chain.mutex);
    planche_mutex_unlock(&chain.mutex);
    planche_job_queue_destroy(&chain.queue);
    assert_int_equal(chain.runs, 100);
    planche_cond_destroy(&chain.changed);
    planche_mutex_destroy(&chain.mutex);
}

/* A caller with a header that is newer than the library. */
struct newer_job {
    struct planche_job job;
    int more;
};

static void test_arguments(void **state)
{
    (void)state;
    struct planche_job_queue *queue = NULL;
    struct planche_job_queue_options options = PLANCHE_JOB_QUEUE_OPTIONS_INIT;
    struct planche_error error;
    struct planche_job job = PLANCHE_JOB_INIT;
    struct newer_job newer = {.job = {.struct_size = sizeof newer, .run = run_nothing}};
    assert_int_equal(planche_job_queue_create(NULL, NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    options.workers = 1025;
    assert_int_equal(planche_job_queue_create(&queue, &options, &error), PLANCHE_ERROR_ARGUMENT);
    assert_null(queue);
    options.workers = 0;
    options.capacity = 65537;
    assert_int_equal(planche_job_queue_create(&queue, &options, NULL), PLANCHE_ERROR_ARGUMENT);
    options.capacity = 0;
    assert_int_equal(planche_job_queue_create(&queue, &options, NULL), PLANCHE_OK);
    assert_int_equal(planche_job_try_submit(NULL, &job, NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_job_try_submit(queue, NULL, NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_job_try_submit(queue, &job, NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    job.run = run_nothing;
    job.priority = (enum planche_priority)3;
    assert_int_equal(planche_job_submit(queue, &job, NULL, NULL, &error), PLANCHE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "priority"));
    assert_int_equal(planche_job_submit(queue, &newer.job, NULL, NULL, NULL), PLANCHE_OK);
    newer.more = 1;
    assert_int_equal(planche_job_submit(queue, &newer.job, NULL, NULL, NULL),
                     PLANCHE_ERROR_UNSUPPORTED);
    assert_false(planche_job_cancel(NULL, 1));
    assert_int_equal(planche_job_queue_drain(NULL, NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    planche_job_queue_shutdown(NULL);
    planche_job_queue_destroy(NULL);
    planche_job_queue_destroy(&queue);
    assert_null(queue);
    planche_job_queue_destroy(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_aging),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_waiting_for_room),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_deadline_while_all_are_busy),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_shutdown),
        cmocka_unit_test(test_destroy),
        cmocka_unit_test(test_callbacks_submit),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
