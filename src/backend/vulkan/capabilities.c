/* SPDX-License-Identifier: MIT */
/* Asks a device what it can do. */
#include "backend/vulkan/capabilities.h"

#include "backend/vulkan/device.h"
#include "backend/vulkan/path_name.h"
#include "base/alloc.h"

#include <string.h>

/* What the shaders count on, beyond what Vulkan 1.2 promises. */
#define INVOCATIONS   256
#define SHARED_MEMORY 32768
#define MATRIX_SIDE   16

/* Hopper by its numbers on the PCI bus: Vulkan does not name compute capabilities. */
#define NVIDIA        0x10de
#define IS_HOPPER(id) ((id) >> 8 == 0x23)

const char *const planche_gpu_extension_names[PLANCHE_GPU_EXTENSION_COUNT] = {
    [PLANCHE_GPU_COOPERATIVE_MATRIX_2] = VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME,
    [PLANCHE_GPU_COOPERATIVE_MATRIX] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME,
    [PLANCHE_GPU_SUBGROUP_SIZE_CONTROL] = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME,
    [PLANCHE_GPU_MAINTENANCE_4] = VK_KHR_MAINTENANCE_4_EXTENSION_NAME,
    [PLANCHE_GPU_MEMORY_BUDGET] = VK_EXT_MEMORY_BUDGET_EXTENSION_NAME,
    [PLANCHE_GPU_PORTABILITY_SUBSET] = "VK_KHR_portability_subset",
    [PLANCHE_GPU_BINARY_IMPORT] = VK_NVX_BINARY_IMPORT_EXTENSION_NAME,
    [PLANCHE_GPU_SM_BUILTINS] = VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME,
};

static enum planche_status find_extensions(struct planche_gpu_capabilities *capabilities,
                                           const struct planche_vk_functions *fn,
                                           VkPhysicalDevice device, struct planche_error *error)
{
    uint32_t count = 0;
    fn->EnumerateDeviceExtensionProperties(device, NULL, &count, NULL);
    if (!count)
        return PLANCHE_OK;
    VkExtensionProperties *list = planche_calloc(NULL, count, sizeof *list);
    if (!list)
        return planche_fail_memory(error, NULL, count * sizeof *list, "Vulkan");
    fn->EnumerateDeviceExtensionProperties(device, NULL, &count, list);
    for (uint32_t i = 0; i < count; i++) {
        for (int k = 0; k < PLANCHE_GPU_EXTENSION_COUNT; k++) {
            if (strcmp(list[i].extensionName, planche_gpu_extension_names[k]) == 0)
                capabilities->extensions[k] = true;
        }
    }
    planche_free(list);
    return PLANCHE_OK;
}

void *planche_gpu_features_link(struct planche_gpu_features *features, const bool *extensions)
{
    void *next = NULL;
    features->subgroup.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT;
    if (extensions[PLANCHE_GPU_SUBGROUP_SIZE_CONTROL]) {
        features->subgroup.pNext = next;
        next = &features->subgroup;
    }
    features->matrix.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR;
    if (extensions[PLANCHE_GPU_COOPERATIVE_MATRIX]) {
        features->matrix.pNext = next;
        next = &features->matrix;
    }
    features->matrix2.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_FEATURES_NV;
    if (extensions[PLANCHE_GPU_COOPERATIVE_MATRIX_2]) {
        features->matrix2.pNext = next;
        next = &features->matrix2;
    }
    features->v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    features->v12.pNext = next;
    features->v11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
    features->v11.pNext = &features->v12;
    features->core.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    features->core.pNext = &features->v11;
    return &features->core;
}

/* Of the features that are there, those of use: nothing else is enabled, which some drivers thank
 * with faster code. */
static void find_features(struct planche_gpu_capabilities *capabilities,
                          const struct planche_vk_functions *fn, VkPhysicalDevice device)
{
    struct planche_gpu_features there = {0}, *use = &capabilities->features;
    fn->GetPhysicalDeviceFeatures2(device,
                                   planche_gpu_features_link(&there, capabilities->extensions));
    use->core.features.shaderInt16 = there.core.features.shaderInt16;
    use->core.features.shaderInt64 = there.core.features.shaderInt64;
    use->v11.storageBuffer16BitAccess = there.v11.storageBuffer16BitAccess;
    use->v11.uniformAndStorageBuffer16BitAccess = there.v11.uniformAndStorageBuffer16BitAccess;
    use->v12.bufferDeviceAddress = there.v12.bufferDeviceAddress;
    use->v12.timelineSemaphore = there.v12.timelineSemaphore;
    use->v12.hostQueryReset = there.v12.hostQueryReset;
    use->v12.scalarBlockLayout = there.v12.scalarBlockLayout;
    use->v12.shaderFloat16 = there.v12.shaderFloat16;
    use->v12.storageBuffer8BitAccess = there.v12.storageBuffer8BitAccess;
    use->v12.vulkanMemoryModel = there.v12.vulkanMemoryModel;
    use->v12.vulkanMemoryModelDeviceScope = there.v12.vulkanMemoryModelDeviceScope;
    use->subgroup.subgroupSizeControl = there.subgroup.subgroupSizeControl;
    use->subgroup.computeFullSubgroups = there.subgroup.computeFullSubgroups;
    use->matrix.cooperativeMatrix = there.matrix.cooperativeMatrix;
    use->matrix2 = there.matrix2;
}

