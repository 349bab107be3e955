/* SPDX-License-Identifier: MIT */
/* Staging memory: what pixels go through on their way to a device and back.
 *
 * Drivers take long to allocate memory that host and device share, and hold a lock meanwhile that
 * all submissions want. So a page leaves it to the next one; the budget has it back when others
 * need it (base/alloc.h, spare memory). */
#ifndef PLANCHE_BACKEND_VULKAN_PAGE_STAGING_H
#define PLANCHE_BACKEND_VULKAN_PAGE_STAGING_H

#include "backend/vulkan/memory.h"

/* Transfers of a page: one on its way to the device, two on their way back (double buffering). Each
 * is a submission and a wait, and so as large as the tuning says; of fewer bytes where memory is
 * short, down to these. */
#define PLANCHE_GPU_CHUNKS    3
#define PLANCHE_GPU_MIN_CHUNK ((uint64_t)2 << 20)

/* Idle staging memory that is kept at most: of so many pages. */
#define PLANCHE_GPU_IDLE_STAGINGS 8

/* A page's own while it runs. */
struct planche_gpu_staging {
    struct planche_gpu_memory upload, readback;
};

/* Staging pool: idle staging memory of a device. Thread-safe. Its owner is the context, the budget
 * is the device's. */
struct planche_gpu_staging_pool {
    struct planche_gpu_device *device; /* NULL: it was not begun */
    struct planche_mutex mutex;
    struct planche_spare spare;
    bool keeps; /* the budget lets it */
    /* under mutex */
    unsigned count;
    struct planche_gpu_staging idle[PLANCHE_GPU_IDLE_STAGINGS];
};

void planche_gpu_staging_pool_init(struct planche_gpu_staging_pool *pool,
                                   struct planche_gpu_device *device);
void planche_gpu_staging_pool_destroy(struct planche_gpu_staging_pool *pool);

/* Staging memory of at least so many bytes each way, and of no more than `most` together if it
 * comes from an earlier page. Errors: MEMORY, BUDGET. */
enum planche_status planche_gpu_staging_take(struct planche_gpu_staging_pool *pool, uint64_t upload,
                                             uint64_t readback, uint64_t most,
                                             struct planche_gpu_staging *staging,
                                             struct planche_error *error);
/* Nothing of it is in flight, or the device is lost. Does nothing for what take did not fill. */
void planche_gpu_staging_put(struct planche_gpu_staging_pool *pool,
                             struct planche_gpu_staging *staging);

#endif
