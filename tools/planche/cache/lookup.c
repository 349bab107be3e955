/* SPDX-License-Identifier: MIT */
/* Looking up entries. */
#include "cache/lookup.h"

#include "cache/entry.h"
#include "cache/files.h"
#include "cache/hot.h"
#include "cache/keeper.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR_NS ((int64_t)3600 * 1000000000)
/* 2020. An earlier clock has not been set yet, as after the start of a machine without one: its
 * times would make entries look old later. */
#define CLOCK_IS_SET_NS ((int64_t)1577836800 * 1000000000)

/* What stands for a file that is sound: another file, a changed one, or the same an hour later has
 * another mark. Files are sound if their mark stands in its place of the table; what takes the
 * place of another only costs a check. */
static uint64_t mark_of(const struct planche_cache_key *key, const struct stat *info)
{
    uint64_t mark, more[] = {(uint64_t)info->st_ino, (uint64_t)info->st_size,
                             (uint64_t)planche_cache_time(info->st_ctim),
                             (uint64_t)(planche_clock_ns() / HOUR_NS)};
    memcpy(&mark, key->bytes, sizeof mark);
    /* The finaliser of splitmix64 (Steele, Lea and Flood, 2014). */
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        mark = (mark ^ more[i]) + UINT64_C(0x9e3779b97f4a7c15);
        mark = (mark ^ (mark >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        mark = (mark ^ (mark >> 27)) * UINT64_C(0x94d049bb133111eb);
        mark ^= mark >> 31;
    }
    return mark ? mark : 1;
}

static _Atomic uint64_t *place_of(const struct planche_cache *cache,
                                  const struct planche_cache_key *key)
{
    uint64_t number;
    memcpy(&number, key->bytes + 8, sizeof number);
    return &cache->sound[number % PLANCHE_CACHE_SOUND];
}

static bool is_known(const struct planche_cache *cache, const struct planche_cache_key *key,
                     const struct stat *info)
{
    return atomic_load_explicit(place_of(cache, key), memory_order_relaxed) == mark_of(key, info);
}

void planche_cache_note_sound(struct planche_cache *cache, const struct planche_cache_key *key,
                              const struct stat *info)
{
    atomic_store_explicit(place_of(cache, key), mark_of(key, info), memory_order_relaxed);
}

/* Renews the time of last use, which is the file's time of change: access times are not kept
 * everywhere. Where it cannot be set (another's file, a read-only file system) the order of removal
 * suffers, nothing else. */
static void note_use(int fd, struct stat *info)
{
    int64_t now = planche_cache_now(), last = planche_cache_time(info->st_mtim);
    if (now < CLOCK_IS_SET_NS ||
        (now - last < PLANCHE_CACHE_USE_NS && last - now < PLANCHE_CACHE_USE_NS))
        return;
    const struct timespec times[2] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = (time_t)(now / 1000000000), .tv_nsec = (long)(now % 1000000000)}};
    if (futimens(fd, times) == 0)
        fstat(fd, info);
}

/* Whether the content is what the head says. False: errno is 0, or says why it cannot be read. */
static bool is_sound(const struct planche_cache_result *result)
{
    uint8_t digest[PLANCHE_CACHE_DIGEST_BYTES];
    if (!planche_cache_digest_file(result->fd, result->offset, result->size, digest))
        return false;
    errno = 0;
    return memcmp(digest, result->digest, sizeof digest) == 0;
}

/* Another process may have put a sound one in its place: that is not removed, but for the moment
 * between looking and removing, which costs it. */
static void remove_damaged(struct planche_cache *cache, const char *path, const struct stat *seen)
{
    struct stat info;
    atomic_fetch_add(&cache->damaged, 1);
    if (lstat(path, &info) != 0 || info.st_ino != seen->st_ino || info.st_dev != seen->st_dev)
        return;
    planche_cache_complain(cache, PLANCHE_CACHE_DAMAGE,
                           "%s: this result is damaged and is removed; it is computed again", path);
    if (planche_file_remove(path)) {
        atomic_fetch_sub(&cache->bytes, (int64_t)info.st_size);
        atomic_fetch_sub(&cache->entries, 1);
    }
}

/* An entry under examination. */
struct looked {
    struct planche_cache_result *result; /* NULL: there is none that can be read */
    bool absent, damaged, no_memory;
    bool foreign; /* nothing in it says that it ever was an entry */
    int reason;   /* errno, if it is none of these */
    struct stat info;
};

