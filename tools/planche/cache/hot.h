/* SPDX-License-Identifier: MIT */
/* Hot entries: those that were looked up last stay open, so that the next look-up need not open
 * them and read their heads again. What is at the path now decides, as it does without: an entry
 * that was removed, replaced or changed, by whichever process, is not hot any more. */
#ifndef PLANCHE_CACHE_HOT_H
#define PLANCHE_CACHE_HOT_H

#include "cache/result.h"
#include "cache/state.h"

#include <sys/stat.h>

/* Nothing is hot without memory. */
void planche_cache_hot_create(struct planche_cache *cache);
void planche_cache_hot_destroy(struct planche_cache *cache);
/* The entry at the path if it is hot, with a reference for the caller and what the path leads to;
 * NULL: it is not. */
struct planche_cache_result *planche_cache_hot_find(struct planche_cache *cache,
                                                    const struct planche_cache_key *key,
                                                    const char *path, struct stat *info);
/* The entry is hot from now on, in the place of another. */
void planche_cache_hot_keep(struct planche_cache *cache, const struct planche_cache_key *key,
                            struct planche_cache_result *result, const struct stat *info);
/* Closes all: removed files take room on the disk while they are open. */
void planche_cache_hot_clear(struct planche_cache *cache);

#endif
