/* SPDX-License-Identifier: MIT */
/* From network values to finished rows. */
#include "engine/output.h"

#include "base/status.h"
#include "base/system.h"
#include "image/pixels.h"

#include <string.h>

/* Rows the writer gets at once: a batch is encoded while the next one is collected. */
#define BATCH_ROWS 16

static struct planche_alpha_options alpha_options(const struct planche_output *output)
{
    return (struct planche_alpha_options){
        .width = output->input->width,
        .height = output->input->height,
        .scale = output->recipe->scale,
        .depth = planche_pixel_depth(output->format),
    };
}

uint64_t planche_output_memory(const struct planche_output *output)
{
    const struct planche_alpha_options alpha = alpha_options(output);
    uint64_t bytes = (uint64_t)output->width * sizeof(float) +
                     (uint64_t)output->width * planche_pixel_size(output->target);
    if (!output->pixels)
        bytes += 2 * BATCH_ROWS * (uint64_t)output->width * planche_pixel_size(output->format);
    if (planche_pixel_has_alpha(output->format))
        bytes += planche_alpha_memory(&alpha);
    return bytes;
}

enum planche_status planche_output_start(struct planche_output *output, int64_t band_rows,
                                         struct planche_error *error)
{
    const struct planche_alpha_options alpha = alpha_options(output);
    size_t width = (size_t)output->width;
    output->row_bytes = width * planche_pixel_size(output->format);
    output->target_row_bytes = width * planche_pixel_size(output->target);
    output->band_rows = band_rows + (output->pixels ? 0 : 2 * BATCH_ROWS);
    if (output->band_rows > output->height)
        output->band_rows = output->height;
    output->filled = planche_calloc(output->budget, (size_t)output->band_rows, sizeof(int64_t));
    output->grey = planche_alloc(output->budget, width * sizeof(float));
    if (!output->filled || !output->grey)
        goto no_memory;
    if (!output->pixels) {
        output->band = planche_calloc(output->budget, (size_t)output->band_rows, output->row_bytes);
        output->converted = planche_alloc(output->budget, output->target_row_bytes);
        output->task = planche_pool_task_create(output->pool, output->budget);
        if (!output->band || !output->converted || !output->task)
            goto no_memory;
    }
    if (planche_pixel_has_alpha(output->format))
        return planche_alpha_create(&output->alpha, &alpha, output->budget, error);
    return PLANCHE_OK;
no_memory:
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for %lld rows of the result",
                        (long long)output->band_rows);
}

static uint8_t *row_at(const struct planche_output *output, int64_t y)
{
    if (output->pixels)
        return (uint8_t *)output->pixels->data + (size_t)y * output->pixels->stride;
    return output->band + (size_t)(y % output->band_rows) * output->row_bytes;
}

/* One batch: called by the page's thread or by one of the pool's. */
static void write_batch(void *user, size_t index, unsigned worker)
{
    struct planche_output *output = user;
    double start = planche_system_ms();
    (void)index;
    (void)worker;
    for (int64_t y = output->written; y < output->begun && !output->write_status; y++) {
        const uint8_t *row = row_at(output, y);
        if (output->target != output->format) {
            planche_row_convert(output->converted, output->target, row, output->format,
                                (size_t)output->width);
            row = output->converted;
        }
        output->write_status = planche_writer_write(output->writer, row, output->target_row_bytes,
                                                    1, &output->write_error);
    }
    output->ms += planche_system_ms() - start;
}

/* Waits for the batch that is being written, if one is. */
static enum planche_status end_batch(struct planche_output *output, struct planche_error *error)
{
    double start = planche_system_ms();
    if (output->written < output->begun)
        planche_pool_task_end(output->task);
    output->written = output->begun;
    output->waited_ms += planche_system_ms() - start;
    if (output->write_status && error)
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
    enum planche_status status = begin_batch(output, error);
    return status ? status : end_batch(output, error);
}

void planche_output_close(struct planche_output *output)
{
    end_batch(output, NULL);
    planche_pool_task_destroy(&output->task);
    planche_alpha_destroy(&output->alpha);
    planche_free(output->band);
    planche_free(output->converted);
    planche_free(output->filled);
    planche_free(output->grey);
    output->band = output->converted = NULL;
    output->filled = NULL;
    output->grey = NULL;
}

/* Pulls the row's alpha, after reading as much of the page's alpha as it takes. */
static enum planche_status add_alpha(struct planche_output *output, uint8_t *row,
                                     struct planche_error *error)
{
    unsigned channels = planche_pixel_channels(output->format);
    size_t sample = planche_pixel_depth(output->format) / 8, last = (channels - 1) * sample;
    while (!planche_alpha_ready(output->alpha)) {
        const void *page;
        enum planche_status status = planche_input_alpha_row(output->input, &page, error);
        if (status)
            return status;
        if (!planche_alpha_push(output->alpha, (const uint8_t *)page + last, channels))
            return planche_fail(error, PLANCHE_ERROR_INTERNAL, "alpha is out of step");
    }
    planche_alpha_pull(output->alpha, row + last, channels);
    return PLANCHE_OK;
}

static enum planche_status finish_row(struct planche_output *output, struct planche_error *error)
{
    uint8_t *row = row_at(output, output->next);
    enum planche_status status = PLANCHE_OK;
    if (output->alpha)
        status = add_alpha(output, row, error);
    output->filled[output->next % output->band_rows] = 0;
    output->next++;
    if (status || output->pixels || output->next - output->begun < BATCH_ROWS)
        return status;
    return begin_batch(output, error);
}

/* A grey page has one channel: the mean of what the network makes of three equal ones. */
static void average(float *out, const float *const planes[PLANCHE_PLANES], size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (planes[0][i] + planes[1][i] + planes[2][i]) * (1.0f / 3.0f);
}

enum planche_status planche_output_put(struct planche_output *output, int64_t y, int64_t x,
                                       size_t count, const float *const planes[PLANCHE_PLANES],
                                       struct planche_error *error)
{
    bool deep = planche_pixel_depth(output->format) == 16;
    float most = deep ? 65535.0f : 255.0f;
    const float *grey[1] = {output->grey};
    struct planche_store_args args = {
        .in = planes,
        .step = planche_pixel_channels(output->format),
        .channels = output->input->colours,
        .scale = output->recipe->out_scale * most,
        .bias = output->recipe->out_bias * most,
        .out = row_at(output, y) + (size_t)x * planche_pixel_size(output->format),
        .pixels = count,
    };
    if (args.channels == 1) {
        average(output->grey, planes, count);
        args.in = grey;
    }
    if (deep)
        output->kernels->store16(&args);
    else
        output->kernels->store8(&args);
    output->filled[y % output->band_rows] += (int64_t)count;
    while (output->next < output->height &&
           output->filled[output->next % output->band_rows] == output->width) {
        enum planche_status status = finish_row(output, error);
        if (status)
            return status;
    }
    return PLANCHE_OK;
}
