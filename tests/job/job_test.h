/* SPDX-License-Identifier: MIT */
/* Jobs for tests of the queue: they note what becomes of them, and run until they are let go. */
#ifndef PLANCHE_TESTS_JOB_JOB_TEST_H
#define PLANCHE_TESTS_JOB_JOB_TEST_H

#include "support/testing.h"

#include "job/finish.h"
#include "job/queue.h"

#include <stdatomic.h>

/* What a test and its jobs share. */
struct scene {
    struct planche_job_queue *queue;
    atomic_llong now; /* of the clock that scene_open makes for the queue, ns */
    struct planche_mutex mutex;
    struct planche_cond changed;
    char runs[256];  /* names of the jobs that began, in order */
    char dones[256]; /* and of those that ended */
};

struct work {
    struct scene *scene;
    char name;
    bool held;    /* runs until it is let go or cancelled */
    bool running; /* now */
    enum planche_status result, status;
    int ran, done;
    uint64_t id;
};

/* A queue by a clock that stands still (aging: 1000 ms), or by the system's. */
void scene_open(struct scene *scene, unsigned workers, size_t capacity, bool system_clock);
void scene_close(struct scene *scene);
void scene_advance(struct scene *scene, int64_t milliseconds);

/* Submits without waiting. more: priority, deadline_ms and key. */
enum planche_status work_try(struct scene *scene, struct work *work, char name,
                             struct planche_job more);
/* The same, which must be accepted. */
void work_add(struct scene *scene, struct work *work, char name, struct planche_job more);
/* One that holds its worker; returns when it runs. */
void work_hold(struct scene *scene, struct work *work, char name, struct planche_job more);
void work_let_go(struct work *work);
/* Until done has been called; its status. */
enum planche_status work_wait(struct work *work);
bool work_is_done(struct work *work);

#endif
