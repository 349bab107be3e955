/* SPDX-License-Identifier: MIT */
/* Storing results. */
#include "cache/store.h"

#include "base/status.h"
#include "cache/entry.h"
#include "cache/files.h"
#include "cache/keeper.h"
#include "cache/lookup.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/system.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ATTEMPTS   16
#define COPY_BYTES ((size_t)64 << 10)
/* How long nothing is tried once there was no space: what is written in vain costs as much as what
 * is kept. */
#define FULL_NS ((int64_t)10 * 1000000000)

/* What stays free of the file system by default: a twentieth of it, but not more than this. */
#define MOST_KEPT_FREE ((uint64_t)1 << 30)
/* Files of the size that found no room, for which room is made. */
#define ROOM_FILES 16

/* An entry that is being written. */
struct temporary {
    int fd;
    char path[PLANCHE_CACHE_PATH];
};

/* Whether the file is still there: a sweep may have found it in the moment before it was locked. */
static bool is_ours(int fd)
{
    struct stat info;
    int reason = planche_fd_lock(fd);
    return reason != EWOULDBLOCK && fstat(fd, &info) == 0 && info.st_nlink > 0;
}

static bool open_temporary(const struct planche_cache *cache, struct temporary *temporary)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        uint64_t number;
        char name[PLANCHE_CACHE_TEMPORARY_TEXT];
        if (!planche_system_random(&number, sizeof number))
            return false;
        snprintf(name, sizeof name, "%016" PRIx64, number);
        planche_cache_path_of(cache, "tmp", name, temporary->path);
        temporary->fd = planche_fd_create(temporary->path, 0600);
        if (temporary->fd >= 0 && is_ours(temporary->fd))
            return true;
        int reason = temporary->fd < 0 ? errno : EEXIST;
        if (temporary->fd >= 0)
            planche_file_remove(temporary->path);
        planche_fd_close(&temporary->fd);
        if (reason == ENOENT && planche_cache_make_folders(cache))
            continue;
        if (reason == EEXIST)
            continue;
        errno = reason == ENOENT ? errno : reason;
        return false;
    }
    errno = EIO;
    return false;
}

static bool copy_content(int fd, const struct planche_cache_result *result)
{
    uint8_t buffer[COPY_BYTES];
    if (result->data)
        return planche_fd_write(fd, result->data, result->size);
    for (uint64_t done = 0; done < result->size;) {
        size_t part =
            result->size - done < sizeof buffer ? (size_t)(result->size - done) : sizeof buffer;
        if (!planche_cache_result_read(result, buffer, part, done) ||
            !planche_fd_write(fd, buffer, part))
            return false;
        done += part;
    }
    return true;
}

/* Its time of last use is now, by the same clock as those of others: a file server may have
 * another. */
static void set_time(int fd, int64_t now)
{
    const struct timespec times[2] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = (time_t)(now / 1000000000), .tv_nsec = (long)(now % 1000000000)}};
    (void)!futimens(fd, times);
}

static bool write_entry(const struct planche_cache *cache, int fd,
                        const struct planche_cache_key *key,
                        const struct planche_cache_result *result, int64_t now)
{
    uint8_t head[PLANCHE_CACHE_HEAD_BYTES];
    size_t size = planche_cache_head_write(head, key, result, now);
    if (!planche_fd_write(fd, head, size) || !copy_content(fd, result) ||
        !planche_fd_has_size(fd, size + result->size) || (cache->sync && !planche_fd_sync(fd)))
        return false;
    set_time(fd, now);
    return true;
}

/* The folder of entries is made when its first entry comes. */
static bool give_name(const char *from, const char *path)
{
    if (planche_file_rename(from, path))
        return true;
    if (errno != ENOENT)
        return false;
    return planche_folder_make_parents(path, 0700) && planche_file_rename(from, path);
}

/* An entry of that name that is replaced counts no longer. */
static void count_entry(struct planche_cache *cache, const struct stat *before, bool replaced,
                        uint64_t size)
{
    atomic_fetch_add(&cache->stores, 1);
    atomic_fetch_add(&cache->bytes, (int64_t)size - (replaced ? (int64_t)before->st_size : 0));
    atomic_fetch_add(&cache->entries, replaced ? 0 : 1);
    atomic_fetch_add(&cache->stored_bytes, size);
}

