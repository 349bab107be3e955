/* SPDX-License-Identifier: MIT */
/* Job queues: jobs wait in order of priority for worker threads that run them. */
#ifndef PLANCHE_JOB_H
#define PLANCHE_JOB_H

#include <planche/cancel.h>
#include <planche/error.h>
#include <planche/types.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A bounded queue with worker threads. Thread-safe, but for creation and destruction. Everything is
 * allocated when it is created, but for keys. */
struct planche_job_queue;

/* Options of a job queue, which copies them. */
struct planche_job_queue_options {
    size_t struct_size;
    unsigned workers; /* threads, 1..1024; 0: 1 */
    size_t capacity;  /* jobs that may wait, up to 65536; 0: as many as there are workers */
    /* Aging. A job that has waited this long is overdue: every fourth time that a worker looks for
     * its next job, it takes the oldest overdue one, whatever its priority. 0: 10,000. */
    uint64_t aging_ms;
};
#define PLANCHE_JOB_QUEUE_OPTIONS_INIT PLANCHE_STRUCT_INIT(struct planche_job_queue_options)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_job_queue_options_init(struct planche_job_queue_options *out, size_t size);

/* A piece of work. The callbacks may call the functions below, but nothing that waits: submit with
 * planche_job_try_submit, and neither drain, shut down nor destroy the queue. */
struct planche_job {
    size_t struct_size;
    /* Does the work on a worker's thread. cancel is the job's own handle, which lives until run
     * returns. The status is for done alone. */
    enum planche_status (*run)(void *user, struct planche_cancel *cancel);
    /* Called exactly once for each job that was accepted, with no lock held: what run returned, or
     * CANCELLED or DEADLINE if it has not run. On the worker's thread after run, and for a job that
     * never runs on any thread: one of the queue's own, or one that cancels or shuts down, before
     * that call returns. May be NULL. */
    void (*done)(void *user, enum planche_status status);
    void *user;
    enum planche_priority priority;
    /* Milliseconds from the call that submits it; 0: none. A job that has not begun by then is not
     * run; a job that runs has to watch its deadline itself. Jobs of one priority begin in the
     * order of their deadlines, those without one last, and then in the order in which they came.
     */
    uint64_t deadline_ms;
    /* Single flight: of the jobs with the same key only one runs, the one that would begin first.
     * The others wait for it, and their done gets its status. If one of them is cancelled, the work
     * goes on for the others; it ends when all have been cancelled. The key is copied; NULL: none.
     */
    const char *key;
};
#define PLANCHE_JOB_INIT PLANCHE_STRUCT_INIT(struct planche_job)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_job_init(struct planche_job *out, size_t size);

/* Creates a queue and starts its workers: fewer than asked for if the system cannot start more.
 *
 * Errors: ARGUMENT, MEMORY (also: not one thread could be started), UNSUPPORTED. */
PLANCHE_API enum planche_status
planche_job_queue_create(struct planche_job_queue **out,
                         const struct planche_job_queue_options *options,
                         struct planche_error *error);
/* Shuts *queue down, ends its threads and sets it to NULL; NULL is fine. No other thread may use it
 * any more. */
PLANCHE_API void planche_job_queue_destroy(struct planche_job_queue **queue);

/* Accepts a job, once there is room for it: done will be called. *id (may be NULL) is set before
 * that can happen; ids count from 1 and are not used again. cancel (may be NULL) ends the wait.
 * Errors, after which done is not called: ARGUMENT, MEMORY, UNSUPPORTED, CANCELLED (by the handle,
 * or the queue takes no more jobs), DEADLINE (the job's own). */
PLANCHE_API enum planche_status planche_job_submit(struct planche_job_queue *queue,
                                                   const struct planche_job *job,
                                                   const struct planche_cancel *cancel,
                                                   uint64_t *id, struct planche_error *error);
/* The same without waiting. Errors: as above, and LIMIT (there is no room). */
PLANCHE_API enum planche_status planche_job_try_submit(struct planche_job_queue *queue,
                                                       const struct planche_job *job, uint64_t *id,
                                                       struct planche_error *error);

/* Cancels a job: one that waits is not run, the handle of one that runs is requested, unless others
 * wait for its outcome. 0: there is no such job (any more). */
PLANCHE_API int planche_job_cancel(struct planche_job_queue *queue, uint64_t id);

/* Accepts no more jobs, for good, and waits until done has returned for all there are. cancel (may
 * be NULL) ends the wait: CANCELLED. */
PLANCHE_API enum planche_status planche_job_queue_drain(struct planche_job_queue *queue,
                                                        const struct planche_cancel *cancel,
                                                        struct planche_error *error);
/* Accepts no more jobs, for good, cancels all there are and waits until done has returned for each.
 */
PLANCHE_API void planche_job_queue_shutdown(struct planche_job_queue *queue);

#ifdef __cplusplus
}
#endif
#endif
