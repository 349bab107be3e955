/* SPDX-License-Identifier: MIT */
/* From network values to finished rows. */
#include "engine/output.h"

#include "base/status.h"
#include "image/pixels.h"
#include "os/clock.h"

#include <string.h>

/* Rows the writer gets at once: a batch is encoded while the next one is collected. */
#define BATCH_ROWS 16

static bool is_reduced(const struct planche_output *output)
{
    return output->out_width != output->width || output->out_height != output->height;
}

/* Rows become what they are where they stay. */
static bool is_direct(const struct planche_output *output)
{
    return output->pixels && !output->relay && !is_reduced(output) &&
           output->target == output->format;
}

static bool makes_alpha(const struct planche_output *output)
{
    return output->takes_values && planche_pixel_has_alpha(output->format);
}

static struct planche_alpha_options alpha_options(const struct planche_output *output)
{
    return (struct planche_alpha_options){
        .width = output->input->width,
        .height = output->input->height,
        .scale = output->scale,
        .depth = is_reduced(output) ? 16 : planche_pixel_depth(output->format),
    };
}

static struct planche_downscale_options reduce_options(const struct planche_output *output)
{
    return (struct planche_downscale_options){
        .width = (uint32_t)output->width,
        .height = (uint32_t)output->height,
        .out_width = output->out_width,
        .out_height = output->out_height,
        .format = output->format,
        .tone = output->tone,
    };
}

/* A row as it is collected. */
static uint64_t row_bytes(const struct planche_output *output)
{
    size_t pixel = is_reduced(output) ? planche_pixel_channels(output->format) * sizeof(float)
                                      : planche_pixel_size(output->format);
    return (uint64_t)output->width * pixel;
}

uint64_t planche_output_band_row(const struct planche_output *output)
{
    return is_direct(output) ? 0 : row_bytes(output);
}

uint64_t planche_output_memory(const struct planche_output *output)
{
    const struct planche_alpha_options alpha = alpha_options(output);
    const struct planche_downscale_options reduce = reduce_options(output);
    bool has_alpha = makes_alpha(output);
    uint64_t bytes = (uint64_t)output->out_width * planche_pixel_size(output->target);
    if (!is_direct(output))
        bytes += 2 * BATCH_ROWS * row_bytes(output);
    if (has_alpha)
        bytes += planche_alpha_memory(&alpha);
    if (!is_reduced(output))
        return bytes;
    if (has_alpha)
        bytes += (uint64_t)output->width * sizeof(uint16_t);
    return bytes + (uint64_t)output->out_width * planche_pixel_size(output->format) +
           planche_downscale_memory(&reduce);
}

static enum planche_status start_alpha(struct planche_output *output, struct planche_error *error)
{
    const struct planche_alpha_options alpha = alpha_options(output);
    if (!makes_alpha(output))
        return PLANCHE_OK;
    if (is_reduced(output)) {
        output->alpha_row =
            planche_alloc(output->budget, (size_t)output->width * sizeof *output->alpha_row);
        if (!output->alpha_row)
            return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a row of alpha");
    }
    return planche_alpha_create(&output->alpha, &alpha, output->budget, error);
}

static enum planche_status start_reduction(struct planche_output *output,
                                           struct planche_error *error)
{
    const struct planche_downscale_options reduce = reduce_options(output);
    if (!is_reduced(output))
        return PLANCHE_OK;
    output->reduced = planche_alloc(output->budget, output->out_row_bytes);
    if (!output->reduced)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a row of the result");
    return planche_downscale_create(&output->reduce, &reduce, output->budget, error);
}

enum planche_status planche_output_start(struct planche_output *output, int64_t band_rows,
                                         struct planche_error *error)
{
    bool direct = is_direct(output);
    output->row_bytes = row_bytes(output);
    output->out_row_bytes = output->out_width * planche_pixel_size(output->format);
    output->target_row_bytes = output->out_width * planche_pixel_size(output->target);
    output->band_rows = band_rows + (direct ? 0 : 2 * BATCH_ROWS);
    if (output->band_rows > output->height)
        output->band_rows = output->height;
    output->filled = planche_calloc(output->budget, (size_t)output->band_rows, sizeof(int64_t));
    if (!output->filled)
        goto no_memory;
    if (!direct) {
        output->band = planche_calloc(output->budget, (size_t)output->band_rows, output->row_bytes);
        output->converted = planche_alloc(output->budget, output->target_row_bytes);
        output->task = planche_pool_task_create(output->pool, output->budget);
        if (!output->band || !output->converted || !output->task)
            goto no_memory;
    }
    enum planche_status status = start_alpha(output, error);
    return status ? status : start_reduction(output, error);
no_memory:
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for %lld rows of the result",
                        (long long)output->band_rows);
}

static void *row_of_pixels(const struct planche_pixels *pixels, int64_t y)
{
    return (uint8_t *)pixels->data + (size_t)y * pixels->stride;
}

