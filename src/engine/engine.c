/* SPDX-License-Identifier: MIT */
/* Making an engine: finding the model, compiling it, dividing the memory. */
#include "engine/engine.h"

#include "base/status.h"
#include "base/trace.h"
#include "codec/isolation.h"
#include "engine/create.h"
#include "engine/ways/model_chain.h"
#include "model/catalogue.h"
#include "model/load.h"
#include "model/own/networks.h"
#include "os/cpu.h"
#include "os/system.h"

#include <string.h>

uint64_t planche_engine_default_memory(void)
{
    return planche_system_memory() / 4;
}

unsigned planche_engine_default_threads(void)
{
    return planche_system_cpus();
}

/* What plans are made from. */
static struct planche_engine_options plan_options(const struct planche_engine_options *options)
{
    return (struct planche_engine_options){
        .scale = options->scale,
        .denoise = options->denoise,
        .has_level = options->has_level,
        .level = options->level,
        .precision = options->precision,
    };
}

enum planche_status planche_engine_plan_options(struct planche_scale_plan *plan,
                                                const struct planche_engine_options *options,
                                                struct planche_error *error)
{
    struct planche_engine_ways ways = {.options = plan_options(options)};
    enum planche_status status = planche_choices_read(&ways.choices, options->model, NULL, error);
    if (status)
        return status;
    const struct planche_alternative *models = &ways.choices.list[0];
    const struct planche_engine_options own = planche_ways_options(&ways, 0);
    if (planche_model_chain_has_file(models))
        status =
            planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                         "%s: its scale is known once an engine has loaded it", options->model);
    else
        status = planche_model_chain_begin(plan, models, &own, error);
    planche_choices_free(&ways.choices);
    return status;
}

/* The networks that pages may need, and the scale. Of a file only its network knows that. */
static enum planche_status plan_model(struct planche_engine *engine,
                                      const struct planche_engine_options *options,
                                      struct planche_error *error)
{
    struct planche_engine_ways *ways = &engine->state->ways;
    if (options->scale > PLANCHE_MAX_SCALE)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "a scale of %u: it is at most %d",
                            options->scale, PLANCHE_MAX_SCALE);
    ways->options = plan_options(options);
    enum planche_status status =
        planche_choices_read(&ways->choices, options->model, &engine->state->budget, error);
    if (status)
        return status;
    const struct planche_engine_options own = planche_ways_options(ways, 0);
    engine->state->levels.chosen = planche_levels_are_chosen(&own);
    return planche_model_chain_begin(&engine->plan, &ways->choices.list[0], &own, error);
}

static enum planche_status load(struct planche_engine *engine,
                                const struct planche_engine_options *options,
                                struct planche_error *error)
{
    enum planche_status status = plan_model(engine, options, error);
    if (status)
        return status;
    struct planche_engine_networks *networks = &engine->state->networks;
    networks->primary = engine->plan.chain.networks[0];
    networks->leader = &networks->list[networks->primary].executors;
    status = planche_engine_networks_place(networks, options->model_directory, error);
    const uint64_t before = atomic_load(&engine->state->budget.used);
    if (!status)
        status = planche_engine_networks_load(networks, error);
    planche_engine_primary(engine)->aside = atomic_load(&engine->state->budget.used) - before;
    planche_engine_primary(engine)->needed = atomic_load(&engine->state->budget.peak) - before;
    if (status)
        return status;
    engine->model = planche_strdup(&engine->state->budget, options->model);
    if (!engine->model)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the engine");
    return PLANCHE_OK;
}

/* The rest of the engine's own chain, so that what is wrong with it is known now; and the plans of
 * other alternatives, which enlarge as many times. */
static enum planche_status load_chain(struct planche_engine *engine, const char *directory,
                                      struct planche_error *error)
{
    struct planche_engine_ways *ways = &engine->state->ways;
    const struct planche_engine_options own = planche_ways_options(ways, 0);
    const struct planche_chain *chain = &engine->plan.chain;
    const struct planche_executor_ops *ops = planche_engine_primary(engine)->executors.list[0].ops;
    enum planche_status status = planche_ways_finish(
        &engine->plan, &engine->state->networks, &ways->choices.list[0], &own, ops, NULL, error);
    ways->options.scale = engine->plan.scale;
    if (!status)
        status = planche_ways_create(ways, &engine->state->levels, directory, error);
    for (unsigned i = 0; !status && i < chain->count; i++) {
        const struct planche_executor *executor;
        struct planche_engine_networks *networks = &engine->state->networks;
        status =
            planche_engine_networks_make(networks, chain->networks[i], ops, NULL, &executor, error);
        if (!status)
            planche_engine_networks_release(networks, chain->networks[i]);
    }
    return status;
}

