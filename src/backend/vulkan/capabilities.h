/* SPDX-License-Identifier: MIT */
/* Device capabilities: extensions and features, and which paths they allow. */
#ifndef PLANCHE_BACKEND_VULKAN_CAPABILITIES_H
#define PLANCHE_BACKEND_VULKAN_CAPABILITIES_H

#include "backend/vulkan/functions.h"

#include <planche/gpu.h>
#include <stdbool.h>

/* The extensions that matter here; each is enabled where it is there, the last two for the path
 * WGMMA alone. */
enum planche_gpu_extension {
    PLANCHE_GPU_COOPERATIVE_MATRIX_2,
    PLANCHE_GPU_COOPERATIVE_MATRIX,
    PLANCHE_GPU_SUBGROUP_SIZE_CONTROL,
    PLANCHE_GPU_MAINTENANCE_4,
    PLANCHE_GPU_MEMORY_BUDGET,
    PLANCHE_GPU_PORTABILITY_SUBSET,
    PLANCHE_GPU_BINARY_IMPORT,
    PLANCHE_GPU_SM_BUILTINS,
    PLANCHE_GPU_EXTENSION_COUNT
};
extern const char *const planche_gpu_extension_names[PLANCHE_GPU_EXTENSION_COUNT];

/* Linked with planche_gpu_features_link, the chain for a question and for VkDeviceCreateInfo. */
struct planche_gpu_features {
    VkPhysicalDeviceFeatures2 core;
    VkPhysicalDeviceVulkan11Features v11;
    VkPhysicalDeviceVulkan12Features v12;
    VkPhysicalDeviceSubgroupSizeControlFeaturesEXT subgroup;
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix;
    VkPhysicalDeviceCooperativeMatrix2FeaturesNV matrix2;
};

/* A plain value. */
struct planche_gpu_capabilities {
    bool extensions[PLANCHE_GPU_EXTENSION_COUNT];
    struct planche_gpu_features features; /* those that are there and of use */
    VkPhysicalDeviceProperties properties;
    VkPhysicalDeviceDriverProperties driver;
    VkPhysicalDeviceSubgroupSizeControlPropertiesEXT subgroup; /* zeroes without the extension */
    uint32_t subgroup_size;
    uint32_t processors; /* multiprocessors of an NVIDIA GPU; 0: it does not say */
    VkSubgroupFeatureFlags subgroup_operations;
    uint64_t max_allocation; /* what the driver promises for one block of memory */
    uint64_t max_buffer;     /* UINT64_MAX: it does not say */
    int compute_family;      /* -1: none */
    int transfer_family;
    uint32_t compute_queues;                       /* that the family has */
    uint32_t timestamp_bits;                       /* of that family */
    const char *lacks[PLANCHE_GPU_PATH_WGMMA + 1]; /* by path: NULL: it has all that it takes */
};

/* Errors: MEMORY. */
enum planche_status planche_gpu_capabilities_get(struct planche_gpu_capabilities *capabilities,
                                                 const struct planche_vk_functions *fn,
                                                 VkPhysicalDevice device,
                                                 struct planche_error *error);
/* The fastest path; AUTO: none. */
enum planche_gpu_path
planche_gpu_capabilities_best(const struct planche_gpu_capabilities *capabilities);
/* Links the structures whose extensions are there, for VkDeviceCreateInfo's pNext. */
void *planche_gpu_features_link(struct planche_gpu_features *features, const bool *extensions);

/* The heap that tensors lie in: the largest of the device's own. */
uint32_t planche_gpu_main_heap(const VkPhysicalDeviceMemoryProperties *memory);
/* Bytes of it that are free. */
uint64_t planche_gpu_heap_free(const struct planche_vk_functions *fn, VkPhysicalDevice device,
                               bool has_budget);

#endif
