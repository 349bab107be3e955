/* SPDX-License-Identifier: MIT */
/* Devices as the API describes them. */
#include "backend/vulkan/capabilities.h"
#include "backend/vulkan/instance.h"
#include "backend/vulkan/tune/tuning.h"
#include "backend/vulkan/vulkan.h"
#include "base/status.h"
#include "base/text.h"

#include <stdio.h>

static enum planche_gpu_type type_of(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return PLANCHE_GPU_INTEGRATED;
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return PLANCHE_GPU_DISCRETE;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return PLANCHE_GPU_VIRTUAL;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return PLANCHE_GPU_SOFTWARE;
    default:
        return PLANCHE_GPU_OTHER;
    }
}

static void list_extensions(struct planche_gpu_info *info,
                            const struct planche_gpu_capabilities *capabilities)
{
    size_t length = 0;
    for (int i = 0; i < PLANCHE_GPU_EXTENSION_COUNT; i++) {
        size_t room = sizeof info->extensions - length;
        if (!capabilities->extensions[i])
            continue;
        int written = snprintf(info->extensions + length, room, "%s%s", length ? " " : "",
                               planche_gpu_extension_names[i]);
        length += written > 0 && (size_t)written < room ? (size_t)written : 0;
    }
}

void planche_vk_describe(const struct planche_vk *vk, uint32_t index, struct planche_gpu_info *info)
{
    struct planche_gpu_capabilities capabilities;
    VkPhysicalDevice device = vk->devices[index];
    VkPhysicalDeviceMemoryProperties2 memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
    *info = (struct planche_gpu_info){.struct_size = sizeof *info, .index = index};
    struct planche_error ignored;
    enum planche_status status =
        planche_gpu_capabilities_get(&capabilities, &vk->fn, device, &ignored);
    const VkPhysicalDeviceProperties *properties = &capabilities.properties;
    vk->fn.GetPhysicalDeviceMemoryProperties2(device, &memory);
    info->type = type_of(properties->deviceType);
    info->memory =
        memory.memoryProperties.memoryHeaps[planche_gpu_main_heap(&memory.memoryProperties)].size;
    info->free_memory =
        planche_gpu_heap_free(&vk->fn, device, capabilities.extensions[PLANCHE_GPU_MEMORY_BUDGET]);
    info->api_major = VK_API_VERSION_MAJOR(properties->apiVersion);
    info->api_minor = VK_API_VERSION_MINOR(properties->apiVersion);
    snprintf(info->name, sizeof info->name, "%s", properties->deviceName);
    snprintf(info->driver, sizeof info->driver, "%.120s%s%.120s", capabilities.driver.driverName,
             capabilities.driver.driverInfo[0] ? " " : "", capabilities.driver.driverInfo);
    planche_text_clean(info->name);
    planche_text_clean(info->driver);
    list_extensions(info, &capabilities);
    if (status == PLANCHE_OK)
        info->path = planche_gpu_capabilities_best(&capabilities);
    struct planche_gpu_tuning tuning;
    if (info->path && planche_gpu_tuning_load(&tuning, properties, NULL))
        planche_gpu_tuning_describe(&tuning, info->tuning, sizeof info->tuning);
    if (info->path == PLANCHE_GPU_PATH_AUTO)
        snprintf(info->reason, sizeof info->reason, "it lacks %s",
                 status == PLANCHE_OK ? capabilities.lacks[PLANCHE_GPU_PATH_F32] : "memory");
}

/* Fails past the last device. *vk is to be destroyed in any case. */
static enum planche_status find_device(unsigned index, struct planche_vk **vk,
                                       struct planche_error *error)
{
    enum planche_status status = planche_vk_create(vk, error);
    if (!status && index >= (*vk)->device_count)
        status =
            planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "there is no GPU %u: Vulkan shows %u here",
                         index, (*vk)->device_count);
    return status;
}

enum planche_status planche_vk_get_info(unsigned index, struct planche_gpu_info *info,
                                        struct planche_error *error)
{
    struct planche_vk *vk;
    enum planche_status status = find_device(index, &vk, error);
    if (!status)
        planche_vk_describe(vk, index, info);
    planche_vk_destroy(&vk);
    return status;
}

static enum planche_status find_properties(unsigned index, VkPhysicalDeviceProperties *properties,
                                           struct planche_error *error)
{
    struct planche_vk *vk;
    enum planche_status status = find_device(index, &vk, error);
    if (!status)
        vk->fn.GetPhysicalDeviceProperties(vk->devices[index], properties);
    planche_vk_destroy(&vk);
    return status;
}

enum planche_status planche_vk_tuning_default(unsigned index, struct planche_gpu_tuning *tuning,
                                              struct planche_error *error)
{
    VkPhysicalDeviceProperties properties;
    enum planche_status status = find_properties(index, &properties, error);
    if (!status)
        *tuning = planche_gpu_tuning_default(&properties);
    return status;
}

enum planche_status planche_vk_tuning_save(unsigned index, const struct planche_gpu_tuning *tuning,
                                           struct planche_error *error)
{
    VkPhysicalDeviceProperties properties;
    enum planche_status status = find_properties(index, &properties, error);
    return status ? status : planche_gpu_tuning_save(tuning, &properties, error);
}
