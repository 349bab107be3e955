/* SPDX-License-Identifier: MIT */
/* Sweeps through a cache. */
#include "cache/sweep.h"

#include "base/status.h"
#include "cache/files.h"
#include "cache/walk.h"
#include "io/folder_lock.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An entry that may have to go. order: its last use; of one that was used in the future, as the
 * clock is now, 0: it would never be the oldest. */
struct candidate {
    int64_t order, used;
    uint64_t size, inode;
    struct planche_cache_key key;
};

/* The entries that were not used for longest, of those seen so far: a heap, whose first was used
 * last. */
struct sweep {
    struct planche_cache *cache;
    struct planche_cache_tally *tally;
    int64_t now;
    struct candidate *candidates; /* NULL: none are wanted */
    size_t count;
};

/* Puts a candidate at the root of a heap of count, or lower. */
static void sift_down(struct candidate *heap, size_t count, size_t at, const struct candidate *one)
{
    for (size_t below; (below = 2 * at + 1) < count; at = below) {
        if (below + 1 < count && heap[below + 1].order > heap[below].order)
            below++;
        if (heap[below].order <= one->order)
            break;
        heap[at] = heap[below];
    }
    heap[at] = *one;
}

static void sift_up(struct candidate *heap, size_t at, const struct candidate *one)
{
    for (size_t above; at > 0 && heap[above = (at - 1) / 2].order < one->order; at = above)
        heap[at] = heap[above];
    heap[at] = *one;
}

/* Whether a file with the name of an entry is somebody else's; of one that cannot be read `unread`.
 */
static bool is_foreign(const struct planche_cache_key *key, const char *path, bool unread)
{
    struct stat info;
    int fd = planche_cache_open_entry(path, &info);
    bool foreign = fd >= 0 ? !planche_cache_is_ours(fd, key, !unread) : unread;
    planche_fd_close(&fd);
    return foreign;
}

/* Adds an entry to those that may have to go, if it is among the first of them. */
static void add_candidate(struct sweep *sweep, const struct candidate *one)
{
    if (sweep->count < sweep->cache->candidates)
        sift_up(sweep->candidates, sweep->count++, one);
    else if (one->order < sweep->candidates[0].order)
        sift_down(sweep->candidates, sweep->count, 0, one);
}

/* Each file is looked into: a large one of somebody else's would drive all results out. */
static void see_entry(void *user, const struct planche_cache_key *key, const struct stat *info)
{
    struct sweep *sweep = user;
    struct planche_cache_tally *tally = sweep->tally;
    const int64_t used = planche_cache_time(info->st_mtim);
    const struct candidate one = {used > sweep->now + PLANCHE_CACHE_USE_NS ? 0 : used, used,
                                  (uint64_t)info->st_size, (uint64_t)info->st_ino, *key};
    char path[PLANCHE_CACHE_PATH];
    planche_cache_entry_path(sweep->cache, key, path);
    if (is_foreign(key, path, false)) {
        tally->foreign++;
        tally->foreign_bytes += one.size;
        return;
    }
    tally->oldest = tally->entries == 0 || one.used < tally->oldest ? one.used : tally->oldest;
    tally->newest = tally->entries == 0 || one.used > tally->newest ? one.used : tally->newest;
    tally->entries++;
    tally->bytes += one.size;
    if (sweep->candidates)
        add_candidate(sweep, &one);
}

/* Order of removal; keys decide between equal times, so that it is the same everywhere. */
static int compare(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return memcmp(&a->key, &b->key, sizeof a->key);
}

/* Removes an entry unless it was used or replaced since it was seen. False: it is there and stays,
 * although it should not. */
static bool remove_entry(struct sweep *sweep, const struct candidate *one)
{
    struct planche_cache *cache = sweep->cache;
    char path[PLANCHE_CACHE_PATH];
    struct stat info;
    planche_cache_entry_path(cache, &one->key, path);
    bool there = lstat(path, &info) == 0;
    if (there && (planche_cache_time(info.st_mtim) != one->used || info.st_ino != one->inode))
        return true;
    if (there && is_foreign(&one->key, path, true)) {
        planche_cache_complain(cache, PLANCHE_CACHE_REMOVING,
                               "%s: cannot be read, or is no result: it is left there", path);
        sweep->tally->kept++;
        return false;
    }
    if (there && !planche_file_remove(path)) {
        planche_cache_complain(cache, PLANCHE_CACHE_REMOVING, "%s: cannot be removed: %s", path,
                               strerror(errno));
        sweep->tally->kept++;
        return false;
    }
    if (there) {
        atomic_fetch_add(&cache->evictions, 1);
        sweep->tally->removed++;
        sweep->tally->removed_bytes += one->size;
    }
    sweep->tally->entries--;
    sweep->tally->bytes -= one->size;
    return true;
}

/* The time before which entries are too old. */
static int64_t oldest_allowed(const struct planche_cache_limits *limits, const struct sweep *sweep)
{
    int64_t bound = limits->max_age > 0 ? sweep->now - limits->max_age : INT64_MIN;
    return !limits->strict && sweep->tally->newest < bound ? INT64_MIN : bound;
}

