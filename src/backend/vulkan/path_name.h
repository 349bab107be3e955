/* SPDX-License-Identifier: MIT */
/* Names of the ways in which a GPU computes convolutions. */
#ifndef PLANCHE_BACKEND_VULKAN_PATH_NAME_H
#define PLANCHE_BACKEND_VULKAN_PATH_NAME_H

#include <planche/gpu.h>

/* As planche_gpu_path_name. */
const char *planche_vk_path_name(enum planche_gpu_path path);

#endif