static uint8_t *row_at(const struct planche_output *output, int64_t y)
{
    if (is_direct(output))
        return row_of_pixels(output->pixels, y);
    return output->band + (size_t)(y % output->band_rows) * output->row_bytes;
}

/* A finished row of the result. */
static enum planche_status deliver(struct planche_output *output, const uint8_t *row,
                                   struct planche_error *error)
{
    if (output->relay)
        return planche_relay_push(output->relay, row, error);
    if (output->target != output->format) {
        planche_row_convert(output->converted, output->target, row, output->format,
                            output->out_width);
        row = output->converted;
    }
    if (output->pixels) {
        memcpy(row_of_pixels(output->pixels, output->delivered++), row, output->target_row_bytes);
        return PLANCHE_OK;
    }
    return planche_split_write(output->parts, row, output->target_row_bytes, error);
}

/* A row as it was collected. */
static enum planche_status pass_on(struct planche_output *output, const uint8_t *row,
                                   struct planche_error *error)
{
    if (!output->reduce)
        return deliver(output, row, error);
    enum planche_status status = PLANCHE_OK;
    planche_downscale_push(output->reduce, (const float *)(const void *)row);
    while (!status && planche_downscale_pull(output->reduce, output->reduced))
        status = deliver(output, output->reduced, error);
    return status;
}

/* One batch: called by the page's thread or by one of the pool's. */
static void write_batch(void *user, size_t index, unsigned worker)
{
    struct planche_output *output = user;
    double start = planche_clock_ms();
    (void)index;
    (void)worker;
    for (int64_t y = output->written; y < output->begun && !output->write_status; y++)
        output->write_status = pass_on(output, row_at(output, y), &output->write_error);
    output->ms += planche_clock_ms() - start;
}

/* Waits for the batch that is being written, if one is. */
static enum planche_status end_batch(struct planche_output *output, struct planche_error *error)
{
    double start = planche_clock_ms();
    if (output->written < output->begun)
        planche_pool_task_end(output->task);
    output->written = output->begun;
    output->waited_ms += planche_clock_ms() - start;
    if (output->write_status)
        *error = output->write_error;
    return output->write_status;
}

/* Gives the writer the rows that are complete, once it has done with those before. */
static enum planche_status begin_batch(struct planche_output *output, struct planche_error *error)
{
    enum planche_status status = end_batch(output, error);
    if (status || output->begun == output->next)
        return status;
    output->begun = output->next;
    planche_pool_task_begin(output->task, write_batch, output);
    return PLANCHE_OK;
}

enum planche_status planche_output_flush(struct planche_output *output, struct planche_error *error)
{
    if (is_direct(output))
        return PLANCHE_OK;
    enum planche_status status = begin_batch(output, error);
    return status ? status : end_batch(output, error);
}

void planche_output_close(struct planche_output *output)
{
    struct planche_error ignored;
    end_batch(output, &ignored);
    planche_pool_task_destroy(&output->task);
    planche_alpha_destroy(&output->alpha);
    planche_downscale_destroy(&output->reduce);
    planche_free(output->band);
    planche_free(output->reduced);
    planche_free(output->converted);
    planche_free(output->filled);
    planche_free(output->alpha_row);
    output->band = output->reduced = output->converted = NULL;
    output->alpha_row = NULL;
    output->filled = NULL;
}

/* Pushes the next row of the page's alpha; one that will be reduced is rounded to 16 bits only. */
static bool push_alpha(struct planche_output *output, const void *page)
{
    unsigned channels = planche_pixel_channels(output->format);
    size_t sample = planche_pixel_depth(output->format) / 8, last = (channels - 1) * sample;
    const uint8_t *alpha = (const uint8_t *)page + last;
    if (!output->alpha_row || sample == 2)
        return planche_alpha_push(output->alpha, alpha, channels);
    for (size_t x = 0; x < output->input->width; x++)
        output->alpha_row[x] = (uint16_t)(alpha[x * channels] * 257);
    return planche_alpha_push(output->alpha, output->alpha_row, 1);
}

/* The last channel of a collected row. */
static void pull_alpha(struct planche_output *output, uint8_t *row)
{
    unsigned channels = planche_pixel_channels(output->format);
    size_t sample = planche_pixel_depth(output->format) / 8, width = (size_t)output->width;
    float *plane = (float *)(void *)row + (channels - 1) * width;
    if (!output->alpha_row) {
        planche_alpha_pull(output->alpha, row + (channels - 1) * sample, channels);
        return;
    }
    planche_alpha_pull(output->alpha, output->alpha_row, 1);
    for (size_t x = 0; x < width; x++)
        plane[x] = (float)output->alpha_row[x] * (1.0f / 65535.0f);
}

/* Pulls the row's alpha, after reading as much of the page's alpha as it takes. */
static enum planche_status add_alpha(struct planche_output *output, uint8_t *row,
                                     struct planche_error *error)
{
    while (!planche_alpha_ready(output->alpha)) {
        const void *page;
        enum planche_status status = planche_input_alpha_row(output->input, &page, error);
        if (status)
            return status;
        if (!push_alpha(output, page))
            return planche_fail(error, PLANCHE_ERROR_INTERNAL, "alpha is out of step");
    }
    pull_alpha(output, row);
    return PLANCHE_OK;
}

