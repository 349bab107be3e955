/* SPDX-License-Identifier: MIT */
/* Page slots: made of command pools, a descriptor set for the arguments, and a page buffer. */
#include "backend/vulkan/page/page_slot.h"

#include "backend/vulkan/check.h"
#include "backend/vulkan/debug_labels.h"
#include "backend/vulkan/shaders/args.h"
#include "base/status.h"

static enum planche_status make_set(struct planche_gpu_device *device,
                                    struct planche_gpu_page_slot *slot, struct planche_error *error)
{
    const VkDescriptorPoolSize size = {device->arguments, 1};
    const VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = 1,
        .poolSizeCount = 1,
        .pPoolSizes = &size,
    };
    enum planche_status status = planche_gpu_check(
        device,
        device->fn.CreateDescriptorPool(device->device, &info, NULL, &slot->descriptor_pool),
        "making descriptors", error);
    if (status)
        return status;
    const VkDescriptorSetAllocateInfo sets = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = slot->descriptor_pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &device->set_layout,
    };
    return planche_gpu_check(device,
                             device->fn.AllocateDescriptorSets(device->device, &sets, &slot->set),
                             "making descriptors", error);
}

static enum planche_status make_batches(struct planche_gpu_page_slot *slot, uint32_t timestamps,
                                        struct planche_budget *budget, struct planche_error *error)
{
    struct planche_gpu_device *device = slot->device;
    VkCommandBuffer commands[PLANCHE_GPU_BATCHES];
    const VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = timestamps + 1,
    };
    enum planche_status status = planche_gpu_commands_create(
        device, device->compute_family, commands, PLANCHE_GPU_BATCHES, &slot->pool, error);
    for (int b = 0; b < PLANCHE_GPU_BATCHES && !status; b++) {
        struct planche_gpu_batch *batch = &slot->batches[b];
        batch->commands = commands[b];
        batch->profiles = planche_calloc(budget, timestamps, sizeof(int));
        batch->ticks = planche_calloc(budget, timestamps + 1, sizeof(uint64_t));
        if (!batch->profiles || !batch->ticks)
            status = planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a GPU's commands");
        else if (device->timestamp_ms > 0)
            status = planche_gpu_check(
                device, device->fn.CreateQueryPool(device->device, &info, NULL, &batch->queries),
                "making queries", error);
    }
    return status;
}

enum planche_status planche_gpu_page_slot_create(struct planche_gpu_page_slot **out,
                                                 struct planche_gpu_device *device,
                                                 uint32_t timestamps, struct planche_budget *budget,
                                                 struct planche_error *error)
{
    struct planche_gpu_page_slot *slot = *out = planche_calloc(budget, 1, sizeof(*slot));
    if (!slot)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a page on a GPU");
    slot->device = device;
    enum planche_status status = planche_gpu_queue_init(&slot->copy_queue, device, error);
    if (!status)
        status = make_batches(slot, timestamps, budget, error);
    if (!status)
        status = planche_gpu_commands_create(device, device->transfer_family, slot->copies, 2,
                                             &slot->copy_pool, error);
    if (!status)
        status = make_set(device, slot, error);
    if (status)
        planche_gpu_page_slot_destroy(out);
    return status;
}

void planche_gpu_page_slot_destroy(struct planche_gpu_page_slot **slot)
{
    struct planche_gpu_page_slot *s = *slot;
    if (!s)
        return;
    struct planche_gpu_device *device = s->device;
    bool idle = planche_gpu_wait_idle(device);
    for (int b = 0; b < PLANCHE_GPU_BATCHES; b++) {
        if (idle && s->batches[b].queries)
            device->fn.DestroyQueryPool(device->device, s->batches[b].queries, NULL);
        planche_free(s->batches[b].profiles);
        planche_free(s->batches[b].ticks);
    }
    if (idle) {
        device->fn.DestroyCommandPool(device->device, s->pool, NULL);
        device->fn.DestroyCommandPool(device->device, s->copy_pool, NULL);
        device->fn.DestroyDescriptorPool(device->device, s->descriptor_pool, NULL);
    }
    planche_gpu_queue_end(&s->copy_queue);
    planche_gpu_memory_destroy(&s->page_buffer);
    planche_free(s);
    *slot = NULL;
}

enum planche_status planche_gpu_page_slot_ensure_size(struct planche_gpu_page_slot *slot,
                                                      uint64_t bytes, struct planche_error *error)
{
    struct planche_gpu_device *device = slot->device;
    if (slot->page_buffer.size >= bytes)
        return PLANCHE_OK;
    planche_gpu_memory_destroy(&slot->page_buffer);
    enum planche_status status = planche_gpu_memory_create(&slot->page_buffer, device, bytes,
                                                           PLANCHE_GPU_MEMORY_DEVICE, error);
    if (status)
        return status;
    planche_gpu_name_buffer(device, slot->page_buffer.buffer, "page buffer");
    const VkDescriptorBufferInfo buffer = {
        .buffer = slot->page_buffer.buffer,
        .range = sizeof(struct planche_gpu_args),
    };
    const VkWriteDescriptorSet write = {
        .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
        .dstSet = slot->set,
        .descriptorCount = 1,
        .descriptorType = device->arguments,
        .pBufferInfo = &buffer,
    };
    device->fn.UpdateDescriptorSets(device->device, 1, &write, 0, NULL);
    return PLANCHE_OK;
}
