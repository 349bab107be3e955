/* SPDX-License-Identifier: MIT */
/* Device contexts: made of a device, and their arena. */
#include "backend/vulkan/device_context.h"

#include "backend/vulkan/check.h"
#include "backend/vulkan/create_program.h"
#include "backend/vulkan/open_device.h"
#include "base/status.h"

/* Multiply-adds in a millisecond that a device is taken to do before any have been timed: rather
 * too few, so that the first batches are short. */
static double first_guess(const struct planche_gpu_device *device)
{
    if (device->software)
        return device->soft_matrices ? 1e5 : 2e6;
    double discrete = device->properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU ? 4 : 1;
    return discrete * (device->path >= PLANCHE_GPU_PATH_KHR ? 1e9 : 2e8);
}

enum planche_status planche_gpu_context_start_profile(struct planche_gpu_context *context,
                                                      struct planche_error *error)
{
    if (context->device->timestamp_ms <= 0)
        return PLANCHE_OK;
    size_t count = (size_t)context->program->net->step_count + 2;
    context->step_ns = planche_calloc(context->budget, count, sizeof(*context->step_ns));
    context->step_macs = planche_calloc(context->budget, count, sizeof(*context->step_macs));
    context->step_longest_ns =
        planche_calloc(context->budget, count, sizeof(*context->step_longest_ns));
    if (!context->step_ns || !context->step_macs || !context->step_longest_ns)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the profile");
    context->profile = true;
    return PLANCHE_OK;
}

enum planche_status planche_gpu_context_create(struct planche_gpu_context **out,
                                               struct planche_gpu_device *device,
                                               const struct planche_net *net, uint64_t memory,
                                               const struct planche_gpu_pool_options *options,
                                               struct planche_budget *budget,
                                               struct planche_error *error)
{
    struct planche_gpu_context *context = *out = planche_calloc(budget, 1, sizeof(*context));
    if (!context) {
        planche_gpu_device_close(&device);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a GPU");
    }
    context->device = device;
    context->budget = budget;
    planche_mutex_init(&context->arena_mutex);
    planche_mutex_init(&context->slot_mutex);
    planche_cond_init(&context->slot_changed);
    planche_gpu_staging_pool_init(&context->staging, device);
    context->turn_limit = device->tuning.pages;
    atomic_init(&context->macs_per_ms, first_guess(device));
    enum planche_status status = planche_gpu_queue_init(&context->queue, device, error);
    if (!status)
        status = planche_gpu_program_create(&context->program, device, net, options->pool, budget,
                                            error);
    if (!status && context->program->weights.size >= memory)
        status =
            planche_fail(error, PLANCHE_ERROR_MEMORY,
                         "%s: the weights alone take %llu bytes of GPU memory, and there are %llu "
                         "(option gpu_memory), or other programs leave no more",
                         device->name, (unsigned long long)context->program->weights.size,
                         (unsigned long long)memory);
    if (status)
        planche_gpu_context_destroy(out);
    else
        context->memory = memory - context->program->weights.size;
    return status;
}

void planche_gpu_context_destroy(struct planche_gpu_context **context)
{
    struct planche_gpu_context *u = *context;
    if (!u)
        return;
    while (u->slots) {
        struct planche_gpu_page_slot *slot = u->slots;
        u->slots = slot->next;
        planche_gpu_page_slot_destroy(&slot);
    }
    planche_gpu_staging_pool_destroy(&u->staging);
    planche_gpu_arena_destroy(&u->arena);
    planche_gpu_program_destroy(&u->program);
    planche_gpu_queue_end(&u->queue);
    planche_gpu_device_close(&u->device);
    planche_mutex_destroy(&u->arena_mutex);
    planche_mutex_destroy(&u->slot_mutex);
    planche_cond_destroy(&u->slot_changed);
    planche_free(u->step_ns);
    planche_free(u->step_macs);
    planche_free(u->step_longest_ns);
    planche_free(u);
    *context = NULL;
}

uint32_t planche_gpu_context_timestamps(const struct planche_gpu_context *context)
{
    return context->profile ? 2 * (uint32_t)context->program->net->step_count + 2 : 1;
}

enum planche_status planche_gpu_context_ensure_arena(struct planche_gpu_context *context,
                                                     uint64_t bytes, uint64_t block,
                                                     struct planche_error *error)
{
    /* What is planned for blocks can lie in one as well. */
    const struct planche_gpu_arena *arena = &context->arena;
    if (arena->size >= bytes && (!arena->block || arena->block == block))
        return PLANCHE_OK;
    enum planche_status status = PLANCHE_OK;
    if (context->last_value)
        status = planche_gpu_queue_wait(&context->queue, context->last_value, error);
    if (status)
        return status;
    planche_gpu_arena_destroy(&context->arena);
    return planche_gpu_arena_create(&context->arena, context->device, bytes, block, error);
}
