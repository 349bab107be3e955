/* SPDX-License-Identifier: MIT */
/* Opening of a page: its reader, its size, and the scan of its pixels before the network runs. */
#include "engine/page_state.h"
#include "image/pixels.h"

#include "base/status.h"
#include "engine/internal.h"
#include "engine/prescan.h"

#include <stdio.h>

static enum planche_status open_input(struct planche_page *page, struct planche_error *error)
{
    const struct planche_page_job *job = page->job;
    /* Of pages with a scale of their own the header tells more. */
    uint64_t scale = job->options.scale ? 1 : page->engine->plan.chain.scale;
    struct planche_input_options options = {
        .source = job->source,
        .pixels = job->in,
        .reader =
            {
                .budget = &page->budget,
                .log = &job->log.log,
                .cancel = &job->cancel,
                .isolation = page->engine->isolation,
                .max_input_pixels = page->engine->max_pixels / (scale * scale),
                .scale = (unsigned)scale,
                .max_result_pixels = page->engine->max_pixels,
            },
        .pool = page->engine->pool,
    };
    if (options.reader.max_input_pixels == 0)
        options.reader.max_input_pixels = 1;
    return planche_input_open(&page->input, &options, error);
}

static enum planche_status choose_size(struct planche_page *page, struct planche_error *error)
{
    const struct planche_size_rule rule = {page->job->set.plan, page->engine->max_pixels};
    struct planche_page_result *result = &page->job->result;
    result->input_width = page->input.width;
    result->input_height = page->input.height;
    return planche_result_size(result, &page->job->chain, &rule, &page->job->options, error);
}

/* The network that stands for one of the chain: of a grey page that for grey ones. */
static unsigned choose_form(const struct planche_page *page, unsigned index)
{
    unsigned grey = page->job->set.plan->set.list[index].grey;
    return page->input.colours == 1 && grey ? grey - 1 : index;
}

/* Whether a page with colours meets a network of one channel, which makes grey pages of all. */
static bool wants_grey(const struct planche_page *page)
{
    const struct planche_page_job *job = page->job;
    bool wants = false;
    for (unsigned i = 0; i < job->chain.count; i++)
        wants = wants || job->set.networks->list[job->networks[i]].net->tensors[0].channels == 1;
    return wants && page->input.colours > 1;
}

/* A page at the door lacks networks or a plan, for which memory has to be set aside. */
static bool step_back(struct planche_page *page)
{
    bool at_door = page->state < PLANCHE_PAGE_DEFERRED;
    if (at_door)
        planche_admission_step_back(&page->engine->state->admission);
    return at_door;
}

static enum planche_status step_up(struct planche_page *page, enum planche_status status)
{
    planche_admission_step_up(&page->engine->state->admission);
    page->job->unmade = status != PLANCHE_OK;
    return status;
}

static void release_networks(struct planche_page_held *held)
{
    while (held->count)
        planche_engine_networks_release(held->networks, held->list[--held->count]);
}

/* The network that an engine was made with takes memory for nothing if its only page runs on
 * another. Of a chain some networks may be the page's own. The page holds none: the one that it
 * needs is yet to be made, so that the last one there is another. */
static void give_up_others(const struct planche_page *page)
{
    struct planche_engine_state *state = page->engine->state;
    bool gives_up = atomic_load(&state->expected) == 1 && page->job->chain.count == 1;
    while (gives_up && planche_admission_shed(&state->admission, 0, true) == PLANCHE_SHED_DONE)
        planche_budget_cache_purge(&state->budget);
}

/* A network for the page to hold. */
static enum planche_status hold_network(struct planche_page *page, struct planche_page_held *held,
                                        unsigned index, const struct planche_executor **executor,
                                        struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    *executor = planche_engine_networks_take(held->networks, index, page->machine);
    if (!*executor) {
        release_networks(&page->held); /* its memory may be what is lacking */
        page->job->unready = !step_back(page);
        if (page->job->unready)
            return planche_fail(error, PLANCHE_ERROR_INTERNAL, "a network is not loaded");
        give_up_others(page);
        status = step_up(page, planche_engine_networks_make(held->networks, index, page->machine,
                                                            &page->job->cancel, executor, error));
    }
    if (!status)
        held->list[held->count++] = index;
    return status;
}