/* Chooses the CPU's features and kernels. Errors: UNSUPPORTED. */
static enum planche_status choose_kernels(struct planche_engine *engine,
                                          const struct planche_engine_options *options,
                                          struct planche_error *error)
{
    bool bf16 = options->precision == PLANCHE_PRECISION_BF16;
    bool int8 = options->precision == PLANCHE_PRECISION_INT8;
    const uint32_t vnni = PLANCHE_CPU_AVXVNNI | PLANCHE_CPU_AVX512VNNI;
    uint32_t features = planche_cpu_select(options->cpu_mask);
    engine->features = bf16 ? planche_cpu_permit(features) : features & ~PLANCHE_CPU_AMX;
    engine->isa = planche_cpu_isa_name(engine->features);
    planche_kernels_init(&engine->kernels, engine->features);
    if (int8 && !(features & vnni))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "precision int8 needs a CPU with AVX-VNNI or AVX512-VNNI; %s",
                            planche_cpu_detect() & vnni ? "the CPU mask leaves it out"
                                                        : "this one has neither, so use f32");
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
    struct planche_engine_network *network = planche_engine_primary(engine);
    struct planche_executors *executors = &network->executors;
    const struct planche_executor_setup setup = {
        .net = network->net,
        .model = engine->model,
        .features = engine->features,
        .pool = engine->pool,
        .log = engine->log,
    };
    const struct planche_budget *budget = &engine->state->budget;
    const uint64_t before = atomic_load(&budget->used);
    enum planche_status status = planche_executors_open(executors, options, &setup, error);
    if (status)
        return status;
    engine->se = executors->list[0].setup.se;
    /* Devices stay open, and counters are asked for when all pages are done. */
    engine->state->networks.keeps_primary = executors->count > 1 || options->profile;
    if (executors->count > 1)
        return PLANCHE_OK;
    /* Nobody will pack them again. */
    planche_net_drop_kernels(network->net);
    network->aside += atomic_load(&budget->used) - before;
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
    /* What could not be made again beside a page stays. */
    const uint64_t small = (uint64_t)PLANCHE_SMALL_PAGE_MIB << 20;
    const struct planche_engine_network *network = planche_engine_primary(engine);
    const uint64_t needed = network->needed + planche_executors_bytes(&network->executors, 0);
    if (needed + small >= limit - engine->base_bytes + atomic_load(&network->aside))
        engine->state->networks.keeps_primary = true;
    /* Beside the pages that devices have, there is one for every thread to decode or to encode. */
    unsigned threads = planche_pool_threads(engine->pool) +
                       planche_engine_primary(engine)->executors.list[0].info.lanes;
    planche_admission_start(&engine->state->admission, limit - engine->base_bytes, threads, jobs);
    return PLANCHE_OK;
}

/* Keeps a program ready for every page that may be opened at once. Before the model is loaded: the
 * first one starts meanwhile. */
static enum planche_status isolate(struct planche_engine *engine, unsigned jobs,
                                   struct planche_error *error)
{
    unsigned kept = jobs ? jobs : planche_pool_threads(engine->pool);
    const struct planche_isolation_options options = {
        .budget = &engine->state->budget,
        .kept = kept < PLANCHE_ISOLATION_KEPT ? kept : PLANCHE_ISOLATION_KEPT,
        .max_pixels = engine->max_pixels,
    };
    return planche_isolation_create(&engine->isolation, &options, error);
}

static enum planche_status create(struct planche_engine *engine,
                                  const struct planche_engine_options *options,
                                  struct planche_error *error)
{
    uint64_t memory = options->memory ? options->memory : planche_engine_default_memory();
    unsigned threads = options->threads ? options->threads : planche_engine_default_threads();
    enum planche_status status;
    engine->log = (struct planche_log){
        .fn = options->log, .user = options->log_user, .least = options->log_level};
    planche_trace_enable(&engine->log);
    engine->se = options->se;
    engine->state->levels.precision = options->precision;
    atomic_store(&engine->state->expected, options->pages);
    engine->usual_bytes = options->memory ? 0 : PLANCHE_USUAL_BYTES;
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
    if (!status && options->isolate)
        status = isolate(engine, options->jobs, error);
    if (!status)
        status = load(engine, options, error);
    if (!status)
        status = open_executors(engine, options, error);
    if (!status)
        status = start_admission(engine, options->jobs, error);
    if (!status)
        status = load_chain(engine, options->model_directory, error);
    return planche_budget_reclassify_oom(status, &engine->state->budget, error);
}

