/* SPDX-License-Identifier: MIT */
/* Making an engine: finding the model, compiling it, dividing the memory. */
#include "engine/engine.h"

#include "base/status.h"
#include "base/trace.h"
#include "engine/create.h"
#include "model/catalogue.h"
#include "model/load.h"
#include "os/cpu.h"
#include "os/system.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* MiB beside the engine in which pages of 600 x 900 pixels come out of most models. */
#define SMALL_PAGE_MIB 16

uint64_t planche_engine_default_memory(void)
{
    return planche_system_memory() / 4;
}

unsigned planche_engine_default_threads(void)
{
    return planche_system_cpus();
}

static bool is_path(const char *model)
{
    size_t length = strlen(model);
    return length > 6 && strcmp(model + length - 6, ".param") == 0;
}

/* "dir/name.param" and "dir/name.bin" */
static enum planche_status format_path(char *path, const char *stem, const char *extension,
                                       struct planche_error *error)
{
    int length = snprintf(path, PATH_MAX, "%s%s", stem, extension);
    if (length < 0 || length >= PATH_MAX)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long", stem);
    return PLANCHE_OK;
}

struct model_files {
    const struct planche_model_variant *variant; /* NULL: not of the catalogue */
    char param[PATH_MAX], bin[PATH_MAX];
};

static enum planche_status find_custom(struct model_files *files,
                                       const struct planche_engine_options *options,
                                       struct planche_error *error)
{
    size_t stem = strlen(options->model) - 6;
    if (stem >= PATH_MAX - 8)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the model's path is too long");
    snprintf(files->param, PATH_MAX, "%s", options->model);
    snprintf(files->bin, PATH_MAX, "%.*s.bin", (int)stem, options->model);
    return PLANCHE_OK;
}

static enum planche_status find_files(struct model_files *files,
                                      const struct planche_engine_options *options,
                                      struct planche_error *error)
{
    char stem[PATH_MAX];
    enum planche_status status;
    files->variant = NULL;
    if (is_path(options->model))
        return find_custom(files, options, error);
    status = planche_catalogue_find(options->model, options->scale, options->denoise,
                                    &files->variant, error);
    if (status)
        return status;
    status = planche_catalogue_check(files->variant, options->model_directory, 0, error);
    if (!status)
        status = planche_catalogue_locate(files->variant, options->model_directory, stem,
                                          sizeof(stem), error);
    if (!status)
        status = format_path(files->param, stem, ".param", error);
    if (!status)
        status = format_path(files->bin, stem, ".bin", error);
    return status;
}

/* A model from a path has the scale and the level it has. */
static enum planche_status check_net(const struct planche_engine *engine,
                                     const struct planche_engine_options *options,
                                     const struct model_files *files, struct planche_error *error)
{
    const struct planche_net *net = engine->net;
    if (net->tensors[0].channels != PLANCHE_PLANES ||
        net->tensors[net->output.tensor].channels != PLANCHE_PLANES)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: the network must take and give 3 channels, not %d and %d",
                            files->param, net->tensors[0].channels,
                            net->tensors[net->output.tensor].channels);
    if (!files->variant && options->scale && options->scale != net->recipe.scale)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s enlarges %u times, not %u times",
                            files->param, net->recipe.scale, options->scale);
    if (!files->variant && options->denoise)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s is one file: it has no denoise levels to choose from",
                            files->param);
    return PLANCHE_OK;
}

static double macs_per_pixel(const struct planche_net *net, struct planche_budget *budget)
{
    const int64_t side = 1200;
    struct planche_shape *shapes =
        planche_calloc(budget, (size_t)net->tensor_count, sizeof(*shapes));
    double macs = 0;
    if (shapes && planche_net_shapes(net, side, side, shapes))
        for (int s = 0; s < net->step_count; s++)
            macs += planche_step_macs(net, &net->steps[s], shapes);
    planche_free(shapes);
    return macs / ((double)side * (double)side);
}

static char *variant_name(const char *path, struct planche_budget *budget)
{
    const char *slash = strrchr(path, '/');
    char *name = planche_strdup(budget, slash ? slash + 1 : path);
    if (name)
        name[strlen(name) - 6] = '\0';
    return name;
}

