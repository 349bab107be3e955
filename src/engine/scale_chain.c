/* SPDX-License-Identifier: MIT */
/* Chains of networks: the networks that a model has, and the search for the cheapest chain. */
#include "engine/scale_chain.h"

#include "base/status.h"
#include "base/text.h"
#include "codec/provenance.h"
#include "model/catalogue.h"
#include "model/own/networks.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The name of a network of the catalogue. Of a level between two it is "small-2x-clean1.5". */
static void name_variant(struct planche_scale_network *network)
{
    const struct planche_model_variant *variant = network->variant;
    const char *slash = strrchr(variant->file, '/');
    if (network->own && network->form.level > -1)
        snprintf(network->name, sizeof network->name, "%.24s-%ux-clean%.4g", variant->model,
                 variant->scale, network->form.level);
    else
        snprintf(network->name, sizeof network->name, "%.47s", slash ? slash + 1 : variant->file);
}

/* Index of a variant in the set, added if it is not there. level: of one of Planche's own, of which
 * a variant has one level in an engine. */
static unsigned add(struct planche_scale_set *set, const struct planche_model_variant *variant,
                    double level)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->list[i].variant == variant)
            return i;
    assert(set->count < PLANCHE_MAX_NETWORKS);
    struct planche_scale_network *network = &set->list[set->count];
    *network = (struct planche_scale_network){
        .variant = variant,
        .scale = variant->scale,
        .own = planche_own_has(variant),
        .form = {.level = level},
    };
    name_variant(network);
    return set->count++;
}

/* Adds what grey pages run through. What they make has the same name. */
static void add_grey(struct planche_scale_set *set)
{
    for (unsigned i = 0, count = set->count; i < count; i++) {
        if (!set->list[i].own)
            continue;
        assert(set->count < PLANCHE_MAX_NETWORKS);
        struct planche_scale_network *grey = &set->list[set->count++];
        *grey = set->list[i];
        grey->first = grey->later = false;
        grey->form.grey = true;
        set->list[i].grey = set->count;
    }
}

/* Steps of 8 bits are for networks in colour only. */
static bool takes_grey(const struct planche_engine_options *options)
{
    return options->precision != PLANCHE_PRECISION_INT8;
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

/* level: of cleaning, of the first network. */
static void fill_set(struct planche_scale_set *set, const char *model, enum planche_denoise denoise,
                     double level)
{
    const struct planche_model_variant *variant;
    bool removes = denoise != PLANCHE_DENOISE_NONE && denoise != PLANCHE_DENOISE_CONSERVATIVE;
    for (size_t i = 0; (variant = variant_of(model, i)) != NULL; i++) {
        if (variant->denoise == denoise && (variant->scale > 1 || removes)) {
            set->list[add(set, variant, level)].first = true;
            set->denoises = set->denoises || variant->scale == 1;
        }
        if (variant->scale > 1) {
            const struct planche_model_variant *later = find_later(model, variant->scale, denoise);
            set->list[add(set, later, planche_own_level(later))].later = true;
        }
    }
}

static enum planche_status check_level(const struct planche_engine_options *options, bool fractions,
                                       struct planche_error *error)
{
    if (!(options->level >= -1 && options->level <= 3))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "the denoise level is %g: levels are -1 to 3", options->level);
    if (fractions || options->level == (int)options->level)
        return PLANCHE_OK;
    return planche_fail(
        error, PLANCHE_ERROR_ARGUMENT,
        "denoise level %g: %s has no levels between whole numbers; small, medium and "
        "large have",
        options->level, options->model);
}

/* The number of a level as a level of the catalogue: the next one that removes as much. */
static enum planche_status take_level(struct planche_engine_options *options,
                                      struct planche_error *error)
{
    const struct planche_model_variant *first = variant_of(options->model, 0);
    if (!options->has_level || !first)
        return PLANCHE_OK;
    enum planche_status status = check_level(options, planche_own_has(first), error);
    if (!status)
        options->denoise = planche_catalogue_denoise(options->model, (int)ceil(options->level));
    return status;
}

