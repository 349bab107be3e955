/* SPDX-License-Identifier: MIT */
/* Choosing between GPUs and the CPU. */
#include "engine/prepare.h"

#include "backend/cpu/pack_weights.h"
#include "backend/vulkan/vulkan.h"
#include "base/status.h"
#include "os/cpu.h"

#include <string.h>

enum kind { AUTO, CPU, VULKAN, UNKNOWN };

/* What options.backend says. */
struct choice {
    enum kind kind;
    const char *devices; /* behind "vulkan:"; "" without */
};

static bool is_list_of_numbers(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    while (digits > 0 && text[digits] == ',') {
        text += digits + 1;
        digits = strspn(text, "0123456789");
    }
    return digits > 0 && text[digits] == '\0';
}

static struct choice read_choice(const struct planche_engine_options *options)
{
    const char *backend = options->backend;
    if (!backend || !*backend || strcmp(backend, "auto") == 0)
        return (struct choice){AUTO, ""};
    if (strcmp(backend, "cpu") == 0)
        return (struct choice){CPU, ""};
    if (strcmp(backend, "vulkan") == 0)
        return (struct choice){VULKAN, ""};
    if (strncmp(backend, "vulkan:", 7) == 0 && is_list_of_numbers(backend + 7))
        return (struct choice){VULKAN, backend + 7};
    return (struct choice){UNKNOWN, ""};
}

/* bf16 is for CPUs, half precision for GPUs. */
static enum planche_status check_precision(const struct planche_engine_options *options,
                                           enum kind kind, struct planche_error *error)
{
    enum planche_precision precision = options->precision;
    enum planche_gpu_path path = options->gpu_path;
    if (precision == PLANCHE_PRECISION_BF16 && kind == VULKAN)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "precision bf16 is for CPUs; GPUs have f16 and f32");
    if (precision == PLANCHE_PRECISION_F16 && kind == CPU)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "precision f16 is for GPUs; CPUs have f32 and bf16");
    bool halves = path > PLANCHE_GPU_PATH_F32, plain = path == PLANCHE_GPU_PATH_F32;
    if ((precision == PLANCHE_PRECISION_F32 && halves) ||
        (precision == PLANCHE_PRECISION_F16 && plain))
        return planche_fail(
            error, PLANCHE_ERROR_ARGUMENT,
            "precision %s does not go with the GPU path %s (--precision, --gpu-path): "
            "leave one of them to the other",
            plain ? "f16" : "f32", planche_vk_path_name(path));
    return PLANCHE_OK;
}

enum planche_status planche_prepare_check(const struct planche_engine_options *options,
                                          struct planche_error *error)
{
    const struct choice choice = read_choice(options);
    if (options->precision < PLANCHE_PRECISION_AUTO || options->precision > PLANCHE_PRECISION_F16)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown precision: %d",
                            (int)options->precision);
    if (options->gpu_path < PLANCHE_GPU_PATH_AUTO || options->gpu_path > PLANCHE_GPU_PATH_NV2)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown GPU path: %d",
                            (int)options->gpu_path);
    if (options->tile && (options->tile < 16 || options->tile % 4))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "a tile of %u pixels: it must be a multiple of 4, at least 16",
                            options->tile);
    if (choice.kind == UNKNOWN)
        return planche_fail(
            error, PLANCHE_ERROR_ARGUMENT,
            "unknown backend %s: there are auto, cpu, vulkan, vulkan:N and vulkan:N,M",
            options->backend);
    return check_precision(options, choice.kind, error);
}

enum planche_status planche_prepare_cpu(struct planche_engine *engine,
                                        const struct planche_engine_options *options,
                                        struct planche_error *error)
{
    bool bf16 = options->precision == PLANCHE_PRECISION_BF16;
    uint32_t features = planche_cpu_select(options->cpu_mask);
    engine->features = bf16 ? planche_cpu_permit(features) : features & ~PLANCHE_CPU_AMX;
    engine->isa = planche_cpu_isa_name(engine->features);
    planche_kernels_init(&engine->kernels, engine->features);
    /* Emulated, bf16 would be slower than float. */
    if (!bf16 || features & PLANCHE_CPU_AVX512BF16)
        return PLANCHE_OK;
    return planche_fail(
        error, PLANCHE_ERROR_UNSUPPORTED, "precision bf16 needs a CPU with AVX512-BF16; %s",
        planche_cpu_detect() & PLANCHE_CPU_AVX512BF16 ? "the CPU mask leaves it out"
                                                      : "this one has none, so use f32");
}

