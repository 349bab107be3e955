/* SPDX-License-Identifier: MIT */
/* Readiness: what keys of pages depend on is found out on a thread beside the loop, once: this
 * machine with its GPUs, and the content of model files. Pages wait for that, the loop does not. */
#ifndef PLANCHE_PAGES_READY_H
#define PLANCHE_PAGES_READY_H

#include "pages/keys.h"
#include "pages/pages.h"

struct planche_pages_ready;

/* Owned by who waits, and zeroed but for go, user and model when it does not. */
struct planche_pages_ready_waiter {
    void (*go)(void *user); /* keys of the model are quick to make, or never will be */
    void *user;
    const char *model; /* a name or a path; NULL: the default. Lives as long as the wait */
    struct planche_pages_ready_waiter *next, **link; /* link NULL: it does not wait */
};

/* For the loop's thread, as all calls. Both live longer. NULL: no memory. */
struct planche_pages_ready *planche_pages_ready_create(struct planche_pages *pages,
                                                       struct planche_pages_keys *keys);
/* Nobody waits any more. NULL is fine. */
void planche_pages_ready_destroy(struct planche_pages_ready *ready);

/* Asks the machine, unless that was done: for who is about to need keys. */
void planche_pages_ready_prepare(struct planche_pages_ready *ready);
/* Waits, unless keys of the waiter's model can be made at once: false. */
bool planche_pages_ready_wait(struct planche_pages_ready *ready,
                              struct planche_pages_ready_waiter *waiter);
/* Of one that does not wait: fine. */
void planche_pages_ready_leave(struct planche_pages_ready_waiter *waiter);

#endif