enum planche_status planche_scale_plan_make(struct planche_scale_plan *plan,
                                            const struct planche_engine_options *options,
                                            struct planche_error *error)
{
    const struct planche_model_variant *usual, *exact;
    struct planche_engine_options taken = *options;
    struct planche_error ignored;
    *plan = (struct planche_scale_plan){.scale = options->scale};
    taken.model = planche_catalogue_name(options->model);
    enum planche_status status = take_level(&taken, error);
    if (status)
        return status;
    status = planche_catalogue_find(taken.model, 0, taken.denoise, &usual, error);
    if (status == PLANCHE_ERROR_NOT_FOUND)
        return status;
    if (!plan->scale)
        plan->scale = usual ? usual->scale : 1;
    bool has = planche_catalogue_find(taken.model, plan->scale, taken.denoise, &exact, &ignored) ==
               PLANCHE_OK;
    if (status && !has)
        return status;
    const struct planche_model_variant *first = usual ? usual : exact;
    fill_set(&plan->set, taken.model, first->denoise,
             taken.has_level ? taken.level : planche_own_level(first));
    if (has) {
        unsigned index =
            add(&plan->set, exact, taken.has_level ? taken.level : planche_own_level(exact));
        plan->chain = (struct planche_chain){1, plan->scale, {index}};
    } else if (plan->scale == 1) { /* for the message */
        return planche_catalogue_find(taken.model, 1, taken.denoise, &exact, error);
    } else {
        status = planche_chain_choose(&plan->chain, &plan->set, plan->scale, error);
    }
    if (takes_grey(&taken))
        add_grey(&plan->set);
    return status;
}

/* The level of a file of Planche's own networks. */
static enum planche_status find_file_level(const struct planche_engine_options *options,
                                           double *level, struct planche_error *error)
{
    enum planche_denoise denoise = options->denoise;
    *level = -1;
    if (options->has_level) {
        *level = options->level;
        return check_level(options, true, error);
    }
    if (denoise == PLANCHE_DENOISE_0)
        *level = 0;
    else if (denoise >= PLANCHE_DENOISE_1 && denoise <= PLANCHE_DENOISE_3)
        *level = 1 + (int)denoise - (int)PLANCHE_DENOISE_1;
    else if (denoise < PLANCHE_DENOISE_DEFAULT || denoise > PLANCHE_DENOISE_0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "denoise is %d, which is no level",
                            (int)denoise);
    return PLANCHE_OK;
}

static void name_file(struct planche_scale_network *network, const char *model)
{
    const char *slash = model ? strrchr(model, '/') : NULL;
    const char *base = slash ? slash + 1 : model ? model : "", *dot = strrchr(base, '.');
    bool has_level = network->own && network->form.level > -1;
    size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    size_t room = has_level ? 34 : sizeof network->name - 1;
    char stem[sizeof network->name];
    planche_text_print(stem, (length < room ? length : room) + 1, "%s", base);
    planche_provenance_clean(stem); /* as marks will have it */
    if (has_level)
        snprintf(network->name, sizeof network->name, "%.*s-clean%.4g", (int)strlen(stem), stem,
                 network->form.level);
    else
        memcpy(network->name, stem, sizeof stem);
}

enum planche_status planche_scale_plan_begin_file(struct planche_scale_plan *plan,
                                                  const struct planche_engine_options *options,
                                                  struct planche_error *error)
{
    struct planche_scale_network *network = &plan->set.list[0];
    *plan = (struct planche_scale_plan){.chain = {.count = 1}, .set = {.count = 1}};
    network->path = options->model;
    network->own = options->model && planche_own_is_path(options->model);
    enum planche_status status = PLANCHE_OK;
    if (network->own)
        status = find_file_level(options, &network->form.level, error);
    else if (options->denoise || options->has_level)
        status =
            planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                         "%s is one file: it has no denoise levels to choose from", options->model);
    network->form.clean = network->own && options->scale == 1;
    if (network->form.clean && !options->has_level && !options->denoise)
        network->form.level = 0;
    if (!status && network->form.clean && network->form.level <= -1)
        status =
            planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                         "%s at scale 1 only removes noise, and denoise level -1 removes none; "
                         "ask for a level from 0 to 3",
                         options->model);
    name_file(network, options->model);
    return status;
}

