/* SPDX-License-Identifier: MIT */
/* Single flight within a process. */
#include "cache/flight.h"

#include "base/status.h"
#include "cache/claim.h"
#include "cache/flight_state.h"
#include "cache/lookup.h"
#include "cache/store.h"

#include <string.h>

static struct planche_cache_flight **list_of(struct planche_cache *cache,
                                             const struct planche_cache_key *key)
{
    return &cache->flights[key->bytes[0] % PLANCHE_CACHE_LISTS];
}

static struct planche_cache_flight *find(struct planche_cache *cache,
                                         const struct planche_cache_key *key)
{
    struct planche_cache_flight *flight = *list_of(cache, key);
    while (flight && memcmp(&flight->key, key, sizeof *key) != 0)
        flight = flight->next;
    return flight;
}

static void unlist(struct planche_cache_flight *flight)
{
    struct planche_cache_flight **at = list_of(flight->cache, &flight->key);
    if (!flight->listed)
        return;
    while (*at != flight)
        at = &(*at)->next;
    *at = flight->next;
    flight->listed = false;
}

static void join(struct planche_cache_flight *flight, struct planche_cache_waiter *waiter)
{
    waiter->flight = flight;
    waiter->result = NULL;
    waiter->error = (struct planche_error){0};
    waiter->next = flight->waiters;
    flight->waiters = waiter;
}

static struct planche_cache_flight *create(struct planche_cache *cache,
                                           const struct planche_cache_key *key,
                                           const struct planche_cache_work *work)
{
    struct planche_cache_flight *flight = planche_calloc(cache->budget, 1, sizeof *flight);
    if (!flight)
        return NULL;
    flight->cache = cache;
    flight->key = *key;
    flight->claim.lock = (struct planche_folder_lock)PLANCHE_FOLDER_LOCK_NONE;
    if (work)
        flight->work = *work;
    return flight;
}

enum planche_cache_role
planche_cache_begin(struct planche_cache *cache, const struct planche_cache_key *key, bool quick,
                    struct planche_cache_waiter *waiter, const struct planche_cache_work *work,
                    struct planche_cache_flight **flight, struct planche_cache_result **result)
{
    *flight = NULL;
    enum planche_cache_found found = planche_cache_lookup(cache, key, quick, result);
    if (found == PLANCHE_CACHE_HIT)
        return PLANCHE_CACHE_HAS;
    struct planche_cache_flight *mine = create(cache, key, work);
    enum planche_cache_role role = PLANCHE_CACHE_ALONE;
    planche_mutex_lock(&cache->mutex);
    struct planche_cache_flight *running = find(cache, key);
    if (running && running->result) {
        role = PLANCHE_CACHE_HAS;
        *result = planche_cache_result_hold(running->result);
    } else if (running) {
        role = PLANCHE_CACHE_FOLLOWS;
        join(running, waiter);
    } else if (mine) {
        /* If another has ended since the look-up, planche_cache_claim_take finds what it has
         * stored. */
        role = PLANCHE_CACHE_LEADS;
        mine->next = *list_of(cache, key);
        mine->listed = true;
        mine->unsure = found == PLANCHE_CACHE_UNSURE;
        *list_of(cache, key) = mine;
        join(mine, waiter);
        *flight = mine;
        mine = NULL;
    }
    planche_mutex_unlock(&cache->mutex);
    if (role == PLANCHE_CACHE_HAS || role == PLANCHE_CACHE_FOLLOWS)
        atomic_fetch_add(&cache->coalesced, 1);
    planche_free(mine);
    return role;
}

/* The mutex is held. */
static void remove_waiter(struct planche_cache_flight *flight, struct planche_cache_waiter *waiter)
{
    struct planche_cache_waiter **at = &flight->waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    waiter->flight = NULL;
    if (!flight->waiters && flight->work.abandoned && flight->work.abandoned(flight->work.user))
        unlist(flight);
}

bool planche_cache_leave(struct planche_cache *cache, struct planche_cache_waiter *waiter)
{
    planche_mutex_lock(&cache->mutex);
    bool waits = waiter->flight != NULL;
    if (waits)
        remove_waiter(waiter->flight, waiter);
    planche_mutex_unlock(&cache->mutex);
    return waits;
}

