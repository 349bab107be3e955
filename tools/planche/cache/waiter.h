/* SPDX-License-Identifier: MIT */
/* Who asks for a result, and who computes it: see flight.h. */
#ifndef PLANCHE_CACHE_WAITER_H
#define PLANCHE_CACHE_WAITER_H

#include "cache/result.h"

struct planche_cache_flight;

/* One that asks, in the caller's memory, zeroed but for the first two. It must stay until it was
 * told, or has left. */
struct planche_cache_waiter {
    /* Tells the outcome, once: from any thread, also before planche_cache_begin has returned. The
     * waiter is the caller's again then. NULL: the caller calls planche_cache_wait. */
    void (*done)(struct planche_cache_waiter *waiter);
    void *user;
    /* The outcome: a reference, the caller's to release; or NULL, and why there is none. */
    struct planche_cache_result *result;
    struct planche_error error;
    /* The cache's. */
    struct planche_cache_flight *flight;
    struct planche_cache_waiter *next;
};

/* What a leader's caller will do. */
struct planche_cache_work {
    /* The last waiter has left. True: the work is being stopped, and who asks from now on begins it
     * anew; false: it goes on, and its result is kept. NULL: it goes on. It may not call the cache.
     */
    bool (*abandoned)(void *user);
    void *user;
};

#endif
