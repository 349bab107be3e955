/* SPDX-License-Identifier: MIT */
/* Chains of networks: the networks that a model has, and the search for the cheapest chain. */
#include "engine/scale_chain.h"

#include "base/status.h"
#include "model/catalogue.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Index of a variant in the set, added if it is not there. */
static unsigned add(struct planche_scale_set *set, const struct planche_model_variant *variant)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->list[i].variant == variant)
            return i;
    assert(set->count < PLANCHE_MAX_NETWORKS);
    set->list[set->count] =
        (struct planche_scale_network){.variant = variant, .scale = variant->scale};
    return set->count++;
}

/* The n-th variant of the model; NULL: it has no more. */
static const struct planche_model_variant *variant_of(const char *model, size_t n)
{
    for (size_t i = 0; i < planche_catalogue_count(); i++) {
        const struct planche_model_variant *variant = planche_catalogue_get(i);
        if (strcmp(variant->model, model) == 0 && n-- == 0)
            return variant;
    }
    return NULL;
}

/* How much a level takes away from what a network has made: the less the better. */
static int harm_of(const struct planche_model_variant *variant, enum planche_denoise level)
{
    switch (variant->denoise) {
    case PLANCHE_DENOISE_NONE:
        return 0;
    case PLANCHE_DENOISE_CONSERVATIVE:
        return 1;
    default:
        return variant->denoise == level ? 2 : 3;
    }
}

/* The network of a later pass at this scale; NULL: the model has none. */
static const struct planche_model_variant *find_later(const char *model, unsigned scale,
                                                      enum planche_denoise level)
{
    const struct planche_model_variant *best = NULL, *variant;
    for (size_t i = 0; (variant = variant_of(model, i)) != NULL; i++)
        if (variant->scale == scale && (!best || harm_of(variant, level) < harm_of(best, level)))
            best = variant;
    return best;
}

static void fill_set(struct planche_scale_set *set, const char *model, enum planche_denoise level)
{
    const struct planche_model_variant *variant;
    bool removes = level != PLANCHE_DENOISE_NONE && level != PLANCHE_DENOISE_CONSERVATIVE;
    for (size_t i = 0; (variant = variant_of(model, i)) != NULL; i++) {
        if (variant->denoise == level && (variant->scale > 1 || removes)) {
            set->list[add(set, variant)].first = true;
            set->denoises = set->denoises || variant->scale == 1;
        }
        if (variant->scale > 1)
            set->list[add(set, find_later(model, variant->scale, level))].later = true;
    }
}

enum planche_status planche_scale_plan_make(struct planche_scale_plan *plan,
                                            const struct planche_engine_options *options,
                                            struct planche_error *error)
{
    const struct planche_model_variant *usual, *exact;
    struct planche_error ignored;
    *plan = (struct planche_scale_plan){.scale = options->scale};
    enum planche_status status =
        planche_catalogue_find(options->model, 0, options->denoise, &usual, error);
    if (status == PLANCHE_ERROR_NOT_FOUND)
        return status;
    if (!plan->scale)
        plan->scale = usual ? usual->scale : 1;
    bool has = planche_catalogue_find(options->model, plan->scale, options->denoise, &exact,
                                      &ignored) == PLANCHE_OK;
    if (status && !has)
        return status;
    fill_set(&plan->set, options->model, usual ? usual->denoise : options->denoise);
    if (has) {
        unsigned index = add(&plan->set, exact);
        plan->chain = (struct planche_chain){1, plan->scale, {index}};
        return PLANCHE_OK;
    }
    if (plan->scale == 1) /* for the message */
        return planche_catalogue_find(options->model, 1, options->denoise, &exact, error);
    return planche_chain_choose(&plan->chain, &plan->set, plan->scale, error);
}

