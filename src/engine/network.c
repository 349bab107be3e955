/* SPDX-License-Identifier: MIT */
/* Network of a page: plans, orientations, and rows that are read ahead. */
#include "engine/network.h"

#include "base/status.h"
#include "image/pixels.h"

#include <assert.h>

/* Rows that are read between questions whether to go on. */
#define READ_ROWS 64

void planche_network_describe(struct planche_network *network)
{
    struct planche_output *output = network->io.output;
    const struct planche_recipe *recipe = &network->io.net->recipe;
    bool rows = network->executor->ops->rows;
    /* Rows are values of 0..1, or pixels with all they have. */
    output->value_scale = rows ? 1.0f : recipe->out_scale;
    output->value_bias = rows ? 0.0f : recipe->out_bias;
    output->takes_values = !rows || network->turns || output->width != output->out_width ||
                           output->height != output->out_height ||
                           network->io.input->format != output->format;
}

uint64_t planche_network_overhead(const struct planche_network *network)
{
    uint64_t bytes = network->executor->info.plan_bytes;
    return network->turns ? 2 * bytes + planche_output_band_row(network->io.output) : bytes;
}

static struct planche_tta_options tta_options(const struct planche_network *network)
{
    const struct planche_input *input = network->io.input;
    return (struct planche_tta_options){
        .width = input->width,
        .height = input->height,
        .scale = network->io.net->recipe.scale,
        .colours = input->colours,
        .depth = planche_pixel_depth(input->format),
    };
}

static uint64_t tta_memory(const struct planche_network *network)
{
    const struct planche_tta_options options = tta_options(network);
    return network->turns ? planche_tta_memory(&options) : 0;
}

/* With tta, pixels and sums are held whole already. */
static struct planche_executor_page describe_page(const struct planche_network *network,
                                                  bool sideways)
{
    const struct planche_input *input = network->io.input;
    const struct planche_output *output = network->io.output;
    return (struct planche_executor_page){
        .width = sideways ? input->height : input->width,
        .height = sideways ? input->width : input->height,
        .colours = input->colours,
        .depth = planche_pixel_depth(input->format),
        .alpha = planche_pixel_has_alpha(input->format) && !output->takes_values,
        .values = output->takes_values,
        .decodes = input->reader != NULL,
        .holds = !network->turns,
        .fetch_row_bytes = planche_input_is_whole(input) ? 0 : input->colour_row_bytes,
        .emit_row_bytes = planche_output_band_row(output),
        .extra = network->terms.extra,
        .held = planche_budget_cache_held(network->budget),
        .pages = network->terms.pages,
        .trace = network->io.trace,
    };
}

static enum planche_status plan_one(struct planche_network *network, bool sideways, uint64_t memory,
                                    uint64_t *least, struct planche_error *error)
{
    const struct planche_executor *executor = network->executor;
    const struct planche_executor_page page = describe_page(network, sideways);
    return executor->ops->plan(executor->state, &page, memory, network->budget,
                               sideways ? &network->sideways : &network->upright, least, error);
}

enum planche_status planche_network_plan(struct planche_network *network, uint64_t memory,
                                         uint64_t *least, struct planche_error *error)
{
    uint64_t tta = tta_memory(network), upright = 0, sideways = 0;
    uint64_t usable = memory > tta ? memory - tta : 0;
    assert(!network->upright && !network->sideways);
    enum planche_status status = plan_one(network, false, usable, &upright, error);
    /* For the message, both tell what they need. */
    if (network->turns && (!status || status == PLANCHE_ERROR_BUDGET)) {
        enum planche_status other = plan_one(network, true, usable, &sideways, error);
        status = other ? other : status;
    }
    *least = upright > sideways ? upright : sideways;
    if (*least)
        *least += tta;
    if (status)
        planche_network_unplan(network);
    return status;
}

void planche_network_unplan(struct planche_network *network)
{
    network->executor->ops->unplan(network->upright);
    network->executor->ops->unplan(network->sideways);
    network->upright = network->sideways = NULL;
}

uint64_t planche_network_bytes(const struct planche_network *network)
{
    uint64_t upright = network->upright ? network->upright->bytes : 0;
    uint64_t sideways = network->sideways ? network->sideways->bytes : 0;
    return tta_memory(network) + (upright > sideways ? upright : sideways);
}

double planche_network_macs(const struct planche_network *network)
{
    return network->upright->macs + (network->sideways ? network->sideways->macs : 0);
}

