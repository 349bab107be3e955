/* SPDX-License-Identifier: MIT */
/* Lookout: tells who runs a command that the queue is away, or that nobody makes its pages. */
#ifndef PLANCHE_QUEUE_LOOKOUT_H
#define PLANCHE_QUEUE_LOOKOUT_H

#include "queue/front_state.h"

/* Tells of a connection that is lost, and of one that is back, once each. away is what *was
 * becomes.
 */
void planche_queue_tell_connection(bool *was, bool away);
/* Looks for workers, unless results come or one has looked a moment ago, and tells when there is
 * none for the front's pages, and when one has come then. Called by pages that wait, with what
 * cancels them (may be NULL). Thread-safe. */
void planche_queue_look_out(struct planche_queue_front *front, const struct planche_cancel *cancel,
                            int64_t now);

#endif
