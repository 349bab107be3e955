/* SPDX-License-Identifier: MIT */
/* Opening and closing a cache. */
#include "cache/open.h"

#include "base/status.h"
#include "cache/files.h"
#include "cache/hot.h"
#include "cache/keeper.h"
#include "io/cache_dir.h"
#include "io/folder_lock.h"
#include "os/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of a path behind the folder: "/busy/" and a key. */
#define BELOW (PLANCHE_CACHE_KEY_TEXT + 8)

/* Entries that are removed after one walk at most: 230 kB of memory. */
#define CANDIDATES 4096

/* A folder that belongs to this user or to root, and that nobody else may write into: else somebody
 * could put pages of his own there, under keys that he can compute. */
static bool is_trusted(int fd, const char *path)
{
    struct stat info;
    if (planche_folder_is_private(fd, path))
        return true;
    return fstat(fd, &info) == 0 && info.st_uid == 0 && !(info.st_mode & (S_IWGRP | S_IWOTH));
}

static enum planche_status check_folder(struct planche_cache *cache, bool existing,
                                        struct planche_error *error)
{
    bool made = existing || planche_cache_make_folders(cache);
    int reason = errno;
    int fd = planche_fd_open(cache->folder, PLANCHE_FD_FOLDER, NULL);
    if (fd < 0 && (errno == ENOTDIR || errno == EACCES))
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: is no folder for results: %s%s",
                            cache->folder, strerror(errno), planche_cache_advice(errno));
    bool trusted = fd < 0 || is_trusted(fd, cache->folder);
    planche_fd_close(&fd);
    if (!trusted)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: other users may write there, so its results cannot be trusted; "
                            "choose a folder of your own, or make it private (chmod 700)",
                            cache->folder);
    if (!made)
        planche_cache_complain(cache, PLANCHE_CACHE_WRITING, "%s: results cannot be kept there: %s",
                               cache->folder, strerror(reason));
    return PLANCHE_OK;
}

/* A service manager gives a service a folder, and often no home. */
static enum planche_status find_folder(char *path, size_t size, struct planche_error *error)
{
    const char *given = planche_environment("CACHE_DIRECTORY");
    if (!given || *given != '/')
        return planche_cache_path(path, size, "results", error);
    /* The first of a list. */
    int length = snprintf(path, size, "%.*s/results", (int)strcspn(given, ":"), given);
    if (length > 0 && (size_t)length < size)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the path in CACHE_DIRECTORY is too long");
}

static enum planche_status set_folder(struct planche_cache *cache, const char *folder,
                                      struct planche_error *error)
{
    char path[PLANCHE_CACHE_PATH];
    enum planche_status status = PLANCHE_OK;
    if (folder)
        snprintf(path, sizeof path, "%s", folder);
    else
        status = find_folder(path, sizeof path, error);
    if (status)
        return status;
    size_t length = strlen(folder ? folder : path);
    if (length == 0 || length > sizeof path - BELOW)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the path of a cache has 1 to %zu bytes",
                            sizeof path - BELOW);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = 0;
    cache->folder = planche_strdup(cache->budget, path);
    return cache->folder ? PLANCHE_OK : planche_fail_memory(error, cache->budget, length, "cache");
}

static enum planche_status start(struct planche_cache *cache,
                                 const struct planche_cache_options *options,
                                 struct planche_error *error)
{
    enum planche_status status = set_folder(cache, options->folder, error);
    if (status)
        return status;
    cache->sound = planche_calloc(cache->budget, PLANCHE_CACHE_SOUND, sizeof *cache->sound);
    if (!cache->sound)
        return planche_fail_memory(error, cache->budget, PLANCHE_CACHE_SOUND * sizeof *cache->sound,
                                   "cache");
    planche_cache_hot_create(cache);
    status = check_folder(cache, options->existing, error);
    if (status == PLANCHE_OK && !options->still && !planche_cache_keeper_start(cache))
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "the system has no room for a thread");
    return status;
}

enum planche_status planche_cache_open(struct planche_cache **out,
                                       const struct planche_cache_options *options,
                                       struct planche_error *error)
{
    int64_t age = options->max_age_s ? options->max_age_s : PLANCHE_CACHE_DEFAULT_AGE_S;
    struct planche_cache *cache = planche_calloc(options->budget, 1, sizeof *cache);
    *out = NULL;
    if (!cache)
        return planche_fail_memory(error, options->budget, sizeof *cache, "cache");
    cache->budget = options->budget;
    if (options->log)
        cache->log = *options->log;
    cache->max_bytes = options->max_bytes ? options->max_bytes : PLANCHE_CACHE_DEFAULT_BYTES;
    cache->max_age = age < 0 ? 0 : age > INT64_MAX / 1000000000 ? INT64_MAX : age * 1000000000;
    cache->sync = options->sync;
    cache->min_free = options->min_free;
    cache->candidates = CANDIDATES;
    planche_mutex_init(&cache->keeper_mutex);
    planche_cond_init(&cache->keeper_cond);
    enum planche_status status = start(cache, options, error);
    if (status)
        planche_cache_close(&cache);
    *out = cache;
    return status;
}

void planche_cache_close(struct planche_cache **cache)
{
    struct planche_cache *closed = *cache;
    *cache = NULL;
    if (!closed)
        return;
    planche_cache_keeper_stop(closed);
    planche_cond_destroy(&closed->keeper_cond);
    planche_mutex_destroy(&closed->keeper_mutex);
    planche_cache_hot_destroy(closed);
    planche_free((void *)closed->sound);
    planche_free(closed->folder);
    planche_free(closed);
}

const char *planche_cache_folder(const struct planche_cache *cache)
{
    return cache->folder;
}

/* What others have removed may have been counted. */
static uint64_t at_least_0(int64_t number)
{
    return number > 0 ? (uint64_t)number : 0;
}

void planche_cache_get_stats(const struct planche_cache *cache, struct planche_cache_stats *stats)
{
    *stats = (struct planche_cache_stats){
        .hits = atomic_load(&cache->hits),
        .misses = atomic_load(&cache->misses),
        .stores = atomic_load(&cache->stores),
        .evictions = atomic_load(&cache->evictions),
        .damaged = atomic_load(&cache->damaged),
        .errors = atomic_load(&cache->errors),
        .too_large = atomic_load(&cache->too_large),
        .bytes = at_least_0(atomic_load(&cache->bytes)),
        .entries = at_least_0(atomic_load(&cache->entries)),
        .max_bytes = cache->max_bytes,
        .counted = atomic_load(&cache->counted),
    };
}