/* Whether a batch would be begun without waiting, or must be: rows may need the place of others. */
static bool is_time_to_write(const struct planche_output *output)
{
    if (is_direct(output) || output->next - output->begun < BATCH_ROWS)
        return false;
    return output->band_rows < output->height || output->written == output->begun ||
           planche_pool_task_is_done(output->task);
}

static enum planche_status finish_row(struct planche_output *output, struct planche_error *error)
{
    uint8_t *row = row_at(output, output->next);
    enum planche_status status = PLANCHE_OK;
    if (output->alpha)
        status = add_alpha(output, row, error);
    output->filled[output->next % output->band_rows] = 0;
    output->next++;
    if (output->next == 1 || output->next == output->height)
        PLANCHE_TRACE(output->trace, PLANCHE_TRACE_PAGE, "%s row",
                      output->next == 1 ? "first" : "last");
    if (!status &&
        output->relay) { /* whose rows wait for the network behind it, not for a writer */
        output->begun = output->written = output->next;
        return deliver(output, row, error);
    }
    if (status || !is_time_to_write(output))
        return status;
    return begin_batch(output, error);
}

/* A grey page has one channel: the mean of what the network makes of three equal ones. */
static void average(float *out, const float *const *planes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (planes[0][i] + planes[1][i] + planes[2][i]) * (1.0f / 3.0f);
}

/* Values of 0..1, a plane for each colour. */
static void collect(struct planche_output *output, int64_t y, int64_t x, size_t count,
                    const float *const *planes)
{
    const float scale = output->value_scale, bias = output->value_bias;
    for (unsigned c = 0; c < output->input->colours; c++) {
        float *out = (float *)(void *)row_at(output, y) + (size_t)c * (size_t)output->width + x;
        for (size_t i = 0; i < count; i++)
            out[i] = planes[c][i] * scale + bias;
    }
}

/* Pixels as the input has them. */
static void round_off(struct planche_output *output, int64_t y, int64_t x, size_t count,
                      const float *const *planes)
{
    bool deep = planche_pixel_depth(output->format) == 16;
    float most = deep ? 65535.0f : 255.0f;
    struct planche_store_args args = {
        .in = planes,
        .step = planche_pixel_channels(output->format),
        .channels = output->input->colours,
        .scale = output->value_scale * most,
        .bias = output->value_bias * most,
        .out = row_at(output, y) + (size_t)x * planche_pixel_size(output->format),
        .pixels = count,
    };
    if (deep)
        output->kernels->store16(&args);
    else
        output->kernels->store8(&args);
}

enum planche_status planche_output_add(struct planche_output *output, int64_t y, size_t count,
                                       struct planche_error *error)
{
    output->filled[y % output->band_rows] += (int64_t)count;
    while (output->next < output->height &&
           output->filled[output->next % output->band_rows] == output->width) {
        enum planche_status status = finish_row(output, error);
        if (status)
            return status;
    }
    return PLANCHE_OK;
}

static void put_colours(struct planche_output *output, int64_t y, int64_t x, size_t count,
                        const float *const *colours)
{
    if (output->reduce)
        collect(output, y, x, count, colours);
    else
        round_off(output, y, x, count, colours);
}

/* Pixels whose averages are made at once. */
#define GREY_RUN 256

static void put_grey(struct planche_output *output, int64_t y, int64_t x, size_t count,
                     const float *const *planes)
{
    float grey[GREY_RUN];
    if (planes[0] == planes[1]) { /* of a network of one channel */
        put_colours(output, y, x, count, planes);
        return;
    }
    for (size_t i = 0; i < count; i += GREY_RUN) {
        size_t run = count - i < GREY_RUN ? count - i : GREY_RUN;
        average(grey, (const float *const[]){planes[0] + i, planes[1] + i, planes[2] + i}, run);
        put_colours(output, y, x + (int64_t)i, run, (const float *const[]){grey});
    }
}

void planche_output_put(struct planche_output *output, int64_t y, int64_t x, size_t count,
                        const float *const planes[PLANCHE_PLANES])
{
    if (output->input->colours == 1)
        put_grey(output, y, x, count, planes);
    else
        put_colours(output, y, x, count, planes);
}

enum planche_status planche_output_put_row(struct planche_output *output, int64_t y,
                                           const void *row, struct planche_error *error)
{
    const float *values = row, *planes[PLANCHE_PLANES];
    size_t width = (size_t)output->width, colours = output->input->colours;
    for (size_t c = 0; c < PLANCHE_PLANES; c++)
        planes[c] = values + (c < colours ? c : 0) * width;
    if (output->reduce)
        memcpy(row_at(output, y), row, width * colours * sizeof(float));
    else if (output->takes_values)
        round_off(output, y, 0, width, planes);
    else
        memcpy(row_at(output, y), row, output->row_bytes);
    return planche_output_add(output, y, width, error);
}
