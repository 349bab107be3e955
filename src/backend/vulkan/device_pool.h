/* SPDX-License-Identifier: MIT */
/* All devices that an engine uses, and which of them a page gets. */
#ifndef PLANCHE_BACKEND_VULKAN_DEVICE_POOL_H
#define PLANCHE_BACKEND_VULKAN_DEVICE_POOL_H

#include "backend/vulkan/device_context.h"
#include "backend/vulkan/instance.h"

#define PLANCHE_GPUS 16

struct planche_gpus {
    struct planche_budget *budget;
    struct planche_log log;
    unsigned tile; /* side that is asked for; 0: none is */
    struct planche_vk *vk;
    unsigned count;
    struct planche_gpu_context *units[PLANCHE_GPUS];
    char *name;
    struct planche_mutex mutex; /* for the units' `active`: nothing waits or allocates under it */
};

/* A slot on the device with the least to do. Errors: DEVICE (all are lost), MEMORY. */
enum planche_status planche_gpus_enter(struct planche_gpus *gpus, struct planche_gpu_context **unit,
                                       struct planche_gpu_slot **slot, struct planche_error *error);
/* Gives the slot a block of so many bytes, after waiting for other pages' if it must. Of the
 * device's memory blocks have half, or more when a page is alone. Errors: MEMORY, DEVICE,
 * CANCELLED. */
enum planche_status planche_gpus_fit(struct planche_gpu_context *unit,
                                     struct planche_gpu_slot *slot, uint64_t bytes,
                                     const struct planche_cancel_token *cancel,
                                     struct planche_error *error);
/* Bytes that the arena may take beside a block of so many. */
uint64_t planche_gpus_arena_limit(const struct planche_gpu_context *unit, uint64_t block);
/* Nothing of the slot's is in flight, or the device is lost. */
void planche_gpus_leave(struct planche_gpus *gpus, struct planche_gpu_context *unit,
                        struct planche_gpu_slot *slot);

#endif
