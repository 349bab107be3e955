/* SPDX-License-Identifier: MIT */
/* What a worker answers to who asks for workers. */
#ifndef PLANCHE_QUEUE_ANSWER_H
#define PLANCHE_QUEUE_ANSWER_H

#include "queue/worker_state.h"

/* Begins to answer who asks for workers. Errors: IO. */
enum planche_status planche_queue_answer(struct planche_queue_worker *worker,
                                         struct planche_error *error);

#endif
