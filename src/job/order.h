/* SPDX-License-Identifier: MIT */
/* Scheduling order of jobs. */
#ifndef PLANCHE_JOB_ORDER_H
#define PLANCHE_JOB_ORDER_H

#include "job/state.h"

/* The mutex is held. The waiting job that is next, NULL: none may run. Counts what is passed over.
 */
struct planche_job_slot *planche_job_choose(struct planche_job_queue *queue);
/* The running job with this key (NULL: none), or NULL. */
struct planche_job_slot *planche_job_running(const struct planche_job_queue *queue,
                                             const char *key);

#endif
