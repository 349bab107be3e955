/* SPDX-License-Identifier: MIT */
/* Single flight: jobs with one key run once, for as long as anybody wants the outcome. */
#include "job/job_test.h"

#include <string.h>

static const struct planche_job plain = {.priority = PLANCHE_PRIORITY_NORMAL};
static const struct planche_job keyed = {.key = "page 7"};

static void test_waiting(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w[4] = {0};
    scene_open(&scene, 1, 8, true);
    work_hold(&scene, &hold, 'h', plain);
    w[0].result = PLANCHE_ERROR_DATA;
    work_add(&scene, &w[0], '0', keyed);
    work_add(&scene, &w[1], '1', keyed);
    work_add(&scene, &w[2], '2', (struct planche_job){.key = "page 8"});
    work_add(&scene, &w[3], '3', keyed);
    work_let_go(&hold);
    planche_job_queue_drain(scene.queue, NULL, NULL);
    assert_string_equal(scene.runs, "h02");
    assert_string_equal(scene.dones, "h0132");
    for (int i = 0; i < 4; i++)
        assert_int_equal(w[i].status, i == 2 ? PLANCHE_OK : PLANCHE_ERROR_DATA);
    scene_close(&scene);
}

/* Who joins a background job in a hurry takes it along. */
static void test_the_most_urgent_leads(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w[3] = {0};
    scene_open(&scene, 1, 8, true);
    work_hold(&scene, &hold, 'h', plain);
    work_add(&scene, &w[0], 'b',
             (struct planche_job){.priority = PLANCHE_PRIORITY_BACKGROUND, .key = "k"});
    work_add(&scene, &w[1], 'n', plain);
    work_add(&scene, &w[2], 'i',
             (struct planche_job){.priority = PLANCHE_PRIORITY_INTERACTIVE, .key = "k"});
    work_let_go(&hold);
    planche_job_queue_drain(scene.queue, NULL, NULL);
    assert_string_equal(scene.runs, "hin");
    assert_string_equal(scene.dones, "hibn");
    scene_close(&scene);
}

static void test_cancelling_who_waits(void **state)
{
    (void)state;
    struct scene scene;
    struct work hold = {0}, w[3] = {0};
    scene_open(&scene, 1, 8, true);
    work_hold(&scene, &hold, 'h', plain);
    for (int i = 0; i < 3; i++)
        work_add(&scene, &w[i], (char)('0' + i), keyed);
    assert_true(planche_job_cancel(scene.queue, w[0].id)); /* it would have led */
    assert_true(planche_job_cancel(scene.queue, w[2].id));
    assert_int_equal(w[0].status, PLANCHE_ERROR_CANCELLED);
    assert_int_equal(w[2].status, PLANCHE_ERROR_CANCELLED);
    work_let_go(&hold);
    assert_int_equal(work_wait(&w[1]), PLANCHE_OK);
    planche_job_queue_drain(scene.queue, NULL, NULL);
    assert_string_equal(scene.runs, "h1");
    scene_close(&scene);
}

static void test_followers_of_a_running_job(void **state)
{
    (void)state;
    struct scene scene;
    struct work leader = {.result = PLANCHE_ERROR_LIMIT}, w[2] = {0};
    scene_open(&scene, 2, 8, true);
    work_hold(&scene, &leader, 'l', keyed);
    work_add(&scene, &w[0], '0', keyed);
    work_add(&scene, &w[1], '1', keyed);
    assert_true(planche_job_cancel(scene.queue, w[0].id));
    assert_true(work_is_done(&w[0]));
    assert_int_equal(w[0].status, PLANCHE_ERROR_CANCELLED);
    assert_true(planche_job_cancel(scene.queue, leader.id)); /* the other still wants it */
    assert_false(work_is_done(&leader));
    work_let_go(&leader);
    assert_int_equal(work_wait(&w[1]), PLANCHE_ERROR_LIMIT);
    assert_int_equal(work_wait(&leader), PLANCHE_ERROR_LIMIT); /* so it was not told to stop */
    assert_int_equal(w[0].ran + w[1].ran, 0);
    scene_close(&scene);
}

static void test_nobody_wants_it(void **state)
{
    (void)state;
    struct scene scene;
    struct work leader = {0}, w[2] = {0};
    scene_open(&scene, 1, 8, true);
    work_hold(&scene, &leader, 'l', keyed);
    work_add(&scene, &w[0], '0', keyed);
    work_add(&scene, &w[1], '1', keyed);
    planche_job_cancel(scene.queue, leader.id);
    planche_job_cancel(scene.queue, w[0].id);
    planche_job_cancel(scene.queue, w[1].id);
    assert_int_equal(work_wait(&leader), PLANCHE_ERROR_CANCELLED);
    scene_close(&scene);
}

/* The last follower runs out of time instead. */
static void test_the_last_is_too_late(void **state)
{
    (void)state;
    struct scene scene;
    struct work leader = {0}, w = {0};
    scene_open(&scene, 1, 8, false);
    work_hold(&scene, &leader, 'l', keyed);
    work_add(&scene, &w, '0', (struct planche_job){.key = "page 7", .deadline_ms = 10});
    planche_job_cancel(scene.queue, leader.id);
    scene_advance(&scene, 10);
    planche_job_queue_expire(scene.queue);
    assert_int_equal(work_wait(&w), PLANCHE_ERROR_DEADLINE);
    assert_int_equal(work_wait(&leader), PLANCHE_ERROR_CANCELLED);
    scene_close(&scene);
}

/* Keeps running after it was told to stop, until it is let go. */
static enum planche_status run_stubborn(void *user, struct planche_cancel *cancel)
{
    struct work *work = user;
    struct scene *scene = work->scene;
    planche_mutex_lock(&scene->mutex);
    work->running = true;
    planche_cond_broadcast(&scene->changed);
    while (work->held)
        planche_cond_wait(&scene->changed, &scene->mutex);
    planche_mutex_unlock(&scene->mutex);
    return planche_cancel_requested(cancel) ? PLANCHE_ERROR_CANCELLED : PLANCHE_OK;
}

/* Who comes after a leader was told to stop has to run, but not beside it. */
static void test_joining_too_late(void **state)
{
    (void)state;
    struct scene scene;
    struct work leader = {.scene = &scene, .held = true}, w = {0}, other = {0};
    struct planche_job job = {
        .struct_size = sizeof job, .run = run_stubborn, .user = &leader, .key = keyed.key};
    uint64_t id;
    scene_open(&scene, 2, 8, true);
    assert_int_equal(planche_job_try_submit(scene.queue, &job, &id, NULL), PLANCHE_OK);
    planche_mutex_lock(&scene.mutex);
    while (!leader.running)
        planche_cond_wait(&scene.changed, &scene.mutex);
    planche_mutex_unlock(&scene.mutex);
    assert_true(planche_job_cancel(scene.queue, id));
    work_add(&scene, &w, '0', keyed);
    work_add(&scene, &other, '1', plain);
    assert_int_equal(work_wait(&other), PLANCHE_OK); /* the second worker passed it over */
    assert_false(work_is_done(&w));
    work_let_go(&leader);
    assert_int_equal(work_wait(&w), PLANCHE_OK);
    assert_string_equal(scene.runs, "10");
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_the_most_urgent_leads),
        cmocka_unit_test(test_cancelling_who_waits),
        cmocka_unit_test(test_followers_of_a_running_job),
        cmocka_unit_test(test_nobody_wants_it),
        cmocka_unit_test(test_the_last_is_too_late),
        cmocka_unit_test(test_joining_too_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
