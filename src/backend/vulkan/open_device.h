/* SPDX-License-Identifier: MIT */
/* Opening and closing a logical device. */
#ifndef PLANCHE_BACKEND_VULKAN_OPEN_DEVICE_H
#define PLANCHE_BACKEND_VULKAN_OPEN_DEVICE_H

#include "backend/vulkan/device.h"
#include "backend/vulkan/instance.h"

/* Opens a device for a path (AUTO: the best it has). The pipeline cache comes from
 * $XDG_CACHE_HOME/planche (or ~/.cache/planche); a cache that cannot be read or written is a line
 * in the log, no error. Errors: UNSUPPORTED (names what is missing), MEMORY, DEVICE. */
enum planche_status
planche_gpu_device_open(struct planche_gpu_device **out, const struct planche_vk *vk,
                        uint32_t index, enum planche_gpu_path path, const struct planche_log *log,
                        struct planche_budget *budget, struct planche_error *error);
/* Saves the pipeline cache if there is more in it than there was. No work may be in flight, unless
 * the device is lost. */
void planche_gpu_device_close(struct planche_gpu_device **device);

#endif
