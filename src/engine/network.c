/* SPDX-License-Identifier: MIT */
/* What both ways of running the network have in common: planning, orientations. */
#include "engine/network.h"

#include "base/status.h"
#include "image/pixels.h"

void planche_network_describe(struct planche_network *network)
{
    struct planche_output *output = network->output;
    const struct planche_recipe *recipe = &network->engine->net->recipe;
    bool gpu = !network->program;
    /* GPUs give values of 0..1, or pixels with all they have. */
    output->value_scale = gpu ? 1.0f : recipe->out_scale;
    output->value_bias = gpu ? 0.0f : recipe->out_bias;
    output->takes_values = !gpu || network->turns || output->width != output->out_width ||
                           output->height != output->out_height;
}

uint64_t planche_network_overhead(const struct planche_network *network)
{
    uint64_t book = (uint64_t)256 << 10;
    if (network->program)
        book += (uint64_t)network->program->node_count * 512;
    if (network->turns)
        return 2 * book + planche_output_band_row(network->output);
    return book;
}

struct planche_tta_options planche_network_tta_options(const struct planche_network *network)
{
    return (struct planche_tta_options){
        .width = network->input->width,
        .height = network->input->height,
        .scale = network->engine->net->recipe.scale,
        .colours = network->input->colours,
        .depth = planche_pixel_depth(network->input->format),
    };
}

uint64_t planche_network_tta_memory(const struct planche_network *network)
{
    const struct planche_tta_options options = planche_network_tta_options(network);
    return network->turns ? planche_tta_memory(&options) : 0;
}

enum planche_status planche_network_plan(struct planche_network *network, uint64_t memory,
                                         uint64_t *least, struct planche_error *error)
{
    uint64_t tta = planche_network_tta_memory(network);
    uint64_t usable = memory > tta ? memory - tta : 0;
    *least = 0;
    enum planche_status status = network->program
                                     ? planche_network_cpu_plan(network, usable, least, error)
                                     : planche_network_gpu_plan(network, usable, least, error);
    if (*least)
        *least += tta;
    return status;
}

void planche_network_unplan(struct planche_network *network)
{
    planche_plan_destroy(&network->plan);
    planche_plan_destroy(&network->sideways);
    network->bytes = 0;
}

uint64_t planche_network_bytes(const struct planche_network *network)
{
    uint64_t upright = network->plan ? network->plan->bytes : network->bytes;
    uint64_t sideways = network->sideways ? network->sideways->bytes : 0;
    return planche_network_tta_memory(network) + (upright > sideways ? upright : sideways);
}

double planche_network_macs(const struct planche_network *network)
{
    if (!network->plan)
        return 0;
    return network->plan->macs + (network->sideways ? network->sideways->macs : 0);
}

void planche_network_report(void *user, double done)
{
    const struct planche_network *network = user;
    if (network->tta)
        done = (network->turn + done) / PLANCHE_TTA_TURNS;
    network->progress(network->user, done);
}

/* The averages go the way that a single result's rows go. */
static enum planche_status emit_means(struct planche_network *network, struct planche_error *error)
{
    struct planche_output *output = network->output;
    for (int64_t y = 0; y < output->height; y++) {
        const float *planes[PLANCHE_PLANES];
        planche_tta_mean(network->tta, y, planes);
        enum planche_status status =
            planche_output_put(output, y, 0, (size_t)output->width, planes, error);
        if (status)
            return status;
        network->progress(network->user, 1);
        status = planche_cancel_fail(network->cancel, error);
        if (status)
            return status;
    }
    return PLANCHE_OK;
}

static enum planche_status run_once(struct planche_network *network, struct planche_error *error)
{
    return network->program ? planche_network_cpu_run(network, error)
                            : planche_network_gpu_run(network, error);
}

static enum planche_status run_turns(struct planche_network *network, struct planche_error *error)
{
    const struct planche_tta_options options = planche_network_tta_options(network);
    enum planche_status status =
        planche_tta_create(&network->tta, &options, network->budget, error);
    if (!status)
        status = planche_tta_fill(network->tta, network->input, error);
    for (network->turn = 0; !status && network->turn < PLANCHE_TTA_TURNS; network->turn++) {
        planche_tta_turn(network->tta, network->turn);
        status = run_once(network, error);
    }
    return status ? status : emit_means(network, error);
}

static int64_t rows_of_page(const struct planche_network *network)
{
    if (network->turns)
        return 1;
    return network->program                       ? network->plan->fetch_rows
           : planche_network_reads_ahead(network) ? network->input->height
                                                  : 1;
}

static int64_t rows_of_result(const struct planche_network *network)
{
    if (network->turns)
        return 1;
    return network->program ? network->plan->emit_rows
           : network->whole ? network->output->height
                            : 1;
}

enum planche_status planche_network_run(struct planche_network *network,
                                        struct planche_error *error)
{
    enum planche_status status = planche_input_start(network->input, rows_of_page(network), error);
    if (!status)
        status = planche_output_start(network->output, rows_of_result(network), error);
    if (!status)
        status = network->turns ? run_turns(network, error) : run_once(network, error);
    return status ? status : planche_output_flush(network->output, error);
}

void planche_network_close(struct planche_network *network)
{
    planche_network_unplan(network);
    planche_tta_destroy(&network->tta);
}
