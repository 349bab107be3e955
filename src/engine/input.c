/* SPDX-License-Identifier: MIT */
/* Reading a page's rows in order, again and again, with alpha taken off where there is some. */
#include "engine/input.h"

#include "base/status.h"
#include "image/pixels.h"
#include "os/clock.h"

#include <string.h>

/* Rows that are read ahead, at most and at least. */
#define AHEAD_ROWS 32
#define FEW_ROWS   8

/* Time since start that the page's thread has spent reading. */
static void add_time(struct planche_input *input, double start)
{
    double ms = planche_clock_ms() - start;
    input->ms += ms;
    input->waited_ms += ms;
}

static enum planche_status open_source(struct planche_input *input,
                                       const struct planche_input_options *options,
                                       struct planche_error *error)
{
    enum planche_status status =
        planche_reader_open(&input->reader, options->source, &options->reader, error);
    if (status)
        return status;
    const struct planche_image_info *info = planche_reader_info(input->reader);
    input->width = info->width;
    input->height = info->height;
    input->stored = planche_pixel_format_make(info->channels, info->depth);
    if (!planche_pixel_has_alpha(input->stored))
        return PLANCHE_OK;
    struct planche_reader_options again = options->reader;
    again.log = NULL; /* the first reader has said it */
    return planche_reader_open(&input->alpha_reader, options->source, &again, error);
}

static void set_format(struct planche_input *input, enum planche_pixel_format format)
{
    input->format = format;
    input->colours = planche_pixel_channels(format) < 3 ? 1 : 3;
    input->row_bytes = input->width * planche_pixel_size(format);
    input->colour_row_bytes =
        (size_t)input->width * input->colours * (planche_pixel_depth(format) / 8);
}

void planche_input_make_grey(struct planche_input *input)
{
    unsigned channels = planche_pixel_has_alpha(input->stored) ? 2 : 1;
    set_format(input, planche_pixel_format_make(channels, planche_pixel_depth(input->stored)));
}

void planche_input_expect(struct planche_input *input, const struct planche_pixels *pixels,
                          struct planche_budget *budget)
{
    *input = (struct planche_input){
        .pixels = pixels,
        .budget = budget,
        .width = pixels->width,
        .height = pixels->height,
        .stored = pixels->format,
    };
    input->stored_row_bytes = input->width * planche_pixel_size(input->stored);
    set_format(input, input->stored);
}

bool planche_input_is_whole(const struct planche_input *input)
{
    return input->pixels && !input->relay && !planche_pixel_has_alpha(input->format) &&
           input->stored == input->format;
}

enum planche_status planche_input_open(struct planche_input *input,
                                       const struct planche_input_options *options,
                                       struct planche_error *error)
{
    double start = planche_clock_ms();
    enum planche_status status;
    *input = (struct planche_input){.pixels = options->pixels, .budget = options->reader.budget};
    input->ahead.pool = options->pool;
    if (options->pixels) {
        status = planche_pixels_check(options->pixels, error);
        input->width = options->pixels->width;
        input->height = options->pixels->height;
        input->stored = options->pixels->format;
    } else {
        status = open_source(input, options, error);
    }
    if (status) {
        planche_input_close(input);
        return status;
    }
    input->stored_row_bytes = input->width * planche_pixel_size(input->stored);
    set_format(input, input->stored);
    add_time(input, start);
    return PLANCHE_OK;
}

static struct planche_bleed_options bleed_options(const struct planche_input *input)
{
    return (struct planche_bleed_options){
        .width = input->width, .height = input->height, .format = input->format};
}

/* Whether rows are read ahead: not where a second reader shares what they pass through. */
static bool reads_ahead(const struct planche_input *input)
{
    return input->reader && !input->alpha_reader && input->ahead.pool &&
           planche_pool_threads(input->ahead.pool) > 1;
}

uint64_t planche_input_memory(const struct planche_input *input)
{
    const struct planche_bleed_options bleed = bleed_options(input);
    uint64_t bytes = (uint64_t)input->colour_row_bytes * (reads_ahead(input) ? 1 + AHEAD_ROWS : 1);
    if (input->stored != input->format)
        bytes += input->stored_row_bytes;
    if (planche_pixel_has_alpha(input->format))
        bytes += planche_bleed_memory(&bleed) + input->row_bytes;
    return bytes;
}

