/* SPDX-License-Identifier: MIT */
/* Logical device: what all files of the Vulkan backend know of a GPU that is open. It is opened and
 * closed in open_device.h. */
#ifndef PLANCHE_BACKEND_VULKAN_DEVICE_H
#define PLANCHE_BACKEND_VULKAN_DEVICE_H

#include "backend/vulkan/functions.h"
#include "backend/vulkan/tune/values.h"
#include "base/alloc.h"
#include "base/log.h"
#include "os/thread.h"

#include <planche/gpu.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Of the shaders for matrix contexts. */
#define PLANCHE_GPU_SUBGROUP 32
/* Of a workgroup whose matrices are its own: these may have any multiples of 16 rows and columns.
 */
#define PLANCHE_GPU_NV2_THREADS 64

/* Kernels of wgmma/conv_wgmma.cu, in the order of their variants (conv_matmul.h). */
enum planche_gpu_kernel {
    PLANCHE_GPU_KERNEL_NONE,
    PLANCHE_GPU_KERNEL_CONV,
    PLANCHE_GPU_KERNEL_RESIDUAL,
    PLANCHE_GPU_KERNEL_RESIDUALS,
    PLANCHE_GPU_KERNEL_SUMS,
    PLANCHE_GPU_KERNEL_ENLARGED,
    PLANCHE_GPU_KERNEL_PAIRED,
    PLANCHE_GPU_KERNEL_COUNT
};

/* Opened by open_device.h, closed by its owner, the context. Threads share it: what no mutex guards
 * is immutable once it is open, or atomic. */
struct planche_gpu_device {
    struct planche_vk_functions fn; /* those of the device as well */
    uint32_t index;
    VkPhysicalDevice physical;
    VkDevice device;
    VkPhysicalDeviceProperties properties;
    VkPhysicalDeviceMemoryProperties memory;
    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    enum planche_gpu_path path; /* never AUTO */
    unsigned value_bytes;       /* of activations: 4 (F32) or 2 */
    uint32_t subgroup_size;
    uint64_t max_allocation; /* bytes that one block of memory may have at least */
    uint64_t max_buffer;     /* bytes of a buffer */
    bool has_budget;         /* VK_EXT_memory_budget */
    bool software;
    bool soft_matrices; /* tests: products of path KHR by plain arithmetic, conv_soft.comp */
    atomic_uint
        refused; /* bits of enum planche_gpu_variant: products that it does not make right */
    struct planche_gpu_tuning tuning;
    bool labels;                              /* see debug_labels.h */
    uint32_t compute_family, transfer_family; /* may be the same */
    VkQueue compute, transfer;                /* likewise */
    struct planche_mutex queue_mutex;         /* for every submission */
    double timestamp_ms;                      /* of a tick; 0: the device has none */
    uint64_t timestamp_mask;                  /* the bits that timestamps have */
    VkDescriptorSetLayout set_layout;         /* binding 0: the arguments */
    VkDescriptorType arguments; /* a dynamic uniform block; of software devices a storage buffer */
    VkPipelineLayout pipeline_layout;
    VkCuModuleNVX kernel_module; /* path WGMMA: see wgmma/module.h */
    VkCuFunctionNVX kernels[PLANCHE_GPU_KERNEL_COUNT];
    uint32_t processors;   /* multiprocessors; 0: unknown */
    VkPipelineCache cache; /* loaded from and saved to the disk */
    uint64_t cache_size;   /* bytes of it that the disk has */
    atomic_bool lost;      /* no more work for it */
    atomic_bool abandoned; /* it never stopped working: nothing of it may be destroyed */
    struct planche_log log;
    struct planche_budget *budget;
    struct planche_mutex pipeline_mutex;
    struct planche_cond pipeline_made;
    struct planche_gpu_pipeline *pipelines; /* all that were made */
};

#endif
