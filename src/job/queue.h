/* SPDX-License-Identifier: MIT */
/* The job queue: slots that move between lists under one mutex.
 *
 * A slot is free, waits, runs, or is finished. Who finishes slots under the mutex collects them in
 * a list of its own and delivers that: each slot is freed and its job's done called with the mutex
 * open. Of waiting jobs with one key none leads: the one that is chosen does, and the others follow
 * it from then on. */
#ifndef PLANCHE_JOB_QUEUE_H
#define PLANCHE_JOB_QUEUE_H

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
    bool real_time; /* the clock is the system's */
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

/* queue.c: as the public functions; clock NULL: the system's. With another the passing of deadlines
 * shows when a worker looks for a job, or when planche_job_queue_expire is called. */
enum planche_status planche_job_queue_make(struct planche_job_queue **out,
                                           const struct planche_job_queue_options *options,
                                           const struct planche_job_clock *clock,
                                           struct planche_error *error);
void planche_job_queue_unmake(struct planche_job_queue **queue);
enum planche_status planche_job_queue_settle(struct planche_job_queue *queue,
                                             const struct planche_cancel *cancel,
                                             struct planche_error *error);
void planche_job_queue_stop(struct planche_job_queue *queue);

/* submit.c */
enum planche_status planche_job_queue_add(struct planche_job_queue *queue,
                                          const struct planche_job *job, bool wait,
                                          const struct planche_cancel *cancel, uint64_t *id,
                                          struct planche_error *error);

/* finish.c: ends jobs without running them. */
bool planche_job_queue_cancel(struct planche_job_queue *queue, uint64_t id);
void planche_job_queue_expire(struct planche_job_queue *queue);

/* The rest wants the mutex held. */

/* finish.c: all jobs, or those whose deadline has passed. Delivers. */
void planche_job_cancel_all(struct planche_job_queue *queue);
void planche_job_expire(struct planche_job_queue *queue);
/* Puts a slot into a list of the finished. A waiting one leaves its list. */
void planche_job_finish(struct planche_job_queue *queue, struct planche_job_slot *slot,
                        enum planche_status status, struct planche_job_slot **finished);
/* Empties the list: frees slots, and calls done with the mutex open. */
void planche_job_deliver(struct planche_job_queue *queue, struct planche_job_slot **finished);

/* order.c: the waiting job that is next, NULL: none may run. Counts what is passed over. */
struct planche_job_slot *planche_job_choose(struct planche_job_queue *queue);
/* The running job with this key (NULL: none), or NULL. */
struct planche_job_slot *planche_job_running(const struct planche_job_queue *queue,
                                             const char *key);

/* list.c: intrusive lists. */
void planche_job_list_append(struct planche_job_slot **list, struct planche_job_slot *slot);
void planche_job_list_remove(struct planche_job_slot **list, struct planche_job_slot *slot);
struct planche_job_slot *planche_job_list_find(struct planche_job_slot *list, uint64_t id);

#endif