/* Adds one plan's, which runs so often. */
static void add_estimate(struct planche_page_estimate *sum,
                         const struct planche_executor_plan *plan, unsigned runs)
{
    uint64_t other = plan->other_bytes ? plan->other_bytes : plan->bytes;
    double other_seconds = plan->other_bytes ? plan->other_seconds : plan->seconds;
    sum->bytes = plan->bytes > sum->bytes ? plan->bytes : sum->bytes;
    sum->other_bytes = other > sum->other_bytes ? other : sum->other_bytes;
    sum->seconds += plan->seconds * runs;
    sum->other_seconds += other_seconds * runs;
}

struct planche_page_estimate planche_network_estimate(const struct planche_network *network)
{
    struct planche_page_estimate sum = {0};
    const struct planche_executor_plan *plans[] = {network->upright, network->sideways};
    for (int i = 0; i < 2; i++)
        if (plans[i])
            add_estimate(&sum, plans[i], network->turns ? 4 : 1);
    bool other = (network->upright && network->upright->other_bytes) ||
                 (network->sideways && network->sideways->other_bytes);
    sum.bytes += tta_memory(network);
    sum.other_bytes = other ? sum.other_bytes + tta_memory(network) : 0;
    return sum;
}

/* The averages go the way that a single result's rows go. */
static enum planche_status emit_means(struct planche_network *network, struct planche_error *error)
{
    struct planche_output *output = network->io.output;
    for (int64_t y = 0; y < output->height; y++) {
        const float *planes[PLANCHE_PLANES];
        planche_tta_mean(network->io.tta, y, planes);
        planche_output_put(output, y, 0, (size_t)output->width, planes);
        enum planche_status status = planche_output_add(output, y, (size_t)output->width, error);
        if (!status) {
            network->io.progress(network->io.user, 1);
            status = planche_cancel_fail(network->io.cancel, error);
        }
        if (status)
            return status;
    }
    return PLANCHE_OK;
}

static enum planche_status run_plan(struct planche_network *network,
                                    const struct planche_executor_plan *plan,
                                    struct planche_error *error)
{
    const struct planche_executor *executor = network->executor;
    const struct planche_page_io io = planche_network_io_make(&network->io);
    return executor->ops->run(executor->state, plan, &io, network->budget, &network->result, error);
}

static enum planche_status run_turns(struct planche_network *network, struct planche_error *error)
{
    const struct planche_tta_options options = tta_options(network);
    struct planche_network_io *io = &network->io;
    enum planche_status status = planche_tta_create(&io->tta, &options, network->budget, error);
    if (!status)
        status = planche_tta_fill(io->tta, io->input, error);
    for (io->turn = 0; !status && io->turn < PLANCHE_TTA_TURNS; io->turn++) {
        bool sideways = planche_tta_is_sideways(io->turn);
        planche_tta_turn(io->tta, io->turn);
        status = run_plan(network, sideways ? network->sideways : network->upright, error);
    }
    return status ? status : emit_means(network, error);
}

/* Reads all rows. */
static enum planche_status read_page(struct planche_network *network, struct planche_error *error)
{
    struct planche_input *input = network->io.input;
    enum planche_status status = PLANCHE_OK;
    for (int64_t y = 0; y < input->height && !status; y++) {
        const void *row;
        if (y % READ_ROWS == 0)
            status = planche_cancel_fail(network->io.cancel, error);
        if (!status)
            status = planche_input_row(input, y, &row, error);
    }
    return status;
}

enum planche_status planche_network_run(struct planche_network *network,
                                        struct planche_error *error)
{
    const struct planche_executor_plan *plan = network->upright;
    struct planche_output *output = network->io.output;
    bool turns = network->turns;
    assert(plan && turns == (network->sideways != NULL));
    enum planche_status status =
        planche_input_start(network->io.input, turns ? 1 : plan->fetch_rows, error);
    if (!status)
        status = planche_output_start(output, turns ? 1 : plan->emit_rows, error);
    const struct planche_executor *executor = network->executor;
    if (!status && plan->reads_ahead && executor->ops->expect)
        executor->ops->expect(executor->state, plan);
    if (!status && plan->reads_ahead)
        status = read_page(network, error);
    if (!status)
        status = turns ? run_turns(network, error) : run_plan(network, plan, error);
    return status ? status : planche_output_flush(output, error);
}

void planche_network_close(struct planche_network *network)
{
    planche_network_unplan(network);
    planche_tta_destroy(&network->io.tta);
}
