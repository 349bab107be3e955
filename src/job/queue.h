/* SPDX-License-Identifier: MIT */
/* The life of a job queue and of its worker threads. */
#ifndef PLANCHE_JOB_QUEUE_H
#define PLANCHE_JOB_QUEUE_H

#include "job/state.h"

/* As the public functions. clock NULL: the system's. With another the passing of deadlines
 * shows when a worker looks for a job, or when planche_job_queue_expire is called. */
enum planche_status planche_job_queue_make(struct planche_job_queue **out,
                                           const struct planche_job_queue_options *options,
                                           const struct planche_job_clock *clock,
                                           struct planche_error *error);
void planche_job_queue_unmake(struct planche_job_queue **queue);
enum planche_status planche_job_queue_wait_done(struct planche_job_queue *queue,
                                                const struct planche_cancel *cancel,
                                                struct planche_error *error);
void planche_job_queue_stop(struct planche_job_queue *queue);
/* In a child of fork() that inherited the queue: threads and locks did not come along, and the
 * queue may only be unmade. */
bool planche_job_queue_is_inherited(const struct planche_job_queue *queue);

#endif
