/* SPDX-License-Identifier: MIT */
/* The module of kernels: handed to the driver when a device is opened. */
#include "backend/vulkan/wgmma/module.h"

#include "backend/vulkan/fault.h"
#include "backend/vulkan/tune/tuning.h"
#include "backend/vulkan/wgmma/cubin.h"
#include "backend/vulkan/wgmma/pretend.h"

static const char *const names[PLANCHE_GPU_KERNEL_COUNT] = {
    [PLANCHE_GPU_KERNEL_CONV] = "planche_conv",
    [PLANCHE_GPU_KERNEL_RESIDUAL] = "planche_conv_residual",
    [PLANCHE_GPU_KERNEL_RESIDUALS] = "planche_conv_residuals",
    [PLANCHE_GPU_KERNEL_SUMS] = "planche_conv_sums",
    [PLANCHE_GPU_KERNEL_ENLARGED] = "planche_conv_enlarged",
    [PLANCHE_GPU_KERNEL_PAIRED] = "planche_conv_paired",
};

static bool has_functions(const struct planche_gpu_device *device)
{
    const struct planche_vk_functions *fn = &device->fn;
    return fn->CreateCuModuleNVX && fn->CreateCuFunctionNVX && fn->CmdCuLaunchKernelNVX &&
           fn->DestroyCuModuleNVX && fn->DestroyCuFunctionNVX;
}

/* What the driver did not take; NULL: it has all. */
static const char *load(struct planche_gpu_device *device)
{
    const VkCuModuleCreateInfoNVX module = {.sType = VK_STRUCTURE_TYPE_CU_MODULE_CREATE_INFO_NVX,
                                            .dataSize = planche_cubin_size,
                                            .pData = planche_cubin};
    if (!has_functions(device))
        return "the driver lacks functions of VK_NVX_binary_import";
    if (device->fn.CreateCuModuleNVX(device->device, &module, NULL, &device->kernel_module)) {
        device->kernel_module = VK_NULL_HANDLE;
        return "the driver refuses them";
    }
    for (int k = PLANCHE_GPU_KERNEL_NONE + 1; k < PLANCHE_GPU_KERNEL_COUNT; k++) {
        const VkCuFunctionCreateInfoNVX function = {
            .sType = VK_STRUCTURE_TYPE_CU_FUNCTION_CREATE_INFO_NVX,
            .module = device->kernel_module,
            .pName = names[k]};
        if (device->fn.CreateCuFunctionNVX(device->device, &function, NULL, &device->kernels[k])) {
            device->kernels[k] = VK_NULL_HANDLE;
            return "the driver does not find all of them in their module";
        }
    }
    return NULL;
}

void planche_gpu_kernels_load(struct planche_gpu_device *device)
{
    if (planche_gpu_pretended_kernels())
        planche_gpu_pretend_functions(device);
    const char *reason = load(device);
    if (!reason)
        return;
    planche_log_write(&device->log, PLANCHE_LOG_WARNING,
                      "GPU %u (%s): kernels for wgmma are left out, it takes the path khr: %s",
                      device->index, device->name, reason);
    planche_gpu_kernels_unload(device);
    planche_gpu_tuning_change_path(device, PLANCHE_GPU_PATH_KHR);
}

void planche_gpu_kernels_unload(struct planche_gpu_device *device)
{
    for (int k = 0; k < PLANCHE_GPU_KERNEL_COUNT; k++) {
        if (device->kernels[k])
            device->fn.DestroyCuFunctionNVX(device->device, device->kernels[k], NULL);
        device->kernels[k] = VK_NULL_HANDLE;
    }
    if (device->kernel_module)
        device->fn.DestroyCuModuleNVX(device->device, device->kernel_module, NULL);
    device->kernel_module = VK_NULL_HANDLE;
}
