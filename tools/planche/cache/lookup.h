/* SPDX-License-Identifier: MIT */
/* Looking up entries.
 *
 * A damaged entry is never returned. Its head is checked at each lookup: checksum, key, and that
 * the file has the length that it should have. The checksum of its content is checked when this
 * process uses the entry for the first time, after any change of the file (its ctime), and once an
 * hour. What is wrong is removed and is a miss. */
#ifndef PLANCHE_CACHE_LOOKUP_H
#define PLANCHE_CACHE_LOOKUP_H

#include "cache/result.h"
#include "cache/state.h"

#include <sys/stat.h>

enum planche_cache_found {
    PLANCHE_CACHE_MISS,
    PLANCHE_CACHE_HIT,
    PLANCHE_CACHE_UNSURE /* only if quick: there is one, whose content is to be checked first */
};

/* Looks for an entry; on a hit *result has a reference for the caller, else it is NULL. quick:
 * reads the head only, for event loops: some microseconds if the system has it in memory,
 * or one call of the system for what was looked up so before (hot.h). What
 * cannot be read is a miss. */
enum planche_cache_found planche_cache_lookup(struct planche_cache *cache,
                                              const struct planche_cache_key *key, bool quick,
                                              struct planche_cache_result **result);

/* The same without counting hits and misses, and, unless used, as no use of the entry. */
enum planche_cache_found planche_cache_find(struct planche_cache *cache,
                                            const struct planche_cache_key *key, bool quick,
                                            bool used, struct planche_cache_result **result);
/* For store.c: the file of an entry is known to be sound. */
void planche_cache_note_sound(struct planche_cache *cache, const struct planche_cache_key *key,
                              const struct stat *info);
/* Checks an entry throughout. OK; NOT_FOUND: there is none; DATA: it is damaged (or of another
 * version), and removed if remove; UNSUPPORTED: it has the name of an entry, and is none; IO: it
 * cannot be read, errno says why. bytes may be NULL. */
enum planche_status planche_cache_check(struct planche_cache *cache,
                                        const struct planche_cache_key *key, bool remove,
                                        uint64_t *bytes);

#endif
