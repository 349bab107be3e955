/* SPDX-License-Identifier: MIT */
/* The job queue: slots that move between lists under one mutex.
 *
 * Backpressure: the number of slots is fixed, so submitting waits once all are taken.
 *
 * A slot is free, waits, runs, or is finished. Who finishes slots under the mutex collects them in
 * a list of its own and delivers that: each slot is freed and its job's done called with the mutex
 * open.
 *
 * Single flight: of waiting jobs with one key none leads: the one that is chosen does, and the
 * others follow it from then on. */
#ifndef PLANCHE_JOB_STATE_H
#define PLANCHE_JOB_STATE_H

#include "base/cancel.h"
#include "os/thread.h"

#include <planche/job.h>

#include <stdbool.h>

/* Where the queue has the time from, nanoseconds. */
struct planche_job_clock {
    int64_t (*now)(void *user);
    void *user;
};

enum planche_job_state {
    PLANCHE_JOB_FREE,
    PLANCHE_JOB_WAITING,
    PLANCHE_JOB_RUNNING,
    PLANCHE_JOB_FINISHED
};

/* A job in the queue. */
struct planche_job_slot {
    struct planche_job_slot *next; /* of the list that it is in */
    struct planche_job job;        /* key: own */
    uint64_t id;
    enum planche_job_state state;
    int64_t arrival, deadline;       /* of the queue's clock; deadline 0: none */
    struct planche_cancel cancel;    /* of run */
    struct planche_job_slot *leader; /* waiting: the running job whose outcome it gets; or NULL */
    bool abandoned;                  /* running for its followers only: it was cancelled itself */
    enum planche_status status;      /* finished */
};

struct planche_job_queue {
    struct planche_job_clock clock;
    uint64_t process; /* that made it: in a child of fork() its threads do not exist */
    bool real_time;   /* the clock is the system's */
    size_t capacity;
    unsigned workers; /* that were started */
    struct planche_thread *threads;
    struct planche_job_slot *slots; /* [capacity + workers] */

    struct planche_mutex mutex; /* of all below */
    struct planche_cond changed;
    struct planche_job_slot *free, *waiting, *running; /* waiting: in order of arrival */
    size_t waiting_count;
    size_t open; /* accepted, and done has not returned */
    uint64_t last_id;
    int64_t aging;
    unsigned overdue_passed; /* choices since the last overdue job, while there was one */
    bool closed;             /* no more jobs are accepted */
    bool ending;             /* the threads leave */
    bool keeps_time;         /* the timekeeper has been started */
    struct planche_thread timekeeper;
};

#endif