enum planche_status planche_cache_wait(struct planche_cache *cache,
                                       struct planche_cache_waiter *waiter,
                                       const struct planche_cancel_token *token)
{
    planche_mutex_lock(&cache->mutex);
    while (waiter->flight) {
        if (planche_cancel_wait(token, &cache->ended, &cache->mutex) || !waiter->flight)
            continue;
        remove_waiter(waiter->flight, waiter);
        planche_cancel_fail(token, &waiter->error);
    }
    planche_mutex_unlock(&cache->mutex);
    return waiter->error.status;
}

/* The mutex is held: tells all waiters the outcome, and returns those that are still to be called.
 */
static struct planche_cache_waiter *settle(struct planche_cache_flight *flight,
                                           struct planche_cache_result *result,
                                           const struct planche_error *error)
{
    struct planche_cache_waiter *called = NULL, *next;
    for (struct planche_cache_waiter *waiter = flight->waiters; waiter; waiter = next) {
        next = waiter->next;
        waiter->result = result ? planche_cache_result_hold(result) : NULL;
        if (error)
            waiter->error = *error;
        if (waiter->done) { /* in the order in which they came */
            waiter->next = called;
            called = waiter;
        }
        waiter->flight = NULL;
    }
    flight->waiters = NULL;
    planche_cond_broadcast(&flight->cache->ended);
    return called;
}

/* A waiter may be gone once it was called. */
static void call(struct planche_cache_waiter *waiters)
{
    for (struct planche_cache_waiter *next; waiters; waiters = next) {
        next = waiters->next;
        waiters->done(waiters);
    }
}

bool planche_cache_flight_claim(struct planche_cache_flight *flight,
                                const struct planche_cancel_token *token, uint64_t wait_ms,
                                struct planche_cache_result **result)
{
    struct planche_cache *cache = flight->cache;
    flight->found =
        planche_cache_claim_take(&flight->claim, cache, &flight->key, token, wait_ms, result);
    if (flight->unsure)
        atomic_fetch_add(flight->found ? &cache->hits : &cache->misses, 1);
    flight->unsure = false;
    return flight->found;
}

bool planche_cache_is_abandoned(struct planche_cache_flight *flight)
{
    planche_mutex_lock(&flight->cache->mutex);
    bool abandoned = flight->waiters == NULL;
    planche_mutex_unlock(&flight->cache->mutex);
    return abandoned;
}

static void end(struct planche_cache_flight *flight)
{
    struct planche_cache *cache = flight->cache;
    planche_mutex_lock(&cache->mutex);
    unlist(flight);
    planche_mutex_unlock(&cache->mutex);
    planche_cache_claim_drop(&flight->claim);
    planche_cache_result_release(&flight->result);
    planche_free(flight);
}

enum planche_status planche_cache_finish(struct planche_cache_flight *flight,
                                         struct planche_cache_result *result)
{
    struct planche_cache *cache = flight->cache;
    struct planche_error error = {0};
    enum planche_status status = PLANCHE_OK;
    planche_mutex_lock(&cache->mutex);
    /* Who asks while it is being stored gets it from here. */
    flight->result = result;
    struct planche_cache_waiter *waiters = settle(flight, result, NULL);
    planche_mutex_unlock(&cache->mutex);
    call(waiters);
    if (!flight->found)
        status = planche_cache_store(cache, &flight->key, result, &error);
    end(flight);
    return status;
}

void planche_cache_fail(struct planche_cache_flight *flight, const struct planche_error *error)
{
    struct planche_cache *cache = flight->cache;
    struct planche_error unknown = {.status = PLANCHE_ERROR_INTERNAL};
    if (error->status == PLANCHE_OK) {
        planche_fail(&unknown, PLANCHE_ERROR_INTERNAL, "the computation failed without a reason");
        error = &unknown;
    }
    planche_mutex_lock(&cache->mutex);
    unlist(flight);
    struct planche_cache_waiter *waiters = settle(flight, NULL, error);
    planche_mutex_unlock(&cache->mutex);
    call(waiters);
    end(flight);
}
