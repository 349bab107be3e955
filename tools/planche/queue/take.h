/* SPDX-License-Identifier: MIT */
/* Taking pages from a queue, and giving them back. */
#ifndef PLANCHE_QUEUE_TAKE_H
#define PLANCHE_QUEUE_TAKE_H

#include "queue/worker_state.h"

/* Takes a page if there is one and its bytes are to be had; only_readers: only one that somebody
 * waits for. False: there is none. */
bool planche_queue_take(struct planche_queue_worker *worker, bool only_readers);
/* Opens what pages are taken from. Errors: IO. */
enum planche_status planche_queue_open_sources(struct planche_queue_worker *worker,
                                               struct planche_error *error);
/* Frees a page that is not in the list any more. */
void planche_queue_drop(struct planche_queue_page *page);

#endif
