/* SPDX-License-Identifier: MIT */
/* Opens a device with its queues, the layout that all pipelines share and the pipeline cache. */
#include "backend/vulkan/open_device.h"

#include "backend/vulkan/capabilities.h"
#include "backend/vulkan/check.h"
#include "backend/vulkan/fault.h"
#include "backend/vulkan/path_name.h"
#include "backend/vulkan/pipeline.h"
#include "backend/vulkan/pipeline_cache.h"
#include "backend/vulkan/tune/tuning.h"
#include "backend/vulkan/wgmma/module.h"
#include "base/status.h"
#include "base/trace.h"

#include <stdio.h>
#include <string.h>

static void load_functions(struct planche_gpu_device *device)
{
    struct planche_vk_functions *fn = &device->fn;
    PFN_vkVoidFunction found;
#define PLANCHE_VK(name)                                                                           \
    found = fn->GetDeviceProcAddr(device->device, "vk" #name);                                     \
    if (found)                                                                                     \
        fn->name = (PFN_vk##name)found;
#include "backend/vulkan/functions.def"
#undef PLANCHE_VK
}

/* The second queue of a family that has no family for copies beside it. */
static uint32_t transfer_index(const struct planche_gpu_capabilities *capabilities)
{
    return capabilities->transfer_family == capabilities->compute_family &&
           capabilities->compute_queues > 1;
}

static bool is_wanted(const struct planche_gpu_device *device, int extension)
{
    return (extension != PLANCHE_GPU_BINARY_IMPORT && extension != PLANCHE_GPU_SM_BUILTINS) ||
           device->path == PLANCHE_GPU_PATH_WGMMA;
}

static enum planche_status create_device(struct planche_gpu_device *device,
                                         struct planche_gpu_capabilities *capabilities,
                                         struct planche_error *error)
{
    static const float priorities[2] = {1, 1};
    const char *names[PLANCHE_GPU_EXTENSION_COUNT];
    uint32_t name_count = 0;
    for (int i = 0; i < PLANCHE_GPU_EXTENSION_COUNT; i++) {
        if (capabilities->extensions[i] && is_wanted(device, i))
            names[name_count++] = planche_gpu_extension_names[i];
    }
    VkDeviceQueueCreateInfo queues[2];
    for (int i = 0; i < 2; i++)
        queues[i] = (VkDeviceQueueCreateInfo){
            .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
            .queueFamilyIndex = i ? device->transfer_family : device->compute_family,
            .queueCount = i ? 1 : 1 + transfer_index(capabilities),
            .pQueuePriorities = priorities};
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = planche_gpu_features_link(&capabilities->features, capabilities->extensions),
        .queueCreateInfoCount = device->transfer_family == device->compute_family ? 1 : 2,
        .pQueueCreateInfos = queues,
        .enabledExtensionCount = name_count,
        .ppEnabledExtensionNames = names};
    VkResult result = device->fn.CreateDevice(device->physical, &info, NULL, &device->device);
    if (result != VK_SUCCESS) {
        device->device = VK_NULL_HANDLE;
        return planche_gpu_check(device, result, "opening it", error);
    }
    load_functions(device);
    device->fn.GetDeviceQueue(device->device, device->compute_family, 0, &device->compute);
    device->fn.GetDeviceQueue(device->device, device->transfer_family, transfer_index(capabilities),
                              &device->transfer);
    return PLANCHE_OK;
}

/* The layout of every pipeline: one block of arguments, whose place is given with each dispatch. */
static enum planche_status create_layouts(struct planche_gpu_device *device,
                                          struct planche_error *error)
{
    VkDescriptorSetLayoutBinding binding = {.descriptorType = device->arguments,
                                            .descriptorCount = 1,
                                            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    VkDescriptorSetLayoutCreateInfo set = {.sType =
                                               VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                           .bindingCount = 1,
                                           .pBindings = &binding};
    VkResult result =
        device->fn.CreateDescriptorSetLayout(device->device, &set, NULL, &device->set_layout);
    if (result == VK_SUCCESS) {
        VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                             .setLayoutCount = 1,
                                             .pSetLayouts = &device->set_layout};
        result = device->fn.CreatePipelineLayout(device->device, &layout, NULL,
                                                 &device->pipeline_layout);
    }
    return planche_gpu_check(device, result, "making a layout", error);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void describe(struct planche_gpu_device *device,
                     const struct planche_gpu_capabilities *capabilities)
{
    VkPhysicalDeviceMemoryProperties2 memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
    device->fn.GetPhysicalDeviceMemoryProperties2(device->physical, &memory);
    device->memory = memory.memoryProperties;
    snprintf(device->name, sizeof device->name, "%s", capabilities->properties.deviceName);
    device->value_bytes = device->path == PLANCHE_GPU_PATH_F32 ? 4 : 2;
    device->subgroup_size = capabilities->subgroup_size;
    device->processors = capabilities->processors;
    uint64_t heap = device->memory.memoryHeaps[planche_gpu_main_heap(&device->memory)].size;
    device->max_buffer = smaller(capabilities->max_buffer, heap);
    device->max_allocation =
        planche_gpu_stated_block(smaller(capabilities->max_allocation, device->max_buffer));
    device->has_budget = capabilities->extensions[PLANCHE_GPU_MEMORY_BUDGET];
    device->software = capabilities->properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    device->arguments = device->software ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC
                                         : VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC;
    device->compute_family = (uint32_t)capabilities->compute_family;
    device->transfer_family = (uint32_t)capabilities->transfer_family;
    if (capabilities->timestamp_bits) {
        device->timestamp_ms = capabilities->properties.limits.timestampPeriod / 1e6;
        device->timestamp_mask = UINT64_MAX >> (64 - capabilities->timestamp_bits);
    }
}

static void choose_tuning(struct planche_gpu_device *device,
                          const struct planche_gpu_capabilities *capabilities, bool any)
{
    struct planche_gpu_tuning *tuning = &device->tuning;
    device->properties = capabilities->properties;
    *tuning = planche_gpu_tuning_choose(&device->properties, &device->log);
    if (any && tuning->path != PLANCHE_GPU_PATH_AUTO && device->path != PLANCHE_GPU_PATH_AUTO &&
        !capabilities->lacks[tuning->path])
        device->path = tuning->path;
    planche_gpu_tuning_change_path(device, device->path);
}

static enum planche_status choose_path(struct planche_gpu_device *device,
                                       const struct planche_gpu_capabilities *capabilities,
                                       enum planche_gpu_path path, struct planche_error *error)
{
    enum planche_gpu_path best = planche_gpu_capabilities_best(capabilities);
    bool pretends = planche_gpu_pretends_matrices() && planche_gpu_pretended_kernels();
    device->path = path != PLANCHE_GPU_PATH_AUTO ? path : pretends ? PLANCHE_GPU_PATH_WGMMA : best;
    choose_tuning(device, capabilities, path == PLANCHE_GPU_PATH_AUTO);
    device->soft_matrices =
        (device->path == PLANCHE_GPU_PATH_KHR ||
         (device->path == PLANCHE_GPU_PATH_WGMMA && planche_gpu_pretended_kernels())) &&
        planche_gpu_pretends_matrices() && !capabilities->lacks[PLANCHE_GPU_PATH_F16];
    if (device->soft_matrices)
        return PLANCHE_OK;
    const char *lacks = best == PLANCHE_GPU_PATH_AUTO ? capabilities->lacks[PLANCHE_GPU_PATH_F32]
                                                      : capabilities->lacks[device->path];
    if (lacks)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "GPU %u (%s) cannot take the path %s: it lacks %s", device->index,
                            capabilities->properties.deviceName, planche_vk_path_name(device->path),
                            lacks);
    return PLANCHE_OK;
}

static enum planche_status open_device(struct planche_gpu_device *device,
                                       enum planche_gpu_path path, struct planche_error *error)
{
    struct planche_gpu_capabilities capabilities;
    enum planche_status status =
        planche_gpu_capabilities_get(&capabilities, &device->fn, device->physical, error);
    if (status == PLANCHE_OK)
        status = choose_path(device, &capabilities, path, error);
    if (status != PLANCHE_OK)
        return status;
    describe(device, &capabilities);
    status = create_device(device, &capabilities, error);
    if (status == PLANCHE_OK)
        status = create_layouts(device, error);
    if (status == PLANCHE_OK && device->path == PLANCHE_GPU_PATH_WGMMA)
        planche_gpu_kernels_load(device);
    if (status == PLANCHE_OK)
        status = planche_gpu_cache_load(device, error);
    return status;
}

enum planche_status
planche_gpu_device_open(struct planche_gpu_device **out, const struct planche_vk *vk,
                        uint32_t index, enum planche_gpu_path path, const struct planche_log *log,
                        struct planche_budget *budget, struct planche_error *error)
{
    *out = NULL;
    if (index >= vk->device_count)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "there is no GPU %u: Vulkan shows %u here", index, vk->device_count);
    struct planche_gpu_device *device = planche_calloc(budget, 1, sizeof *device);
    if (!device)
        return planche_fail_memory(error, budget, sizeof *device, "a GPU");
    device->fn = vk->fn;
    device->index = index;
    device->physical = vk->devices[index];
    device->log = log ? *log : (struct planche_log){0};
    device->labels = vk->labels && device->log.trace & PLANCHE_TRACE_GPU;
    device->budget = budget;
    planche_mutex_init(&device->queue_mutex);
    planche_mutex_init(&device->pipeline_mutex);
    planche_cond_init(&device->pipeline_made);
    enum planche_status status = open_device(device, path, error);
    if (status != PLANCHE_OK)
        planche_gpu_device_close(&device);
    *out = device;
    return status;
}

