/* SPDX-License-Identifier: MIT */
/* Claims: one computation for each key among processes, as far as a file system allows.
 *
 * Who computes holds a lock on FOLDER/busy/KEY, which ends with its process. Others wait for the
 * entry or for the lock, and compute themselves when they have waited for long enough: then, and
 * where there are no locks, a page is computed twice, and the last result stays.
 *
 * Taken on the thread that is going to compute, and dropped when the result is stored:
 *
 *   if (!planche_cache_claim_take(&claim, cache, &key, token, 60000, &result)) {
 *       result = ... compute ...
 *       planche_cache_store(cache, &key, result, &error);
 *   }
 *   planche_cache_claim_drop(&claim);
 *
 * Within a process it is for the caller to compute each key once: pages/pages.c does. */
#ifndef PLANCHE_CACHE_CLAIM_H
#define PLANCHE_CACHE_CLAIM_H

#include "base/cancel.h"
#include "cache/key.h"
#include "cache/result.h"
#include "io/folder_lock.h"

struct planche_cache;

struct planche_cache_claim {
    struct planche_cache *cache;
    struct planche_cache_key key;
    struct planche_folder_lock lock; /* the key's file, if this process has it */
};

/* Looks for an entry, and waits while another process computes it, for wait_ms at most or until the
 * token (may be NULL) fires. Blocks; not for event loops. True: *result is there, and nothing is
 * claimed. False: the caller computes (or stops, if its token has fired). In any case
 * planche_cache_claim_drop may be called. Hits and misses are not counted. */
bool planche_cache_claim_take(struct planche_cache_claim *claim, struct planche_cache *cache,
                              const struct planche_cache_key *key,
                              const struct planche_cancel_token *token, uint64_t wait_ms,
                              struct planche_cache_result **result);
/* Lets other processes go. */
void planche_cache_claim_drop(struct planche_cache_claim *claim);

#endif
