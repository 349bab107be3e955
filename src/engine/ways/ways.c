/* SPDX-License-Identifier: MIT */
/* Ways of an engine: plans of the alternatives of a choice. */
#include "engine/ways/ways.h"

#include "base/status.h"
#include "engine/ways/model_chain.h"
#include "model/load.h"
#include "os/file_info.h"

#include <errno.h>
#include <string.h>

struct planche_engine_options planche_ways_options(const struct planche_engine_ways *ways,
                                                   unsigned index)
{
    const struct planche_alternative *models = &ways->choices.list[index];
    struct planche_engine_options options = ways->options;
    if (ways->choices.count > 1 && !planche_model_chain_has_levels(models)) {
        options.denoise = PLANCHE_DENOISE_DEFAULT;
        options.has_level = 0;
    }
    options.model = models->count == 1 ? models->models[0] : "";
    return options;
}

/* So that a file that is missing is told before the first page wants it. */
static enum planche_status check_files(const struct planche_alternative *models,
                                       struct planche_error *error)
{
    for (unsigned i = 0; i < models->count; i++) {
        const char *path = models->models[i];
        if (planche_model_is_path(path) && planche_file_find(path, NULL) != PLANCHE_FILE_PRESENT)
            return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "%s: %s", path, strerror(errno));
    }
    return PLANCHE_OK;
}

static enum planche_status begin_way(struct planche_engine_ways *ways, unsigned index,
                                     struct planche_error *error)
{
    const struct planche_alternative *models = &ways->choices.list[index];
    const struct planche_engine_options options = planche_ways_options(ways, index);
    struct planche_engine_way *way = ways->list[index];
    enum planche_status status = check_files(models, error);
    if (!status)
        status = planche_model_chain_begin(&way->begun, models, &options, error);
    way->planned = !planche_model_chain_has_file(models);
    way->plan = way->begun;
    way->levels.chosen = way->planned && planche_levels_are_chosen(&options);
    way->levels.precision = options.precision;
    return status;
}

static enum planche_status make_way(struct planche_engine_ways *ways, unsigned index,
                                    const struct planche_levels *own, const char *directory,
                                    struct planche_error *error)
{
    const struct planche_engine_networks *like = own->own.networks;
    struct planche_engine_way *way = planche_calloc(NULL, 1, sizeof *way);
    if (!way)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for an alternative");
    ways->list[index] = way;
    planche_mutex_init(&way->mutex);
    planche_cond_init(&way->changed);
    planche_engine_networks_init(&way->networks, &way->begun.set, own->registry, like->budget,
                                 like->admission);
    planche_levels_init(&way->levels, (struct planche_level_set){&way->plan, &way->networks},
                        own->registry);
    way->networks.primary = PLANCHE_MAX_NETWORKS;
    way->networks.leader = like->leader;
    enum planche_status status = planche_engine_networks_place(&way->networks, directory, error);
    return status ? status : begin_way(ways, index, error);
}

enum planche_status planche_ways_create(struct planche_engine_ways *ways,
                                        const struct planche_levels *own, const char *directory,
                                        struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (unsigned i = 1; !status && i < ways->choices.count; i++)
        status = make_way(ways, i, own, directory, error);
    return status;
}

void planche_ways_destroy(struct planche_engine_ways *ways)
{
    for (unsigned i = 1; i < PLANCHE_MAX_ALTERNATIVES; i++) {
        struct planche_engine_way *way = ways->list[i];
        if (!way)
            continue;
        planche_levels_destroy(&way->levels);
        planche_engine_networks_destroy(&way->networks);
        planche_cond_destroy(&way->changed);
        planche_mutex_destroy(&way->mutex);
        planche_free(way);
        ways->list[i] = NULL;
    }
    planche_choices_free(&ways->choices);
}

/* A network of one channel is for grey pages already. */
static void forget_grey(struct planche_scale_set *set, const char *path)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->list[i].path == path)
            set->list[i].grey = 0;
}

/* Loads the network of a file, to see how many times it enlarges and whether it has one channel. */
static enum planche_status look_at_file(struct planche_engine_networks *networks, unsigned index,
                                        const struct planche_executor_ops *ops,
                                        const struct planche_cancel_token *cancel, unsigned *scale,
                                        bool *grey, struct planche_error *error)
{
    const struct planche_executor *executor;
    enum planche_status status =
        planche_engine_networks_make(networks, index, ops, cancel, &executor, error);
    if (status)
        return status;
    const struct planche_net *net = networks->list[index].net;
    *scale = net->recipe.scale;
    *grey = net->tensors[0].channels == 1;
    planche_engine_networks_release(networks, index);
    return PLANCHE_OK;
}

