/* SPDX-License-Identifier: MIT */
/* What a worker answers to who asks for workers. */
#ifndef PLANCHE_QUEUE_ANSWER_H
#define PLANCHE_QUEUE_ANSWER_H

#include "queue/worker_state.h"

/* Rate of pages within the last minute or so, per second. The lock is held. */
double planche_queue_worker_rate(struct planche_queue_worker *worker, int64_t now);
/* Begins to answer who asks for workers. Errors: IO. */
enum planche_status planche_queue_answer(struct planche_queue_worker *worker,
                                         struct planche_error *error);

#endif