static void find_properties(struct planche_gpu_capabilities *capabilities,
                            const struct planche_vk_functions *fn, VkPhysicalDevice device)
{
    VkPhysicalDeviceMaintenance4Properties maintenance4 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES};
    VkPhysicalDeviceVulkan11Properties v11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
    VkPhysicalDeviceDriverProperties *driver = &capabilities->driver;
    VkPhysicalDeviceSubgroupSizeControlPropertiesEXT *subgroup = &capabilities->subgroup;
    driver->sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
    driver->pNext = &v11;
    subgroup->sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES_EXT;
    if (capabilities->extensions[PLANCHE_GPU_SUBGROUP_SIZE_CONTROL])
        v11.pNext = subgroup;
    if (capabilities->extensions[PLANCHE_GPU_MAINTENANCE_4]) {
        maintenance4.pNext = v11.pNext;
        v11.pNext = &maintenance4;
    }
    VkPhysicalDeviceShaderSMBuiltinsPropertiesNV processors = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV};
    if (capabilities->extensions[PLANCHE_GPU_SM_BUILTINS]) {
        processors.pNext = v11.pNext;
        v11.pNext = &processors;
    }
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = driver};
    fn->GetPhysicalDeviceProperties2(device, &properties);
    capabilities->processors = processors.shaderSMCount;
    capabilities->subgroup_size = v11.subgroupSize;
    capabilities->subgroup_operations = v11.subgroupSupportedOperations;
    capabilities->max_allocation = v11.maxMemoryAllocationSize;
    capabilities->max_buffer = maintenance4.maxBufferSize ? maintenance4.maxBufferSize : UINT64_MAX;
    driver->pNext = subgroup->pNext = NULL;
}

/* Compute beside the desktop's graphics and copies beside both, where the device has such. */
static void find_queues(struct planche_gpu_capabilities *capabilities,
                        const struct planche_vk_functions *fn, VkPhysicalDevice device)
{
    VkQueueFamilyProperties list[16];
    uint32_t count = sizeof list / sizeof *list;
    capabilities->compute_family = capabilities->transfer_family = -1;
    fn->GetPhysicalDeviceQueueFamilyProperties(device, &count, list);
    for (uint32_t i = 0; i < count; i++) {
        bool compute = list[i].queueFlags & VK_QUEUE_COMPUTE_BIT;
        bool graphics = list[i].queueFlags & VK_QUEUE_GRAPHICS_BIT;
        if (compute &&
            (capabilities->compute_family < 0 ||
             (!graphics && list[capabilities->compute_family].queueFlags & VK_QUEUE_GRAPHICS_BIT)))
            capabilities->compute_family = (int)i;
        if (!compute && !graphics && list[i].queueFlags & VK_QUEUE_TRANSFER_BIT &&
            capabilities->transfer_family < 0)
            capabilities->transfer_family = (int)i;
    }
    if (capabilities->compute_family < 0)
        return;
    if (capabilities->transfer_family < 0)
        capabilities->transfer_family = capabilities->compute_family;
    capabilities->compute_queues = list[capabilities->compute_family].queueCount;
    capabilities->timestamp_bits = list[capabilities->compute_family].timestampValidBits;
}

static bool is_half_product(const VkCooperativeMatrixPropertiesKHR *matrix)
{
    return matrix->MSize == MATRIX_SIDE && matrix->NSize == MATRIX_SIDE &&
           matrix->KSize == MATRIX_SIDE && matrix->AType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
           matrix->BType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
           matrix->CType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
           matrix->ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
           matrix->scope == VK_SCOPE_SUBGROUP_KHR;
}

static bool has_half_product(const struct planche_vk_functions *fn, VkPhysicalDevice device)
{
    VkCooperativeMatrixPropertiesKHR list[64];
    uint32_t count = sizeof list / sizeof *list;
    if (!fn->GetPhysicalDeviceCooperativeMatrixPropertiesKHR)
        return false;
    for (uint32_t i = 0; i < count; i++)
        list[i] = (VkCooperativeMatrixPropertiesKHR){
            .sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR};
    VkResult result = fn->GetPhysicalDeviceCooperativeMatrixPropertiesKHR(device, &count, list);
    if (result != VK_SUCCESS && result != VK_INCOMPLETE)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (is_half_product(&list[i]))
            return true;
    }
    return false;
}

