/* SPDX-License-Identifier: MIT */
/* The door of an engine: which pages run at once.
 *
 * Pages are served in the order in which they come. The one at the door waits until the pages
 * inside leave a thread idle, looks how much memory they leave, and goes in with what it needs, or
 * waits until there is more. Only that page takes memory that no reservation covers, and only what
 * is left. */
#ifndef PLANCHE_ENGINE_ADMISSION_H
#define PLANCHE_ENGINE_ADMISSION_H

#include "os/thread.h"

#include <stdbool.h>
#include <stdint.h>

/* What a page inside has for itself. */
struct planche_reservation {
    uint64_t bytes;   /* it will not take more */
    unsigned threads; /* it can keep busy, at least 1 */
};

/* Asked every now and then by who waits; true: wait no longer. NULL never does. */
typedef bool (*planche_admission_stop_fn)(void *user);

/* On the stack of its page's thread. */
struct planche_admission_waiter {
    struct planche_admission_waiter *next;
};

struct planche_admission {
    unsigned parts;   /* of the memory: a page has one at most */
    unsigned threads; /* to be kept busy */
    unsigned jobs;    /* most pages inside */
    struct planche_mutex mutex;
    struct planche_cond changed;
    /* under mutex */
    uint64_t memory;                        /* for all pages */
    struct planche_admission_waiter *queue; /* pages that wait for their turn, the first first */
    bool occupied;                          /* a page is at the door */
    unsigned inside, busy;
    uint64_t taken;
};

void planche_admission_init(struct planche_admission *admission);
void planche_admission_destroy(struct planche_admission *admission);

/* To be called once, before the first page: jobs pages at once, with equal parts of the memory; 0:
 * as many as keep the threads busy, each with what it needs of all the memory. */
void planche_admission_start(struct planche_admission *admission, uint64_t memory, unsigned threads,
                             unsigned jobs);

/* Waits for one's turn, then until there is room for one more page. The caller is then at the door
 * and must go in or away. False: stop said so, and the caller has left the queue. */
bool planche_admission_acquire(struct planche_admission *admission, planche_admission_stop_fn stop,
                               void *user);
/* Bytes that the page at the door could have. */
struct planche_available {
    uint64_t now;
    uint64_t most; /* when it need not share */
};
struct planche_available planche_admission_available(struct planche_admission *admission);
/* Waits until there is more than `room`. False: stop said so; the caller is still at the door. */
bool planche_admission_wait_for_memory(struct planche_admission *admission, uint64_t room,
                                       planche_admission_stop_fn stop, void *user);
/* Waits until nobody is inside. False: stop said so; the caller is still at the door. */
bool planche_admission_wait_idle(struct planche_admission *admission,
                                 planche_admission_stop_fn stop, void *user);
void planche_admission_commit(struct planche_admission *admission,
                              const struct planche_reservation *reservation);
void planche_admission_cancel(struct planche_admission *admission);

/* Inside: from now on less is needed. */
void planche_admission_shrink(struct planche_admission *admission,
                              struct planche_reservation *reservation,
                              const struct planche_reservation *to);
/* True: nobody is inside or waiting now. */
bool planche_admission_release(struct planche_admission *admission,
                               const struct planche_reservation *reservation);

/* Takes bytes for something else than pages, once the pages inside leave them. False: stop said so,
 * or there would be nothing left for pages. */
bool planche_admission_set_aside(struct planche_admission *admission, uint64_t bytes,
                                 planche_admission_stop_fn stop, void *user);
void planche_admission_put_back(struct planche_admission *admission, uint64_t bytes);

#endif