/* Finds the networks of the page's chain on the machine of this try. Those that it holds may be
 * among them. */
static enum planche_status find_networks(struct planche_page *page, struct planche_error *error)
{
    struct planche_page_job *job = page->job;
    const struct planche_chain *chain = &job->chain;
    const struct planche_engine_network *list = job->set.networks->list;
    struct planche_page_held held = {.networks = job->set.networks};
    const struct planche_executor *executors[PLANCHE_MAX_PASSES];
    const struct planche_net *nets[PLANCHE_MAX_PASSES];
    double macs[PLANCHE_MAX_PASSES];
    enum planche_status status = PLANCHE_OK;
    for (unsigned i = 0; i < chain->count; i++)
        job->networks[i] = choose_form(page, chain->networks[i]);
    for (unsigned i = 0; !status && i < chain->count; i++)
        status = hold_network(page, &held, job->networks[i], &executors[i], error);
    release_networks(&page->held);
    page->held = held;
    if (status)
        return status;
    for (unsigned i = 0; i < chain->count; i++) {
        nets[i] = list[job->networks[i]].net;
        macs[i] = list[job->networks[i]].macs_per_pixel;
    }
    planche_page_passes_choose(&page->passes, chain, executors, nets, macs);
    page->has_networks = true;
    return PLANCHE_OK;
}

/* Whether the page has yet to be looked at, so that another way may be its own. */
static bool awaits_look(const struct planche_page *page)
{
    return page->engine->state->ways.choices.count > 1 && page->input.reader && !page->job->looked;
}

/* The page's networks, and what they make of its colours. */
static enum planche_status choose_networks(struct planche_page *page, struct planche_error *error)
{
    enum planche_status status = find_networks(page, error);
    if (status || awaits_look(page) || !wants_grey(page))
        return status;
    planche_input_make_grey(&page->input);
    return find_networks(page, error);
}

void planche_page_tell_signs(struct planche_page_result *result, const struct planche_signs *signs)
{
    snprintf(result->kind, sizeof result->kind, "%s", planche_auto_kind(signs));
    result->file_quality = signs->file_quality;
    result->past_quality = signs->past_quality;
    result->chroma = signs->chroma;
    result->flat = signs->flat;
    result->screen = signs->screen;
    result->soft = signs->soft;
}

void planche_page_tell_choice(struct planche_page_result *result,
                              const struct planche_auto_choice *choice)
{
    result->chosen = 1;
    result->level = planche_auto_level(choice->level);
    snprintf(result->reason, sizeof result->reason, "%s", choice->reason);
}

/* Tells what the page has chosen. */
static void describe_choice(struct planche_page *page, const struct planche_auto_choice *choice)
{
    struct planche_page_result *result = &page->job->result;
    planche_page_tell_choice(result, choice);
    planche_page_tell_signs(result, &page->job->signs);
    result->grey = page->input.colours == 1;
    planche_log_write(&page->job->log.log, PLANCHE_LOG_DEBUG, "%s: level %g (%s), %s",
                      page->job->source->name, result->level, result->reason, result->kind);
}

static bool way_chooses(const struct planche_page *page)
{
    const struct planche_engine_state *state = page->engine->state;
    unsigned way = page->job->way;
    return way ? state->ways.list[way]->levels.chosen : state->levels.chosen;
}

/* Tells the alternative that the page runs by, and its points. */
static void describe_way(struct planche_page *page)
{
    const struct planche_engine_ways *ways = &page->engine->state->ways;
    const struct planche_page_job *job = page->job;
    struct planche_page_result *result = &page->job->result;
    const char *name = job->source ? job->source->name : "page";
    if (ways->choices.count > 1) {
        result->grey = page->input.colours == 1;
        result->alternative = job->way + 1;
        planche_page_rule_name(&ways->choices.list[job->way].rule, result->rule,
                               sizeof result->rule);
        planche_log_write(&job->log.log, PLANCHE_LOG_DEBUG, "%s: alternative %u (%s)", name,
                          result->alternative, *result->rule ? result->rule : "all other pages");
    }
    if (job->points.white == 0)
        return;
    result->white = job->points.white;
    result->black = job->points.black;
    planche_log_write(&job->log.log, PLANCHE_LOG_DEBUG, "%s: black %u, white %u", name,
                      result->black, result->white);
}

