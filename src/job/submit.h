/* SPDX-License-Identifier: MIT */
/* Accepting jobs. */
#ifndef PLANCHE_JOB_SUBMIT_H
#define PLANCHE_JOB_SUBMIT_H

#include "job/state.h"

/* As planche_job_submit, and planche_job_try_submit if it is not to wait. */
enum planche_status planche_job_queue_add(struct planche_job_queue *queue,
                                          const struct planche_job *job, bool wait,
                                          const struct planche_cancel *cancel, uint64_t *id,
                                          struct planche_error *error);

#endif
