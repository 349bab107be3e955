/* SPDX-License-Identifier: MIT */
/* The GPUs of the machine. */
#include "api/args.h"
#include "backend/vulkan/vulkan.h"

enum planche_status planche_gpu_get_info(unsigned index, struct planche_gpu_info *info,
                                         struct planche_error *error)
{
    const struct planche_args_struct *type =
        PLANCHE_ARGS_STRUCT(struct planche_gpu_info, PLANCHE_GPU_INFO_INIT);
    struct planche_gpu_info full = PLANCHE_GPU_INFO_INIT;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!info)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "info must be given");
    enum planche_status status = planche_args_check_result(info, type, error);
    if (!status)
        status = planche_vk_get_info(index, &full, error);
    if (!status)
        planche_args_give(info, &full, type);
    return status;
}

const char *planche_gpu_path_name(enum planche_gpu_path path)
{
    return planche_vk_path_name(path);
}
