/* SPDX-License-Identifier: MIT */
/* Acknowledgements: what a worker says of a page that it has taken. They are sent to the subject
 * that the page came with, since pages are asked for one at a time: the subscriptions of libnats
 * either wait for pages or leave answers behind. */
#ifndef PLANCHE_QUEUE_ACK_H
#define PLANCHE_QUEUE_ACK_H

#include "queue/queue.h"

/* Takes a message of a consumer, if there is one. NATS_NOT_FOUND: there is none now;
 * NATS_NO_RESPONDERS: there is no such consumer. */
natsStatus planche_queue_next(struct planche_queue *queue, const char *consumer, natsMsg **message);
/* Deliveries of a message, this one included. */
uint64_t planche_queue_tries(natsMsg *message);

/* It is done; waits until the server knows. */
void planche_queue_ack(struct planche_queue *queue, natsMsg *message);
/* Others may have it, after a while. */
void planche_queue_nak(struct planche_queue *queue, natsMsg *message, unsigned ms);
/* It goes on. */
void planche_queue_beat(struct planche_queue *queue, natsMsg *message);

#endif
