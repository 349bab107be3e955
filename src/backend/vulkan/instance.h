/* SPDX-License-Identifier: MIT */
/* The Vulkan instance: the loader library, found at run time, and the physical devices. */
#ifndef PLANCHE_BACKEND_VULKAN_INSTANCE_H
#define PLANCHE_BACKEND_VULKAN_INSTANCE_H

#include "backend/vulkan/functions.h"

#include <planche/gpu.h>
#include <stdbool.h>

/* libvulkan and an instance, which all share and nobody destroys: drivers do not survive being
 * unloaded. */
struct planche_vk {
    struct planche_vk_functions fn; /* those of the library and the instance */
    VkInstance instance;
    bool labels; /* VK_EXT_debug_utils is enabled: PLANCHE_TRACE asks for it */
    uint32_t device_count;
    VkPhysicalDevice *devices; /* hardware first, in the library's order */
};

/* Errors: UNSUPPORTED (no libvulkan, no Vulkan 1.2), MEMORY. Without devices: OK. */
enum planche_status planche_vk_create(struct planche_vk **out, struct planche_error *error);
void planche_vk_destroy(struct planche_vk **vk);
/* Fills info (all fields) for a device. */
void planche_vk_describe(const struct planche_vk *vk, uint32_t index,
                         struct planche_gpu_info *info);

#endif
