/* SPDX-License-Identifier: MIT */
/* Job queues on a system without room for threads: the linker puts a gate before their start. */
#include "job/job_test.h"

static int allowed;

bool __real_planche_thread_start(struct planche_thread *thread, void (*run)(void *user),
                                 void *user);
bool __wrap_planche_thread_start(struct planche_thread *thread, void (*run)(void *user),
                                 void *user);
bool __wrap_planche_thread_start(struct planche_thread *thread, void (*run)(void *user), void *user)
{
    return allowed-- > 0 && __real_planche_thread_start(thread, run, user);
}

static void test_no_thread(void **state)
{
    (void)state;
    struct planche_job_queue *queue = NULL;
    struct planche_error error = {0};
    allowed = 0;
    assert_int_equal(planche_job_queue_create(&queue, NULL, &error), PLANCHE_ERROR_MEMORY);
    assert_null(queue);
    assert_int_equal(error.status, PLANCHE_ERROR_MEMORY);
}

static void test_fewer_threads_will_do(void **state)
{
    (void)state;
    struct scene scene;
    struct work w[5] = {0};
    allowed = 2;
    scene_open(&scene, 4, 8, true);
    assert_int_equal(scene.queue->workers, 2);
    for (int i = 0; i < 5; i++)
        work_add(&scene, &w[i], (char)('0' + i), (struct planche_job){0});
    for (int i = 0; i < 5; i++)
        assert_int_equal(work_wait(&w[i]), PLANCHE_OK);
    scene_close(&scene);
}

/* Nobody keeps the time: the worker does when it looks for its next job. */
static void test_no_timekeeper(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w = {0};
    struct planche_job soon = {.deadline_ms = 5};
    allowed = 1;
    scene_open(&scene, 1, 8, true);
    work_hold(&scene, &hold, 'h', (struct planche_job){0});
    while (work_try(&scene, &w, '0', soon) == PLANCHE_ERROR_DEADLINE)
        soon.deadline_ms *= 2;
    const struct planche_cancel_token token = {.deadline =
                                                   planche_cancel_deadline(soon.deadline_ms)};
    while (planche_cancel_check(&token) == PLANCHE_OK)
        ;
    assert_false(work_is_done(&w));
    work_let_go(&hold);
    assert_int_equal(work_wait(&w), PLANCHE_ERROR_DEADLINE);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_thread),
        cmocka_unit_test(test_fewer_threads_will_do),
        cmocka_unit_test(test_no_timekeeper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
