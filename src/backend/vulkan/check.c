/* SPDX-License-Identifier: MIT */
/* Result codes of Vulkan as errors; submissions; the end of a lost device. */
#include "backend/vulkan/check.h"

#include "backend/vulkan/fault.h"
#include "base/status.h"

/* How long a device that was late may take to become idle before it is abandoned, nanoseconds. */
#define LAST_WAIT 2000000000ULL

static const char *result_name(VkResult result)
{
    switch (result) {
    case VK_TIMEOUT:
        return "it takes too long";
    case VK_ERROR_OUT_OF_HOST_MEMORY:
        return "the system's memory is full";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
        return "its memory is full";
    case VK_ERROR_INITIALIZATION_FAILED:
        return "it cannot be set up";
    case VK_ERROR_DEVICE_LOST:
        return "the device is lost";
    case VK_ERROR_TOO_MANY_OBJECTS:
        return "there are too many objects";
    default:
        return "the driver reports an error";
    }
}

enum planche_status planche_gpu_check(struct planche_gpu_device *device, VkResult result,
                                      const char *what, struct planche_error *error)
{
    if (result == VK_SUCCESS)
        return PLANCHE_OK;
    if (result == VK_TIMEOUT || result == VK_ERROR_DEVICE_LOST)
        atomic_store(&device->lost, true);
    bool memory = result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY;
    return planche_fail(error, memory ? PLANCHE_ERROR_MEMORY : PLANCHE_ERROR_DEVICE,
                        "GPU %u (%s): %s failed: %s (result %d)", device->index, device->name, what,
                        result_name(result), (int)result);
}

enum planche_status planche_gpu_submit(struct planche_gpu_device *device, VkQueue queue,
                                       const VkSubmitInfo *batch, struct planche_error *error)
{
    VkResult result = VK_ERROR_DEVICE_LOST;
    planche_mutex_lock(&device->queue_mutex);
    if (!planche_gpu_must_fail(PLANCHE_GPU_FAULT_SUBMIT))
        result = device->fn.QueueSubmit(queue, 1, batch, VK_NULL_HANDLE);
    planche_mutex_unlock(&device->queue_mutex);
    return planche_gpu_check(device, result, "submitting work", error);
}

/* Whether all work on a queue ends soon. */
static bool becomes_idle(struct planche_gpu_device *device, VkQueue queue)
{
    VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkFence fence;
    if (device->fn.CreateFence(device->device, &info, NULL, &fence) != VK_SUCCESS)
        return false;
    VkResult result = device->fn.QueueSubmit(queue, 0, NULL, fence);
    if (result == VK_SUCCESS)
        result = device->fn.WaitForFences(device->device, 1, &fence, VK_TRUE, LAST_WAIT);
    if (result != VK_TIMEOUT)
        device->fn.DestroyFence(device->device, fence, NULL);
    return result != VK_TIMEOUT;
}

bool planche_gpu_wait_idle(struct planche_gpu_device *device)
{
    if (!atomic_load(&device->lost))
        return true;
    planche_mutex_lock(&device->queue_mutex);
    if (!atomic_load(&device->abandoned) &&
        !(becomes_idle(device, device->compute) && becomes_idle(device, device->transfer))) {
        atomic_store(&device->abandoned, true);
        planche_log_write(&device->log, PLANCHE_LOG_WARNING,
                          "GPU %u (%s) does not stop working: it is abandoned", device->index,
                          device->name);
    }
    planche_mutex_unlock(&device->queue_mutex);
    return !atomic_load(&device->abandoned);
}