static void destroy_objects(struct planche_gpu_device *device)
{
    const struct planche_vk_functions *fn = &device->fn;
    for (struct planche_gpu_pipeline *p = device->pipelines; p; p = p->next)
        fn->DestroyPipeline(device->device, p->pipeline, NULL);
    planche_gpu_kernels_unload(device);
    fn->DestroyPipelineCache(device->device, device->cache, NULL);
    fn->DestroyPipelineLayout(device->device, device->pipeline_layout, NULL);
    fn->DestroyDescriptorSetLayout(device->device, device->set_layout, NULL);
    fn->DestroyDevice(device->device, NULL);
}

void planche_gpu_device_close(struct planche_gpu_device **device)
{
    struct planche_gpu_device *gone = *device;
    *device = NULL;
    if (!gone)
        return;
    if (gone->cache)
        planche_gpu_cache_save(gone);
    /* A driver would wait for ever for work that never ends: such a device is left as it is. */
    if (gone->device && planche_gpu_wait_idle(gone))
        destroy_objects(gone);
    while (gone->pipelines) {
        struct planche_gpu_pipeline *next = gone->pipelines->next;
        planche_free(gone->pipelines);
        gone->pipelines = next;
    }
    planche_mutex_destroy(&gone->pipeline_mutex);
    planche_cond_destroy(&gone->pipeline_made);
    planche_mutex_destroy(&gone->queue_mutex);
    planche_free(gone);
}
