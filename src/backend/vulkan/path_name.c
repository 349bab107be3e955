/* SPDX-License-Identifier: MIT */
/* Names of the ways in which a GPU computes convolutions. */
#include "backend/vulkan/path_name.h"

#include <stddef.h>

const char *planche_vk_path_name(enum planche_gpu_path path)
{
    static const char *const names[] = {"auto", "f32", "f16", "khr", "nv2", "wgmma"};
    return path >= PLANCHE_GPU_PATH_AUTO && path <= PLANCHE_GPU_PATH_WGMMA ? names[path] : "auto";
}
