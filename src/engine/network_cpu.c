/* SPDX-License-Identifier: MIT */
/* The network on the CPU: plans, and pixels that become floats for it. */
#include "engine/network.h"

#include "base/pool.h"
#include "base/status.h"
#include "image/pixels.h"

#include <string.h>

/* Plans the page as it is and, if it will be turned, sideways. least: for both. */
static enum planche_status create_plans(struct planche_network *network,
                                        const struct planche_plan_options *options,
                                        struct planche_budget *budget, uint64_t *least,
                                        struct planche_error *error)
{
    const struct planche_program *program = network->program;
    int64_t width = network->input->width, height = network->input->height;
    uint64_t upright = 0, sideways = 0;
    enum planche_status status = planche_plan_create(&network->plan, program, width, height,
                                                     options, budget, &upright, error);
    if (network->turns && (!status || status == PLANCHE_ERROR_BUDGET)) {
        enum planche_status other = planche_plan_create(&network->sideways, program, height, width,
                                                        options, budget, &sideways, error);
        status = other ? other : status;
    }
    *least = upright > sideways ? upright : sideways;
    if (status)
        planche_network_unplan(network);
    return status;
}

static void trace_plan(const struct planche_network *network)
{
    const struct planche_plan *plan = network->plan;
    PLANCHE_TRACE(network->trace, PLANCHE_TRACE_PLAN,
                  "CPU: %d passes over regions of %lld x %lld pixels, %.1f MiB, %.1f million "
                  "multiply-adds",
                  network->program->levels + 1, (long long)plan->stripe, (long long)plan->segment,
                  (double)plan->bytes / 1048576, plan->macs / 1e6);
}

enum planche_status planche_network_cpu_plan(struct planche_network *network, uint64_t memory,
                                             uint64_t *least, struct planche_error *error)
{
    bool turns = network->turns, hopeless = memory == 0;
    struct planche_plan_options options = {
        .memory = hopeless ? 1 : memory,
        .fetch_row_bytes = turns ? 0 : network->input->colour_row_bytes,
        .emit_row_bytes = turns ? 0 : planche_output_band_row(network->output),
        .se = network->engine->se,
        .workers = planche_pool_threads(network->engine->pool),
    };
    /* A hopeless page is planned only for the message: what that takes is not held against it. */
    enum planche_status status =
        create_plans(network, &options, hopeless ? NULL : network->budget, least, error);
    if (!status)
        trace_plan(network);
    return status;
}

/* The colours of a run of pixels of the page, turned as tta has it. */
static enum planche_status find_colours(struct planche_network *network, int64_t y, int64_t x,
                                        size_t count, const void **colours,
                                        struct planche_error *error)
{
    struct planche_input *input = network->input;
    if (network->tta) {
        *colours = planche_tta_row(network->tta, y, x, count);
        return PLANCHE_OK;
    }
    size_t pixel = input->colours * planche_pixel_depth(input->format) / 8;
    enum planche_status status = planche_input_row(input, y, colours, error);
    if (!status)
        *colours = (const uint8_t *)*colours + (size_t)x * pixel;
    return status;
}

static enum planche_status fetch(void *user, int64_t y, int64_t x, size_t count,
                                 float *const planes[PLANCHE_PLANES], struct planche_error *error)
{
    struct planche_network *network = user;
    const struct planche_recipe *recipe = &network->engine->net->recipe;
    const struct planche_kernels *kernels = &network->engine->kernels;
    bool deep = planche_pixel_depth(network->input->format) == 16;
    unsigned colours = network->input->colours;
    const void *pixels;
    enum planche_status status = find_colours(network, y, x, count, &pixels, error);
    if (status)
        return status;
    struct planche_load_args args = {
        .in = pixels,
        .step = colours,
        .channels = colours,
        .scale = recipe->in_scale / (deep ? 65535.0f : 255.0f),
        .bias = recipe->in_bias,
        .out = planes,
        .pixels = count,
    };
    if (deep)
        kernels->load16(&args);
    else
        kernels->load8(&args);
    for (unsigned c = colours; c < PLANCHE_PLANES; c++)
        memcpy(planes[c], planes[0], count * sizeof(float));
    return PLANCHE_OK;
}

static enum planche_status emit(void *user, int64_t y, int64_t x, size_t count,
                                const float *const planes[PLANCHE_PLANES],
                                struct planche_error *error)
{
    struct planche_network *network = user;
    if (!network->tta)
        return planche_output_put(network->output, y, x, count, planes, error);
    planche_tta_add(network->tta, y, x, count, planes);
    return PLANCHE_OK;
}

enum planche_status planche_network_cpu_run(struct planche_network *network,
                                            struct planche_error *error)
{
    const struct planche_engine *engine = network->engine;
    const struct planche_page_io io = {network, fetch, emit, planche_network_report,
                                       network->cancel};
    bool sideways = network->tta && planche_tta_is_sideways(network->turn);
    return planche_plan_run(sideways ? network->sideways : network->plan, engine->pool, &io,
                            engine->state->profile, error);
}
