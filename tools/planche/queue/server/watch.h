/* SPDX-License-Identifier: MIT */
/* Watching a queue: connecting to it, and asking it for workers. */
#ifndef PLANCHE_QUEUE_SERVER_WATCH_H
#define PLANCHE_QUEUE_SERVER_WATCH_H

#include "queue/server/link_state.h"

/* The thread; user is a link. */
void planche_queue_link_watch(void *user);
/* One round: connects what is not connected, and asks. */
void planche_queue_link_round(struct planche_queue_link *link);

#endif
