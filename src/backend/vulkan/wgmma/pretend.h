/* SPDX-License-Identifier: MIT */
/* For tests on devices without VK_NVX_binary_import: a driver that has it, and fails at it. */
#ifndef PLANCHE_BACKEND_VULKAN_WGMMA_PRETEND_H
#define PLANCHE_BACKEND_VULKAN_WGMMA_PRETEND_H

#include "backend/vulkan/device.h"

/* Gives the device functions of the extension which do as planche_gpu_pretended_kernels says. */
void planche_gpu_pretend_functions(struct planche_gpu_device *device);

#endif
