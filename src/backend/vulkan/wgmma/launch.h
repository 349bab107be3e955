/* SPDX-License-Identifier: MIT */
/* Launches of the kernels of conv_wgmma.cu. */
#ifndef PLANCHE_BACKEND_VULKAN_WGMMA_LAUNCH_H
#define PLANCHE_BACKEND_VULKAN_WGMMA_LAUNCH_H

#include "backend/vulkan/program.h"
#include "backend/vulkan/shaders/args.h"

/* Which part of a dispatch: rows of its tiles, and how many multiprocessors it may use. */
struct planche_gpu_launch {
    uint32_t columns; /* tiles side by side, times the blocks of outputs */
    uint32_t first_row, rows;
    uint32_t processors; /* 0: all of the device */
};

/* Records a launch of the step's kernel. Barriers are the caller's: of all commands. */
void planche_gpu_kernel_launch(const struct planche_gpu_device *device, VkCommandBuffer commands,
                               const struct planche_gpu_step *step,
                               const struct planche_gpu_args *args,
                               const struct planche_gpu_launch *launch);

#endif
