/* SPDX-License-Identifier: MIT */
/* Compute pipelines: one for each shader and set of specialization constants. */
#ifndef PLANCHE_BACKEND_VULKAN_PIPELINE_H
#define PLANCHE_BACKEND_VULKAN_PIPELINE_H

#include "backend/vulkan/device.h"
#include "backend/vulkan/shaders.h"

/* Most specialization constants of a shader. */
#define PLANCHE_GPU_CONSTANTS 24

/* The pipeline of a shader with specialization constants 0 .. count - 1; made at the first call,
 * owned by the device. Thread-safe: whoever wants what another thread is making waits for it.
 * Errors: MEMORY, DEVICE. */
enum planche_status planche_gpu_pipeline_get(struct planche_gpu_device *device,
                                             enum planche_shader shader, const int32_t *constants,
                                             unsigned count, VkPipeline *out,
                                             struct planche_error *error);

/* A pipeline, in the list of the device that owns it. */
struct planche_gpu_pipeline {
    struct planche_gpu_pipeline *next;
    enum planche_shader shader;
    unsigned count;
    int32_t constants[PLANCHE_GPU_CONSTANTS];
    VkPipeline pipeline; /* NULL: a thread is making it; under the device's pipeline_mutex */
};

#endif
