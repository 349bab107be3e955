/* SPDX-License-Identifier: MIT */
/* Sweeps: counting what is in the cache and removing what was not used for longest.
 *
 * A sweep goes through one folder after the other and holds nothing that a reader or a writer
 * waits for. It remembers those entries only that were not used for longest, so its memory does not
 * grow with the cache. Before an entry is removed, its time is looked at once more. Whoever has it
 * open goes on reading. One process sweeps at a time, by a lock that ends with the process. */
#ifndef PLANCHE_CACHE_SWEEP_H
#define PLANCHE_CACHE_SWEEP_H

#include "cache/state.h"

#include <planche/error.h>

struct planche_cache_limits {
    uint64_t max_bytes;    /* nothing is removed for its size while there is not more; */
    uint64_t target_bytes; /* else so much is left */
    uint64_t to_free;      /* removed in any case: at least so many bytes, if there are as many */
    int64_t max_age;       /* ns since the last use; 0: any */
    /* Ages are counted although even the entry that was used last is too old: the user has asked.
     * Else the clock may have stepped, and nothing is removed for its age. */
    bool strict;
};

/* What there is, after the sweep, and what became of it. Foreign files have the names of entries,
 * but no cache has written them: they are counted apart, and stay. */
struct planche_cache_tally {
    uint64_t entries, bytes;
    int64_t oldest, newest; /* last uses, ns since 1970; 0: no entries */
    uint64_t removed, removed_bytes;
    uint64_t kept; /* that could not be removed */
    uint64_t foreign, foreign_bytes;
    uint64_t unfinished, unfinished_bytes;      /* files that are being written */
    uint64_t abandoned, damaged, damaged_bytes; /* removed: left by processes that were killed, */
    uint64_t unreadable;                        /* and, by planche_cache_verify, wrong ones */
};

/* Counts what a cache has written, by the beginning of each file; removes nothing. stop (may be
 * NULL): ends it early. Errors: IO. */
enum planche_status planche_cache_count(struct planche_cache *cache,
                                        struct planche_cache_tally *tally, const atomic_bool *stop,
                                        struct planche_error *error);
/* Counts likewise, and removes what is beyond the limits and what killed processes have
 * left. Errors: IO; EXISTS: another process does it now; MEMORY, BUDGET. */
enum planche_status planche_cache_prune(struct planche_cache *cache,
                                        const struct planche_cache_limits *limits,
                                        struct planche_cache_tally *tally, const atomic_bool *stop,
                                        struct planche_error *error);

#endif
