/* SPDX-License-Identifier: MIT */
/* The state of an open cache: what its parts share. */
#ifndef PLANCHE_CACHE_STATE_H
#define PLANCHE_CACHE_STATE_H

#include "base/alloc.h"
#include "base/log.h"
#include "cache/key.h"
#include "os/thread.h"

#include <stdatomic.h>

/* Bytes of paths, with the 0 at the end. */
#define PLANCHE_CACHE_PATH 4096
/* Entries that are remembered to be sound; a power of 2. */
#define PLANCHE_CACHE_SOUND 16384

/* The time of a last use is renewed when it is older, or lies further ahead: the least difference
 * that counts in the order of removal. */
#define PLANCHE_CACHE_USE_NS ((int64_t)3600 * 1000000000)

/* What is said in the log at most once a minute each. */
enum planche_cache_trouble {
    PLANCHE_CACHE_READING,
    PLANCHE_CACHE_WRITING,
    PLANCHE_CACHE_REMOVING,
    PLANCHE_CACHE_DAMAGE,
    PLANCHE_CACHE_TROUBLES
};

struct planche_cache_hot;

struct planche_cache {
    char *folder;
    struct planche_budget *budget;
    struct planche_log log;
    uint64_t max_bytes;
    int64_t max_age; /* ns; 0: none */
    bool sync;
    int64_t min_free;  /* bytes; 0: by the size of the file system; less: nothing */
    size_t candidates; /* entries that are removed after one walk at most */

    /* Counters since it was opened. */
    _Atomic uint64_t hits, misses, stores, evictions, errors, damaged, too_large;
    _Atomic int64_t said[PLANCHE_CACHE_TROUBLES]; /* planche_clock_ns of the last line */
    _Atomic uint64_t to_free;      /* bytes that stores have lacked since the last sweep */
    _Atomic int64_t full_until;    /* planche_clock_ns: until then nothing is stored, 0: not full */
    _Atomic uint64_t *sound;       /* [PLANCHE_CACHE_SOUND], see lookup.c */
    struct planche_cache_hot *hot; /* NULL: nothing stays open, see hot.c */

    /* What is in the folder, as the last sweep has counted and this process has changed it. */
    _Atomic int64_t bytes, entries;
    _Atomic uint64_t stored_bytes; /* by this process since it was opened */
    atomic_bool counted;           /* a sweep has been through */

    /* The keeper, see keeper.c. */
    bool has_keeper;
    struct planche_thread keeper;
    struct planche_mutex keeper_mutex; /* of wanted */
    struct planche_cond keeper_cond;
    bool wanted;
    atomic_bool stopping;
    _Atomic uint64_t swept_at_bytes; /* stored_bytes when the last sweep began */
    _Atomic int64_t next_sweep;      /* planche_clock_ns: when use asks for one */
    _Atomic int64_t no_sweep_before; /* likewise: the last could not remove what it should */
};

#endif
