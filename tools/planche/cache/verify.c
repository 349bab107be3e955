/* SPDX-License-Identifier: MIT */
/* Verification of a cache. */
#include "cache/verify.h"

#include "cache/files.h"
#include "cache/lookup.h"
#include "cache/walk.h"

#include <errno.h>
#include <string.h>

/* A verification under way. */
struct verification {
    struct planche_cache *cache;
    struct planche_cache_tally *tally;
    void (*told)(void *user, const char *path, const char *reason);
    void *user;
};

static void verify_entry(void *user, const struct planche_cache_key *key, const struct stat *info)
{
    struct verification *verification = user;
    struct planche_cache_tally *tally = verification->tally;
    char path[PLANCHE_CACHE_PATH];
    uint64_t bytes;
    enum planche_status status = planche_cache_check(verification->cache, key, true, &bytes);
    int reason = errno;
    (void)info;
    if (status == PLANCHE_ERROR_NOT_FOUND) /* removed meanwhile */
        return;
    planche_cache_entry_path(verification->cache, key, path);
    if (status == PLANCHE_OK) {
        tally->entries++;
        tally->bytes += bytes;
    } else if (status == PLANCHE_ERROR_DATA) {
        tally->damaged++;
        tally->damaged_bytes += bytes;
        verification->told(verification->user, path, "damaged");
    } else if (status == PLANCHE_ERROR_UNSUPPORTED) {
        tally->foreign++;
        tally->foreign_bytes += bytes;
        verification->told(verification->user, path, "is no result; it is left there");
    } else {
        tally->unreadable++;
        verification->told(verification->user, path, strerror(reason));
    }
}

enum planche_status planche_cache_verify(struct planche_cache *cache,
                                         void (*told)(void *user, const char *path,
                                                      const char *reason),
                                         void *user, struct planche_cache_tally *tally,
                                         const atomic_bool *stop, struct planche_error *error)
{
    struct verification verification = {cache, tally, told, user};
    *tally = (struct planche_cache_tally){0};
    enum planche_status status =
        planche_cache_walk(cache, verify_entry, &verification, stop, error);
    planche_cache_collect(cache, true, &tally->unfinished, &tally->unfinished_bytes,
                          &tally->abandoned);
    return status;
}
