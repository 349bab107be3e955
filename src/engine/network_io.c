/* SPDX-License-Identifier: MIT */
/* Page I/O of executors: pixels become values for those that take them, or whole rows. */
#include "engine/network_io.h"

#include "base/status.h"
#include "image/pixels.h"

#include <string.h>

/* Pixels of a row of the page as it is turned. */
static size_t turned_width(const struct planche_network_io *network)
{
    bool sideways = network->tta && planche_tta_is_sideways(network->turn);
    return sideways ? network->input->height : network->input->width;
}

/* The colours of a run of pixels of the page, turned as tta has it. */
static enum planche_status find_colours(struct planche_network_io *network, int64_t y, int64_t x,
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
    struct planche_network_io *network = user;
    const struct planche_recipe *recipe = &network->net->recipe;
    const struct planche_kernels *kernels = network->kernels;
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
    for (unsigned c = colours; c < (unsigned)network->net->tensors[0].channels; c++)
        memcpy(planes[c], planes[0], count * sizeof(float));
    return PLANCHE_OK;
}

static void put(void *user, int64_t y, int64_t x, size_t count,
                const float *const planes[PLANCHE_PLANES])
{
    struct planche_network_io *network = user;
    /* A network of one channel has all three the same. */
    bool one = network->net->tensors[0].channels == 1;
    const float *const all[PLANCHE_PLANES] = {planes[0], planes[one ? 0 : 1], planes[one ? 0 : 2]};
    if (network->tta)
        planche_tta_add(network->tta, y, x, count, all);
    else
        planche_output_put(network->output, y, x, count, all);
}

static enum planche_status emit(void *user, int64_t y, int64_t x, size_t count,
                                struct planche_error *error)
{
    struct planche_network_io *network = user;
    (void)x;
    return network->tta ? PLANCHE_OK : planche_output_add(network->output, y, count, error);
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

static enum planche_status fetch_row(void *user, int64_t y, void *row, struct planche_error *error)
{
    struct planche_network_io *network = user;
    struct planche_input *input = network->input;
    size_t width = turned_width(network);
    size_t bytes = width * input->colours * (planche_pixel_depth(input->format) / 8);
    const void *colours;
    enum planche_status status = find_colours(network, y, 0, width, &colours, error);
    if (status)
        return status;
    if (planche_pixel_has_alpha(input->format) && !network->output->takes_values)
        return fetch_with_alpha(input, colours, row, error);
    memcpy(row, colours, bytes);
    return PLANCHE_OK;
}

static enum planche_status emit_row(void *user, int64_t y, const void *row,
                                    struct planche_error *error)
{
    struct planche_network_io *network = user;
    if (!network->tta)
        return planche_output_put_row(network->output, y, row, error);
    size_t wide = turned_width(network) * network->net->recipe.scale;
    const float *values = row, *planes[PLANCHE_PLANES];
    for (unsigned c = 0; c < PLANCHE_PLANES; c++)
        planes[c] = values + (network->input->colours == 1 ? 0 : c * wide);
    planche_tta_add(network->tta, y, 0, wide, planes);
    return PLANCHE_OK;
}

static void report(void *user, double done)
{
    const struct planche_network_io *network = user;
    if (network->tta)
        done = (network->turn + done) / PLANCHE_TTA_TURNS;
    network->progress(network->user, done);
}

struct planche_page_io planche_network_io_make(struct planche_network_io *network)
{
    return (struct planche_page_io){
        .user = network,
        .fetch = fetch,
        .put = put,
        .emit = emit,
        .fetch_row = fetch_row,
        .emit_row = emit_row,
        .progress = report,
        .cancel = network->cancel,
        .trace = network->trace,
    };
}
