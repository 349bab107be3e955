/* SPDX-License-Identifier: MIT */
/* Jobs for tests of the queue. */
#include "job/job_test.h"

#include <string.h>

static int64_t read_clock(void *user)
{
    struct scene *scene = user;
    return scene->now;
}

void scene_open(struct scene *scene, unsigned workers, size_t capacity, bool system_clock)
{
    struct planche_job_queue_options options = PLANCHE_JOB_QUEUE_OPTIONS_INIT;
    const struct planche_job_clock clock = {read_clock, scene};
    struct planche_error error;
    options.workers = workers;
    options.capacity = capacity;
    options.aging_ms = 1000;
    memset((void *)scene, 0, sizeof *scene);
    planche_mutex_init(&scene->mutex);
    planche_cond_init(&scene->changed);
    assert_int_equal(
        planche_job_queue_make(&scene->queue, &options, system_clock ? NULL : &clock, &error),
        PLANCHE_OK);
}

void scene_close(struct scene *scene)
{
    planche_job_queue_unmake(&scene->queue);
    assert_null(scene->queue);
    planche_cond_destroy(&scene->changed);
    planche_mutex_destroy(&scene->mutex);
}

void scene_advance(struct scene *scene, int64_t milliseconds)
{
    scene->now += milliseconds * 1000000;
}

static void note(char *names, char name)
{
    size_t length = strlen(names);
    if (length + 1 < sizeof((struct scene *)NULL)->runs)
        names[length] = name;
}

static enum planche_status run(void *user, struct planche_cancel *cancel)
{
    struct work *work = user;
    struct scene *scene = work->scene;
    const struct planche_cancel_token token = {.handle = cancel};
    enum planche_status status = PLANCHE_OK;
    planche_mutex_lock(&scene->mutex);
    note(scene->runs, work->name);
    work->ran++;
    work->running = true;
    planche_cond_broadcast(&scene->changed);
    while (work->held && !status) {
        planche_cancel_wait(&token, &scene->changed, &scene->mutex);
        status = planche_cancel_check(&token);
    }
    work->running = false;
    planche_mutex_unlock(&scene->mutex);
    return status ? status : work->result;
}

static void done(void *user, enum planche_status status)
{
    struct work *work = user;
    planche_mutex_lock(&work->scene->mutex);
    note(work->scene->dones, work->name);
    work->status = status;
    work->done++;
    planche_cond_broadcast(&work->scene->changed);
    planche_mutex_unlock(&work->scene->mutex);
}

enum planche_status work_try(struct scene *scene, struct work *work, char name,
                             struct planche_job more)
{
    struct planche_error error = {0};
    work->scene = scene;
    work->name = name;
    more.struct_size = sizeof more;
    more.run = run;
    more.done = done;
    more.user = work;
    enum planche_status status = planche_job_try_submit(scene->queue, &more, &work->id, &error);
    assert_int_equal(error.status, status);
    return status;
}

void work_add(struct scene *scene, struct work *work, char name, struct planche_job more)
{
    assert_int_equal(work_try(scene, work, name, more), PLANCHE_OK);
}

void work_hold(struct scene *scene, struct work *work, char name, struct planche_job more)
{
    work->held = true;
    work_add(scene, work, name, more);
    planche_mutex_lock(&scene->mutex);
    while (!work->running)
        planche_cond_wait(&scene->changed, &scene->mutex);
    planche_mutex_unlock(&scene->mutex);
}

void work_let_go(struct work *work)
{
    planche_mutex_lock(&work->scene->mutex);
    work->held = false;
    planche_cond_broadcast(&work->scene->changed);
    planche_mutex_unlock(&work->scene->mutex);
}

enum planche_status work_wait(struct work *work)
{
    planche_mutex_lock(&work->scene->mutex);
    while (!work->done)
        planche_cond_wait(&work->scene->changed, &work->scene->mutex);
    assert_int_equal(work->done, 1);
    enum planche_status status = work->status;
    planche_mutex_unlock(&work->scene->mutex);
    return status;
}

bool work_is_done(struct work *work)
{
    planche_mutex_lock(&work->scene->mutex);
    bool is_done = work->done;
    planche_mutex_unlock(&work->scene->mutex);
    return is_done;
}
