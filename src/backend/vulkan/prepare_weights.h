/* SPDX-License-Identifier: MIT */
/* Weight packing on the device, for convolutions on matrix contexts. */
#ifndef PLANCHE_BACKEND_VULKAN_PREPARE_WEIGHTS_H
#define PLANCHE_BACKEND_VULKAN_PREPARE_WEIGHTS_H

#include "backend/vulkan/device_context.h"

/* Packs the weights of all matrix products, waits until that is done, and frees the staging buffer
 * that they came in. Once, before the context runs pages. Errors: MEMORY, DEVICE. */
enum planche_status planche_gpu_prepare_weights(struct planche_gpu_context *context,
                                                struct planche_error *error);

#endif
