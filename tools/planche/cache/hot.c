/* SPDX-License-Identifier: MIT */
/* Hot entries. */
#include "cache/hot.h"

#include "cache/files.h"

#include <string.h>

#define PLACES 64 /* descriptors; a power of 2 */

struct place {
    struct planche_cache_key key;
    struct planche_cache_result *result; /* NULL: it is free */
    dev_t device;
    ino_t inode;
    int64_t changed;
};

struct planche_cache_hot {
    struct planche_mutex mutex;
    struct place places[PLACES];
};

void planche_cache_hot_create(struct planche_cache *cache)
{
    cache->hot = planche_calloc(cache->budget, 1, sizeof *cache->hot);
    if (cache->hot)
        planche_mutex_init(&cache->hot->mutex);
}

void planche_cache_hot_clear(struct planche_cache *cache)
{
    for (size_t i = 0; cache->hot && i < PLACES; i++) {
        planche_mutex_lock(&cache->hot->mutex);
        struct planche_cache_result *old = cache->hot->places[i].result;
        cache->hot->places[i].result = NULL;
        planche_mutex_unlock(&cache->hot->mutex);
        planche_cache_result_release(&old);
    }
}

void planche_cache_hot_destroy(struct planche_cache *cache)
{
    if (!cache->hot)
        return;
    planche_cache_hot_clear(cache);
    planche_mutex_destroy(&cache->hot->mutex);
    planche_free(cache->hot);
    cache->hot = NULL;
}

static struct place *place_of(const struct planche_cache *cache,
                              const struct planche_cache_key *key)
{
    return &cache->hot->places[key->bytes[16] % PLACES];
}

/* A result's size never changes, and its head and content only together with the time of change.
 */
static bool is_same(const struct place *place, const struct stat *info)
{
    return place->inode == info->st_ino && place->device == info->st_dev &&
           place->changed == planche_cache_time(info->st_ctim) &&
           place->result->offset + place->result->size == (uint64_t)info->st_size;
}

struct planche_cache_result *planche_cache_hot_find(struct planche_cache *cache,
                                                    const struct planche_cache_key *key,
                                                    const char *path, struct stat *info)
{
    struct planche_cache_result *found = NULL, *stale = NULL;
    if (!cache->hot)
        return NULL;
    planche_mutex_lock(&cache->hot->mutex);
    struct place *place = place_of(cache, key);
    if (place->result && memcmp(&place->key, key, sizeof *key) == 0) {
        if (lstat(path, info) == 0 && is_same(place, info)) {
            found = planche_cache_result_hold(place->result);
        } else {
            stale = place->result;
            place->result = NULL;
        }
    }
    planche_mutex_unlock(&cache->hot->mutex);
    planche_cache_result_release(&stale);
    return found;
}

void planche_cache_hot_keep(struct planche_cache *cache, const struct planche_cache_key *key,
                            struct planche_cache_result *result, const struct stat *info)
{
    if (!cache->hot)
        return;
    planche_mutex_lock(&cache->hot->mutex);
    struct place *place = place_of(cache, key);
    struct planche_cache_result *old = place->result;
    *place = (struct place){.key = *key,
                            .result = planche_cache_result_hold(result),
                            .device = info->st_dev,
                            .inode = info->st_ino,
                            .changed = planche_cache_time(info->st_ctim)};
    planche_mutex_unlock(&cache->hot->mutex);
    planche_cache_result_release(&old);
}