enum planche_status planche_input_start(struct planche_input *input, int64_t window_rows,
                                        struct planche_error *error)
{
    const struct planche_bleed_options bleed = bleed_options(input);
    input->window_rows = window_rows > 1 ? window_rows : 1;
    if (input->window_rows > input->height)
        input->window_rows = input->height;
    input->ring_rows = input->window_rows + (reads_ahead(input) ? AHEAD_ROWS : 0);
    if (input->ring_rows > input->height)
        input->ring_rows = input->height;
    if (planche_input_is_whole(input))
        return PLANCHE_OK;
    input->window =
        planche_calloc(input->budget, (size_t)input->ring_rows, input->colour_row_bytes);
    if (input->window && reads_ahead(input))
        input->ahead.task = planche_pool_task_create(input->ahead.pool, input->budget);
    if (!input->window || (reads_ahead(input) && !input->ahead.task))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for %lld rows of the page",
                            (long long)input->ring_rows);
    if (input->stored != input->format) {
        input->stored_row = planche_alloc(input->budget, input->stored_row_bytes);
        if (!input->stored_row)
            return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a row of the page");
    }
    if (!planche_pixel_has_alpha(input->format))
        return PLANCHE_OK;
    input->raw = planche_alloc(input->budget, input->row_bytes);
    if (!input->raw)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a row of the page");
    return planche_bleed_create(&input->bleed, &bleed, input->budget, error);
}

/* Waits for the rows that are being read ahead, if any are. */
static void settle(struct planche_input *input)
{
    struct planche_input_ahead *ahead = &input->ahead;
    if (input->next >= ahead->end)
        return;
    planche_pool_task_end(ahead->task);
    input->next = ahead->end = ahead->read;
    input->ms += ahead->ms;
}

void planche_input_stop(struct planche_input *input)
{
    settle(input);
    planche_pool_task_destroy(&input->ahead.task);
    planche_bleed_destroy(&input->bleed);
    planche_free(input->stored_row);
    planche_free(input->raw);
    planche_free(input->window);
    input->stored_row = input->raw = input->window = NULL;
}

void planche_input_close(struct planche_input *input)
{
    planche_input_stop(input);
    planche_reader_destroy(&input->reader);
    planche_reader_destroy(&input->alpha_reader);
}

static const uint8_t *pixel_row(const struct planche_pixels *pixels, int64_t y)
{
    return (const uint8_t *)pixels->data + (size_t)y * pixels->stride;
}

/* The next row of a reader, as it is run. */
static enum planche_status read_row(struct planche_input *input, struct planche_reader *reader,
                                    uint8_t *to, struct planche_error *error)
{
    uint8_t *row = input->stored_row ? input->stored_row : to;
    enum planche_status status =
        planche_reader_read(reader, row, input->stored_row_bytes, 1, error);
    if (!status && row != to)
        planche_row_convert(to, input->format, row, input->stored, input->width);
    if (!status && input->stretch)
        planche_stretch_row(input->stretch, to, input->width, planche_pixel_channels(input->format),
                            planche_pixel_depth(input->format));
    return status;
}

/* The next row of the file (or the pixels), with its alpha. */
static enum planche_status read_raw(struct planche_input *input, uint8_t *to,
                                    struct planche_error *error)
{
    if (input->relay)
        return planche_relay_pull(input->relay, to, error);
    if (!input->pixels)
        return read_row(input, input->reader, to, error);
    planche_row_convert(to, input->format, pixel_row(input->pixels, input->raw_next++),
                        input->stored, input->width);
    return PLANCHE_OK;
}

static enum planche_status next_row(struct planche_input *input, uint8_t *to,
                                    struct planche_error *error)
{
    if (!input->bleed)
        return read_raw(input, to, error);
    while (!planche_bleed_pull(input->bleed, to)) {
        enum planche_status status = read_raw(input, input->raw, error);
        if (status)
            return status;
        if (!planche_bleed_push(input->bleed, input->raw))
            return planche_fail(error, PLANCHE_ERROR_INTERNAL, "alpha is out of step");
    }
    return PLANCHE_OK;
}