static enum planche_status open_gpus(struct planche_engine *engine,
                                     const struct planche_engine_options *options,
                                     const char *devices, struct planche_error *error)
{
    const struct planche_gpu_pool_options gpus = {
        .devices = devices,
        .path =
            options->precision == PLANCHE_PRECISION_F32 ? PLANCHE_GPU_PATH_F32 : options->gpu_path,
        .memory = options->gpu_memory,
        .tile = options->tile,
        .profile = options->profile != 0,
        .pool = engine->pool,
        .log = engine->log,
    };
    enum planche_status status =
        planche_gpu_pool_create(&engine->gpus, engine->net, &gpus, &engine->state->budget, error);
    if (status)
        return status;
    engine->precision =
        strcmp(planche_gpu_pool_path_name(engine->gpus), "f32") == 0 ? "f32" : "f16";
    engine->se = PLANCHE_SE_EXACT; /* so that a page that the CPU must make looks like the others */
    if (options->precision != PLANCHE_PRECISION_F16 || strcmp(engine->precision, "f16") == 0)
        return PLANCHE_OK;
    status = planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s has no half precision, so use f32",
                          planche_gpu_pool_name(engine->gpus));
    planche_gpu_pool_destroy(&engine->gpus);
    return status;
}

/* Most machines have no GPU: that is no news. One that cannot be used is. */
static void note_failure(const struct planche_engine *engine, enum planche_status status,
                         const struct planche_error *error)
{
    enum planche_log_level level =
        status == PLANCHE_ERROR_UNSUPPORTED ? PLANCHE_LOG_DEBUG : PLANCHE_LOG_WARNING;
    planche_log_write(&engine->log, level, "no GPU is used: %s", error->message);
}

/* Says what a model takes before its weights are packed, rather than which layer met the limit. */
static enum planche_status check_budget(const struct planche_engine *engine,
                                        enum planche_precision precision,
                                        struct planche_error *error)
{
    const struct planche_budget *budget = &engine->state->budget;
    uint64_t need =
        atomic_load(&budget->used) + planche_pack_bytes(engine->net, precision, engine->features);
    if (need < budget->limit)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_BUDGET,
                        "%s needs a memory budget of at least %llu MiB for its weights alone, and "
                        "there are %llu MiB; raise it (--memory)",
                        engine->model, (unsigned long long)(need >> 20) + 1,
                        (unsigned long long)(budget->limit >> 20));
}

static enum planche_status compile(struct planche_engine *engine,
                                   const struct planche_engine_options *options,
                                   struct planche_error *error)
{
    struct planche_budget *budget = &engine->state->budget;
    bool bf16 = options->precision == PLANCHE_PRECISION_BF16;
    enum planche_precision precision = bf16 ? PLANCHE_PRECISION_BF16 : PLANCHE_PRECISION_F32;
    enum planche_status status = check_budget(engine, precision, error);
    if (!status)
        status = planche_program_create(&engine->program, engine->net, engine->features, precision,
                                        planche_cpu_l2_bytes(), engine->pool, budget, error);
    if (status)
        return status;
    engine->precision = bf16 ? "bf16" : "f32";
    planche_net_drop_kernels(engine->net);
    planche_budget_cache_purge(budget); /* pages will not want it */
    if (!options->profile)
        return PLANCHE_OK;
    engine->state->profile = planche_calloc(budget, (size_t)engine->program->node_count,
                                            sizeof(*engine->state->profile));
    return engine->state->profile
               ? PLANCHE_OK
               : planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the profile");
}

enum planche_status planche_prepare_network(struct planche_engine *engine,
                                            const struct planche_engine_options *options,
                                            struct planche_error *error)
{
    const struct choice choice = read_choice(options);
    if (choice.kind == VULKAN)
        return open_gpus(engine, options, choice.devices, error);
    /* bf16 is the CPU's. */
    if (choice.kind == AUTO && options->precision != PLANCHE_PRECISION_BF16) {
        struct planche_error reason = {0};
        enum planche_status status = open_gpus(engine, options, NULL, &reason);
        if (!status)
            return PLANCHE_OK;
        note_failure(engine, status, &reason);
        if (options->precision == PLANCHE_PRECISION_F16)
            return planche_fail(error, status, "precision f16 needs a GPU: %s", reason.message);
    }
    return compile(engine, options, error);
}