static enum planche_status load(struct planche_engine *engine,
                                const struct planche_engine_options *options,
                                struct planche_error *error)
{
    struct model_files files;
    struct planche_budget *budget = &engine->state->budget;
    enum planche_status status = find_files(&files, options, error);
    if (status)
        return status;
    int *descriptors = engine->state->digest.files;
    struct planche_model_source source = {.param_path = files.param,
                                          .bin_path = files.bin,
                                          .param_fd = &descriptors[0],
                                          .bin_fd = &descriptors[1]};
    status = planche_model_load(&engine->net, &source, files.variant, budget, error);
    if (!status)
        status = check_net(engine, options, &files, error);
    if (status)
        return status;
    planche_model_digest_note(&engine->state->digest);
    engine->macs_per_pixel = macs_per_pixel(engine->net, budget);
    engine->model = planche_strdup(budget, options->model);
    engine->variant = variant_name(files.param, budget);
    if (!engine->model || !engine->variant)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the engine");
    return PLANCHE_OK;
}

/* Chooses the CPU's features and kernels. Errors: UNSUPPORTED. */
static enum planche_status choose_kernels(struct planche_engine *engine,
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

static enum planche_status open_executors(struct planche_engine *engine,
                                          const struct planche_engine_options *options,
                                          struct planche_error *error)
{
    struct planche_executors *executors = &engine->state->executors;
    const struct planche_executor_setup setup = {
        .net = engine->net,
        .model = engine->model,
        .features = engine->features,
        .pool = engine->pool,
        .log = engine->log,
    };
    enum planche_status status = planche_executors_open(executors, options, &setup, error);
    if (status)
        return status;
    engine->se = executors->list[0].setup.se;
    if (executors->count > 1)
        return PLANCHE_OK;
    /* Nobody will pack them again. */
    planche_net_drop_kernels(engine->net);
    planche_budget_cache_purge(&engine->state->budget); /* pages will not want it */
    return PLANCHE_OK;
}

/* Divides what the weights leave of the memory. */
static enum planche_status start_admission(struct planche_engine *engine, unsigned jobs,
                                           struct planche_error *error)
{
    uint64_t limit = engine->state->budget.limit;
    engine->base_bytes = atomic_load(&engine->state->budget.used);
    if (engine->base_bytes >= limit)
        return planche_fail(
            error, PLANCHE_ERROR_BUDGET,
            "%s takes %llu bytes of the memory budget of %llu, which leaves nothing for "
            "pages; give it more",
            engine->model, (unsigned long long)engine->base_bytes, (unsigned long long)limit);
    /* Beside the pages that devices have, there is one for every thread to decode or to encode. */
    unsigned threads =
        planche_pool_threads(engine->pool) + engine->state->executors.list[0].info.lanes;
    planche_admission_start(&engine->state->admission, limit - engine->base_bytes, threads, jobs);
    return PLANCHE_OK;
}

static enum planche_status create(struct planche_engine *engine,
                                  const struct planche_engine_options *options,
                                  struct planche_error *error)
{
    uint64_t memory = options->memory ? options->memory : planche_engine_default_memory();
    unsigned threads = options->threads ? options->threads : planche_engine_default_threads();
    enum planche_status status;
    engine->log = (struct planche_log){.fn = options->log, .user = options->log_user};
    planche_trace_enable(&engine->log);
    engine->se = options->se;
    engine->max_pixels = options->max_pixels ? options->max_pixels : PLANCHE_MAX_PIXELS;
    planche_budget_init(&engine->state->budget, memory);
    if (!planche_budget_cache_enable(&engine->state->budget))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the engine");
    if (!planche_budget_reserve(&engine->state->budget, PLANCHE_PROCESS_BYTES))
        return planche_fail(error, PLANCHE_ERROR_BUDGET,
                            "a memory budget of %llu bytes is less than the process itself takes; "
                            "raise it (option memory)",
                            (unsigned long long)memory);
    status = planche_pool_create(&engine->pool, threads, &engine->state->budget, error);
    if (!status)
        status = choose_kernels(engine, options, error);
    if (!status)
        status = load(engine, options, error);
    if (!status)
        status = open_executors(engine, options, error);
    if (!status)
        status = start_admission(engine, options->jobs, error);
    return planche_budget_reclassify_oom(status, &engine->state->budget, error);
}

static enum planche_status open_once(struct planche_engine **out,
                                     const struct planche_executor_registry *registry,
                                     const struct planche_engine_options *options,
                                     struct planche_error *error)
{
    *out = NULL;
    enum planche_status status = planche_executors_check(registry, options, error);
    if (status)
        return status;
    struct planche_engine *engine = planche_calloc(NULL, 1, sizeof(*engine));
    struct planche_engine_state *state = planche_calloc(NULL, 1, sizeof(*state));
    if (!engine || !state) {
        planche_free(engine);
        planche_free(state);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the engine");
    }
    engine->state = state;
    engine->process = planche_system_process();
    planche_admission_init(&state->admission);
    planche_model_digest_init(&state->digest);
    planche_executors_init(&state->executors, registry, &state->budget, &state->admission);
    status = create(engine, options, error);
    if (status)
        planche_engine_close(&engine);
    *out = engine;
    return status;
}

/* What the engine takes before any page comes, in *bytes, found out by making one with the default
 * budget. False: that fails as well. */
static bool measure_engine(const struct planche_executor_registry *registry,
                           const struct planche_engine_options *options, uint64_t *bytes)
{
    struct planche_engine_options larger = *options;
    struct planche_engine *engine = NULL;
    struct planche_error error;
    uint64_t memory = planche_engine_default_memory();
    if (options->memory >= memory)
        return false;
    larger.memory = memory;
    larger.log = NULL;
    enum planche_status status = open_once(&engine, registry, &larger, &error);
    if (!status)
        *bytes = engine->base_bytes;
    planche_engine_close(&engine);
    return status == PLANCHE_OK;
}

enum planche_status planche_engine_open_from(struct planche_engine **out,
                                             const struct planche_executor_registry *registry,
                                             const struct planche_engine_options *options,
                                             struct planche_error *error)
{
    uint64_t bytes;
    enum planche_status status = open_once(out, registry, options, error);
    if (status != PLANCHE_ERROR_BUDGET || !measure_engine(registry, options, &bytes))
        return status;
    return planche_fail(error, PLANCHE_ERROR_BUDGET,
                        "the process and the weights of %s take %llu MiB, and the memory budget is "
                        "%llu MiB; pages need some more, small ones about %d MiB: raise it "
                        "(option memory = %lluM)",
                        options->model ? options->model : planche_catalogue_get(0)->model,
                        (unsigned long long)(bytes >> 20) + 1,
                        (unsigned long long)(options->memory >> 20), SMALL_PAGE_MIB,
                        (unsigned long long)(bytes >> 20) + 1 + SMALL_PAGE_MIB);
}

enum planche_status planche_engine_open(struct planche_engine **out,
                                        const struct planche_engine_options *options,
                                        struct planche_error *error)
{
    return planche_engine_open_from(out, &planche_executors_registered, options, error);
}

void planche_engine_close(struct planche_engine **engine)
{
    if (!*engine)
        return;
    struct planche_engine *e = *engine;
    *engine = NULL;
    if (e->process != planche_system_process())
        return;
    planche_executors_destroy(&e->state->executors);
    planche_net_destroy(&e->net);
    planche_pool_destroy(&e->pool);
    planche_free(e->model);
    planche_free(e->variant);
    planche_admission_destroy(&e->state->admission);
    planche_model_digest_destroy(&e->state->digest);
    planche_budget_cache_destroy(&e->state->budget);
    planche_free(e->state);
    planche_free(e);
}

void planche_engine_describe(const struct planche_engine *engine, struct planche_engine_info *info)
{
    const struct planche_executor *executor = &engine->state->executors.list[0];
    *info = (struct planche_engine_info){
        .struct_size = sizeof(*info),
        .scale = engine->net->recipe.scale,
        .model = engine->model,
        .variant = engine->variant,
        .backend = executor->ops->name,
        .isa = engine->isa,
        .threads = planche_pool_threads(engine->pool),
        .jobs = engine->state->admission.jobs,
        .memory = engine->state->budget.limit,
        .weight_bytes = planche_engine_weight_bytes(engine),
        .peak_bytes = atomic_load(&engine->state->budget.peak),
        .macs_per_pixel = engine->macs_per_pixel,
        .precision = executor->info.precision,
        .device = executor->info.device,
        .gpu_path = executor->info.path,
    };
}

size_t planche_engine_read_profile(const struct planche_engine *engine,
                                   struct planche_layer_profile *entries, size_t count)
{
    const struct planche_executor *executor = &engine->state->executors.list[0];
    return executor->ops->profile ? executor->ops->profile(executor->state, entries, count) : 0;
}