/* Gives up the network that no page has used for longest, for admission. */
static enum planche_shed shed(void *user, unsigned held, bool last)
{
    struct planche_engine_state *state = user;
    struct planche_idle_network idle = {0};
    planche_engine_networks_find_idle(&state->networks, &idle);
    planche_levels_find_idle(&state->levels, &idle);
    planche_ways_find_idle(&state->ways, &idle);
    if (idle.count > !last && planche_engine_networks_unload(&idle))
        return PLANCHE_SHED_DONE;
    return idle.users > held ? PLANCHE_SHED_LATER : PLANCHE_SHED_NOTHING;
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
    state->admission.shed = shed;
    state->admission.shed_user = state;
    planche_levels_init(&state->levels, (struct planche_level_set){&engine->plan, &state->networks},
                        registry);
    planche_engine_networks_init(&state->networks, &engine->plan.set, registry, &state->budget,
                                 &state->admission);
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
    bool made = !status && engine;
    if (made) /* the process's own share among them */
        *bytes = atomic_load(&engine->state->budget.used);
    planche_engine_close(&engine);
    return made;
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
                        options->model, (unsigned long long)(bytes >> 20) + 1,
                        (unsigned long long)(options->memory >> 20), PLANCHE_SMALL_PAGE_MIB,
                        (unsigned long long)(bytes >> 20) + 1 + PLANCHE_SMALL_PAGE_MIB);
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
    planche_ways_destroy(&e->state->ways);
    planche_levels_destroy(&e->state->levels);
    planche_engine_networks_destroy(&e->state->networks);
    planche_isolation_destroy(&e->isolation);
    planche_pool_destroy(&e->pool);
    planche_free(e->model);
    planche_admission_destroy(&e->state->admission);
    planche_budget_cache_destroy(&e->state->budget);
    planche_free(e->state);
    planche_free(e);
}

/* Multiply-adds of all passes for a pixel of the page. */
static double chain_macs(const struct planche_engine *engine)
{
    const struct planche_chain *chain = &engine->plan.chain;
    double macs = 0, pixels = 1;
    for (unsigned i = 0; i < chain->count; i++) {
        double scale = engine->plan.set.list[chain->networks[i]].scale;
        macs += engine->state->networks.list[chain->networks[i]].macs_per_pixel * pixels;
        pixels *= scale * scale;
    }
    return macs;
}

void planche_engine_describe(const struct planche_engine *engine, struct planche_engine_info *info)
{
    const struct planche_executor *executor = &planche_engine_primary(engine)->executors.list[0];
    *info = (struct planche_engine_info){
        .struct_size = sizeof(*info),
        .scale = engine->plan.scale,
        .model = engine->model,
        .variant = planche_engine_primary(engine)->name,
        .backend = executor->ops->name,
        .isa = engine->isa,
        .threads = planche_pool_threads(engine->pool),
        .jobs = engine->state->admission.jobs,
        .memory = engine->state->budget.limit,
        .weight_bytes = planche_engine_weight_bytes(engine),
        .peak_bytes = atomic_load(&engine->state->budget.peak),
        .macs_per_pixel = chain_macs(engine),
        .precision = executor->info.precision,
        .device = executor->info.device,
        .gpu_path = executor->info.path,
    };
}

uint64_t planche_engine_get_plan(const struct planche_engine *engine,
                                 struct planche_scale_plan *plan)
{
    *plan = engine->plan;
    return engine->max_pixels;
}

size_t planche_engine_read_profile(const struct planche_engine *engine,
                                   struct planche_layer_profile *entries, size_t count)
{
    const struct planche_executor *executor = &planche_engine_primary(engine)->executors.list[0];
    bool has = executor->ops->profile && executor->setup.profile;
    return has ? executor->ops->profile(executor->state, entries, count) : 0;
}
