/* SPDX-License-Identifier: MIT */
/* Walks through all entries, folder by folder. */
#ifndef PLANCHE_CACHE_WALK_H
#define PLANCHE_CACHE_WALK_H

#include "cache/state.h"

#include <planche/error.h>
#include <sys/stat.h>

/* Called for each entry, with what it is at that moment. */
typedef void (*planche_cache_entry_fn)(void *user, const struct planche_cache_key *key,
                                       const struct stat *info);

/* Errors: IO: a folder that is there cannot be listed. stop (may be NULL) ends it early. */
enum planche_status planche_cache_walk(const struct planche_cache *cache,
                                       planche_cache_entry_fn each, void *user,
                                       const atomic_bool *stop, struct planche_error *error);
/* Removes what processes have left that were killed while they wrote or computed; counts what is
 * being written. By its lock, which ends with a process, or where there are no locks once it is an
 * hour old. removes false: counts only. */
void planche_cache_collect(const struct planche_cache *cache, bool removes, uint64_t *unfinished,
                           uint64_t *unfinished_bytes, uint64_t *abandoned);

#endif
