/* SPDX-License-Identifier: MIT */
/* Running a page of a queue, and saying what became of it. */
#ifndef PLANCHE_QUEUE_RUN_H
#define PLANCHE_QUEUE_RUN_H

#include "queue/worker_state.h"

/* Makes a page that is held, and says what became of it. */
void planche_queue_run(struct planche_queue_worker *worker, struct planche_queue_page *page);
/* Gives a page up: for its own fault, or after too many tries. */
void planche_queue_bury(struct planche_queue_worker *worker, struct planche_queue_page *page,
                        const struct planche_error *why);
/* Puts a page back that this machine cannot make for a reason of its own, which it tells, and takes
 * none for half a lease. */
void planche_queue_decline(struct planche_queue_worker *worker, struct planche_queue_page *page,
                           const struct planche_error *why);
/* Puts a page that was not begun back for other workers. */
void planche_queue_give_back(struct planche_queue_worker *worker, struct planche_queue_page *page);

#endif
