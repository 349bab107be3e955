/* SPDX-License-Identifier: MIT */
/* Pages on GPUs: nothing yet. */
#include "backend/vulkan/vulkan.h"
#include "base/status.h"

enum planche_status planche_gpus_create(struct planche_gpus **out, const struct planche_net *net,
                                        const struct planche_gpus_options *options,
                                        struct planche_budget *budget, struct planche_error *error)
{
    (void)net;
    (void)options;
    (void)budget;
    *out = NULL;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "this build has no Vulkan yet");
}

void planche_gpus_destroy(struct planche_gpus **gpus)
{
    *gpus = NULL;
}

uint64_t planche_gpus_page_memory(const struct planche_gpus *gpus,
                                  const struct planche_gpu_page *page)
{
    (void)gpus;
    (void)page;
    return 0;
}

enum planche_status planche_gpus_run(struct planche_gpus *gpus, const struct planche_gpu_page *page,
                                     const struct planche_gpu_page_io *io,
                                     struct planche_budget *budget,
                                     struct planche_gpu_page_result *result,
                                     struct planche_error *error)
{
    (void)gpus;
    (void)page;
    (void)io;
    (void)budget;
    (void)result;
    return planche_fail(error, PLANCHE_ERROR_DEVICE, "this build has no Vulkan yet");
}

bool planche_gpus_alive(const struct planche_gpus *gpus)
{
    return gpus != NULL;
}

unsigned planche_gpus_lanes(const struct planche_gpus *gpus)
{
    (void)gpus;
    return 0;
}

const char *planche_gpus_name(const struct planche_gpus *gpus)
{
    (void)gpus;
    return "";
}

const char *planche_gpus_path_name(const struct planche_gpus *gpus)
{
    (void)gpus;
    return "auto";
}

size_t planche_gpus_get_profile(const struct planche_gpus *gpus,
                                struct planche_layer_profile *entries, size_t count)
{
    (void)gpus;
    (void)entries;
    (void)count;
    return 0;
}
