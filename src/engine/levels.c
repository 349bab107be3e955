/* SPDX-License-Identifier: MIT */
/* Levels of an engine: made from the options that its own plan was made from. */
#include "engine/levels.h"

#include "base/status.h"
#include "model/catalogue.h"
#include "model/own/networks.h"

void planche_levels_init(struct planche_levels *levels, struct planche_level_set own,
                         const struct planche_executor_registry *registry)
{
    levels->own = own;
    levels->registry = registry;
    planche_mutex_init(&levels->mutex);
}

void planche_levels_destroy(struct planche_levels *levels)
{
    for (unsigned i = 0; i < PLANCHE_AUTO_LEVELS; i++) {
        if (levels->list[i])
            planche_engine_networks_destroy(&levels->list[i]->networks);
        planche_free(levels->list[i]);
    }
    planche_mutex_destroy(&levels->mutex);
}

bool planche_levels_are_chosen(const struct planche_engine_options *options)
{
    const struct planche_model_variant *variant;
    struct planche_error ignored;
    return !options->has_level && options->denoise == PLANCHE_DENOISE_DEFAULT &&
           planche_catalogue_find(options->model, 0, PLANCHE_DENOISE_DEFAULT, &variant, &ignored) ==
               PLANCHE_OK &&
           planche_own_has(variant);
}

/* Its options differ from the engine's by the level alone. */
static enum planche_status make_plan(const struct planche_levels *levels, unsigned level,
                                     struct planche_scale_plan *plan, struct planche_error *error)
{
    const struct planche_engine_options options = {
        .model = levels->own.plan->set.list[0].variant->model,
        .scale = levels->own.plan->scale,
        .precision = levels->precision,
        .has_level = 1,
        .level = planche_auto_level(level),
    };
    return planche_scale_plan_make(plan, &options, error);
}

static enum planche_status make(struct planche_levels *levels, unsigned level,
                                struct planche_error *error)
{
    struct planche_engine_networks *own = levels->own.networks;
    struct planche_engine_level *made = planche_calloc(NULL, 1, sizeof *made);
    if (!made)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for another level of cleaning");
    enum planche_status status = make_plan(levels, level, &made->plan, error);
    if (status) {
        planche_free(made);
        return status;
    }
    planche_engine_networks_init(&made->networks, &made->plan.set, levels->registry, own->budget,
                                 own->admission);
    made->networks.primary = PLANCHE_MAX_NETWORKS;
    made->networks.leader = own->leader;
    levels->list[level] = made;
    return PLANCHE_OK;
}

/* At scale 1 a network only cleans: the least that it does is level 0, which is the engine's own.
 */
static bool is_own(const struct planche_levels *levels, unsigned level)
{
    return !levels->chosen || level == 0 || (levels->own.plan->scale == 1 && level <= 2);
}

enum planche_status planche_levels_get(struct planche_levels *levels, unsigned level,
                                       struct planche_level_set *set, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    *set = levels->own;
    if (is_own(levels, level))
        return PLANCHE_OK;
    planche_mutex_lock(&levels->mutex);
    if (!levels->list[level])
        status = make(levels, level, error);
    if (!status)
        *set =
            (struct planche_level_set){&levels->list[level]->plan, &levels->list[level]->networks};
    planche_mutex_unlock(&levels->mutex);
    return status;
}

void planche_levels_find_idle(struct planche_levels *levels, struct planche_idle_network *idle)
{
    planche_mutex_lock(&levels->mutex);
    for (unsigned i = 0; i < PLANCHE_AUTO_LEVELS; i++)
        if (levels->list[i])
            planche_engine_networks_find_idle(&levels->list[i]->networks, idle);
    planche_mutex_unlock(&levels->mutex);
}

uint64_t planche_levels_bytes(struct planche_levels *levels)
{
    uint64_t bytes = 0;
    planche_mutex_lock(&levels->mutex);
    for (unsigned i = 0; i < PLANCHE_AUTO_LEVELS; i++)
        if (levels->list[i])
            bytes += planche_engine_networks_bytes(&levels->list[i]->networks);
    planche_mutex_unlock(&levels->mutex);
    return bytes;
}
