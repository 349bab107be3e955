/* SPDX-License-Identifier: MIT */
/* Opening of a page: its reader, its size, and the scan of its pixels before the network runs. */
#include "engine/page_state.h"

#include "base/status.h"
#include "engine/prescan.h"

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
                .max_input_pixels = page->engine->max_pixels / (scale * scale),
            },
        .pool = page->engine->pool,
    };
    if (options.reader.max_input_pixels == 0)
        options.reader.max_input_pixels = 1;
    return planche_input_open(&page->input, &options, error);
}

/* A network of one channel makes grey pages of all. */
static enum planche_status make_grey(struct planche_page *page, struct planche_error *error)
{
    const struct planche_engine_network *network = planche_engine_primary(page->engine);
    if (network->net->tensors[0].channels == 1 && page->input.colours > 1) {
        if (page->job->in)
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "%s is for grey pages: give it pixels of one channel",
                                page->engine->model);
        planche_input_make_grey(&page->input);
    }
    return PLANCHE_OK;
}

static enum planche_status choose_size(struct planche_page *page, struct planche_error *error)
{
    const struct planche_size_rule rule = {&page->engine->plan, page->engine->max_pixels};
    struct planche_page_result *result = &page->job->result;
    result->input_width = page->input.width;
    result->input_height = page->input.height;
    return planche_result_size(result, &page->job->chain, &rule, &page->job->options, error);
}

/* The network that stands for one of the chain: of a grey page that for grey ones. */
static unsigned choose_form(const struct planche_page *page, unsigned index)
{
    unsigned grey = page->engine->plan.set.list[index].grey;
    return page->input.colours == 1 && grey ? grey - 1 : index;
}

/* Finds the networks of the page's chain on the machine of this try. */
static enum planche_status choose_networks(struct planche_page *page, struct planche_error *error)
{
    const struct planche_chain *chain = &page->job->chain;
    struct planche_engine_networks *networks = &page->engine->state->networks;
    const struct planche_executor *executors[PLANCHE_MAX_PASSES];
    const struct planche_net *nets[PLANCHE_MAX_PASSES];
    double macs[PLANCHE_MAX_PASSES];
    for (unsigned i = 0; i < chain->count; i++)
        page->job->networks[i] = choose_form(page, chain->networks[i]);
    for (unsigned i = 0; i < chain->count; i++) {
        unsigned index = page->job->networks[i];
        const struct planche_engine_network *network = &networks->list[index];
        executors[i] = planche_engine_networks_find(networks, index, page->machine);
        page->job->unready = executors[i] == NULL;
        if (page->job->unready)
            return planche_fail(error, PLANCHE_ERROR_INTERNAL, "a network is not loaded");
        nets[i] = network->net;
        macs[i] = network->macs_per_pixel;
    }
    planche_page_passes_choose(&page->passes, chain, executors, nets, macs);
    return PLANCHE_OK;
}

/* Scans the pixels before the network sees them, as far as options ask for it. */
static enum planche_status scan(struct planche_page *page, struct planche_error *error)
{
    struct planche_prescan prescan = {.grey = page->job->options.grey == PLANCHE_GREY_AUTO &&
                                              page->input.reader};
    if (planche_page_is_to_be_split(page)) {
        prescan.variation = page->variation = planche_alloc(&page->budget, page->input.height);
        if (!page->variation)
            return planche_fail_memory(error, &page->budget, page->input.height,
                                       "looking at the page's rows");
    }
    enum planche_status status = planche_prescan_run(&prescan, &page->input, error);
    if (status || !prescan.grey)
        return status;
    planche_input_make_grey(&page->input);
    return choose_networks(page, error);
}

enum planche_status planche_page_open(struct planche_page *page, struct planche_error *error)
{
    const struct planche_page_filter *filter = page->job->filter;
    enum planche_status status = open_input(page, error);
    if (!status && filter)
        status = filter->ask(filter->user, planche_reader_info(page->input.reader), error);
    if (!status)
        status = choose_size(page, error);
    if (!status)
        status = make_grey(page, error);
    if (!status)
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
    planche_page_set_state(page, PLANCHE_PAGE_NEW);
}
