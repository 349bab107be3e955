/* SPDX-License-Identifier: MIT */
/* The GPUs of an engine, for tests that look inside. */
#ifndef PLANCHE_TESTS_GPU_POOL_OF_H
#define PLANCHE_TESTS_GPU_POOL_OF_H

#include "backend/vulkan/device_pool.h"
#include "backend/vulkan/vulkan.h"
#include "engine/engine.h"

/* NULL: the engine runs pages on something else. */
static inline struct planche_gpu_pool *gpu_pool_of(const struct planche_engine *engine)
{
    const struct planche_executor *first = &planche_engine_primary(engine)->executors.list[0];
    return first->ops == &planche_vulkan_executor ? first->state : NULL;
}

#endif