/* False: errno says why, and nothing is left. */
static bool store_file(struct planche_cache *cache, const struct planche_cache_key *key,
                       const struct planche_cache_result *result, struct temporary *temporary)
{
    char path[PLANCHE_CACHE_PATH];
    struct stat before, info;
    bool stored = false;
    planche_cache_entry_path(cache, key, path);
    if (!open_temporary(cache, temporary))
        return false;
    bool written = write_entry(cache, temporary->fd, key, result, planche_cache_now());
    bool replaced = written && lstat(path, &before) == 0;
    if (written)
        stored = give_name(temporary->path, path);
    int reason = errno;
    bool known = stored && fstat(temporary->fd, &info) == 0;
    if (!stored)
        planche_file_remove(temporary->path);
    /* Some file systems say only now that there was no space. */
    if (!planche_fd_close(&temporary->fd) && stored) {
        reason = errno;
        planche_file_remove(path);
        stored = false;
    }
    if (known && stored) {
        planche_cache_note_sound(cache, key, &info);
        count_entry(cache, &before, replaced, (uint64_t)info.st_size);
    }
    errno = reason;
    return stored;
}

/* Bytes that are missing for a file of so many. 0: there is room, or that is not known. */
static uint64_t missing_bytes(const struct planche_cache *cache, uint64_t size)
{
    struct statvfs info;
    if (cache->min_free < 0 || statvfs(cache->folder, &info) != 0)
        return 0;
    uint64_t block = info.f_frsize, left = info.f_bavail * block;
    uint64_t part = info.f_blocks * block / 20;
    uint64_t kept = part < MOST_KEPT_FREE ? part : MOST_KEPT_FREE;
    if (cache->min_free > 0)
        kept = (uint64_t)cache->min_free;
    uint64_t needed = kept > UINT64_MAX - size ? UINT64_MAX : kept + size;
    return needed > left ? needed - left : 0;
}

/* Asks for what is missing, and for room for some more files of that size. */
static void ask_for_room(struct planche_cache *cache, uint64_t missing, uint64_t size)
{
    uint64_t asked = atomic_load(&cache->to_free);
    uint64_t bytes = size < UINT64_MAX / ROOM_FILES ? size * ROOM_FILES : UINT64_MAX;
    bytes = bytes < UINT64_MAX - missing ? bytes + missing : UINT64_MAX;
    while (asked < bytes && !atomic_compare_exchange_weak(&cache->to_free, &asked, bytes))
        continue;
    planche_cache_keeper_look(cache);
}

static enum planche_status fail(struct planche_cache *cache, const char *reason,
                                struct planche_error *error)
{
    planche_cache_complain(cache, PLANCHE_CACHE_WRITING, "%s: results cannot be kept: %s",
                           cache->folder, reason);
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: a result cannot be kept: %s", cache->folder,
                        reason);
}

/* What a full disk has made fail is not tried again for a while, and room is made for it. */
static enum planche_status fail_store(struct planche_cache *cache, int reason, uint64_t size,
                                      struct planche_error *error)
{
    if (reason == ENOSPC || reason == EDQUOT) {
        atomic_store(&cache->full_until, planche_clock_ns() + FULL_NS);
        ask_for_room(cache, 0, size);
    }
    return fail(cache, strerror(reason), error);
}

enum planche_status planche_cache_store(struct planche_cache *cache,
                                        const struct planche_cache_key *key,
                                        const struct planche_cache_result *result,
                                        struct planche_error *error)
{
    struct temporary temporary = {.fd = -1};
    int64_t full = atomic_load(&cache->full_until);
    if (result->size > cache->max_bytes / 4) {
        atomic_fetch_add(&cache->too_large, 1);
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "a result of %" PRIu64 " bytes is too large for a cache of %" PRIu64,
                            result->size, cache->max_bytes);
    }
    uint64_t missing = missing_bytes(cache, result->size);
    if (missing > 0) {
        ask_for_room(cache, missing, result->size);
        return fail(cache, "the disk has too little space left", error);
    }
    if (full != 0 && planche_clock_ns() < full)
        return fail(cache, strerror(ENOSPC), error);
    if (!store_file(cache, key, result, &temporary))
        return fail_store(cache, errno, result->size, error);
    atomic_store(&cache->full_until, 0);
    planche_cache_keeper_look(cache);
    return PLANCHE_OK;
}
