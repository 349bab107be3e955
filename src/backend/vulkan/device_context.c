/* SPDX-License-Identifier: MIT */
/* Making units and slots, and giving them the memory that pages want. */
#include "backend/vulkan/device_context.h"

#include "backend/vulkan/check.h"
#include "backend/vulkan/create_program.h"
#include "backend/vulkan/debug_labels.h"
#include "backend/vulkan/open_device.h"
#include "base/status.h"

/* Multiply-adds in a millisecond that a device is taken to do before any have been timed: rather
 * too few, so that the first batches are short. */
static double first_guess(const struct planche_gpu_device *device)
{
    if (device->software)
        return 2e6;
    double discrete = device->properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU ? 4 : 1;
    return discrete * (device->path >= PLANCHE_GPU_PATH_KHR ? 1e9 : 2e8);
}

enum planche_status planche_gpu_context_start_profile(struct planche_gpu_context *unit,
                                                      struct planche_error *error)
{
    if (unit->device->timestamp_ms <= 0)
        return PLANCHE_OK;
    size_t count = (size_t)unit->program->net->step_count + 2;
    unit->step_ns = planche_calloc(unit->budget, count, sizeof(*unit->step_ns));
    unit->step_macs = planche_calloc(unit->budget, count, sizeof(*unit->step_macs));
    if (!unit->step_ns || !unit->step_macs)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the profile");
    unit->profile = true;
    return PLANCHE_OK;
}

enum planche_status planche_gpu_context_create(struct planche_gpu_context **out,
                                               struct planche_gpu_device *device,
                                               const struct planche_net *net, uint64_t memory,
                                               const struct planche_gpus_options *options,
                                               struct planche_budget *budget,
                                               struct planche_error *error)
{
    struct planche_gpu_context *unit = *out = planche_calloc(budget, 1, sizeof(*unit));
    if (!unit) {
        planche_gpu_device_close(&device);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a GPU");
    }
    unit->device = device;
    unit->budget = budget;
    planche_mutex_init(&unit->arena_mutex);
    planche_mutex_init(&unit->slot_mutex);
    planche_cond_init(&unit->slot_changed);
    atomic_init(&unit->macs_per_ms, first_guess(device));
    enum planche_status status = planche_gpu_queue_init(&unit->queue, device, error);
    if (!status)
        status =
            planche_gpu_program_create(&unit->program, device, net, options->pool, budget, error);
    if (!status && unit->program->weights.size >= memory)
        status =
            planche_fail(error, PLANCHE_ERROR_MEMORY,
                         "%s: the weights alone take %llu bytes of GPU memory, and there are %llu "
                         "(--gpu-memory, or what other programs leave)",
                         device->name, (unsigned long long)unit->program->weights.size,
                         (unsigned long long)memory);
    if (status)
        planche_gpu_context_destroy(out);
    else
        unit->memory = memory - unit->program->weights.size;
    return status;
}

void planche_gpu_context_destroy(struct planche_gpu_context **unit)
{
    struct planche_gpu_context *u = *unit;
    if (!u)
        return;
    while (u->slots) {
        struct planche_gpu_slot *slot = u->slots;
        u->slots = slot->next;
        planche_gpu_slot_destroy(u, &slot);
    }
    planche_gpu_memory_destroy(&u->arena);
    planche_gpu_program_destroy(&u->program);
    planche_gpu_queue_end(&u->queue);
    planche_gpu_device_close(&u->device);
    planche_mutex_destroy(&u->arena_mutex);
    planche_mutex_destroy(&u->slot_mutex);
    planche_cond_destroy(&u->slot_changed);
    planche_free(u->step_ns);
    planche_free(u->step_macs);
    planche_free(u);
    *unit = NULL;
}

uint32_t planche_gpu_context_marks(const struct planche_gpu_context *unit)
{
    return unit->profile ? 2 * (uint32_t)unit->program->net->step_count + 2 : 1;
}

static enum planche_status make_set(struct planche_gpu_device *device,
                                    struct planche_gpu_slot *slot, struct planche_error *error)
{
    const VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC, 1};
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

