/* SPDX-License-Identifier: MIT */
/* Queues: submissions that count on a timeline semaphore, and waits for it. */
#include "backend/vulkan/queue.h"

#include "backend/vulkan/check.h"
#include "backend/vulkan/fault.h"
#include "base/status.h"
#include "os/clock.h"

/* How long a wait lasts before the timeline is looked at. */
#define SLICE_NS 20000000

enum planche_status planche_gpu_queue_init(struct planche_gpu_queue *queue,
                                           struct planche_gpu_device *device,
                                           struct planche_error *error)
{
    const VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };
    const VkSemaphoreCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
        .pNext = &type,
    };
    *queue = (struct planche_gpu_queue){.device = device};
    planche_mutex_init(&queue->mutex);
    return planche_gpu_check(
        device, device->fn.CreateSemaphore(device->device, &info, NULL, &queue->timeline),
        "making a semaphore", error);
}

void planche_gpu_queue_end(struct planche_gpu_queue *queue)
{
    if (!queue->device)
        return;
    if (queue->timeline && planche_gpu_wait_idle(queue->device))
        queue->device->fn.DestroySemaphore(queue->device->device, queue->timeline, NULL);
    planche_mutex_destroy(&queue->mutex);
    *queue = (struct planche_gpu_queue){0};
}

enum planche_status planche_gpu_queue_submit(struct planche_gpu_queue *queue,
                                             VkCommandBuffer commands, bool copies,
                                             struct planche_gpu_after after, uint64_t *value,
                                             struct planche_error *error)
{
    struct planche_gpu_device *device = queue->device;
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    uint32_t waits = after.timeline ? 1 : 0;
    planche_mutex_lock(&queue->mutex);
    uint64_t next = queue->submitted + 1;
    const VkTimelineSemaphoreSubmitInfo timeline = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = waits,
        .pWaitSemaphoreValues = &after.value,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &next,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &timeline,
        .waitSemaphoreCount = waits,
        .pWaitSemaphores = &after.timeline,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &queue->timeline,
    };
    enum planche_status status =
        planche_gpu_submit(device, copies ? device->transfer : device->compute, &info, error);
    if (!status)
        *value = queue->submitted = next;
    planche_mutex_unlock(&queue->mutex);
    return status;
}

enum planche_status planche_gpu_queue_wait(struct planche_gpu_queue *queue, uint64_t value,
                                           struct planche_error *error)
{
    struct planche_gpu_device *device = queue->device;
    const VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &queue->timeline,
        .pValues = &value,
    };
    uint64_t seen = 0;
    double since = planche_clock_ms();
    if (planche_gpu_must_fail(PLANCHE_GPU_FAULT_WAIT))
        return planche_gpu_check(device, VK_TIMEOUT, "waiting for work", error);
    for (;;) {
        VkResult result = device->fn.WaitSemaphores(device->device, &info, SLICE_NS);
        if (result != VK_TIMEOUT)
            return planche_gpu_check(device, result, "waiting for work", error);
        uint64_t now = 0;
        result = device->fn.GetSemaphoreCounterValue(device->device, queue->timeline, &now);
        if (result != VK_SUCCESS)
            return planche_gpu_check(device, result, "waiting for work", error);
        if (now != seen)
            since = planche_clock_ms();
        seen = now;
        if (planche_clock_ms() - since > planche_gpu_patience())
            return planche_gpu_check(device, VK_TIMEOUT, "waiting for work", error);
    }
}

enum planche_status planche_gpu_commands_create(struct planche_gpu_device *device, uint32_t family,
                                                VkCommandBuffer *commands, uint32_t count,
                                                VkCommandPool *pool, struct planche_error *error)
{
    const VkCommandPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = family,
    };
    enum planche_status status =
        planche_gpu_check(device, device->fn.CreateCommandPool(device->device, &info, NULL, pool),
                          "making a command pool", error);
    if (status)
        return status;
    const VkCommandBufferAllocateInfo buffers = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = *pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = count,
    };
    return planche_gpu_check(device,
                             device->fn.AllocateCommandBuffers(device->device, &buffers, commands),
                             "making commands", error);
}

/* The host will read what was copied: waiting alone does not make it visible. */
static void show_to_host(const struct planche_gpu_device *device, VkCommandBuffer commands)
{
    const VkMemoryBarrier memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
    };
    device->fn.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                                  VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &memory, 0, NULL, 0, NULL);
}

enum planche_status planche_gpu_record_copy(struct planche_gpu_device *device,
                                            VkCommandBuffer commands, VkBuffer from, VkBuffer to,
                                            const VkBufferCopy *regions, uint32_t count,
                                            struct planche_error *error)
{
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    VkResult result = device->fn.BeginCommandBuffer(commands, &begin);
    if (result == VK_SUCCESS) {
        device->fn.CmdCopyBuffer(commands, from, to, count, regions);
        show_to_host(device, commands);
        result = device->fn.EndCommandBuffer(commands);
    }
    return planche_gpu_check(device, result, "recording a copy", error);
}

enum planche_status planche_gpu_copy_now(const struct planche_gpu_memory *to,
                                         const struct planche_gpu_memory *from, uint64_t size,
                                         struct planche_error *error)
{
    struct planche_gpu_device *device = to->device;
    const VkBufferCopy region = {.size = size};
    VkCommandPool pool = VK_NULL_HANDLE;
    VkCommandBuffer commands;
    struct planche_gpu_queue queue;
    uint64_t value;
    enum planche_status status = planche_gpu_queue_init(&queue, device, error);
    if (!status)
        status =
            planche_gpu_commands_create(device, device->compute_family, &commands, 1, &pool, error);
    if (!status)
        status =
            planche_gpu_record_copy(device, commands, from->buffer, to->buffer, &region, 1, error);
    if (!status)
        status = planche_gpu_queue_submit(&queue, commands, false, (struct planche_gpu_after){0},
                                          &value, error);
    if (!status)
        status = planche_gpu_queue_wait(&queue, value, error);
    if (pool && planche_gpu_wait_idle(device))
        device->fn.DestroyCommandPool(device->device, pool, NULL);
    planche_gpu_queue_end(&queue);
    return status;
}
