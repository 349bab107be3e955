/* SPDX-License-Identifier: MIT */
/* Making an engine: finding the model, compiling it, dividing the memory. */
#include "engine/engine.h"

#include "backend/vulkan/vulkan.h"
#include "base/status.h"
#include "base/trace.h"
#include "engine/fallback.h"
#include "engine/internal.h"
#include "engine/prepare.h"
#include "model/catalogue.h"
#include "model/load.h"
#include "os/system.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

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
static enum planche_status format_path(char *path, const char *directory, const char *file,
                                       const char *extension, struct planche_error *error)
{
    int length =
        snprintf(path, PATH_MAX, "%s%s%s%s", directory, *directory ? "/" : "", file, extension);
    if (length < 0 || length >= PATH_MAX)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long", file);
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
    char cache[PATH_MAX];
    const char *directory = options->model_directory;
    enum planche_status status;
    files->variant = NULL;
    if (is_path(options->model))
        return find_custom(files, options, error);
    status = planche_catalogue_find(options->model, options->scale, options->denoise,
                                    &files->variant, error);
    if (status)
        return status;
    status = planche_catalogue_check(files->variant, directory, 0, error);
    if (!status && !directory)
        status = planche_catalogue_directory(cache, sizeof(cache), error);
    if (!status)
        status = format_path(files->param, directory ? directory : cache, files->variant->file,
                             ".param", error);
    if (!status)
        status = format_path(files->bin, directory ? directory : cache, files->variant->file,
                             ".bin", error);
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
    int *descriptors = engine->state->origin.files;
    struct planche_model_source source = {.param_path = files.param,
                                          .bin_path = files.bin,
                                          .param_fd = &descriptors[0],
                                          .bin_fd = &descriptors[1]};
    status = planche_model_load(&engine->net, &source, files.variant, budget, error);
    if (!status)
        status = check_net(engine, options, &files, error);
    if (status)
        return status;
    planche_model_digest_note(&engine->state->origin);
    engine->macs_per_pixel = macs_per_pixel(engine->net, budget);
    engine->model = planche_strdup(budget, options->model);
    engine->variant = variant_name(files.param, budget);
    if (!engine->model || !engine->variant)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the engine");
    return PLANCHE_OK;
}

static enum planche_status open_gate(struct planche_engine *engine, unsigned jobs,
                                     struct planche_error *error)
{
    uint64_t limit = engine->state->budget.limit;
    engine->weight_bytes = atomic_load(&engine->state->budget.used);
    if (engine->weight_bytes >= limit)
        return planche_fail(
            error, PLANCHE_ERROR_BUDGET,
            "%s takes %llu bytes of the memory budget of %llu, which leaves nothing for "
            "pages; give it more",
            engine->model, (unsigned long long)engine->weight_bytes, (unsigned long long)limit);
    /* Beside the pages that GPUs have, there is one for every thread to decode or to encode. */
    unsigned threads = planche_pool_threads(engine->pool);
    if (engine->gpus)
        threads += planche_gpu_pool_max_pages(engine->gpus);
    planche_admission_start(&engine->state->admission, limit - engine->weight_bytes, threads, jobs);
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
                            "a memory budget of %llu bytes is less than the process itself takes",
                            (unsigned long long)memory);
    status = planche_pool_create(&engine->pool, threads, &engine->state->budget, error);
    if (!status)
        status = planche_prepare_cpu(engine, options, error);
    if (!status)
        status = load(engine, options, error);
    if (!status)
        status = planche_prepare_network(engine, options, error);
    if (!status)
        status = open_gate(engine, options->jobs, error);
    return planche_budget_reclassify_oom(status, &engine->state->budget, error);
}

enum planche_status planche_engine_open(struct planche_engine **out,
                                        const struct planche_engine_options *options,
                                        struct planche_error *error)
{
    *out = NULL;
    enum planche_status status = planche_prepare_check(options, error);
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
    planche_admission_init(&state->admission);
    planche_model_digest_init(&state->origin);
    planche_fallback_init(&state->fallback);
    status = create(engine, options, error);
    if (status)
        planche_engine_close(&engine);
    *out = engine;
    return status;
}

void planche_engine_close(struct planche_engine **engine)
{
    if (!*engine)
        return;
    struct planche_engine *e = *engine;
    planche_free(e->state->profile);
    planche_fallback_destroy(&e->state->fallback);
    planche_program_destroy(&e->program);
    planche_gpu_pool_destroy(&e->gpus);
    planche_net_destroy(&e->net);
    planche_pool_destroy(&e->pool);
    planche_free(e->model);
    planche_free(e->variant);
    planche_admission_destroy(&e->state->admission);
    planche_model_digest_destroy(&e->state->origin);
    planche_budget_cache_destroy(&e->state->budget);
    planche_free(e->state);
    planche_free(e);
    *engine = NULL;
}

void planche_engine_describe(const struct planche_engine *engine, struct planche_engine_info *info)
{
    *info = (struct planche_engine_info){
        .struct_size = sizeof(*info),
        .scale = engine->net->recipe.scale,
        .model = engine->model,
        .variant = engine->variant,
        .backend = engine->gpus ? "vulkan" : "cpu",
        .isa = engine->isa,
        .threads = planche_pool_threads(engine->pool),
        .jobs = engine->state->admission.jobs,
        .memory = engine->state->budget.limit,
        .weight_bytes = engine->weight_bytes,
        .peak_bytes = atomic_load(&engine->state->budget.peak),
        .macs_per_pixel = engine->macs_per_pixel,
        .precision = engine->precision,
        .device = engine->gpus ? planche_gpu_pool_name(engine->gpus) : NULL,
        .gpu_path = engine->gpus ? planche_gpu_pool_path_name(engine->gpus) : NULL,
    };
}

size_t planche_engine_read_profile(const struct planche_engine *engine,
                                   struct planche_layer_profile *entries, size_t count)
{
    const struct planche_program *program = engine->program;
    struct planche_node_profile *profile = engine->state->profile;
    if (engine->gpus)
        return planche_gpu_pool_get_profile(engine->gpus, entries, count);
    if (!profile)
        return 0;
    for (int n = 0; entries && n < program->node_count && (size_t)n < count; n++)
        entries[n] = (struct planche_layer_profile){
            .name = program->nodes[n].name,
            .kind = planche_node_kind_name(&program->nodes[n]),
            .ms = (double)atomic_load(&profile[n].ns) / 1e6,
            .macs = (double)atomic_load(&profile[n].macs),
        };
    return (size_t)program->node_count;
}
