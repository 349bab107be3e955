/* SPDX-License-Identifier: MIT */
/* Device pool: all devices that an engine uses, and which of them a page gets. */
#ifndef PLANCHE_BACKEND_VULKAN_DEVICE_POOL_H
#define PLANCHE_BACKEND_VULKAN_DEVICE_POOL_H

#include "backend/vulkan/device_context.h"
#include "backend/vulkan/instance.h"
#include "backend/vulkan/vulkan.h"

#define PLANCHE_MAX_GPUS 16

/* Owns its contexts. Threads share it. */
struct planche_gpu_pool {
    struct planche_budget *budget;
    struct planche_log log;
    unsigned tile; /* side that is asked for; 0: none is */
    struct planche_vk *vk;
    unsigned count;
    struct planche_gpu_context *contexts[PLANCHE_MAX_GPUS];
    char *name;
    struct planche_mutex mutex; /* for the contexts' pages and turns: nothing allocates under it */
    struct planche_cond turn_changed;
    /* The first page's memory is taken while the page is decoded. */
    atomic_bool warmed; /* that has been begun */
    bool warm_started;  /* under mutex: so has the thread, which destroy joins */
    bool warming;       /* under mutex: it runs */
    struct planche_cond warm_ended;
    struct planche_thread warm;
    struct planche_gpu_page warm_page;
};

/* A page that waits for its turn, on the stack of its thread. */
struct planche_gpu_turn {
    struct planche_gpu_turn *next;
};

/* A slot on the device with the least to do. turn: waits until few enough pages run there, in the
 * order in which they came; a page whose rows wait for others comes at once, and is not counted.
 * Errors: DEVICE (all are lost), MEMORY, CANCELLED. */
enum planche_status planche_gpu_pool_acquire(struct planche_gpu_pool *gpus, bool turn,
                                             const struct planche_cancel_token *cancel,
                                             struct planche_gpu_context **context,
                                             struct planche_gpu_page_slot **slot,
                                             struct planche_error *error);
/* Waits until the memory of the first page is there, if it is being taken, or the token fires. */
void planche_gpu_pool_await(struct planche_gpu_pool *gpus,
                            const struct planche_cancel_token *cancel);
/* Gives the slot a page buffer of so many bytes, after waiting for other pages' if it must. Of the
 * device's memory page buffers have a quarter, or more when a page is alone. Errors: MEMORY,
 * DEVICE, CANCELLED. */
enum planche_status planche_gpu_pool_ensure_size(struct planche_gpu_context *context,
                                                 struct planche_gpu_page_slot *slot, uint64_t bytes,
                                                 const struct planche_cancel_token *cancel,
                                                 struct planche_error *error);
/* Bytes that the arena may take beside a page buffer of so many. */
uint64_t planche_gpu_pool_arena_limit(const struct planche_gpu_context *context,
                                      uint64_t page_buffer);
/* Nothing of the slot's is in flight, or the device is lost. turn: as it was acquired. */
void planche_gpu_pool_release(struct planche_gpu_pool *gpus, bool turn,
                              struct planche_gpu_context *context,
                              struct planche_gpu_page_slot *slot);

#endif
