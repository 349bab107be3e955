/* SPDX-License-Identifier: MIT */
/* Chains of models: the plans of their models, put together. */
#include "engine/ways/model_chain.h"

#include "base/status.h"
#include "model/catalogue.h"
#include "model/load.h"
#include "model/own/networks.h"

#include <string.h>

bool planche_model_chain_has_file(const struct planche_alternative *models)
{
    for (unsigned i = 0; i < models->count; i++)
        if (planche_model_is_path(models->models[i]))
            return true;
    return false;
}

static bool has_levels(const char *model)
{
    const char *name = planche_catalogue_name(model);
    if (planche_model_is_path(model))
        return planche_own_is_path(model);
    for (size_t i = 0; i < planche_catalogue_count(); i++) {
        const struct planche_model_variant *variant = planche_catalogue_get(i);
        if (strcmp(variant->model, name) == 0 && variant->denoise >= PLANCHE_DENOISE_1)
            return true;
    }
    return false;
}

/* The model that has the level which was asked for; none has levels: the last, which says so. */
static unsigned find_cleaner(const struct planche_alternative *models)
{
    unsigned index = 0;
    while (index + 1 < models->count && !has_levels(models->models[index]))
        index++;
    return index;
}

bool planche_model_chain_has_levels(const struct planche_alternative *models)
{
    return has_levels(models->models[find_cleaner(models)]);
}

/* The engine's options for a model of a chain, at this scale. */
static struct planche_engine_options options_of(const struct planche_alternative *models,
                                                const struct planche_engine_options *options,
                                                unsigned index, unsigned scale)
{
    struct planche_engine_options own = *options;
    own.model = models->models[index];
    own.scale = scale;
    if (index == find_cleaner(models))
        return own;
    own.denoise = PLANCHE_DENOISE_DEFAULT;
    own.has_level = 0;
    return own;
}

/* Plan of a model of the chain. network_scale: of a file. */
static enum planche_status plan_one(struct planche_scale_plan *plan,
                                    const struct planche_engine_options *options,
                                    unsigned network_scale, struct planche_error *error)
{
    return planche_model_is_path(options->model)
               ? planche_scale_plan_make_file(plan, options, network_scale, error)
               : planche_scale_plan_make(plan, options, error);
}

/* A head runs at scale 1 if it can. Files do what they do; those of Planche's own can. */
static enum planche_status plan_head(struct planche_scale_plan *plan,
                                     const struct planche_alternative *models,
                                     const struct planche_engine_options *options, unsigned index,
                                     unsigned network_scale, struct planche_error *error)
{
    bool is_path = planche_model_is_path(models->models[index]);
    bool cleans = !is_path || planche_own_is_path(models->models[index]);
    struct planche_engine_options own = options_of(models, options, index, cleans);
    enum planche_status status = plan_one(plan, &own, network_scale, error);
    own.scale = 0;
    return status == PLANCHE_ERROR_ARGUMENT && !is_path ? plan_one(plan, &own, 0, error) : status;
}

/* Takes the network of a head to its place. */
static void take_head(struct planche_scale_plan *plan, unsigned index,
                      const struct planche_scale_network *network)
{
    plan->set.list[index] = *network;
    plan->set.list[index].first = plan->set.list[index].later = false;
    plan->set.list[index].grey = 0;
}

static enum planche_status check_room(const struct planche_scale_plan *plan, unsigned more,
                                      struct planche_error *error)
{
    if (plan->set.count + more <= PLANCHE_MAX_NETWORKS)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "the chain's models have more than %d networks; leave one out",
                        PLANCHE_MAX_NETWORKS);
}

/* The networks of the last model, behind those of the heads. */
static enum planche_status append_last(struct planche_scale_plan *plan,
                                       const struct planche_scale_plan *last,
                                       struct planche_error *error)
{
    unsigned before = plan->set.count;
    enum planche_status status = check_room(plan, last->set.count, error);
    if (status)
        return status;
    for (unsigned i = 0; i < last->set.count; i++) {
        plan->set.list[before + i] = last->set.list[i];
        if (last->set.list[i].grey)
            plan->set.list[before + i].grey += before;
    }
    plan->set.count += last->set.count;
    plan->set.denoises = last->set.denoises;
    if (plan->chain.count + last->chain.count > PLANCHE_MAX_PASSES)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "the chain has more than %d networks; ask for a smaller scale",
                            PLANCHE_MAX_PASSES);
    for (unsigned i = 0; i < last->chain.count; i++)
        plan->chain.networks[plan->chain.count++] = last->chain.networks[i] + before;
    plan->chain.scale *= last->chain.scale;
    return PLANCHE_OK;
}