enum planche_status planche_ways_finish(struct planche_scale_plan *plan,
                                        struct planche_engine_networks *networks,
                                        const struct planche_alternative *models,
                                        const struct planche_engine_options *options,
                                        const struct planche_executor_ops *ops,
                                        const struct planche_cancel_token *cancel,
                                        struct planche_error *error)
{
    unsigned scales[PLANCHE_MAX_MODELS] = {0};
    bool grey[PLANCHE_MAX_MODELS] = {false};
    enum planche_status status = PLANCHE_OK;
    if (!planche_model_chain_has_file(models))
        return PLANCHE_OK;
    for (unsigned i = 0; !status && i < models->count; i++)
        if (planche_model_is_path(models->models[i]))
            status = look_at_file(networks, i, ops, cancel, &scales[i], &grey[i], error);
    if (!status)
        status = planche_model_chain_finish(plan, models, options, scales, error);
    for (unsigned i = 0; !status && i < models->count; i++)
        if (grey[i])
            forget_grey(&plan->set, models->models[i]);
    return status;
}

enum planche_status planche_ways_get(struct planche_engine_ways *ways, unsigned index,
                                     unsigned level, struct planche_level_set *set,
                                     struct planche_error *error)
{
    struct planche_engine_way *way = ways->list[index];
    planche_mutex_lock(&way->mutex);
    bool planned = way->planned;
    planche_mutex_unlock(&way->mutex);
    *set = (struct planche_level_set){0};
    return planned ? planche_levels_get(&way->levels, level, set, error) : PLANCHE_OK;
}

/* Waits until the way is planned or this caller is to plan it. *planned: which of them. */
static enum planche_status begin_planning(struct planche_engine_way *way, bool *planned,
                                          const struct planche_cancel_token *cancel,
                                          struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    planche_mutex_lock(&way->mutex);
    while (!status && way->planning)
        if (!planche_cancel_wait(cancel, &way->changed, &way->mutex))
            status = planche_cancel_fail(cancel, error);
    *planned = way->planned;
    if (!status && !way->planned)
        way->planning = true;
    planche_mutex_unlock(&way->mutex);
    return status;
}

/* Who planned in vain leaves it to the next. */
static void end_planning(struct planche_engine_way *way, bool planned)
{
    if (planned)
        planche_engine_networks_follow(&way->networks, &way->plan.set);
    planche_mutex_lock(&way->mutex);
    way->planned = planned;
    way->planning = false;
    planche_cond_broadcast(&way->changed);
    planche_mutex_unlock(&way->mutex);
}

enum planche_status planche_ways_plan(struct planche_engine_ways *ways, unsigned index,
                                      const struct planche_executor_ops *ops,
                                      const struct planche_cancel_token *cancel,
                                      struct planche_error *error)
{
    const struct planche_engine_options options = planche_ways_options(ways, index);
    struct planche_engine_way *way = ways->list[index];
    bool planned;
    enum planche_status status = begin_planning(way, &planned, cancel, error);
    if (status || planned)
        return status;
    status = planche_ways_finish(&way->plan, &way->networks, &ways->choices.list[index], &options,
                                 ops, cancel, error);
    end_planning(way, !status);
    return status;
}

bool planche_ways_have_levels(const struct planche_engine_ways *ways)
{
    for (unsigned i = 0; i < ways->choices.count; i++)
        if (ways->choices.list[i].levels)
            return true;
    return false;
}

void planche_ways_find_idle(struct planche_engine_ways *ways, struct planche_idle_network *idle)
{
    for (unsigned i = 1; i < ways->choices.count; i++) {
        if (!ways->list[i])
            continue;
        planche_engine_networks_find_idle(&ways->list[i]->networks, idle);
        planche_levels_find_idle(&ways->list[i]->levels, idle);
    }
}

uint64_t planche_ways_bytes(struct planche_engine_ways *ways)
{
    uint64_t bytes = 0;
    for (unsigned i = 1; i < ways->choices.count; i++)
        if (ways->list[i])
            bytes += planche_engine_networks_bytes(&ways->list[i]->networks) +
                     planche_levels_bytes(&ways->list[i]->levels);
    return bytes;
}
