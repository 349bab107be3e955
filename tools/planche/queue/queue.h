/* SPDX-License-Identifier: MIT */
/* Queue: a connection to a nats-server, and the streams in it. docs/scale.md has the design.
 *
 * Streams and subjects:
 *
 *   PLANCHE_JOBS     planche.job.CLASS.NEED.KEY.COPY   pages to make; gone when acknowledged
 *   PLANCHE_RESULTS  planche.result.KEY                what became of them; the first one stays
 *   PLANCHE_DEAD     planche.dead.KEY                  pages that were given up, with the reason
 *   PLANCHE_STORE    planche.store                     the bytes of pages, in chunks
 *
 * and without a stream: planche.wake (there is work), planche.who (workers answer with what they
 * are and do), planche.gone.KEY (a job was removed whose bytes are gone; "all": the jobs of all).
 */
#ifndef PLANCHE_QUEUE_QUEUE_H
#define PLANCHE_QUEUE_QUEUE_H

#include "cli/option_values.h"
#include "queue/library.h"
#include "queue/shared/names.h"

#include <stdint.h>

#define PLANCHE_QUEUE_JOBS    "PLANCHE_JOBS"
#define PLANCHE_QUEUE_RESULTS "PLANCHE_RESULTS"
#define PLANCHE_QUEUE_DEAD    "PLANCHE_DEAD"
#define PLANCHE_QUEUE_STORE   "PLANCHE_STORE"
#define PLANCHE_QUEUE_WAKE    "planche.wake"
#define PLANCHE_QUEUE_WHO     "planche.who"
#define PLANCHE_QUEUE_GONE    "planche.gone"

struct planche_queue_web;

/* Bytes of a consumer's name. */
#define PLANCHE_QUEUE_CONSUMER_BYTES 160
/* Bytes of a subject that answers come to. */
#define PLANCHE_QUEUE_INBOX_BYTES 128

/* Deliveries of a page before it is given up. */
#define PLANCHE_QUEUE_TRIES 3

struct planche_queue {
    const struct planche_cli_queue_options *options;
    natsConnection *connection;
    jsCtx *js;
    size_t chunk;                  /* bytes of the store's messages at most */
    struct planche_queue_web *web; /* the store of a server; NULL: a folder, or the queue itself */
    _Atomic unsigned reconnects;
    /* Of workers: where pages come to, and the requests for some. */
    natsInbox *inbox;
    natsSubscription *pages;
    unsigned asked;
};

/* Whether the server is not connected now: requests would wait in vain. */
bool planche_queue_is_away(struct planche_queue *queue);

/* Fails with what a status of libnats means, and what to do. */
enum planche_status planche_queue_fail(struct planche_error *error, natsStatus status,
                                       const char *what);

/* "book-any": the name of the consumer for a class and a need (queue/job.h). */
void planche_queue_consumer_name(enum planche_queue_class class, const char *need, char *name,
                                 size_t size);

/* The last message of a subject. NATS_NOT_FOUND: there is none. */
natsStatus planche_queue_get_last(struct planche_queue *queue, const char *stream,
                                  const char *subject, natsMsg **message);
/* The first message from a sequence on. */
natsStatus planche_queue_get_next(struct planche_queue *queue, const char *stream,
                                  const char *subject, uint64_t sequence, natsMsg **message);
/* Publishes into a stream. *taken: false if there is another message of that subject already, and
 * so many may there be. sequence and taken may be NULL. */
natsStatus planche_queue_publish(struct planche_queue *queue, const char *subject, const void *data,
                                 size_t size, uint64_t *sequence, bool *taken);

#endif
