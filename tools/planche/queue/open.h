/* SPDX-License-Identifier: MIT */
/* Connecting to a nats-server, and leaving it. */
#ifndef PLANCHE_QUEUE_OPEN_H
#define PLANCHE_QUEUE_OPEN_H

#include "queue/queue.h"

/* Connects, and makes the streams that are missing. name: of this program among the server's
 * clients. Errors: ARGUMENT, IO, UNSUPPORTED, MEMORY. */
enum planche_status planche_queue_open(struct planche_queue *queue,
                                       const struct planche_cli_queue_options *options,
                                       const char *name, struct planche_error *error);
/* Also if it was not opened; zeroes to begin with. */
void planche_queue_close(struct planche_queue *queue);

#endif
