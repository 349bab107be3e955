/* SPDX-License-Identifier: MIT */
/* Staging pool: taken by pages, kept between them, freed when the budget asks for it. */
#include "backend/vulkan/page/staging.h"

#include "base/status.h"

static uint64_t bytes_of(const struct planche_gpu_staging *staging)
{
    return staging->upload.size + staging->readback.size;
}

/* It is idle: no budget counts it as used. */
static void destroy_idle(struct planche_gpu_staging_pool *pool, struct planche_gpu_staging *staging)
{
    planche_budget_spare_take(pool->device->budget, bytes_of(staging));
    planche_gpu_memory_destroy(&staging->upload);
    planche_gpu_memory_destroy(&staging->readback);
}

/* The idle staging memory that was put last. False: there is none. */
static bool pop(struct planche_gpu_staging_pool *pool, struct planche_gpu_staging *staging)
{
    planche_mutex_lock(&pool->mutex);
    bool found = pool->count > 0;
    if (found)
        *staging = pool->idle[--pool->count];
    planche_mutex_unlock(&pool->mutex);
    return found;
}

/* Keeps staging memory that a page no longer uses. Under the mutex: whoever sees its bytes as spare
 * finds it here. False: it is not kept. */
static bool push(struct planche_gpu_staging_pool *pool, struct planche_gpu_staging *staging)
{
    bool counted = staging->upload.counted && staging->readback.counted;
    if (!pool->keeps || !counted || atomic_load(&pool->device->lost))
        return false;
    planche_mutex_lock(&pool->mutex);
    bool room = pool->count < PLANCHE_GPU_IDLE_STAGINGS;
    if (room) {
        staging->upload.counted = staging->readback.counted = false;
        pool->idle[pool->count++] = *staging;
        planche_budget_spare_keep(pool->device->budget, bytes_of(staging));
    }
    planche_mutex_unlock(&pool->mutex);
    return room;
}

static void give_back(void *user)
{
    struct planche_gpu_staging_pool *pool = user;
    struct planche_gpu_staging staging;
    while (pop(pool, &staging))
        destroy_idle(pool, &staging);
}

void planche_gpu_staging_pool_init(struct planche_gpu_staging_pool *pool,
                                   struct planche_gpu_device *device)
{
    *pool = (struct planche_gpu_staging_pool){.device = device,
                                              .spare = {.give_back = give_back, .user = pool}};
    planche_mutex_init(&pool->mutex);
    pool->keeps = planche_budget_spare_attach(device->budget, &pool->spare);
}

void planche_gpu_staging_pool_destroy(struct planche_gpu_staging_pool *pool)
{
    if (!pool->device)
        return;
    if (pool->keeps)
        planche_budget_spare_detach(pool->device->budget, &pool->spare);
    give_back(pool);
    planche_mutex_destroy(&pool->mutex);
    *pool = (struct planche_gpu_staging_pool){0};
}

/* Whether idle staging memory does, and is counted as used again. */
static bool reuse(struct planche_gpu_staging_pool *pool, uint64_t upload, uint64_t readback,
                  uint64_t most, struct planche_gpu_staging *staging)
{
    if (!pop(pool, staging))
        return false;
    uint64_t bytes = bytes_of(staging);
    bool fits =
        staging->upload.size >= upload && staging->readback.size >= readback && bytes <= most;
    if (!fits) {
        destroy_idle(pool, staging);
        return false;
    }
    planche_budget_spare_take(pool->device->budget, bytes);
    if (planche_budget_reserve(pool->device->budget, bytes)) {
        staging->upload.counted = staging->readback.counted = true;
        return true;
    }
    planche_gpu_memory_destroy(&staging->upload);
    planche_gpu_memory_destroy(&staging->readback);
    return false;
}

enum planche_status planche_gpu_staging_take(struct planche_gpu_staging_pool *pool, uint64_t upload,
                                             uint64_t readback, uint64_t most,
                                             struct planche_gpu_staging *staging,
                                             struct planche_error *error)
{
    *staging = (struct planche_gpu_staging){0};
    if (reuse(pool, upload, readback, most, staging))
        return PLANCHE_OK;
    enum planche_status status = planche_gpu_memory_create(&staging->upload, pool->device, upload,
                                                           PLANCHE_GPU_MEMORY_UPLOAD, error);
    if (!status)
        status = planche_gpu_memory_create(&staging->readback, pool->device, readback,
                                           PLANCHE_GPU_MEMORY_DOWNLOAD, error);
    if (status)
        planche_gpu_memory_destroy(&staging->upload);
    return status;
}

void planche_gpu_staging_put(struct planche_gpu_staging_pool *pool,
                             struct planche_gpu_staging *staging)
{
    if (!push(pool, staging)) {
        planche_gpu_memory_destroy(&staging->upload);
        planche_gpu_memory_destroy(&staging->readback);
    }
    *staging = (struct planche_gpu_staging){0};
}
