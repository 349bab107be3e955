/* SPDX-License-Identifier: MIT */
/* A computation that runs for a key. */
#ifndef PLANCHE_CACHE_FLIGHT_STATE_H
#define PLANCHE_CACHE_FLIGHT_STATE_H

#include "cache/claim.h"
#include "cache/state.h"
#include "cache/waiter.h"

/* The cache's mutex guards all but the cache, the key and the claim. */
struct planche_cache_flight {
    struct planche_cache *cache;
    struct planche_cache_key key;
    struct planche_cache_work work;
    struct planche_cache_flight *next;    /* in its list */
    bool listed;                          /* who asks finds it */
    bool unsure;                          /* neither a hit nor a miss yet */
    bool found;                           /* the result was in the cache: it is not stored again */
    struct planche_cache_waiter *waiters; /* the latest first */
    struct planche_cache_result *result;  /* there is one, which is being stored */
    struct planche_cache_claim claim;     /* of its thread */
};

#endif
