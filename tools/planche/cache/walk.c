/* SPDX-License-Identifier: MIT */
/* Walks through a cache. */
#include "cache/walk.h"

#include "base/status.h"
#include "cache/files.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static bool is_stopped(const atomic_bool *stop)
{
    return stop && atomic_load(stop);
}

/* False: errno says why the folder cannot be listed. */
static bool walk_folder(const struct planche_cache *cache, unsigned number,
                        planche_cache_entry_fn each, void *user, const atomic_bool *stop)
{
    char path[PLANCHE_CACHE_PATH];
    struct planche_listing listing;
    struct planche_cache_key key;
    struct stat info;
    const char *name;
    planche_cache_folder_path(cache, number, path);
    int folder = planche_fd_open(path, PLANCHE_FD_FOLDER | PLANCHE_FD_NO_LINK, NULL);
    if (folder < 0)
        return planche_file_is_absent(errno);
    if (!planche_listing_open_fd(&listing, folder)) {
        planche_fd_close(&folder);
        return false;
    }
    errno = 0;
    while (!is_stopped(stop) && (name = planche_listing_next(&listing)) != NULL) {
        if (planche_cache_key_of(number, name, &key) &&
            fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode))
            each(user, &key, &info);
        errno = 0;
    }
    int reason = errno;
    planche_listing_close(&listing);
    planche_fd_close(&folder);
    errno = reason;
    return reason == 0;
}

/* Which folders of entries there are. False: errno says why that cannot be told. */
static bool find_folders(const struct planche_cache *cache, bool there[PLANCHE_CACHE_FOLDERS])
{
    static const char digits[] = "0123456789abcdef";
    struct planche_listing listing;
    const char *name;
    if (!planche_listing_open(&listing, cache->folder))
        return planche_file_is_absent(errno);
    while ((name = planche_listing_next(&listing)) != NULL) {
        const char *high = strchr(digits, name[0]), *low = strchr(digits, name[1]);
        if (name[0] && name[1] && !name[2] && high && low)
            there[(high - digits) * 16 + (low - digits)] = true;
    }
    int reason = errno;
    planche_listing_close(&listing);
    errno = reason;
    return reason == 0;
}

static enum planche_status refuse(const char *folder, struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: it cannot be listed: %s%s", folder,
                        strerror(errno), planche_cache_advice(errno));
}

enum planche_status planche_cache_walk(const struct planche_cache *cache,
                                       planche_cache_entry_fn each, void *user,
                                       const atomic_bool *stop, struct planche_error *error)
{
    bool there[PLANCHE_CACHE_FOLDERS] = {false};
    char path[PLANCHE_CACHE_PATH];
    if (!find_folders(cache, there))
        return refuse(cache->folder, error);
    for (unsigned number = 0; number < PLANCHE_CACHE_FOLDERS && !is_stopped(stop); number++) {
        if (!there[number] || walk_folder(cache, number, each, user, stop))
            continue;
        int reason = errno;
        planche_cache_folder_path(cache, number, path);
        errno = reason;
        return refuse(path, error);
    }
    return PLANCHE_OK;
}

/* Whether its process is gone. */
static bool is_left(int fd, const struct stat *info)
{
    int reason = planche_fd_lock(fd);
    int64_t age = planche_cache_now() - planche_cache_time(info->st_mtim);
    if (reason == 0 || reason == EWOULDBLOCK)
        return reason == 0;
    return age > PLANCHE_CACHE_USE_NS || age < -PLANCHE_CACHE_USE_NS;
}

struct collected {
    bool removes;
    uint64_t *unfinished, *bytes, *abandoned;
};

static void collect_file(const struct collected *to, const char *path)
{
    struct stat info;
    int fd = planche_cache_open_entry(path, &info);
    if (fd < 0)
        return;
    bool ours = planche_cache_is_ours(fd, NULL, false), left = ours && is_left(fd, &info);
    if (left && to->removes && planche_file_remove(path)) {
        ++*to->abandoned;
    } else if (ours) {
        ++*to->unfinished;
        *to->bytes += (uint64_t)info.st_size;
    }
    planche_fd_close(&fd);
}

/* The folder may be one that had a folder of this name before: only files with names that Planche
 * makes up, and that begin as its do, are its own. */
static void collect_folder(const struct planche_cache *cache, const char *folder, size_t digits,
                           const struct collected *to)
{
    char path[PLANCHE_CACHE_PATH];
    struct planche_listing listing;
    const char *name;
    planche_cache_path_of(cache, "", folder, path);
    if (!planche_listing_open(&listing, path))
        return;
    while ((name = planche_listing_next(&listing)) != NULL) {
        if (strlen(name) != digits || strspn(name, "0123456789abcdef") != digits)
            continue;
        planche_cache_path_of(cache, folder, name, path);
        collect_file(to, path);
    }
    planche_listing_close(&listing);
}

void planche_cache_collect(const struct planche_cache *cache, bool removes, uint64_t *unfinished,
                           uint64_t *unfinished_bytes, uint64_t *abandoned)
{
    uint64_t computed = 0, nothing = 0;
    const struct collected written = {removes, unfinished, unfinished_bytes, abandoned};
    const struct collected busy = {removes, &computed, &nothing, &nothing};
    collect_folder(cache, "tmp", PLANCHE_CACHE_TEMPORARY_TEXT - 1, &written);
    collect_folder(cache, "busy", PLANCHE_CACHE_KEY_TEXT - 1, &busy);
}
