/* SPDX-License-Identifier: MIT */
/* Relay: rows that one network of a page hands to the next, without the page between them.
 *
 * The network before it runs on a thread of its own, but never at the same time as the one behind:
 * who needs a row lets the other run until there are some, and who has no room for another lets the
 * other take some. So the page has no more threads at work than without a relay, and its bytes do
 * not depend on when they run. */
#ifndef PLANCHE_ENGINE_PASSES_RELAY_H
#define PLANCHE_ENGINE_PASSES_RELAY_H

#include "base/alloc.h"
#include "os/thread.h"

#include <planche/error.h>
#include <stddef.h>
#include <stdint.h>

/* Rows that lie in a relay at most: enough that turns cost nothing. */
#define PLANCHE_RELAY_ROWS 32

/* Makes rows by planche_relay_push until all are there, on the relay's thread. */
typedef enum planche_status (*planche_relay_fn)(void *user, struct planche_error *error);

struct planche_relay {
    size_t row_bytes;
    uint8_t *rows;
    uint64_t pushed, pulled; /* of the page */
    struct planche_mutex mutex;
    struct planche_cond changed;
    bool before;           /* the network before it has the turn */
    bool started, stopped; /* stopped: the network behind wants no more */
    bool ended;            /* the network before has no more */
    enum planche_status status;
    struct planche_error error;
    planche_relay_fn make;
    void *user;
    struct planche_thread thread;
};

/* Bytes that a relay of such rows takes. */
uint64_t planche_relay_memory(size_t row_bytes);
/* Starts the thread, which waits for its turn. relay must stay where it is until it is ended.
 * Errors: MEMORY. */
enum planche_status planche_relay_begin(struct planche_relay *relay, size_t row_bytes,
                                        planche_relay_fn make, void *user,
                                        struct planche_budget *budget, struct planche_error *error);
/* By the network before: the next row. Errors: CANCELLED: no more are wanted. */
enum planche_status planche_relay_push(struct planche_relay *relay, const void *row,
                                       struct planche_error *error);
/* By the network behind: the next row. Errors: those of make. */
enum planche_status planche_relay_pull(struct planche_relay *relay, void *row,
                                       struct planche_error *error);
/* Waits for the thread's end, by the network behind; one that was never begun has none. */
void planche_relay_end(struct planche_relay *relay);

#endif
