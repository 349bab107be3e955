/* SPDX-License-Identifier: MIT */
/* State of a queue: what waits, who works, what failed. */
#ifndef PLANCHE_QUEUE_STATE_H
#define PLANCHE_QUEUE_STATE_H

#include "queue/queue.h"

#include <jansson.h>

struct planche_queue_state {
    uint64_t pages;                          /* that are not made yet */
    uint64_t waiting[PLANCHE_QUEUE_CLASSES]; /* of them, that nobody has taken */
    uint64_t running;                        /* that workers have taken */
    uint64_t redelivered;                    /* of them, not for the first time */
    uint64_t results, dead, store_bytes;
    int64_t oldest_s;        /* age of the oldest page; 0: none */
    double pages_per_second; /* of all workers that have some */
    json_t *workers;         /* array of what they say of themselves */
};

/* Asks; who does not answer within wait_ms is not there. cancel may be NULL; it is asked before
 * each question to the server, and ends the wait for workers within a tenth of a second. Errors:
 * IO, MEMORY; CANCELLED, whatever has failed before. */
enum planche_status planche_queue_ask(struct planche_queue *queue, int64_t wait_ms,
                                      const struct planche_cancel *cancel,
                                      struct planche_queue_state *state,
                                      struct planche_error *error);
/* The same of the workers alone. */
enum planche_status planche_queue_ask_workers(struct planche_queue *queue, int64_t wait_ms,
                                              const struct planche_cancel *cancel,
                                              struct planche_queue_state *state,
                                              struct planche_error *error);
/* What planche queue --json and a server's status say of it. NULL: no memory. */
json_t *planche_queue_state_json(const struct planche_queue_state *state);
void planche_queue_state_clear(struct planche_queue_state *state);

#endif
