/* SPDX-License-Identifier: MIT */
/* Device memory and buffers, each with a memory of its own. */
#include "backend/vulkan/memory.h"

#include "backend/vulkan/capabilities.h"
#include "backend/vulkan/check.h"
#include "backend/vulkan/debug_labels.h"
#include "backend/vulkan/fault.h"
#include "base/status.h"
#include "base/trace.h"

/* What a type must have, and what it had better have and not have. */
struct wish {
    VkMemoryPropertyFlags must, want, avoid;
};
static const struct wish wishes[] = {
    [PLANCHE_GPU_MEMORY_DEVICE] = {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0,
                                   VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT},
    [PLANCHE_GPU_MEMORY_UPLOAD] =
        {VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, 0,
         VK_MEMORY_PROPERTY_HOST_CACHED_BIT | VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT},
    [PLANCHE_GPU_MEMORY_DOWNLOAD] = {VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                         VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                                     VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
                                     VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT},
};
/* For debug labels; who knows more of a buffer names it again. */
static const char *const names[] = {
    [PLANCHE_GPU_MEMORY_DEVICE] = "device memory",
    [PLANCHE_GPU_MEMORY_UPLOAD] = "staging upload",
    [PLANCHE_GPU_MEMORY_DOWNLOAD] = "staging readback",
};
/* Types that are only for who asks for what makes them special. */
#define SPECIAL                                                                                    \
    (VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT | VK_MEMORY_PROPERTY_PROTECTED_BIT |                  \
     VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD)

/* The best type of those in bits; -1: none. Of equals the first, as Vulkan sorts them. */
static int choose_type(const VkPhysicalDeviceMemoryProperties *memory, uint32_t bits,
                       const struct wish *wish)
{
    int best = -1, best_score = -1;
    for (uint32_t i = 0; i < memory->memoryTypeCount; i++) {
        VkMemoryPropertyFlags flags = memory->memoryTypes[i].propertyFlags;
        int score = 2 * ((flags & wish->want) == wish->want) + !(flags & wish->avoid);
        if (!(bits >> i & 1) || (flags & wish->must) != wish->must || flags & SPECIAL ||
            score <= best_score)
            continue;
        best = (int)i;
        best_score = score;
    }
    return best;
}

static VkResult create_buffer(struct planche_gpu_memory *memory)
{
    const struct planche_gpu_device *device = memory->device;
    const uint32_t families[2] = {device->compute_family, device->transfer_family};
    bool shared = families[0] != families[1];
    VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = memory->size,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT |
                 VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                 VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT,
        /* Buffers cost nothing to share, and so never change hands. */
        .sharingMode = shared ? VK_SHARING_MODE_CONCURRENT : VK_SHARING_MODE_EXCLUSIVE,
        .queueFamilyIndexCount = shared ? 2 : 0,
        .pQueueFamilyIndices = families};
    return device->fn.CreateBuffer(device->device, &info, NULL, &memory->buffer);
}

static VkResult allocate(struct planche_gpu_memory *memory, const struct wish *wish)
{
    const struct planche_gpu_device *device = memory->device;
    VkMemoryRequirements needs;
    device->fn.GetBufferMemoryRequirements(device->device, memory->buffer, &needs);
    int type = choose_type(&device->memory, needs.memoryTypeBits, wish);
    if (type < 0)
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    VkMemoryAllocateFlagsInfo flags = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                       .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
    VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                 .pNext = &flags,
                                 .allocationSize = needs.size,
                                 .memoryTypeIndex = (uint32_t)type};
    return device->fn.AllocateMemory(device->device, &info, NULL, &memory->memory);
}

static VkResult map(struct planche_gpu_memory *memory)
{
    void *host = NULL;
    VkResult result = memory->device->fn.MapMemory(memory->device->device, memory->memory, 0,
                                                   VK_WHOLE_SIZE, 0, &host);
    memory->host = host;
    return result;
}

