/* SPDX-License-Identifier: MIT */
/* Page slots: the command buffers, timestamp queries and device memory of one page in flight. */
#ifndef PLANCHE_BACKEND_VULKAN_PAGE_PAGE_SLOT_H
#define PLANCHE_BACKEND_VULKAN_PAGE_PAGE_SLOT_H

#include "backend/vulkan/queue.h"

/* Submissions of a page that are in flight at once. */
#define PLANCHE_GPU_BATCHES 4

/* Command buffer with its timestamp queries: what is submitted together. Owned by its slot. */
struct planche_gpu_batch {
    VkCommandBuffer commands;
    VkQueryPool queries; /* timestamp i is the begin of profiles[i]; the last is the end */
    uint32_t timestamp_count;
    int *profiles;   /* [timestamps of the context]: steps */
    uint64_t *ticks; /* [one more]: for the queries' results */
    uint64_t value;  /* of the context's timeline; 0: not in flight */
    double macs;
};

/* Page slot: command pools, command buffers and the page buffer that a page has of a device while
 * it runs. Owned by the page that holds it, or else by its context, which keeps it for the next
 * page. One thread at a time. */
struct planche_gpu_page_slot {
    struct planche_gpu_device *device; /* not owned */
    struct planche_gpu_page_slot *next;
    VkCommandPool pool, copy_pool;
    VkCommandBuffer copies[2];
    struct planche_gpu_queue copy_queue;
    VkDescriptorPool descriptor_pool;
    VkDescriptorSet set;
    struct planche_gpu_batch batches[PLANCHE_GPU_BATCHES];
    unsigned next_batch;
    struct planche_gpu_memory page_buffer; /* see run_page.c; the next page may enlarge it */
    bool holds; /* a page has the page buffer; under the context's slot_mutex */
};

/* A slot whose batches have room for so many timestamps each, and one for their end. Errors:
 * MEMORY, DEVICE. */
enum planche_status planche_gpu_page_slot_create(struct planche_gpu_page_slot **out,
                                                 struct planche_gpu_device *device,
                                                 uint32_t timestamps, struct planche_budget *budget,
                                                 struct planche_error *error);
/* Nothing of it is in flight, or the device is lost: what an abandoned device may still use stays.
 */
void planche_gpu_page_slot_destroy(struct planche_gpu_page_slot **slot);
/* Makes the page buffer at least so large; what was in it is gone. Errors: MEMORY, DEVICE. */
enum planche_status planche_gpu_page_slot_ensure_size(struct planche_gpu_page_slot *slot,
                                                      uint64_t bytes, struct planche_error *error);

#endif
