/* SPDX-License-Identifier: MIT */
/* The CPU in the place of GPUs. */
#include "engine/fallback.h"

#include "backend/cpu/pack_weights.h"
#include "backend/vulkan/vulkan.h"
#include "base/status.h"
#include "os/cpu.h"

void planche_fallback_init(struct planche_fallback *fallback)
{
    *fallback = (struct planche_fallback){0};
    planche_mutex_init(&fallback->mutex);
}

void planche_fallback_destroy(struct planche_fallback *fallback)
{
    planche_program_destroy(&fallback->program);
    planche_mutex_destroy(&fallback->mutex);
}

bool planche_fallback_has_gpus(const struct planche_engine *engine)
{
    if (!engine->gpus || planche_gpu_pool_alive(engine->gpus))
        return engine->gpus != NULL;
    if (!atomic_exchange(&engine->state->fallback.warned, true))
        planche_log_write(&engine->log, PLANCHE_LOG_WARNING,
                          "%s cannot be used any more: pages are made on the CPU from now on",
                          planche_gpu_pool_name(engine->gpus));
    return false;
}

/* Weights are most of it; what is known of them is an estimate. */
static uint64_t program_bytes(const struct planche_engine *engine)
{
    uint64_t bytes = planche_pack_bytes(engine->net, PLANCHE_PRECISION_F32, engine->features);
    return bytes + bytes / 16 + ((uint64_t)2 << 20);
}

static enum planche_status fail_hold(const struct planche_engine *engine, uint64_t bytes,
                                     const struct planche_cancel_token *cancel,
                                     struct planche_error *error)
{
    enum planche_status status = planche_cancel_fail(cancel, error);
    if (status)
        return status;
    return planche_fail(error, PLANCHE_ERROR_BUDGET,
                        "the CPU needs %llu MiB for the weights of %s and the memory budget of "
                        "%llu MiB does not leave as much; raise it (--memory)",
                        (unsigned long long)(bytes >> 20) + 1, engine->model,
                        (unsigned long long)(engine->state->budget.limit >> 20));
}

/* Takes the memory from pages to come, then compiles. Mutex held. */
static enum planche_status compile(const struct planche_engine *engine,
                                   const struct planche_cancel_token *cancel,
                                   struct planche_error *error)
{
    struct planche_engine_state *state = engine->state;
    struct planche_fallback *fallback = &state->fallback;
    uint64_t bytes = program_bytes(engine);
    if (!planche_admission_set_aside(&state->admission, bytes, cancel))
        return fail_hold(engine, bytes, cancel, error);
    planche_budget_init_part(&fallback->budget, &state->budget, bytes);
    enum planche_status status = planche_program_create(
        &fallback->program, engine->net, engine->features, PLANCHE_PRECISION_F32,
        planche_cpu_l2_bytes(), engine->pool, &fallback->budget, error);
    status = planche_budget_reclassify_oom(status, &fallback->budget, error);
    if (status)
        planche_admission_put_back(&state->admission, bytes);
    return status;
}

enum planche_status planche_fallback_get(const struct planche_engine *engine,
                                         const struct planche_program **program,
                                         const struct planche_cancel_token *cancel,
                                         struct planche_error *error)
{
    struct planche_fallback *fallback = &engine->state->fallback;
    enum planche_status status = PLANCHE_OK;
    *program = engine->program;
    if (!engine->gpus)
        return PLANCHE_OK;
    planche_mutex_lock(&fallback->mutex);
    if (!fallback->program)
        status = compile(engine, cancel, error);
    *program = fallback->program;
    planche_mutex_unlock(&fallback->mutex);
    return status;
}
