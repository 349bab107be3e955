/* SPDX-License-Identifier: MIT */
/* Ends of jobs: cancelled, too late, or done; and their completion callbacks. */
#ifndef PLANCHE_JOB_FINISH_H
#define PLANCHE_JOB_FINISH_H

#include "job/state.h"

/* As planche_job_cancel. */
bool planche_job_queue_cancel(struct planche_job_queue *queue, uint64_t id);
/* Ends the waiting jobs whose deadline has passed. */
void planche_job_queue_expire(struct planche_job_queue *queue);

/* The mutex is held. All jobs, or those whose deadline has passed. Delivers. */
void planche_job_cancel_all(struct planche_job_queue *queue);
void planche_job_expire(struct planche_job_queue *queue);
/* Puts a slot into a list of the finished. A waiting one leaves its list. */
void planche_job_finish(struct planche_job_queue *queue, struct planche_job_slot *slot,
                        enum planche_status status, struct planche_job_slot **finished);
/* Empties the list: frees slots, and calls done with the mutex open. */
void planche_job_deliver(struct planche_job_queue *queue, struct planche_job_slot **finished);

#endif
