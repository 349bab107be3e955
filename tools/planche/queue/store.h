/* SPDX-License-Identifier: MIT */
/* Store: the bytes of pages, results and models, which messages only refer to. They lie in a stream
 * of the queue, in chunks, or in a folder (--store), which machines see, or reach by the planche
 * serve that has it (queue/shared/web.h). What is read is checked against its size and sha256. */
#ifndef PLANCHE_QUEUE_STORE_H
#define PLANCHE_QUEUE_STORE_H

#include "queue/object.h"
#include "queue/queue.h"

/* Whether this machine can reach where an object lies; if not, error says what it lacks
 * (UNSUPPORTED). */
enum planche_status planche_queue_reaches(const struct planche_queue *queue,
                                          const struct planche_queue_object *object,
                                          struct planche_error *error);
/* Puts it into the store of --store, or, with `like`, where that one lies: who sent it can read it
 * there. waits may be NULL; its cancel ends what goes to a server, and its progress is called then.
 * Errors: LIMIT (too large), IO, MEMORY, CANCELLED. */
enum planche_status planche_queue_put(struct planche_queue *queue,
                                      const struct planche_queue_object *like, const void *data,
                                      size_t size, struct planche_queue_object *object,
                                      const struct planche_page_options *waits,
                                      struct planche_error *error);
/* Whether the store lets this machine in no more: repeating does not help. */
bool planche_queue_is_refused(const struct planche_queue *queue);
/* Reads an object into *data, to be freed. Errors: NOT_FOUND (it is gone), DATA (it is not what it
 * was), IO, MEMORY, CANCELLED. */
enum planche_status planche_queue_get(struct planche_queue *queue,
                                      const struct planche_queue_object *object, void **data,
                                      const struct planche_page_options *waits,
                                      struct planche_error *error);
/* Whether an object is there, by its file or its first chunk: what removes it begins there. *there
 * is false also when the queue does not answer, which is not NATS_OK. */
natsStatus planche_queue_has(struct planche_queue *queue, const struct planche_queue_object *object,
                             bool *there);
/* Of a store in a folder: removes what nobody has taken for as long as the stream keeps it. */
void planche_queue_sweep(struct planche_queue *queue);
/* Empties a store in a folder. */
void planche_queue_empty_folder(struct planche_queue *queue);
/* Removes it; what fails is left to the store's age. */
void planche_queue_remove(struct planche_queue *queue, const struct planche_queue_object *object);

#endif