static const char *plain_lacks(const struct planche_gpu_capabilities *capabilities)
{
    const VkPhysicalDeviceLimits *limits = &capabilities->properties.limits;
    if (capabilities->properties.apiVersion < VK_API_VERSION_1_2)
        return "Vulkan 1.2";
    if (capabilities->compute_family < 0)
        return "a queue for compute";
    if (!capabilities->features.v12.bufferDeviceAddress)
        return "bufferDeviceAddress";
    if (!capabilities->features.v12.timelineSemaphore)
        return "timelineSemaphore";
    if (limits->maxComputeWorkGroupInvocations < INVOCATIONS ||
        limits->maxComputeWorkGroupSize[0] < INVOCATIONS)
        return "workgroups of 256 invocations";
    if (limits->maxComputeSharedMemorySize < SHARED_MEMORY)
        return "32 KiB of memory that a workgroup shares";
    return NULL;
}

static const char *half_lacks(const struct planche_gpu_capabilities *capabilities)
{
    if (!capabilities->features.v12.shaderFloat16)
        return "shaderFloat16";
    if (!capabilities->features.v11.storageBuffer16BitAccess)
        return "storageBuffer16BitAccess";
    return NULL;
}

static const char *matrix_lacks(const struct planche_gpu_capabilities *capabilities,
                                const struct planche_vk_functions *fn, VkPhysicalDevice device)
{
    const VkPhysicalDeviceSubgroupSizeControlPropertiesEXT *subgroup = &capabilities->subgroup;
    if (!capabilities->features.matrix.cooperativeMatrix)
        return VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
    if (!capabilities->features.v12.vulkanMemoryModel)
        return "vulkanMemoryModel";
    if (!capabilities->features.v12.scalarBlockLayout)
        return "scalarBlockLayout";
    if (!capabilities->features.subgroup.subgroupSizeControl ||
        !capabilities->features.subgroup.computeFullSubgroups ||
        !(subgroup->requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) ||
        subgroup->minSubgroupSize > PLANCHE_GPU_SUBGROUP ||
        subgroup->maxSubgroupSize < PLANCHE_GPU_SUBGROUP)
        return "full subgroups of 32";
    if (!(capabilities->subgroup_operations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT))
        return "shuffles in subgroups";
    if (!has_half_product(fn, device))
        return "products of 16x16 matrices in half precision";
    return NULL;
}

static bool divides_side(uint32_t granularity)
{
    return granularity && MATRIX_SIDE % granularity == 0;
}

static bool is_workgroup_product(const VkCooperativeMatrixFlexibleDimensionsPropertiesNV *matrix)
{
    return divides_side(matrix->MGranularity) && divides_side(matrix->NGranularity) &&
           divides_side(matrix->KGranularity) && matrix->AType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
           matrix->BType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
           matrix->CType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
           matrix->ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
           matrix->scope == VK_SCOPE_WORKGROUP_KHR &&
           matrix->workgroupInvocations == PLANCHE_GPU_NV2_THREADS;
}

static bool has_workgroup_product(const struct planche_vk_functions *fn, VkPhysicalDevice device)
{
    VkCooperativeMatrixFlexibleDimensionsPropertiesNV list[64];
    uint32_t count = sizeof list / sizeof *list;
    if (!fn->GetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV)
        return false;
    for (uint32_t i = 0; i < count; i++)
        list[i] = (VkCooperativeMatrixFlexibleDimensionsPropertiesNV){
            .sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_FLEXIBLE_DIMENSIONS_PROPERTIES_NV};
    VkResult result =
        fn->GetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV(device, &count, list);
    if (result != VK_SUCCESS && result != VK_INCOMPLETE)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (is_workgroup_product(&list[i]))
            return true;
    }
    return false;
}

static const char *matrix2_lacks(const struct planche_gpu_capabilities *capabilities,
                                 const struct planche_vk_functions *fn, VkPhysicalDevice device)
{
    const VkPhysicalDeviceCooperativeMatrix2FeaturesNV *has = &capabilities->features.matrix2;
    if (!capabilities->extensions[PLANCHE_GPU_COOPERATIVE_MATRIX_2])
        return VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME;
    if (!has->cooperativeMatrixWorkgroupScope || !has->cooperativeMatrixFlexibleDimensions)
        return "matrices of a workgroup";
    if (!has->cooperativeMatrixTensorAddressing)
        return "tensor addressing";
    if (!has->cooperativeMatrixConversions || !has->cooperativeMatrixPerElementOperations)
        return "operations on matrices";
    if (!has_workgroup_product(fn, device))
        return "matrices of 64 threads";
    return NULL;
}

