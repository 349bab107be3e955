/* SPDX-License-Identifier: MIT */
/* The GPUs of the machine, as Vulkan shows them. */
#ifndef PLANCHE_GPU_H
#define PLANCHE_GPU_H

#include <planche/error.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a GPU computes convolutions, from the plainest to the fastest. */
enum planche_gpu_path {
    PLANCHE_GPU_PATH_AUTO = 0,
    PLANCHE_GPU_PATH_F32 = 1, /* everything in float */
    PLANCHE_GPU_PATH_F16 = 2, /* tensors and weights in half precision, sums in float */
    PLANCHE_GPU_PATH_KHR = 3, /* likewise, with VK_KHR_cooperative_matrix */
    PLANCHE_GPU_PATH_NV2 = 4, /* likewise, with VK_NV_cooperative_matrix2 */
    PLANCHE_GPU_PATH_WGMMA =
        5 /* KHR, and kernels of NVIDIA's Hopper for what they make (VK_NVX_binary_import) */
};

enum planche_gpu_type {
    PLANCHE_GPU_OTHER = 0,
    PLANCHE_GPU_INTEGRATED = 1,
    PLANCHE_GPU_DISCRETE = 2,
    PLANCHE_GPU_VIRTUAL = 3,
    PLANCHE_GPU_SOFTWARE = 4 /* runs on the CPU: used only if it is named by number */
};

/* Description of a GPU. It points to nothing. */
struct planche_gpu_info {
    size_t struct_size;
    unsigned index; /* as options.backend counts: "vulkan:INDEX" */
    enum planche_gpu_type type;
    enum planche_gpu_path path;   /* the fastest that it supports; AUTO: it cannot be used */
    uint64_t memory, free_memory; /* of the device, bytes; free_memory as the driver reports now */
    unsigned api_major, api_minor;
    char name[256];
    char driver[256];
    char extensions[256]; /* those that Planche can use, separated by spaces */
    char reason[256];     /* path AUTO: what the device lacks; else "" */
};
#define PLANCHE_GPU_INFO_INIT PLANCHE_STRUCT_INIT(struct planche_gpu_info)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_gpu_info_init(struct planche_gpu_info *out, size_t size);

/* Describes device `index` (0 ..); hardware comes first. Errors: NOT_FOUND past the last,
 * UNSUPPORTED where there is no Vulkan 1.2, MEMORY. */
PLANCHE_API enum planche_status planche_gpu_get_info(unsigned index, struct planche_gpu_info *info,
                                                     struct planche_error *error);
/* "f32", "f16", "khr", "nv2", "wgmma"; "auto". */
PLANCHE_API const char *planche_gpu_path_name(enum planche_gpu_path path);

#ifdef __cplusplus
}
#endif
#endif