/* What the page runs by, once it has been looked at. A page that is DEFERRED has no choice of ways,
 * or has looked before. */
static enum planche_status take_way(struct planche_page *page, struct planche_error *error)
{
    struct planche_engine_state *state = page->engine->state;
    struct planche_page_job *job = page->job;
    struct planche_level_set set;
    if (job->way == 0)
        return planche_levels_get(&state->levels, job->level, &job->set, error);
    enum planche_status status = planche_ways_get(&state->ways, job->way, job->level, &set, error);
    if (!status && !set.plan && step_back(page)) {
        status = step_up(
            page, planche_ways_plan(&state->ways, job->way, page->machine, &job->cancel, error));
        if (!status)
            status = planche_ways_get(&state->ways, job->way, job->level, &set, error);
    }
    if (!status)
        job->set = set;
    return status;
}

/* The way of a page by its kind, and its level of cleaning by what was seen of it. */
static void choose_way(struct planche_page *page, bool grey)
{
    struct planche_page_job *job = page->job;
    struct planche_auto_choice choice;
    job->way = planche_choices_find(&page->engine->state->ways.choices, grey, page->input.height);
    describe_way(page);
    if (!way_chooses(page) || !page->input.reader)
        return;
    planche_auto_choose(&choice, &job->signs);
    if (job->options.usual)
        planche_auto_settle(&choice, job->options.usual - 1);
    describe_choice(page, &choice);
    job->level = choice.level;
}

/* Reads the file's rows, for all that is asked for, and sets job->signs if they are measured. */
static enum planche_status read_rows(struct planche_page *page, struct planche_prescan *prescan,
                                     struct planche_error *error)
{
    struct planche_input *input = &page->input;
    struct planche_measure *measure = prescan->measure;
    if (!measure)
        return planche_prescan_run(prescan, input, error);
    if (!planche_measure_start(measure, planche_reader_info(input->reader),
                               planche_reader_encoding(input->reader), &page->budget))
        return planche_fail_memory(error, &page->budget, input->width, "looking at the page");
    enum planche_status status = planche_prescan_run(prescan, input, error);
    page->job->signs = planche_measure_signs(measure, prescan->grey);
    planche_measure_stop(measure);
    return status;
}

/* What was seen of a page, on each try. */
static void take_look(struct planche_page *page)
{
    struct planche_page_job *job = page->job;
    if (job->signs.grey && job->options.grey == PLANCHE_GREY_AUTO)
        planche_input_make_grey(&page->input);
    if (job->points.white == 0 || page->input.colours > 1)
        return;
    planche_stretch_make(&job->stretch, &job->points);
    page->input.stretch = &job->stretch;
}

/* Whether the page is to choose anything but its colours. */
static bool chooses(const struct planche_page *page)
{
    const struct planche_engine_state *state = page->engine->state;
    return planche_engine_chooses(page->engine) || state->ways.choices.count > 1 ||
           planche_ways_have_levels(&state->ways);
}

/* Black and white point of a page, if its alternative asks for them. */
static void choose_points(struct planche_page *page, const struct planche_greys *greys)
{
    const struct planche_choices *choices = &page->engine->state->ways.choices;
    struct planche_page_job *job = page->job;
    unsigned way = planche_choices_find(choices, true, page->input.height);
    struct planche_points points = planche_points_find(greys);
    if (choices->list[way].levels && planche_points_move(&points))
        job->points = points;
}

/* Looks at the pixels, unless an earlier try has. *changed: other networks may be the right ones.
 */
