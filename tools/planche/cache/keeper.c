/* SPDX-License-Identifier: MIT */
/* The keeper's thread. */
#include "cache/keeper.h"

#include "cache/hot.h"
#include "cache/sweep.h"
#include "os/clock.h"

#define HOUR_NS  ((int64_t)3600 * 1000000000)
#define RETRY_NS ((int64_t)60 * 1000000000)

static void sweep(struct planche_cache *cache)
{
    struct planche_cache_tally tally;
    struct planche_error error = {0};
    const struct planche_cache_limits limits = {.max_bytes = cache->max_bytes,
                                                .target_bytes =
                                                    cache->max_bytes - cache->max_bytes / 16,
                                                .to_free = atomic_exchange(&cache->to_free, 0),
                                                .max_age = cache->max_age};
    int64_t period = cache->max_age / 24 > HOUR_NS ? cache->max_age / 24 : HOUR_NS;
    atomic_store(&cache->swept_at_bytes, atomic_load(&cache->stored_bytes));
    atomic_store(&cache->next_sweep, planche_clock_ns() + period);
    enum planche_status status =
        planche_cache_prune(cache, &limits, &tally, &cache->stopping, &error);
    planche_cache_hot_clear(cache);
    /* What cannot be swept now is not tried at each store. */
    if (status != PLANCHE_OK || tally.bytes > cache->max_bytes ||
        (limits.to_free > 0 && tally.removed == 0))
        atomic_store(&cache->no_sweep_before, planche_clock_ns() + RETRY_NS);
    if (status != PLANCHE_OK && status != PLANCHE_ERROR_EXISTS)
        planche_log_write(&cache->log, PLANCHE_LOG_WARNING, "%s", error.message);
    else if (status == PLANCHE_OK && tally.removed > 0)
        planche_log_write(&cache->log, PLANCHE_LOG_DEBUG,
                          "%s: removed %llu results that were not used for longest", cache->folder,
                          (unsigned long long)tally.removed);
}

static bool is_due(struct planche_cache *cache)
{
    int64_t now = planche_clock_ns();
    if (now < atomic_load(&cache->no_sweep_before))
        return false;
    uint64_t since = atomic_load(&cache->stored_bytes) - atomic_load(&cache->swept_at_bytes);
    int64_t bytes = atomic_load(&cache->bytes);
    return atomic_load(&cache->to_free) > 0 || (bytes > 0 && (uint64_t)bytes > cache->max_bytes) ||
           since > cache->max_bytes / 16 ||
           (cache->max_age > 0 && now > atomic_load(&cache->next_sweep));
}

static void run(void *user)
{
    struct planche_cache *cache = user;
    planche_mutex_lock(&cache->keeper_mutex);
    while (!atomic_load(&cache->stopping)) {
        if (!cache->wanted) {
            planche_cond_wait(&cache->keeper_cond, &cache->keeper_mutex);
            continue;
        }
        cache->wanted = false;
        planche_mutex_unlock(&cache->keeper_mutex);
        /* It may have been asked for while the last one ran. */
        if (!atomic_load(&cache->counted) || is_due(cache))
            sweep(cache);
        planche_mutex_lock(&cache->keeper_mutex);
    }
    planche_mutex_unlock(&cache->keeper_mutex);
}

bool planche_cache_keeper_start(struct planche_cache *cache)
{
    cache->wanted = true;
    cache->has_keeper = planche_thread_start(&cache->keeper, run, cache);
    return cache->has_keeper;
}

void planche_cache_keeper_stop(struct planche_cache *cache)
{
    if (!cache->has_keeper)
        return;
    planche_mutex_lock(&cache->keeper_mutex);
    atomic_store(&cache->stopping, true);
    planche_cond_signal(&cache->keeper_cond);
    planche_mutex_unlock(&cache->keeper_mutex);
    planche_thread_join(&cache->keeper);
    cache->has_keeper = false;
}

void planche_cache_keeper_look(struct planche_cache *cache)
{
    if (!cache->has_keeper || !is_due(cache))
        return;
    planche_mutex_lock(&cache->keeper_mutex);
    cache->wanted = true;
    planche_cond_signal(&cache->keeper_cond);
    planche_mutex_unlock(&cache->keeper_mutex);
}