static enum planche_status make_batches(struct planche_gpu_context *unit,
                                        struct planche_gpu_slot *slot, struct planche_error *error)
{
    struct planche_gpu_device *device = unit->device;
    VkCommandBuffer commands[PLANCHE_GPU_BATCHES];
    uint32_t marks = planche_gpu_context_marks(unit);
    const VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = marks + 1,
    };
    enum planche_status status = planche_gpu_commands_create(
        device, device->compute_family, commands, PLANCHE_GPU_BATCHES, &slot->pool, error);
    for (int b = 0; b < PLANCHE_GPU_BATCHES && !status; b++) {
        struct planche_gpu_batch *batch = &slot->batches[b];
        batch->commands = commands[b];
        batch->profiles = planche_calloc(unit->budget, marks, sizeof(int));
        if (!batch->profiles)
            status = planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a GPU's commands");
        else if (device->timestamp_ms > 0)
            status = planche_gpu_check(
                device, device->fn.CreateQueryPool(device->device, &info, NULL, &batch->queries),
                "making queries", error);
    }
    return status;
}

enum planche_status planche_gpu_slot_create(struct planche_gpu_slot **out,
                                            struct planche_gpu_context *unit,
                                            struct planche_error *error)
{
    struct planche_gpu_device *device = unit->device;
    struct planche_gpu_slot *slot = *out = planche_calloc(unit->budget, 1, sizeof(*slot));
    if (!slot)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a page on a GPU");
    enum planche_status status = planche_gpu_queue_init(&slot->copy_queue, device, error);
    if (!status)
        status = make_batches(unit, slot, error);
    if (!status)
        status = planche_gpu_commands_create(device, device->transfer_family, slot->copies, 2,
                                             &slot->copy_pool, error);
    if (!status)
        status = make_set(device, slot, error);
    if (status)
        planche_gpu_slot_destroy(unit, out);
    return status;
}

/* What an abandoned device may still use stays. */
void planche_gpu_slot_destroy(struct planche_gpu_context *unit, struct planche_gpu_slot **slot)
{
    struct planche_gpu_slot *s = *slot;
    struct planche_gpu_device *device = unit->device;
    if (!s)
        return;
    bool rests = planche_gpu_rest(device);
    for (int b = 0; b < PLANCHE_GPU_BATCHES; b++) {
        if (rests && s->batches[b].queries)
            device->fn.DestroyQueryPool(device->device, s->batches[b].queries, NULL);
        planche_free(s->batches[b].profiles);
    }
    if (rests) {
        device->fn.DestroyCommandPool(device->device, s->pool, NULL);
        device->fn.DestroyCommandPool(device->device, s->copy_pool, NULL);
        device->fn.DestroyDescriptorPool(device->device, s->descriptor_pool, NULL);
    }
    planche_gpu_queue_end(&s->copy_queue);
    planche_gpu_memory_destroy(&s->block);
    planche_free(s);
    *slot = NULL;
}

enum planche_status planche_gpu_slot_fit(struct planche_gpu_context *unit,
                                         struct planche_gpu_slot *slot, uint64_t bytes,
                                         struct planche_error *error)
{
    if (slot->block.size >= bytes)
        return PLANCHE_OK;
    planche_gpu_memory_destroy(&slot->block);
    enum planche_status status = planche_gpu_memory_create(&slot->block, unit->device, bytes,
                                                           PLANCHE_GPU_MEMORY_DEVICE, error);
    if (status)
        return status;
    planche_gpu_name_buffer(unit->device, slot->block.buffer, "page buffer");
    const VkDescriptorBufferInfo buffer = {
        .buffer = slot->block.buffer,
        .range = sizeof(struct planche_gpu_args),
    };
    const VkWriteDescriptorSet write = {
        .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
        .dstSet = slot->set,
        .descriptorCount = 1,
        .descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC,
        .pBufferInfo = &buffer,
    };
    unit->device->fn.UpdateDescriptorSets(unit->device->device, 1, &write, 0, NULL);
    return PLANCHE_OK;
}

enum planche_status planche_gpu_context_fit(struct planche_gpu_context *unit, uint64_t bytes,
                                            struct planche_error *error)
{
    if (unit->arena.size >= bytes)
        return PLANCHE_OK;
    enum planche_status status = PLANCHE_OK;
    if (unit->last_value)
        status = planche_gpu_queue_wait(&unit->queue, unit->last_value, error);
    if (status)
        return status;
    planche_gpu_memory_destroy(&unit->arena);
    status = planche_gpu_memory_create(&unit->arena, unit->device, bytes, PLANCHE_GPU_MEMORY_DEVICE,
                                       error);
    if (!status)
        planche_gpu_name_buffer(unit->device, unit->arena.buffer, "arena");
    return status;
}
