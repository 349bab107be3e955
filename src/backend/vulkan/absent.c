/* SPDX-License-Identifier: MIT */
/* GPUs in a build without Vulkan: what the engine sees of them, which is that there are none. */
#include "backend/vulkan/vulkan.h"
#include "base/status.h"

static enum planche_status fail(struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "this Planche was built without Vulkan (use the CPU, or install a build "
                        "that has it)");
}

enum planche_status planche_vk_get_info(unsigned index, struct planche_gpu_info *info,
                                        struct planche_error *error)
{
    (void)index, (void)info;
    return fail(error);
}

enum planche_status planche_vk_tuning_default(unsigned index, struct planche_gpu_tuning *tuning,
                                              struct planche_error *error)
{
    (void)index, (void)tuning;
    return fail(error);
}

enum planche_status planche_vk_tuning_save(unsigned index, const struct planche_gpu_tuning *tuning,
                                           struct planche_error *error)
{
    (void)index, (void)tuning;
    return fail(error);
}

void planche_gpu_tuning_override(const struct planche_gpu_tuning *tuning)
{
    (void)tuning;
}

void planche_gpu_tuning_describe(const struct planche_gpu_tuning *tuning, char *text, size_t size)
{
    (void)tuning;
    if (size)
        text[0] = '\0';
}

static enum planche_status create(void **state, const struct planche_executor_setup *setup,
                                  struct planche_budget *budget, struct planche_error *error)
{
    (void)state, (void)setup, (void)budget;
    return fail(error);
}

/* Since none is ever made, it has no other functions. */
const struct planche_executor_ops planche_vulkan_executor = {
    .name = "vulkan",
    .title = "a GPU",
    .kind = "GPU",
    .precisions = PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_AUTO) |
                  PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_F32) |
                  PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_F16),
    .usual = PLANCHE_PRECISION_F16,
    .absent = true,
    .takes_devices = true,
    .takes_paths = true,
    .rows = true,
    .create = create,
};
