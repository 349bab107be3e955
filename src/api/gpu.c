/* SPDX-License-Identifier: MIT */
/* The GPUs of the machine. */
#include "api/args.h"
#include "backend/vulkan/vulkan.h"
#include "engine/tune/tune.h"

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

enum planche_status planche_gpu_tune(unsigned index, const struct planche_gpu_tune_options *options,
                                     struct planche_error *error)
{
    struct planche_gpu_tune_options full;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    enum planche_status status = planche_args_take(
        &full, options,
        PLANCHE_ARGS_STRUCT(struct planche_gpu_tune_options, PLANCHE_GPU_TUNE_OPTIONS_INIT), error);
    if (!status && !(full.seconds >= 0 && full.seconds <= 86400))
        status = planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                              "seconds must be between 0 and 86400, and are %g", full.seconds);
    return status ? status : planche_tune_run(index, &full, error);
}

const char *planche_gpu_path_name(enum planche_gpu_path path)
{
    return planche_vk_path_name(path);
}
