/* SPDX-License-Identifier: MIT */
/* Tuning files: what planche_gpu_tune has measured to be best.
 *
 * There is a file for each device and driver, beside the pipeline cache. What it says is checked:
 * it may come from another version, or from anybody who may write there. */
#ifndef PLANCHE_BACKEND_VULKAN_TUNE_TUNING_H
#define PLANCHE_BACKEND_VULKAN_TUNE_TUNING_H

#include "backend/vulkan/device.h"
#include "backend/vulkan/functions.h"
#include "backend/vulkan/tune/values.h"
#include "base/log.h"

#include <stdbool.h>

/* What a device begins with. */
struct planche_gpu_tuning planche_gpu_tuning_default(const VkPhysicalDeviceProperties *properties);
bool planche_gpu_tuning_is_valid(const struct planche_gpu_tuning *tuning);

/* What the device's file says. False: there is none that is of use; log (may be NULL) is told why
 * if it is worth a word. */
bool planche_gpu_tuning_load(struct planche_gpu_tuning *tuning,
                             const VkPhysicalDeviceProperties *properties,
                             const struct planche_log *log);
/* Errors: IO, MEMORY (the path is too long), NOT_FOUND (there is no home folder). */
enum planche_status planche_gpu_tuning_save(const struct planche_gpu_tuning *tuning,
                                            const VkPhysicalDeviceProperties *properties,
                                            struct planche_error *error);

/* What a device that is opened takes: the override, the file's, or the default. */
struct planche_gpu_tuning planche_gpu_tuning_choose(const VkPhysicalDeviceProperties *properties,
                                                    const struct planche_log *log);

/* Puts a device on another path. What was measured for the one before says nothing of it. */
void planche_gpu_tuning_change_path(struct planche_gpu_device *device, enum planche_gpu_path path);

#endif