/* The form for grey pages of a head that has one. */
static enum planche_status append_grey(struct planche_scale_plan *plan,
                                       const struct planche_scale_plan *head, unsigned index,
                                       struct planche_error *error)
{
    unsigned grey = head->set.list[head->chain.networks[0]].grey;
    enum planche_status status = grey ? check_room(plan, 1, error) : PLANCHE_OK;
    if (status || !grey)
        return status;
    plan->set.list[plan->set.count++] = head->set.list[grey - 1];
    plan->set.list[index].grey = plan->set.count;
    return PLANCHE_OK;
}

static enum planche_status check_head(const struct planche_scale_plan *head, const char *model,
                                      const struct planche_scale_plan *plan,
                                      struct planche_error *error)
{
    if (head->chain.count != 1)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s makes its scale by several networks; only the last model of a "
                            "chain may",
                            model);
    if (plan->chain.scale * head->chain.scale <= PLANCHE_MAX_SCALE)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the chain enlarges more than %d times",
                        PLANCHE_MAX_SCALE);
}

static enum planche_status plan_heads(struct planche_scale_plan *plan,
                                      const struct planche_alternative *models,
                                      const struct planche_engine_options *options,
                                      const unsigned *scales, struct planche_scale_plan *heads,
                                      struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (unsigned i = 0; !status && i + 1 < models->count; i++) {
        status = plan_head(&heads[i], models, options, i, scales[i], error);
        if (!status)
            status = check_head(&heads[i], models->models[i], plan, error);
        if (status)
            break;
        take_head(plan, i, &heads[i].set.list[heads[i].chain.networks[0]]);
        plan->set.count = plan->set.heads = i + 1;
        plan->chain.networks[plan->chain.count++] = i;
        plan->chain.scale *= plan->set.list[i].scale;
    }
    return status;
}

enum planche_status planche_model_chain_finish(struct planche_scale_plan *plan,
                                               const struct planche_alternative *models,
                                               const struct planche_engine_options *options,
                                               const unsigned *scales, struct planche_error *error)
{
    struct planche_scale_plan heads[PLANCHE_MAX_MODELS], last;
    unsigned end = models->count ? models->count - 1 : 0;
    struct planche_engine_options own = options_of(models, options, end, options->scale);
    if (models->count == 1)
        return plan_one(plan, &own, scales[0], error);
    *plan = (struct planche_scale_plan){.chain = {.scale = 1}};
    enum planche_status status = plan_heads(plan, models, options, scales, heads, error);
    if (status)
        return status;
    unsigned product = plan->chain.scale;
    own.scale = options->scale / product + (options->scale % product != 0);
    status = plan_one(&last, &own, scales[end], error);
    if (!status)
        status = append_last(plan, &last, error);
    for (unsigned i = 0; !status && i < end; i++)
        status = append_grey(plan, &heads[i], i, error);
    plan->scale = options->scale ? options->scale : product * last.scale;
    if (!status && plan->scale > PLANCHE_MAX_SCALE)
        status = planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                              "the chain enlarges more than %d times", PLANCHE_MAX_SCALE);
    return status;
}

/* The networks that have to be loaded first, in their places. */
static enum planche_status begin_networks(struct planche_scale_plan *plan,
                                          const struct planche_alternative *models,
                                          const struct planche_engine_options *options,
                                          struct planche_error *error)
{
    *plan = (struct planche_scale_plan){.chain = {.count = 1}};
    for (unsigned i = 0; i < models->count; i++) {
        struct planche_scale_plan one;
        bool head = i + 1 < models->count, is_path = planche_model_is_path(models->models[i]);
        struct planche_engine_options own =
            options_of(models, options, i, head ? 0 : options->scale);
        if (head && is_path && planche_own_is_path(models->models[i]))
            own.scale = 1;
        enum planche_status status = is_path ? planche_scale_plan_begin_file(&one, &own, error)
                                     : head  ? plan_head(&one, models, options, i, 0, error)
                                             : planche_scale_plan_make(&one, &own, error);
        if (status)
            return status;
        take_head(plan, i, &one.set.list[one.chain.networks[0]]);
        plan->set.count = i + 1;
    }
    return PLANCHE_OK;
}

enum planche_status planche_model_chain_begin(struct planche_scale_plan *plan,
                                              const struct planche_alternative *models,
                                              const struct planche_engine_options *options,
                                              struct planche_error *error)
{
    const unsigned none[PLANCHE_MAX_MODELS] = {0};
    if (!planche_model_chain_has_file(models))
        return planche_model_chain_finish(plan, models, options, none, error);
    return begin_networks(plan, models, options, error);
}