/* Opens an entry and reads its head. */
static void read_entry(struct planche_cache *cache, const struct planche_cache_key *key,
                       const char *path, struct looked *looked)
{
    uint8_t head[PLANCHE_CACHE_HEAD_BYTES];
    *looked = (struct looked){0};
    int fd = planche_cache_open_entry(path, &looked->info);
    looked->reason = fd < 0 ? errno : 0;
    looked->absent = fd < 0 && planche_file_is_absent(errno);
    if (fd < 0)
        return;
    int64_t got = planche_fd_read_at(fd, head, sizeof head, 0);
    looked->reason = got < 0 ? errno : 0;
    looked->result = got < 0 ? NULL : planche_cache_result_make(cache->budget, fd);
    looked->no_memory = got >= 0 && !looked->result;
    if (!looked->result) {
        planche_fd_close(&fd);
        return;
    }
    looked->damaged = !planche_cache_head_read(head, (size_t)got, (uint64_t)looked->info.st_size,
                                               key, looked->result);
    looked->foreign = !planche_cache_head_is_ours(head, (size_t)got, key);
}

/* Whether it is open still. */
static bool find_hot(struct planche_cache *cache, const struct planche_cache_key *key,
                     const char *path, struct looked *looked)
{
    *looked = (struct looked){0};
    looked->result = planche_cache_hot_find(cache, key, path, &looked->info);
    return looked->result != NULL;
}

static void check_content(struct looked *looked)
{
    if (is_sound(looked->result))
        return;
    looked->reason = errno;
    /* Less than there was a moment ago. */
    looked->damaged = errno == 0 || errno == EIO;
}

static enum planche_cache_found give_up(struct planche_cache *cache, struct looked *looked,
                                        const char *path)
{
    planche_cache_result_release(&looked->result);
    if (looked->damaged)
        remove_damaged(cache, path, &looked->info);
    else if (looked->no_memory)
        planche_cache_complain(cache, PLANCHE_CACHE_READING, "%s: no memory to read it", path);
    else if (!looked->absent)
        planche_cache_complain(cache, PLANCHE_CACHE_READING, "%s: cannot be read: %s", path,
                               strerror(looked->reason));
    return PLANCHE_CACHE_MISS;
}

enum planche_cache_found planche_cache_find(struct planche_cache *cache,
                                            const struct planche_cache_key *key, bool quick,
                                            bool used, struct planche_cache_result **result)
{
    char path[PLANCHE_CACHE_PATH];
    struct looked looked;
    *result = NULL;
    planche_cache_entry_path(cache, key, path);
    bool hot = quick && find_hot(cache, key, path, &looked);
    if (!hot)
        read_entry(cache, key, path, &looked);
    if (!looked.result || looked.damaged)
        return give_up(cache, &looked, path);
    bool known = is_known(cache, key, &looked.info);
    if (!known && quick) {
        planche_cache_result_release(&looked.result);
        return PLANCHE_CACHE_UNSURE;
    }
    if (!known)
        check_content(&looked);
    if (looked.damaged || looked.reason)
        return give_up(cache, &looked, path);
    if (used)
        note_use(looked.result->fd, &looked.info);
    planche_cache_note_sound(cache, key, &looked.info);
    if (quick && !hot)
        planche_cache_hot_keep(cache, key, looked.result, &looked.info);
    *result = looked.result;
    return PLANCHE_CACHE_HIT;
}

enum planche_cache_found planche_cache_lookup(struct planche_cache *cache,
                                              const struct planche_cache_key *key, bool quick,
                                              struct planche_cache_result **result)
{
    enum planche_cache_found found = planche_cache_find(cache, key, quick, true, result);
    planche_cache_keeper_look(cache);
    if (found != PLANCHE_CACHE_UNSURE)
        atomic_fetch_add(found == PLANCHE_CACHE_HIT ? &cache->hits : &cache->misses, 1);
    return found;
}

enum planche_status planche_cache_check(struct planche_cache *cache,
                                        const struct planche_cache_key *key, bool remove,
                                        uint64_t *bytes)
{
    char path[PLANCHE_CACHE_PATH];
    struct looked looked;
    planche_cache_entry_path(cache, key, path);
    read_entry(cache, key, path, &looked);
    if (bytes)
        *bytes = looked.absent ? 0 : (uint64_t)looked.info.st_size;
    if (looked.result && !looked.damaged)
        check_content(&looked);
    planche_cache_result_release(&looked.result);
    if (looked.foreign)
        return PLANCHE_ERROR_UNSUPPORTED;
    if (looked.damaged && remove)
        remove_damaged(cache, path, &looked.info);
    errno = looked.no_memory ? ENOMEM : looked.reason;
    if (looked.absent)
        return PLANCHE_ERROR_NOT_FOUND;
    if (looked.damaged)
        return PLANCHE_ERROR_DATA;
    return errno ? PLANCHE_ERROR_IO : PLANCHE_OK;
}
