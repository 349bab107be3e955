/* SPDX-License-Identifier: MIT */
/* Debug labels (VK_EXT_debug_utils): names of objects and of dispatches for profilers such as
 * RenderDoc, and for messages of the validation layer.
 *
 * They are there if the device is traced (PLANCHE_TRACE has gpu when the process first asks Vulkan
 * and when the engine is created) and the extension exists; otherwise each call costs one load. */
#ifndef PLANCHE_BACKEND_VULKAN_DEBUG_LABELS_H
#define PLANCHE_BACKEND_VULKAN_DEBUG_LABELS_H

#include "backend/vulkan/device.h"

/* Names a buffer. */
void planche_gpu_name_buffer(const struct planche_gpu_device *device, VkBuffer buffer,
                             const char *name);
/* What is recorded from here to the end has a name. Both in the same command buffer. */
void planche_gpu_label_begin(const struct planche_gpu_device *device, VkCommandBuffer commands,
                             const char *name);
void planche_gpu_label_end(const struct planche_gpu_device *device, VkCommandBuffer commands);

#endif