/* Whether an entry has to go. full: there was too much at the start. */
static bool must_go(const struct sweep *sweep, const struct planche_cache_limits *limits, bool full,
                    int64_t bound, const struct candidate *one)
{
    const struct planche_cache_tally *tally = sweep->tally;
    return (full && tally->bytes > limits->target_bytes) ||
           tally->removed_bytes < limits->to_free || one->used < bound;
}

/* Removes candidates in order while there is too much. True: there may be more to remove, but no
 * candidates are left. */
static bool remove_candidates(struct sweep *sweep, const struct planche_cache_limits *limits,
                              const atomic_bool *stop)
{
    bool full = sweep->tally->bytes > limits->max_bytes;
    int64_t bound = oldest_allowed(limits, sweep);
    uint64_t removed = sweep->tally->removed;
    qsort(sweep->candidates, sweep->count, sizeof *sweep->candidates, compare);
    for (size_t i = 0; i < sweep->count && !(stop && atomic_load(stop)); i++) {
        const struct candidate *one = &sweep->candidates[i];
        if (!must_go(sweep, limits, full, bound, one)) {
            sweep->tally->oldest = one->used;
            return false;
        }
        remove_entry(sweep, one);
    }
    if (sweep->tally->entries == 0)
        sweep->tally->oldest = sweep->tally->newest = 0;
    /* Only of a full list can there be more. */
    return sweep->count == sweep->cache->candidates && sweep->tally->removed > removed;
}

static enum planche_status walk(struct sweep *sweep, const atomic_bool *stop,
                                struct planche_error *error)
{
    struct planche_cache_tally *tally = sweep->tally;
    sweep->count = 0;
    sweep->now = planche_cache_now();
    tally->entries = tally->bytes = 0;
    tally->foreign = tally->foreign_bytes = 0;
    tally->oldest = tally->newest = 0;
    return planche_cache_walk(sweep->cache, see_entry, sweep, stop, error);
}

/* Stores that end meanwhile may have been seen, and count twice until the next sweep: it begins a
 * little early then. */
static void note_total(struct planche_cache *cache, const struct planche_cache_tally *tally,
                       uint64_t stored_before)
{
    uint64_t meanwhile = atomic_load(&cache->stored_bytes) - stored_before;
    atomic_store(&cache->bytes, (int64_t)(tally->bytes + meanwhile));
    atomic_store(&cache->entries, (int64_t)tally->entries);
    atomic_store(&cache->counted, true);
}

enum planche_status planche_cache_count(struct planche_cache *cache,
                                        struct planche_cache_tally *tally, const atomic_bool *stop,
                                        struct planche_error *error)
{
    struct sweep sweep = {.cache = cache, .tally = tally};
    uint64_t stored = atomic_load(&cache->stored_bytes);
    *tally = (struct planche_cache_tally){0};
    enum planche_status status = walk(&sweep, stop, error);
    planche_cache_collect(cache, false, &tally->unfinished, &tally->unfinished_bytes,
                          &tally->abandoned);
    if (status == PLANCHE_OK && !(stop && atomic_load(stop)))
        note_total(cache, tally, stored);
    return status;
}

static enum planche_status sweep_all(struct sweep *sweep, const struct planche_cache_limits *limits,
                                     const atomic_bool *stop, struct planche_error *error)
{
    uint64_t stored;
    enum planche_status status;
    bool more;
    do {
        stored = atomic_load(&sweep->cache->stored_bytes);
        status = walk(sweep, stop, error);
        more = status == PLANCHE_OK && remove_candidates(sweep, limits, stop);
    } while (more && !(stop && atomic_load(stop)));
    if (status == PLANCHE_OK && !(stop && atomic_load(stop)))
        note_total(sweep->cache, sweep->tally, stored);
    return status;
}

enum planche_status planche_cache_prune(struct planche_cache *cache,
                                        const struct planche_cache_limits *limits,
                                        struct planche_cache_tally *tally, const atomic_bool *stop,
                                        struct planche_error *error)
{
    struct sweep sweep = {.cache = cache, .tally = tally};
    struct planche_folder_lock lock = PLANCHE_FOLDER_LOCK_NONE;
    size_t bytes = cache->candidates * sizeof *sweep.candidates;
    char path[PLANCHE_CACHE_PATH];
    *tally = (struct planche_cache_tally){0};
    planche_cache_path_of(cache, "", "lock", path);
    /* Where there are no locks, two that sweep at once do no harm: both remove the same. */
    if (planche_file_lock_take(&lock, path) == PLANCHE_FOLDER_LOCK_BUSY)
        return planche_fail(error, PLANCHE_ERROR_EXISTS,
                            "%s: another process is removing results there now", cache->folder);
    sweep.candidates = planche_alloc(cache->budget, bytes);
    enum planche_status status =
        sweep.candidates ? sweep_all(&sweep, limits, stop, error)
                         : planche_fail_memory(error, cache->budget, bytes, "sweeping the cache");
    planche_cache_collect(cache, true, &tally->unfinished, &tally->unfinished_bytes,
                          &tally->abandoned);
    planche_free(sweep.candidates);
    planche_folder_lock_release(&lock);
    return status;
}
