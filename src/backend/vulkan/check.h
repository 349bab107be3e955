/* SPDX-License-Identifier: MIT */
/* Result codes of Vulkan as errors, and the calls after which a device can be lost: queue
 * submission and waiting until it is idle. */
#ifndef PLANCHE_BACKEND_VULKAN_CHECK_H
#define PLANCHE_BACKEND_VULKAN_CHECK_H

#include "backend/vulkan/device.h"

/* OK for VK_SUCCESS; else DEVICE (MEMORY for the two out-of-memory results) with a message that
 * names what failed, the device and the result. A device that is lost, or late (VK_TIMEOUT), is
 * remembered as lost. */
enum planche_status planche_gpu_check(struct planche_gpu_device *device, VkResult result,
                                      const char *what, struct planche_error *error);

/* vkQueueSubmit of one batch, under the queues' mutex. Errors: as planche_gpu_check. */
enum planche_status planche_gpu_submit(struct planche_gpu_device *device, VkQueue queue,
                                       const VkSubmitInfo *batch, struct planche_error *error);

/* After a submission or a wait failed: whether what was submitted has come to an end, for which it
 * may take two seconds. If not, the device is abandoned: what work may still touch must not be
 * destroyed (planche_gpu_memory_destroy and planche_gpu_device_close know). Thread-safe. */
bool planche_gpu_wait_idle(struct planche_gpu_device *device);

#endif
