/* SPDX-License-Identifier: MIT */
/* Kernels that the driver takes as machine code (VK_NVX_binary_import): conv_wgmma.cu. */
#ifndef PLANCHE_BACKEND_VULKAN_WGMMA_MODULE_H
#define PLANCHE_BACKEND_VULKAN_WGMMA_MODULE_H

#include "backend/vulkan/device.h"

/* Gives the device its kernels, of the path WGMMA. A driver that does not take them is no error:
 * the device has the path KHR then, and the log says why. */
void planche_gpu_kernels_load(struct planche_gpu_device *device);
/* Also without kernels. */
void planche_gpu_kernels_unload(struct planche_gpu_device *device);

#endif
