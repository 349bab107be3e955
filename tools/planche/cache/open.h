/* SPDX-License-Identifier: MIT */
/* Opening and closing a cache, and its figures. */
#ifndef PLANCHE_CACHE_OPEN_H
#define PLANCHE_CACHE_OPEN_H

#include "base/alloc.h"
#include "base/log.h"

#include <planche/error.h>

struct planche_cache;

#define PLANCHE_CACHE_DEFAULT_BYTES ((uint64_t)20 << 30)
#define PLANCHE_CACHE_DEFAULT_AGE_S ((int64_t)90 * 24 * 3600)

struct planche_cache_options {
    /* NULL: $CACHE_DIRECTORY/results (of a systemd service), else $XDG_CACHE_HOME/planche/results,
     * else ~/.cache/planche/results */
    const char *folder;
    uint64_t max_bytes; /* of all entries; 0: 20 GiB */
    /* What stays free of the file system, bytes; 0: a twentieth of it, 1 GiB at most; less:
     * nothing. When there is less free, nothing is stored until entries have been removed. */
    int64_t min_free;
    int64_t max_age_s;             /* since the last use, in seconds; 0: 90 days; less: any age */
    struct planche_budget *budget; /* counts what the cache allocates; may be NULL */
    const struct planche_log *log; /* may be NULL */
    bool sync;     /* wait for the disk at each store: a power cut costs no entry that was stored */
    bool still;    /* no thread that removes what is beyond the limits: the caller does */
    bool existing; /* the folder is not made: without it there is nothing */
};

/* Opens a cache; its folder is made if it is missing. What fails later is counted and logged, and
 * never makes a request fail: a read-only folder keeps nothing, one that vanished is made again.
 * Errors: ARGUMENT (a path too long), NOT_FOUND (no home), IO (not a folder; one that others may
 * write into, and so put wrong results there), MEMORY, BUDGET. */
enum planche_status planche_cache_open(struct planche_cache **out,
                                       const struct planche_cache_options *options,
                                       struct planche_error *error);
/* Sets *cache to NULL; NULL is fine. No claim may be held. */
void planche_cache_close(struct planche_cache **cache);

/* The folder, the cache's. */
const char *planche_cache_folder(const struct planche_cache *cache);

/* Figures for metrics: counters since it was opened, and what is there now. */
struct planche_cache_stats {
    uint64_t hits, misses;
    uint64_t stores, evictions, damaged;
    uint64_t errors;    /* that something could not be read, written or removed; damage, too */
    uint64_t too_large; /* results that were not kept for their size */
    uint64_t bytes, entries, max_bytes;
    bool counted; /* bytes and entries are known; else they are what was stored since */
};
void planche_cache_get_stats(const struct planche_cache *cache, struct planche_cache_stats *stats);

#endif
