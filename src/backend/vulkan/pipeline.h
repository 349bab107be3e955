/* SPDX-License-Identifier: MIT */
/* The pipelines that a device has made. */
#ifndef PLANCHE_BACKEND_VULKAN_PIPELINE_H
#define PLANCHE_BACKEND_VULKAN_PIPELINE_H

#include "backend/vulkan/device.h"

struct planche_gpu_pipeline {
    struct planche_gpu_pipeline *next;
    enum planche_shader shader;
    unsigned count;
    int32_t constants[PLANCHE_GPU_CONSTANTS];
    VkPipeline pipeline; /* NULL: a thread is making it; under the device's pipeline_mutex */
};

#endif
