/* SPDX-License-Identifier: MIT */
/* Single flight: one computation for each key, however many ask for it.
 *
 * Who asks is a waiter. The first one that asks for what is not there leads: its caller has the
 * result computed and ends the flight. All others follow: they are called back, or wait. A waiter
 * that leaves does not stop the computation; when the last one has left, the caller is asked
 * whether to. Between processes a lock file does the same as far as it can: see
 * planche_cache_flight_claim.
 *
 *   role = planche_cache_begin(cache, key, true, &waiter, &work, &flight, &result);
 *   HAS:     send result
 *   FOLLOWS: waiter.done is called
 *   LEADS:   the same; and on a thread that may block:
 *            if (!planche_cache_flight_claim(flight, token, 60000, &result))
 *                result = ... compute ...
 *            planche_cache_finish(flight, result), or planche_cache_fail(flight, &error)
 *
 * All functions are thread-safe. */
#ifndef PLANCHE_CACHE_FLIGHT_H
#define PLANCHE_CACHE_FLIGHT_H

#include "base/cancel.h"
#include "cache/result.h"
#include "cache/state.h"
#include "cache/waiter.h"

struct planche_cache_flight;

enum planche_cache_role {
    PLANCHE_CACHE_HAS,     /* *result is the caller's to release; the waiter is not needed */
    PLANCHE_CACHE_LEADS,   /* *flight is to be ended by the caller, and the waiter waits */
    PLANCHE_CACHE_FOLLOWS, /* the waiter waits */
    PLANCHE_CACHE_ALONE    /* no memory: the caller computes without the cache */
};

/* Asks. quick: as for planche_cache_lookup; an entry that is unsure is led to, and found by
 * planche_cache_flight_claim. work may be NULL, and is not needed afterwards. */
enum planche_cache_role
planche_cache_begin(struct planche_cache *cache, const struct planche_cache_key *key, bool quick,
                    struct planche_cache_waiter *waiter, const struct planche_cache_work *work,
                    struct planche_cache_flight **flight, struct planche_cache_result **result);
/* A waiter goes. False: it was told its outcome already, or is being told now (by another thread),
 * and has a result to release. */
bool planche_cache_leave(struct planche_cache *cache, struct planche_cache_waiter *waiter);
/* Waits for the outcome of a waiter without done. When the token (may be NULL) fires, it leaves:
 * CANCELLED, DEADLINE. Returns the status of waiter->error. */
enum planche_status planche_cache_wait(struct planche_cache *cache,
                                       struct planche_cache_waiter *waiter,
                                       const struct planche_cancel_token *token);

/* Before the leader computes: looks once more, and waits while another process computes the same,
 * as planche_cache_claim_take does. True: *result is there, to be given to planche_cache_finish. */
bool planche_cache_flight_claim(struct planche_cache_flight *flight,
                                const struct planche_cancel_token *token, uint64_t wait_ms,
                                struct planche_cache_result **result);
/* Whether the leader can stop: nobody waits. */
bool planche_cache_is_abandoned(struct planche_cache_flight *flight);
/* Ends a flight: all waiters get the result, then it is stored. Takes over the caller's reference.
 * Returns the status of storing, which the log has been told of. */
enum planche_status planche_cache_finish(struct planche_cache_flight *flight,
                                         struct planche_cache_result *result);
/* Ends a flight without a result, and keeps nothing: who asks next begins anew. */
void planche_cache_fail(struct planche_cache_flight *flight, const struct planche_error *error);

#endif
