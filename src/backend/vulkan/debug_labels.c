/* SPDX-License-Identifier: MIT */
/* Debug labels. A name that cannot be set is no error. */
#include "backend/vulkan/debug_labels.h"

void planche_gpu_name_buffer(const struct planche_gpu_device *device, VkBuffer buffer,
                             const char *name)
{
    const VkDebugUtilsObjectNameInfoEXT info = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
        .objectType = VK_OBJECT_TYPE_BUFFER,
        .objectHandle = (uint64_t)buffer,
        .pObjectName = name,
    };
    if (device->labels)
        device->fn.SetDebugUtilsObjectNameEXT(device->device, &info);
}

void planche_gpu_label_begin(const struct planche_gpu_device *device, VkCommandBuffer commands,
                             const char *name)
{
    const VkDebugUtilsLabelEXT label = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT,
        .pLabelName = name,
    };
    if (device->labels)
        device->fn.CmdBeginDebugUtilsLabelEXT(commands, &label);
}

void planche_gpu_label_end(const struct planche_gpu_device *device, VkCommandBuffer commands)
{
    if (device->labels)
        device->fn.CmdEndDebugUtilsLabelEXT(commands);
}