enum planche_status planche_scale_plan_make_file(struct planche_scale_plan *plan,
                                                 const struct planche_engine_options *options,
                                                 unsigned network_scale,
                                                 struct planche_error *error)
{
    *plan = (struct planche_scale_plan){
        .set = {.list = {{.scale = network_scale, .first = true, .later = true}},
                .count = 1,
                .denoises = network_scale == 1},
        .scale = options->scale ? options->scale : network_scale,
    };
    const char *slash = options->model ? strrchr(options->model, '/') : NULL;
    const char *base = slash ? slash + 1 : options->model ? options->model : "";
    size_t length = strlen(base);
    snprintf(plan->name, sizeof plan->name, "%.*s", (int)(length > 6 ? length - 6 : length), base);
    if (plan->scale < network_scale && plan->scale == 1)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s enlarges %u times; it has no scale 1", options->model,
                            network_scale);
    return planche_chain_choose(&plan->chain, &plan->set, plan->scale, error);
}

/* "up2x-conservative" for "realcugan/up2x-conservative" */
static const char *name_network(const struct planche_scale_plan *plan, unsigned index)
{
    const struct planche_model_variant *variant = plan->set.list[index].variant;
    const char *slash = variant ? strrchr(variant->file, '/') : NULL;
    if (!variant)
        return plan->name;
    return slash ? slash + 1 : variant->file;
}

void planche_chain_name(const struct planche_scale_plan *plan, const struct planche_chain *chain,
                        char *text, size_t size)
{
    size_t at = (size_t)snprintf(text, size, "%s", chain->count ? "" : "none");
    for (unsigned i = 0, end; i < chain->count && at < size; i = end) {
        unsigned network = chain->networks[i];
        for (end = i + 1; end < chain->count && chain->networks[end] == network;)
            end++;
        at += (size_t)snprintf(text + at, size - at, "%s%.48s %ux", i ? " + " : "",
                               name_network(plan, network), plan->set.list[network].scale);
        if (end > i + 1 && at < size)
            at += (size_t)snprintf(text + at, size - at, " (%u times)", end - i);
    }
}

/* The search over all chains. */
struct search {
    const struct planche_scale_set *set;
    unsigned least;
    struct planche_chain best;
    double best_cost;
};

static void consider(struct search *search, const struct planche_chain *chain, double cost)
{
    const struct planche_chain *best = &search->best;
    bool better =
        !best->count || chain->scale < best->scale ||
        (chain->scale == best->scale &&
         (chain->count < best->count || (chain->count == best->count && cost < search->best_cost)));
    if (!better)
        return;
    search->best = *chain;
    search->best_cost = cost;
}

/* Goes on from a chain. cost: the pixels that its networks take, of a page of one pixel. */
static void extend(struct search *search, const struct planche_chain *chain, double cost)
{
    const struct planche_scale_set *set = search->set;
    if (chain->scale >= search->least) {
        consider(search, chain, cost);
        return;
    }
    for (unsigned i = 0; chain->count < PLANCHE_MAX_PASSES && i < set->count; i++) {
        const struct planche_scale_network *network = &set->list[i];
        bool fits = chain->count ? network->later : network->first;
        if (!fits || network->scale < 2 || chain->scale * network->scale > PLANCHE_MAX_SCALE)
            continue;
        struct planche_chain longer = *chain;
        longer.networks[longer.count++] = i;
        longer.scale *= network->scale;
        extend(search, &longer, cost + (double)chain->scale * chain->scale);
    }
}

static enum planche_status choose_clean(struct planche_chain *chain,
                                        const struct planche_scale_set *set)
{
    for (unsigned i = 0; set->denoises && i < set->count; i++)
        if (set->list[i].scale == 1 && set->list[i].first)
            *chain = (struct planche_chain){1, 1, {i}};
    return PLANCHE_OK;
}

enum planche_status planche_chain_choose(struct planche_chain *chain,
                                         const struct planche_scale_set *set, unsigned least,
                                         struct planche_error *error)
{
    struct search search = {.set = set, .least = least};
    *chain = (struct planche_chain){.scale = 1};
    if (least <= 1)
        return choose_clean(chain, set);
    extend(&search, chain, 0);
    if (search.best.count) {
        *chain = search.best;
        return PLANCHE_OK;
    }
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "the model has no scale %u: its networks cannot be chained to enlarge so "
                        "many times, at most %d",
                        least, PLANCHE_MAX_SCALE);
}
