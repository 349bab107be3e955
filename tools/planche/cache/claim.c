/* SPDX-License-Identifier: MIT */
/* Single flight between processes. */
#include "cache/claim.h"

#include "cache/files.h"
#include "cache/lookup.h"
#include "os/clock.h"
#include "os/file.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

/* Pauses between looks, which grow from the first to the last. */
#define FIRST_MS 5
#define LAST_MS  100

static void path_of(const struct planche_cache_claim *claim, char path[PLANCHE_CACHE_PATH])
{
    char name[PLANCHE_CACHE_KEY_TEXT];
    planche_cache_key_text(&claim->key, name);
    planche_cache_path_of(claim->cache, "busy", name, path);
}

/* Whether the file that was locked is still the one of that name: who had it before may have
 * removed it. */
static bool is_there(int fd, const char *path)
{
    struct stat mine, named;
    return fstat(fd, &mine) == 0 && lstat(path, &named) == 0 && mine.st_ino == named.st_ino &&
           mine.st_dev == named.st_dev;
}

/* True: another process computes. False: nobody does, and others may know that this one does. */
static bool is_taken(struct planche_cache_claim *claim)
{
    char path[PLANCHE_CACHE_PATH];
    path_of(claim, path);
    for (int attempt = 0; attempt < 8; attempt++) {
        enum planche_folder_lock_result taken = planche_file_lock_take(&claim->lock, path);
        if (taken == PLANCHE_FOLDER_LOCK_BUSY)
            return true;
        if (taken == PLANCHE_FOLDER_LOCK_TAKEN && is_there(claim->lock.fd, path))
            return false;
        if (taken == PLANCHE_FOLDER_LOCK_FAILED &&
            (errno != ENOENT || !planche_cache_make_folders(claim->cache)))
            return false;
        planche_folder_lock_release(&claim->lock);
    }
    return false;
}

static void pause_for(int64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

static bool has(const struct planche_cache_claim *claim, struct planche_cache_result **result)
{
    return planche_cache_find(claim->cache, &claim->key, false, true, result) == PLANCHE_CACHE_HIT;
}

bool planche_cache_claim_take(struct planche_cache_claim *claim, struct planche_cache *cache,
                              const struct planche_cache_key *key,
                              const struct planche_cancel_token *token, uint64_t wait_ms,
                              struct planche_cache_result **result)
{
    int64_t until = planche_clock_ns() + (int64_t)wait_ms * 1000000, ms = FIRST_MS;
    *claim = (struct planche_cache_claim){cache, *key, PLANCHE_FOLDER_LOCK_NONE};
    if (has(claim, result))
        return true;
    while (is_taken(claim)) {
        if (planche_clock_ns() >= until || planche_cancel_check(token) != PLANCHE_OK)
            return false;
        pause_for(ms);
        ms = ms * 2 < LAST_MS ? ms * 2 : LAST_MS;
        if (has(claim, result))
            return true;
    }
    /* The other may have ended between the look and the lock. */
    if (!has(claim, result))
        return false;
    planche_cache_claim_drop(claim);
    return true;
}

void planche_cache_claim_drop(struct planche_cache_claim *claim)
{
    char path[PLANCHE_CACHE_PATH];
    if (claim->lock.fd < 0)
        return;
    /* Removed while it is locked: who waits for it makes a new one. */
    path_of(claim, path);
    planche_file_remove(path);
    planche_folder_lock_release(&claim->lock);
}
