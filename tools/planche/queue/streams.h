/* SPDX-License-Identifier: MIT */
/* Streams of a queue: making those that are missing, and those of older versions new. */
#ifndef PLANCHE_QUEUE_STREAMS_H
#define PLANCHE_QUEUE_STREAMS_H

#include "queue/queue.h"

/* Streams that are there keep the limits and copies that their owner has set, and get what this
 * version relies on. Errors: IO, MEMORY. */
enum planche_status planche_queue_make_streams(struct planche_queue *queue,
                                               struct planche_error *error);
/* Makes the consumer for a class and a need unless it is there. */
enum planche_status planche_queue_make_consumer(struct planche_queue *queue,
                                                enum planche_queue_class class, const char *need,
                                                struct planche_error *error);

#endif
