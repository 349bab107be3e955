/* SPDX-License-Identifier: MIT */
/* The Vulkan functions that are used, as pointers: nothing links against libvulkan. */
#ifndef PLANCHE_BACKEND_VULKAN_FUNCTIONS_H
#define PLANCHE_BACKEND_VULKAN_FUNCTIONS_H

#include "backend/vulkan/extensions.h"

struct planche_vk_functions {
    PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
#define PLANCHE_VK(name) PFN_vk##name name;
#include "backend/vulkan/functions.def"
#undef PLANCHE_VK
};

#endif
