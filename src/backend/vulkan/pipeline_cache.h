/* SPDX-License-Identifier: MIT */
/* Pipeline cache: compiled shaders, kept in a file for the next process. */
#ifndef PLANCHE_BACKEND_VULKAN_PIPELINE_CACHE_H
#define PLANCHE_BACKEND_VULKAN_PIPELINE_CACHE_H

#include "backend/vulkan/device.h"

/* Makes device->cache, from the file if there is one that is whole and this driver's. Errors:
 * MEMORY, DEVICE. */
enum planche_status planche_gpu_cache_load(struct planche_gpu_device *device,
                                           struct planche_error *error);

/* The file "STEM-...SUFFIX" of a device and its driver in the cache folder. path has PATH_MAX
 * bytes. Errors: NOT_FOUND, ARGUMENT: see planche_cache_path. */
enum planche_status planche_gpu_cache_file(const VkPhysicalDeviceProperties *properties,
                                           const char *stem, const char *suffix, char *path,
                                           struct planche_error *error);

/* Writes the pipeline cache to the disk if there is more in it than there was. Thread-safe. */
void planche_gpu_cache_save(struct planche_gpu_device *device);

#endif
