/* SPDX-License-Identifier: MIT */
/* Storing results.
 *
 * An entry is written to a temporary file, which gets its name when it is complete: a process that
 * is killed leaves a temporary file, never part of an entry. Nothing waits for the disk: what a
 * power cut tears is noticed by its checksum, and is computed again. */
#ifndef PLANCHE_CACHE_STORE_H
#define PLANCHE_CACHE_STORE_H

#include "cache/result.h"
#include "cache/state.h"

/* Keeps a result, in the place of one that is there. The result is the caller's before and after,
 * whatever the outcome. Errors, which the log has been told of: IO (no space, read-only, ...),
 * after which nothing is left; LIMIT: larger than a quarter of all that the cache may hold. */
enum planche_status planche_cache_store(struct planche_cache *cache,
                                        const struct planche_cache_key *key,
                                        const struct planche_cache_result *result,
                                        struct planche_error *error);

#endif