static enum planche_status look(struct planche_page *page, bool *changed,
                                struct planche_error *error)
{
    struct planche_page_job *job = page->job;
    struct planche_engine_state *state = page->engine->state;
    bool looks = page->input.reader && !job->looked, chosen = chooses(page);
    struct planche_measure measure = {0};
    struct planche_greys greys = {0};
    struct planche_prescan prescan = {
        .measure = looks && planche_engine_chooses(page->engine) ? &measure : NULL,
        .grey = looks && (job->options.grey == PLANCHE_GREY_AUTO || chosen),
        .variation = page->variation,
        .greys = looks && planche_ways_have_levels(&state->ways) ? &greys : NULL,
    };
    enum planche_status status = read_rows(page, &prescan, error);
    if (status || !looks)
        return status;
    bool grey = prescan.grey || page->input.colours == 1;
    job->signs.grey = prescan.grey;
    if (prescan.greys && grey)
        choose_points(page, &greys);
    job->looked = chosen;
    take_look(page);
    *changed = prescan.grey || chosen;
    if (!chosen)
        return PLANCHE_OK;
    choose_way(page, grey);
    status = take_way(page, error);
    return status ? status : choose_size(page, error);
}

enum planche_status planche_page_measure(struct planche_page *page, struct planche_error *error)
{
    const struct planche_page_filter *filter = page->job->filter;
    struct planche_measure measure = {0};
    struct planche_prescan prescan = {.measure = &measure,
                                      .grey = page->job->options.grey == PLANCHE_GREY_AUTO};
    enum planche_status status = open_input(page, error);
    if (!status && filter)
        status = filter->ask(filter->user, planche_reader_info(page->input.reader), error);
    if (!status)
        status = read_rows(page, &prescan, error);
    if (!status)
        page->job->result.grey = prescan.grey || planche_pixel_channels(page->input.stored) < 3;
    planche_input_close(&page->input);
    return status;
}

/* Scans the pixels before the network sees them, as far as options ask for it. */
static enum planche_status scan(struct planche_page *page, struct planche_error *error)
{
    bool changed = false;
    if (planche_page_is_to_be_split(page)) {
        page->variation = planche_alloc(&page->budget, page->input.height);
        if (!page->variation)
            return planche_fail_memory(error, &page->budget, page->input.height,
                                       "looking at the page's rows");
    }
    enum planche_status status = look(page, &changed, error);
    return status || (page->has_networks && !changed) ? status : choose_networks(page, error);
}

/* What is known of the page's choice by now: of pixels in memory by their format, of a file from an
 * earlier try. */
static enum planche_status begin_choice(struct planche_page *page, struct planche_error *error)
{
    struct planche_page_job *job = page->job;
    bool pixels = job->in && page->engine->state->ways.choices.count > 1;
    if (pixels && !job->looked)
        choose_way(page, page->input.colours == 1);
    job->looked = job->looked || pixels;
    if (!job->looked)
        return PLANCHE_OK;
    take_look(page);
    return take_way(page, error);
}

/* Whether its pixels are seen before it needs networks, so that those which it does not run on are
 * not made for it. */
static bool is_seen_first(const struct planche_page *page)
{
    return page->machine->uses_pool && page->input.reader && !page->job->looked;
}

enum planche_status planche_page_open(struct planche_page *page, struct planche_error *error)
{
    const struct planche_page_filter *filter = page->job->filter;
    enum planche_status status = open_input(page, error);
    if (!status && filter)
        status = filter->ask(filter->user, planche_reader_info(page->input.reader), error);
    if (!status)
        status = begin_choice(page, error);
    if (!status)
        status = choose_size(page, error);
    if (!status && !is_seen_first(page))
        status = choose_networks(page, error);
    if (!status && !page->job->out)
        status = planche_page_choose_target(page, error);
    if (status)
        planche_page_close(page);
    else
        planche_page_set_state(page, PLANCHE_PAGE_OPENED);
    return status;
}

enum planche_status planche_page_resolve(struct planche_page *page, struct planche_error *error)
{
    enum planche_status status = planche_page_defers_scans(page) ? PLANCHE_OK : scan(page, error);
    if (!status)
        status = planche_page_describe_result(page, error);
    if (!status)
        planche_page_set_state(page, PLANCHE_PAGE_RESOLVED);
    return status;
}

void planche_page_close(struct planche_page *page)
{
    planche_page_drop_result(page);
    planche_input_close(&page->input);
    release_networks(&page->held);
    page->has_networks = false;
    planche_page_set_state(page, PLANCHE_PAGE_NEW);
}