static VkResult create(struct planche_gpu_memory *memory, enum planche_gpu_memory_kind kind)
{
    const struct planche_gpu_device *device = memory->device;
    if (planche_gpu_must_fail(PLANCHE_GPU_FAULT_ALLOCATION) ||
        planche_gpu_refuses_block(memory->size))
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    VkResult result = create_buffer(memory);
    if (result == VK_SUCCESS)
        result = allocate(memory, &wishes[kind]);
    if (result == VK_SUCCESS)
        result = device->fn.BindBufferMemory(device->device, memory->buffer, memory->memory, 0);
    if (result == VK_SUCCESS && kind != PLANCHE_GPU_MEMORY_DEVICE)
        result = map(memory);
    if (result != VK_SUCCESS)
        return result;
    VkBufferDeviceAddressInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO,
                                      .buffer = memory->buffer};
    memory->address = device->fn.GetBufferDeviceAddress(device->device, &info);
    return VK_SUCCESS;
}

enum planche_status planche_gpu_memory_create(struct planche_gpu_memory *memory,
                                              struct planche_gpu_device *device, uint64_t size,
                                              enum planche_gpu_memory_kind kind,
                                              struct planche_error *error)
{
    *memory = (struct planche_gpu_memory){0};
    if (size > device->max_buffer)
        return planche_fail(error, PLANCHE_ERROR_MEMORY,
                            "GPU %u (%s): %llu bytes are more than a buffer may have",
                            device->index, device->name, (unsigned long long)size);
    bool counted = kind != PLANCHE_GPU_MEMORY_DEVICE;
    if (counted && !planche_budget_reserve(device->budget, size))
        return planche_fail_memory(error, device->budget, size, "a GPU's buffer");
    memory->device = device;
    memory->size = size;
    memory->counted = counted;
    double start = planche_trace_start(&device->log, PLANCHE_TRACE_GPU);
    VkResult result = create(memory, kind);
    planche_trace_took(&device->log, PLANCHE_TRACE_GPU, start, "%.1f MiB of %s",
                       (double)size / 1048576, names[kind]);
    if (result == VK_SUCCESS)
        planche_gpu_name_buffer(device, memory->buffer, names[kind]);
    if (result != VK_SUCCESS)
        planche_gpu_memory_destroy(memory);
    return planche_gpu_check(device, result, "allocating memory", error);
}

void planche_gpu_memory_destroy(struct planche_gpu_memory *memory)
{
    struct planche_gpu_device *device = memory->device;
    if (!device)
        return;
    if (planche_gpu_wait_idle(device)) {
        device->fn.DestroyBuffer(device->device, memory->buffer, NULL);
        device->fn.FreeMemory(device->device, memory->memory, NULL);
    }
    if (memory->counted)
        planche_budget_release(device->budget, memory->size);
    *memory = (struct planche_gpu_memory){0};
}

enum planche_status planche_gpu_arena_create(struct planche_gpu_arena *arena,
                                             struct planche_gpu_device *device, uint64_t size,
                                             uint64_t block, struct planche_error *error)
{
    uint64_t each = block && block < size ? block : size;
    enum planche_status status = PLANCHE_OK;
    *arena = (struct planche_gpu_arena){.size = size, .block = each < size ? each : 0};
    if ((size + each - 1) / each > PLANCHE_GPU_ARENA_BLOCKS)
        status =
            planche_fail(error, PLANCHE_ERROR_MEMORY,
                         "GPU %u (%s): %llu bytes are more than %d blocks of memory", device->index,
                         device->name, (unsigned long long)size, PLANCHE_GPU_ARENA_BLOCKS);
    for (uint64_t at = 0; at < size && !status; at += each) {
        struct planche_gpu_memory *memory = &arena->blocks[arena->count++];
        status = planche_gpu_memory_create(memory, device, size - at < each ? size - at : each,
                                           PLANCHE_GPU_MEMORY_DEVICE, error);
        if (!status)
            planche_gpu_name_buffer(device, memory->buffer, "arena");
    }
    if (status)
        planche_gpu_arena_destroy(arena);
    return status;
}

void planche_gpu_arena_destroy(struct planche_gpu_arena *arena)
{
    for (unsigned b = 0; b < arena->count; b++)
        planche_gpu_memory_destroy(&arena->blocks[b]);
    *arena = (struct planche_gpu_arena){0};
}

VkDeviceAddress planche_gpu_arena_address(const struct planche_gpu_arena *arena, uint64_t offset)
{
    return arena->block ? arena->blocks[offset / arena->block].address + offset % arena->block
                        : arena->blocks[0].address + offset;
}

uint64_t planche_gpu_free_memory(const struct planche_gpu_device *device)
{
    return planche_gpu_heap_free(&device->fn, device->physical, device->has_budget);
}