/* Networks of a file of Planche's own beside the first one, which enlarges: one for later passes,
 * if the first removes noise, and one that only removes noise. */
static void fill_own(struct planche_scale_set *set, const char *model)
{
    struct planche_scale_network *first = &set->list[0];
    if (first->form.level <= -1)
        return;
    struct planche_scale_network *later = &set->list[set->count++];
    *later = *first;
    first->later = later->first = false;
    later->form.level = -1;
    name_file(later, model);
    struct planche_scale_network *clean = &set->list[set->count++];
    *clean = *first;
    clean->form.clean = true;
    clean->scale = 1;
    set->denoises = true;
}

enum planche_status planche_scale_plan_make_file(struct planche_scale_plan *plan,
                                                 const struct planche_engine_options *options,
                                                 unsigned network_scale,
                                                 struct planche_error *error)
{
    enum planche_status status = planche_scale_plan_begin_file(plan, options, error);
    struct planche_scale_network *network = &plan->set.list[0];
    if (status)
        return status;
    plan->scale = options->scale ? options->scale : network_scale;
    plan->set.denoises = network_scale == 1;
    network->scale = network_scale;
    network->first = network->later = true;
    if (network->own && network_scale > 1)
        fill_own(&plan->set, options->model);
    if (plan->scale < network_scale && plan->scale == 1)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s enlarges %u times; it has no scale 1", options->model,
                            network_scale);
    status = planche_chain_choose(&plan->chain, &plan->set, plan->scale, error);
    if (takes_grey(options))
        add_grey(&plan->set);
    return status;
}

void planche_chain_name(const struct planche_scale_plan *plan, const struct planche_chain *chain,
                        char *text, size_t size)
{
    const struct planche_scale_network *list = plan->set.list;
    size_t at = (size_t)snprintf(text, size, "%s", chain->count ? "" : "none");
    for (unsigned i = 0, end; i < chain->count && at < size; i = end) {
        unsigned network = chain->networks[i];
        for (end = i + 1; end < chain->count && chain->networks[end] == network;)
            end++;
        at += (size_t)snprintf(text + at, size - at, "%s%s %ux", i ? " + " : "", list[network].name,
                               list[network].scale);
        if (end > i + 1 && at < size)
            at += (size_t)snprintf(text + at, size - at, " (%u times)", end - i);
    }
    planche_text_clean(text); /* where it was cut */
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
        bool fits = chain->count > set->heads ? network->later : network->first;
        if (!fits || network->scale < 2 || chain->scale * network->scale > PLANCHE_MAX_SCALE)
            continue;
        struct planche_chain longer = *chain;
        longer.networks[longer.count++] = i;
        longer.scale *= network->scale;
        extend(search, &longer, cost + (double)chain->scale * chain->scale);
    }
}

/* Adds the network that only cleans, if there is one. */
static enum planche_status choose_clean(struct planche_chain *chain,
                                        const struct planche_scale_set *set)
{
    unsigned clean = set->count;
    for (unsigned i = 0; set->denoises && i < set->count; i++)
        if (set->list[i].scale == 1 && set->list[i].first)
            clean = i;
    if (clean < set->count)
        chain->networks[chain->count++] = clean;
    return PLANCHE_OK;
}

/* The networks that each chain begins with. */
static void begin_chain(struct planche_chain *chain, const struct planche_scale_set *set)
{
    *chain = (struct planche_chain){.scale = 1};
    for (unsigned i = 0; i < set->heads; i++) {
        chain->networks[chain->count++] = i;
        chain->scale *= set->list[i].scale;
    }
}

enum planche_status planche_chain_choose(struct planche_chain *chain,
                                         const struct planche_scale_set *set, unsigned least,
                                         struct planche_error *error)
{
    struct search search = {.set = set, .least = least};
    begin_chain(chain, set);
    if (least <= chain->scale)
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
