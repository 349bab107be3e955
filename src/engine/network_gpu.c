/* SPDX-License-Identifier: MIT */
/* The network on GPUs: whole rows of pixels go there, and whole rows come back. */
#include "engine/network.h"

#include "backend/vulkan/vulkan.h"
#include "base/status.h"
#include "image/pixels.h"

#include <string.h>

/* Rows that are read between questions whether to go on. */
#define READ_ROWS 64

static struct planche_gpu_page describe_page(const struct planche_network *network, bool sideways)
{
    const struct planche_input *input = network->input;
    return (struct planche_gpu_page){
        .width = sideways ? input->height : input->width,
        .height = sideways ? input->width : input->height,
        .colours = input->colours,
        .depth = planche_pixel_depth(input->format),
        .alpha = planche_pixel_has_alpha(input->format) && !network->output->takes_values,
        .floats = network->output->takes_values,
    };
}

/* What it takes to hold all rows of the page and of its result. */
static uint64_t whole_bytes(const struct planche_network *network)
{
    const struct planche_input *input = network->input;
    const struct planche_output *output = network->output;
    uint64_t row = planche_output_band_row(output);
    uint64_t result = (uint64_t)output->height * (row + sizeof(int64_t));
    return input->reader ? result + (uint64_t)input->height * input->colour_row_bytes : result;
}

bool planche_network_reads_ahead(const struct planche_network *network)
{
    return network->whole && network->input->reader;
}

enum planche_status planche_network_gpu_plan(struct planche_network *network, uint64_t memory,
                                             uint64_t *least, struct planche_error *error)
{
    const struct planche_gpu_pool *gpus = network->engine->gpus;
    const struct planche_gpu_page upright = describe_page(network, false);
    const struct planche_gpu_page sideways = describe_page(network, true);
    uint64_t bytes = planche_gpu_pool_page_memory(gpus, &upright);
    if (network->turns) {
        uint64_t turned = planche_gpu_pool_page_memory(gpus, &sideways);
        bytes = turned > bytes ? turned : bytes;
    }
    *least = bytes;
    if (bytes > memory)
        return planche_fail(error, PLANCHE_ERROR_BUDGET, "no room for rows on their way to a GPU");
    /* With tta, pixels and sums are held whole already. */
    network->whole = !network->turns && whole_bytes(network) <= memory - bytes;
    network->bytes = bytes + (network->whole ? whole_bytes(network) : 0);
    return PLANCHE_OK;
}

/* Puts colours and alpha side by side, samples of one or two bytes. */
static void interleave(uint8_t *to, const uint8_t *colours, const uint8_t *pixels, size_t colour,
                       size_t sample, size_t count)
{
    size_t pixel = colour + sample;
    for (size_t i = 0; i < count; i++) {
        memcpy(to + i * pixel, colours + i * colour, colour);
        memcpy(to + i * pixel + colour, pixels + i * pixel + colour, sample);
    }
}

static enum planche_status fetch_with_alpha(struct planche_input *input, const void *colours,
                                            void *row, struct planche_error *error)
{
    const void *pixels;
    size_t sample = planche_pixel_depth(input->format) / 8;
    enum planche_status status = planche_input_alpha_row(input, &pixels, error);
    if (!status)
        interleave(row, colours, pixels, input->colours * sample, sample, input->width);
    return status;
}

static enum planche_status fetch(void *user, int64_t y, void *row, struct planche_error *error)
{
    struct planche_network *network = user;
    struct planche_input *input = network->input;
    const void *colours;
    if (network->tta) {
        const struct planche_gpu_page page =
            describe_page(network, planche_tta_is_sideways(network->turn));
        memcpy(row, planche_tta_row(network->tta, y, 0, page.width),
               (size_t)page.width * page.colours * (page.depth / 8));
        return PLANCHE_OK;
    }
    enum planche_status status = planche_input_row(input, y, &colours, error);
    if (status)
        return status;
    if (planche_pixel_has_alpha(input->format) && !network->output->takes_values)
        return fetch_with_alpha(input, colours, row, error);
    memcpy(row, colours, input->colour_row_bytes);
    return PLANCHE_OK;
}

static enum planche_status emit(void *user, int64_t y, const void *row, struct planche_error *error)
{
    struct planche_network *network = user;
    if (!network->tta)
        return planche_output_put_row(network->output, y, row, error);
    const struct planche_gpu_page page =
        describe_page(network, planche_tta_is_sideways(network->turn));
    size_t wide = (size_t)page.width * network->engine->net->recipe.scale;
    const float *values = row, *planes[PLANCHE_PLANES];
    for (unsigned c = 0; c < PLANCHE_PLANES; c++)
        planes[c] = values + (page.colours == 1 ? 0 : c * wide);
    planche_tta_add(network->tta, y, 0, wide, planes);
    return PLANCHE_OK;
}

/* Reads all rows. */
static enum planche_status read_page(struct planche_network *network, struct planche_error *error)
{
    struct planche_input *input = network->input;
    enum planche_status status = PLANCHE_OK;
    for (int64_t y = 0; y < input->height && !status; y++) {
        const void *row;
        if (y % READ_ROWS == 0)
            status = planche_cancel_fail(network->cancel, error);
        if (!status)
            status = planche_input_row(input, y, &row, error);
    }
    return status;
}

enum planche_status planche_network_gpu_run(struct planche_network *network,
                                            struct planche_error *error)
{
    const struct planche_gpu_page_io io = {
        .user = network,
        .fetch = fetch,
        .emit = emit,
        .progress = planche_network_report,
        .cancel = network->cancel,
        .trace = network->trace,
    };
    const struct planche_gpu_page page =
        describe_page(network, network->tta && planche_tta_is_sideways(network->turn));
    struct planche_gpu_page_result result = {0};
    enum planche_status status =
        planche_network_reads_ahead(network) ? read_page(network, error) : PLANCHE_OK;
    if (!status)
        status = planche_gpu_pool_run(network->engine->gpus, &page, &io, network->budget, &result,
                                      error);
    network->gpu_ms += result.ms;
    network->tiles += result.tiles;
    return status;
}
