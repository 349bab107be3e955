/* SPDX-License-Identifier: MIT */
/* Acknowledgements: what a worker says of a page that it has taken. They are sent to the subject
 * that the page came with, since pages are asked for one at a time: the subscriptions of libnats
 * for that either wait for pages or leave answers behind. Pages come to an inbox of their own: a
 * page comes with the subject of its job, by which libnats cannot tell whose request it answers. It
 * drops the page when two requests wait for answers at once, and a page that was dropped is not
 * delivered again before its lease is over. */
#ifndef PLANCHE_QUEUE_ACK_H
#define PLANCHE_QUEUE_ACK_H

#include "queue/queue.h"

/* Takes a message of a consumer, if there is one, or one that was asked for before and came late,
 * of another consumer maybe. NATS_NOT_FOUND: there is none now; NATS_NO_RESPONDERS: there is no
 * such consumer. For one thread of a connection. */
natsStatus planche_queue_next(struct planche_queue *queue, const char *consumer, natsMsg **message);
/* Deliveries of a message, this one included. */
uint64_t planche_queue_tries(natsMsg *message);
/* Whether the job is still in the queue, as far as one knows. It is not when somebody else has
 * finished it. */
bool planche_queue_is_wanted(struct planche_queue *queue, natsMsg *message);
/* Tells who waits for a page that its job is gone from the queue without a result. */
void planche_queue_tell_gone(struct planche_queue *queue, const char *key);

/* It is done; waits until the server knows. */
void planche_queue_ack(struct planche_queue *queue, natsMsg *message);
/* Others may have it, after a while. */
void planche_queue_nak(struct planche_queue *queue, natsMsg *message, unsigned ms);
/* It goes on. */
void planche_queue_beat(struct planche_queue *queue, natsMsg *message);

#endif