static const char *kernels_lack(const struct planche_gpu_capabilities *capabilities)
{
    const VkPhysicalDeviceProperties *properties = &capabilities->properties;
    if (!capabilities->extensions[PLANCHE_GPU_BINARY_IMPORT])
        return VK_NVX_BINARY_IMPORT_EXTENSION_NAME;
    if (properties->vendorID != NVIDIA || !IS_HOPPER(properties->deviceID))
        return "matrix units of NVIDIA's Hopper";
    if (!capabilities->processors)
        return VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME;
    return NULL;
}

/* Each path takes all that the one before it does; NV2 and WGMMA what KHR does. Of WGMMA what is
 * its own is told first: hardly any device has it. */
static void judge_paths(struct planche_gpu_capabilities *capabilities,
                        const struct planche_vk_functions *fn, VkPhysicalDevice device)
{
    const char **lacks = capabilities->lacks;
    const char *half = half_lacks(capabilities);
    const char *matrix = matrix_lacks(capabilities, fn, device);
    const char *matrix2 = matrix2_lacks(capabilities, fn, device);
    const char *kernels = kernels_lack(capabilities);
    lacks[PLANCHE_GPU_PATH_F32] = plain_lacks(capabilities);
    lacks[PLANCHE_GPU_PATH_F16] = lacks[PLANCHE_GPU_PATH_F32] ? lacks[PLANCHE_GPU_PATH_F32] : half;
    lacks[PLANCHE_GPU_PATH_KHR] =
        lacks[PLANCHE_GPU_PATH_F16] ? lacks[PLANCHE_GPU_PATH_F16] : matrix;
    lacks[PLANCHE_GPU_PATH_NV2] =
        lacks[PLANCHE_GPU_PATH_KHR] ? lacks[PLANCHE_GPU_PATH_KHR] : matrix2;
    lacks[PLANCHE_GPU_PATH_WGMMA] = kernels ? kernels : lacks[PLANCHE_GPU_PATH_KHR];
}

enum planche_status planche_gpu_capabilities_get(struct planche_gpu_capabilities *capabilities,
                                                 const struct planche_vk_functions *fn,
                                                 VkPhysicalDevice device,
                                                 struct planche_error *error)
{
    *capabilities = (struct planche_gpu_capabilities){0};
    fn->GetPhysicalDeviceProperties(device, &capabilities->properties);
    enum planche_status status = find_extensions(capabilities, fn, device, error);
    if (status != PLANCHE_OK)
        return status;
    find_queues(capabilities, fn, device);
    if (capabilities->properties.apiVersion >= VK_API_VERSION_1_2) {
        find_features(capabilities, fn, device);
        find_properties(capabilities, fn, device);
    }
    judge_paths(capabilities, fn, device);
    return PLANCHE_OK;
}

enum planche_gpu_path
planche_gpu_capabilities_best(const struct planche_gpu_capabilities *capabilities)
{
    /* Where both were measured, matrices of a subgroup were far ahead of those of a workgroup
     * (docs/performance.md): NV2 is for who asks for it. */
    if (!capabilities->lacks[PLANCHE_GPU_PATH_WGMMA])
        return PLANCHE_GPU_PATH_WGMMA;
    for (int path = PLANCHE_GPU_PATH_KHR; path > PLANCHE_GPU_PATH_AUTO; path--) {
        if (!capabilities->lacks[path])
            return (enum planche_gpu_path)path;
    }
    return PLANCHE_GPU_PATH_AUTO;
}

uint32_t planche_gpu_main_heap(const VkPhysicalDeviceMemoryProperties *memory)
{
    uint32_t best = 0;
    uint64_t size = 0;
    for (uint32_t i = 0; i < memory->memoryHeapCount; i++) {
        const VkMemoryHeap *heap = &memory->memoryHeaps[i];
        if (heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT && heap->size > size) {
            best = i;
            size = heap->size;
        }
    }
    return best;
}

uint64_t planche_gpu_heap_free(const struct planche_vk_functions *fn, VkPhysicalDevice device,
                               bool has_budget)
{
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
        .pNext = has_budget ? &budget : NULL};
    fn->GetPhysicalDeviceMemoryProperties2(device, &memory);
    uint32_t heap = planche_gpu_main_heap(&memory.memoryProperties);
    if (!has_budget)
        return memory.memoryProperties.memoryHeaps[heap].size;
    uint64_t most = budget.heapBudget[heap], used = budget.heapUsage[heap];
    return most > used ? most - used : 0;
}
