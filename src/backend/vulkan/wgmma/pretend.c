/* SPDX-License-Identifier: MIT */
/* Functions of VK_NVX_binary_import that make nothing, or say no. */
#include "backend/vulkan/wgmma/pretend.h"

#include "backend/vulkan/fault.h"

#include <string.h>

/* What a handle looks like that nobody uses. */
#define SOMETHING ((uintptr_t)64)

static VKAPI_ATTR VkResult VKAPI_CALL create_module(VkDevice device,
                                                    const VkCuModuleCreateInfoNVX *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkCuModuleNVX *module)
{
    (void)device, (void)info, (void)allocator;
    *module = (VkCuModuleNVX)SOMETHING;
    return planche_gpu_pretended_kernels() == PLANCHE_GPU_KERNELS_REFUSED
               ? VK_ERROR_INITIALIZATION_FAILED
               : VK_SUCCESS;
}

/* Of a module that lacks functions, the plain convolution is there. */
static VKAPI_ATTR VkResult VKAPI_CALL create_function(VkDevice device,
                                                      const VkCuFunctionCreateInfoNVX *info,
                                                      const VkAllocationCallbacks *allocator,
                                                      VkCuFunctionNVX *function)
{
    (void)device, (void)allocator;
    *function = (VkCuFunctionNVX)SOMETHING;
    return planche_gpu_pretended_kernels() == PLANCHE_GPU_KERNELS_INCOMPLETE &&
                   strcmp(info->pName, "planche_conv") != 0
               ? VK_ERROR_UNKNOWN
               : VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_module(VkDevice device, VkCuModuleNVX module,
                                                 const VkAllocationCallbacks *allocator)
{
    (void)device, (void)module, (void)allocator;
}

static VKAPI_ATTR void VKAPI_CALL destroy_function(VkDevice device, VkCuFunctionNVX function,
                                                   const VkAllocationCallbacks *allocator)
{
    (void)device, (void)function, (void)allocator;
}

static VKAPI_ATTR void VKAPI_CALL launch(VkCommandBuffer commands, const VkCuLaunchInfoNVX *info)
{
    (void)commands, (void)info;
}

void planche_gpu_pretend_functions(struct planche_gpu_device *device)
{
    struct planche_vk_functions *fn = &device->fn;
    bool lacking = planche_gpu_pretended_kernels() == PLANCHE_GPU_KERNELS_ABSENT;
    fn->CreateCuModuleNVX = lacking ? NULL : create_module;
    fn->CreateCuFunctionNVX = create_function;
    fn->DestroyCuModuleNVX = destroy_module;
    fn->DestroyCuFunctionNVX = destroy_function;
    fn->CmdCuLaunchKernelNVX = launch;
}
