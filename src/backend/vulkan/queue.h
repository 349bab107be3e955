/* SPDX-License-Identifier: MIT */
/* Queue submission: command buffers in, and waiting until they are done.
 *
 * All batches of a device count on one timeline, in the order in which they are submitted. Copies
 * between host and device go to the transfer queue, which has a timeline for every user. */
#ifndef PLANCHE_BACKEND_VULKAN_QUEUE_H
#define PLANCHE_BACKEND_VULKAN_QUEUE_H

#include "backend/vulkan/memory.h"

/* A timeline semaphore on a queue. Submissions are thread-safe, waits too. */
struct planche_gpu_queue {
    struct planche_gpu_device *device;
    VkSemaphore timeline;
    struct planche_mutex mutex;
    uint64_t submitted; /* under mutex */
};

enum planche_status planche_gpu_queue_init(struct planche_gpu_queue *queue,
                                           struct planche_gpu_device *device,
                                           struct planche_error *error);
void planche_gpu_queue_end(struct planche_gpu_queue *queue);

/* What a submission waits for beside what came before it in its queue. */
struct planche_gpu_after {
    VkSemaphore timeline; /* NULL: nothing */
    uint64_t value;
};

/* Submits to the compute queue, or to the transfer queue if `copies`; *value is the timeline's when
 * it is done. Errors: DEVICE, MEMORY. */
enum planche_status planche_gpu_queue_submit(struct planche_gpu_queue *queue,
                                             VkCommandBuffer commands, bool copies,
                                             struct planche_gpu_after after, uint64_t *value,
                                             struct planche_error *error);

/* Waits until the timeline has reached value, whoever cancels meanwhile: what has been submitted
 * needs its memory until it is done. Errors: DEVICE when the device is lost, or has not moved for
 * half a minute. */
enum planche_status planche_gpu_queue_wait(struct planche_gpu_queue *queue, uint64_t value,
                                           struct planche_error *error);

/* A pool for a queue family and `count` command buffers of it, which can be recorded again. What
 * was made is the caller's to destroy, *pool also after a failure. Errors: MEMORY, DEVICE. */
enum planche_status planche_gpu_commands_create(struct planche_gpu_device *device, uint32_t family,
                                                VkCommandBuffer *commands, uint32_t count,
                                                VkCommandPool *pool, struct planche_error *error);

/* Fills a command buffer with a copy of `count` regions, whose result the host may read once it has
 * waited. Errors: MEMORY, DEVICE. */
enum planche_status planche_gpu_record_copy(struct planche_gpu_device *device,
                                            VkCommandBuffer commands, VkBuffer from, VkBuffer to,
                                            const VkBufferCopy *regions, uint32_t count,
                                            struct planche_error *error);

/* Copies size bytes from the beginning of one block to that of another, and waits. */
enum planche_status planche_gpu_copy_now(const struct planche_gpu_memory *to,
                                         const struct planche_gpu_memory *from, uint64_t size,
                                         struct planche_error *error);

#endif