static enum planche_status rewind_input(struct planche_input *input, struct planche_error *error)
{
    if (input->relay)
        return planche_fail(error, PLANCHE_ERROR_INTERNAL, "rows between networks are read again");
    input->next = input->raw_next = input->asked = input->ahead.end = 0;
    if (input->bleed)
        planche_bleed_rewind(input->bleed);
    return input->reader ? planche_reader_rewind(input->reader, error) : PLANCHE_OK;
}

static uint8_t *slot(const struct planche_input *input, int64_t y)
{
    return input->window + (size_t)(y % input->ring_rows) * input->colour_row_bytes;
}

/* Called by the page's thread or by one of the pool's. */
static void read_batch(void *user, size_t index, unsigned worker)
{
    struct planche_input *input = user;
    struct planche_input_ahead *ahead = &input->ahead;
    double start = planche_clock_ms();
    (void)index;
    (void)worker;
    while (!ahead->status && ahead->read < ahead->end) {
        ahead->status = next_row(input, slot(input, ahead->read), &ahead->error);
        ahead->read += !ahead->status;
    }
    ahead->ms = planche_clock_ms() - start;
}

/* Rows that can be read ahead without taking the place of one that stays. */
static int64_t room_ahead(const struct planche_input *input)
{
    int64_t left = input->height - input->next;
    int64_t room = input->asked - input->window_rows + input->ring_rows - input->next;
    return input->ring_rows == input->height || room > left ? left : room;
}

/* Has an idle thread read on, unless one is at it. */
static void read_ahead(struct planche_input *input)
{
    struct planche_input_ahead *ahead = &input->ahead;
    /* While rows are being read, their status is the reading thread's. */
    if (!ahead->task || input->next < ahead->end || ahead->status)
        return;
    int64_t room = room_ahead(input), left = input->height - input->next;
    if (room < 1 || (room < FEW_ROWS && room < left))
        return;
    ahead->read = input->next;
    ahead->end = input->next + (room < AHEAD_ROWS ? room : AHEAD_ROWS);
    planche_pool_task_begin(ahead->task, read_batch, input);
}

/* Whether row y is there, and none that is being read takes its place. */
static bool is_there(const struct planche_input *input, int64_t y)
{
    return y < input->next && y >= input->asked - input->window_rows &&
           y >= input->next - input->ring_rows;
}

/* Row y is there afterwards. */
static enum planche_status reach(struct planche_input *input, int64_t y,
                                 struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    settle(input);
    double start = planche_clock_ms();
    if (y >= input->next && input->ahead.status) {
        *error = input->ahead.error;
        return input->ahead.status;
    }
    if (y < input->next - input->ring_rows)
        status = rewind_input(input, error);
    while (!status && y >= input->next) {
        status = next_row(input, slot(input, input->next), error);
        input->next += !status;
    }
    input->asked = y + 1;
    input->ms += planche_clock_ms() - start;
    return status;
}

enum planche_status planche_input_row(struct planche_input *input, int64_t y, const void **row,
                                      struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (planche_input_is_whole(input)) {
        *row = pixel_row(input->pixels, y);
        return PLANCHE_OK;
    }
    double start = planche_clock_ms();
    if (!is_there(input, y))
        status = reach(input, y, error);
    if (input->asked <= y)
        input->asked = y + 1;
    if (!status)
        read_ahead(input);
    input->waited_ms += planche_clock_ms() - start;
    *row = slot(input, y);
    return status;
}

enum planche_status planche_input_alpha_row(struct planche_input *input, const void **row,
                                            struct planche_error *error)
{
    if (input->pixels) {
        const uint8_t *stored = pixel_row(input->pixels, input->alpha_next++);
        bool same = input->stored == input->format;
        if (!same)
            planche_row_convert(input->raw, input->format, stored, input->stored, input->width);
        *row = same ? stored : input->raw;
        return PLANCHE_OK;
    }
    double start = planche_clock_ms();
    enum planche_status status = read_row(input, input->alpha_reader, input->raw, error);
    add_time(input, start);
    *row = input->raw;
    return status;
}

const struct planche_metadata *planche_input_metadata(const struct planche_input *input)
{
    return input->reader ? planche_reader_info(input->reader)->metadata : NULL;
}
