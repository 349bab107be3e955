/* SPDX-License-Identifier: MIT */
/* Reduction: columns first (a row that comes is added to those that it touches), then rows. */
#include "image/downscale.h"

#include "base/checked.h"
#include "base/status.h"
#include "image/pixels.h"

#include <math.h>
#include <string.h>

#define RADIUS 2
/* Rows that an input row can touch: those whose centres are within the radius. */
#define SLOTS (2 * RADIUS + 1)
/* Weights of a pixel come in groups, so that their sums fill vectors. */
#define GROUP 4
/* Less alpha than this is none: there is no colour to tell. */
#define MIN_ALPHA (1.0f / 131072)

/* Where the input lies that an output row or column is made of: first .. last around a centre. */
struct window {
    double centre, total;
    int64_t first, last;
};

struct planche_downscale {
    struct planche_downscale_options options;
    unsigned channels, colours;
    bool alpha, deep;
    double ratio_x, ratio_y;
    size_t taps;      /* weights of a column, whole groups */
    size_t stride;    /* of a plane: width and zeroes behind it */
    float *weights;   /* [out_width][taps] */
    int64_t *columns; /* [out_width] the first of each window */
    float *light;     /* [channels][stride] the row that is added */
    float *sums;      /* [SLOTS][channels][stride] */
    float *made;      /* [channels][out_width] */
    int64_t pushed, next;
    struct window windows[SLOTS]; /* of output rows from next on */
    int64_t opened;               /* output rows that have a window */
};

static double kernel(double x)
{
    x = fabs(x);
    if (x >= RADIUS)
        return 0;
    return x < 1 ? (7 * x * x * x - 12 * x * x) / 6 + 16.0 / 18
                 : (-7 * x * x * x + 36 * x * x - 60 * x + 32) / 18;
}

static struct window make_window(int64_t index, double ratio, int64_t size)
{
    struct window window = {.centre = ((double)index + 0.5) * ratio - 0.5};
    window.first = (int64_t)ceil(window.centre - RADIUS * ratio);
    window.last = (int64_t)floor(window.centre + RADIUS * ratio);
    window.first = window.first > 0 ? window.first : 0;
    window.last = window.last < size - 1 ? window.last : size - 1;
    for (int64_t i = window.first; i <= window.last; i++)
        window.total += kernel(((double)i - window.centre) / ratio);
    return window;
}

static float weight(const struct window *window, int64_t index, double ratio)
{
    return (float)(kernel(((double)index - window->centre) / ratio) / window->total);
}

static size_t count_taps(double ratio)
{
    size_t taps = (size_t)ceil(2 * RADIUS * ratio) + 1;
    return (taps + GROUP - 1) / GROUP * GROUP;
}

static size_t plane_stride(const struct planche_downscale_options *options)
{
    return options->width + count_taps((double)options->width / options->out_width);
}

/* Bytes of the five blocks, in their order; false: too many to count. */
static bool count_bytes(const struct planche_downscale_options *options, size_t bytes[5])
{
    size_t channels = planche_pixel_channels(options->format), out = options->out_width;
    size_t row = channels * plane_stride(options) * sizeof(float);
    bytes[1] = out * sizeof(int64_t);
    bytes[2] = row;
    bytes[3] = SLOTS * row;
    bytes[4] = channels * out * sizeof(float);
    return planche_mul_size(out * sizeof(float),
                            count_taps((double)options->width / options->out_width), &bytes[0]);
}

uint64_t planche_downscale_memory(const struct planche_downscale_options *options)
{
    size_t bytes[5], total = sizeof(struct planche_downscale);
    if (!count_bytes(options, bytes))
        return UINT64_MAX;
    for (int i = 0; i < 5; i++)
        if (!planche_add_size(total, bytes[i], &total))
            return UINT64_MAX;
    return total;
}

static void weigh_columns(struct planche_downscale *reduce)
{
    for (uint32_t x = 0; x < reduce->options.out_width; x++) {
        struct window window = make_window(x, reduce->ratio_x, reduce->options.width);
        reduce->columns[x] = window.first;
        for (int64_t i = window.first; i <= window.last; i++)
            reduce->weights[x * reduce->taps + (size_t)(i - window.first)] =
                weight(&window, i, reduce->ratio_x);
    }
}

enum planche_status planche_downscale_create(struct planche_downscale **out,
                                             const struct planche_downscale_options *options,
                                             struct planche_budget *budget,
                                             struct planche_error *error)
{
    size_t bytes[5];
    *out = NULL;
    struct planche_downscale *reduce = planche_calloc(budget, 1, sizeof *reduce);
    if (!reduce || !count_bytes(options, bytes))
        goto fail;
    reduce->options = *options;
    reduce->channels = planche_pixel_channels(options->format);
    reduce->colours = reduce->channels < 3 ? 1 : 3;
    reduce->alpha = planche_pixel_has_alpha(options->format);
    reduce->deep = planche_pixel_depth(options->format) == 16;
    reduce->ratio_x = (double)options->width / options->out_width;
    reduce->ratio_y = (double)options->height / options->out_height;
    reduce->taps = count_taps(reduce->ratio_x);
    reduce->stride = plane_stride(options);
    reduce->weights = planche_calloc(budget, 1, bytes[0]);
    reduce->columns = planche_calloc(budget, 1, bytes[1]);
    reduce->light = planche_calloc(budget, 1, bytes[2]);
    reduce->sums = planche_calloc(budget, 1, bytes[3]);
    reduce->made = planche_calloc(budget, 1, bytes[4]);
    if (!reduce->weights || !reduce->columns || !reduce->light || !reduce->sums || !reduce->made)
        goto fail;
    weigh_columns(reduce);
    *out = reduce;
    return PLANCHE_OK;
fail:
    planche_downscale_destroy(&reduce);
    return planche_fail_memory(error, budget, planche_downscale_memory(options), "the reduction");
}

void planche_downscale_destroy(struct planche_downscale **reduce)
{
    if (!*reduce)
        return;
    planche_free((*reduce)->weights);
    planche_free((*reduce)->columns);
    planche_free((*reduce)->light);
    planche_free((*reduce)->sums);
    planche_free((*reduce)->made);
    planche_free(*reduce);
    *reduce = NULL;
}

/* Light, weighted with alpha. */
static void take_row(struct planche_downscale *reduce, const float *planes)
{
    size_t width = reduce->options.width;
    const float *alpha = planes + reduce->colours * width;
    for (unsigned c = 0; c < reduce->channels; c++)
        memcpy(reduce->light + c * reduce->stride, planes + c * width, width * sizeof(float));
    for (unsigned c = 0; c < reduce->colours; c++) {
        float *light = reduce->light + c * reduce->stride;
        planche_transfer_to_light(reduce->options.tone, c, light, width);
        for (size_t x = 0; reduce->alpha && x < width; x++)
            light[x] *= alpha[x];
    }
}

static float *sums_of(const struct planche_downscale *reduce, int64_t row)
{
    return reduce->sums + (size_t)(row % SLOTS) * reduce->channels * reduce->stride;
}

static void add_row(struct planche_downscale *reduce, int64_t row)
{
    const struct window *window = &reduce->windows[row % SLOTS];
    const float part = weight(window, reduce->pushed, reduce->ratio_y);
    const float *restrict light = reduce->light;
    float *restrict sums = sums_of(reduce, row);
    size_t count = reduce->channels * reduce->stride;
    if (reduce->pushed == window->first)
        memset(sums, 0, count * sizeof *sums);
    for (size_t i = 0; i < count; i++)
        sums[i] += part * light[i];
}

void planche_downscale_push(struct planche_downscale *reduce, const float *planes)
{
    take_row(reduce, planes);
    while (reduce->opened < reduce->options.out_height) {
        struct window window = make_window(reduce->opened, reduce->ratio_y, reduce->options.height);
        if (window.first > reduce->pushed)
            break;
        reduce->windows[reduce->opened++ % SLOTS] = window;
    }
    for (int64_t row = reduce->next; row < reduce->opened; row++)
        add_row(reduce, row);
    reduce->pushed++;
}

static void filter_row(const struct planche_downscale *reduce, const float *sums, float *made)
{
    for (uint32_t x = 0; x < reduce->options.out_width; x++) {
        const float *in = sums + reduce->columns[x], *weights = reduce->weights + x * reduce->taps;
        float parts[GROUP] = {0};
        for (size_t i = 0; i < reduce->taps; i += GROUP)
            for (size_t j = 0; j < GROUP; j++)
                parts[j] += weights[i + j] * in[i + j];
        made[x] = (parts[0] + parts[1]) + (parts[2] + parts[3]);
    }
}

/* Light of colours that were weighted with alpha, and white where there is none. */
static void take_alpha_off(float *light, const float *alpha, size_t count)
{
    for (size_t x = 0; x < count; x++)
        light[x] = alpha[x] > MIN_ALPHA ? light[x] / alpha[x] : 1;
}

static void store(void *row, const float *values, size_t count, size_t channel, size_t channels,
                  bool deep)
{
    float most = deep ? 65535.0f : 255.0f;
    for (size_t x = 0; x < count; x++) {
        float value = values[x] > 0 ? values[x] < 1 ? values[x] : 1 : 0;
        unsigned level = (unsigned)(value * most + 0.5f);
        if (deep)
            ((uint16_t *)row)[x * channels + channel] = (uint16_t)level;
        else
            ((uint8_t *)row)[x * channels + channel] = (uint8_t)level;
    }
}

bool planche_downscale_pull(struct planche_downscale *reduce, void *row)
{
    size_t width = reduce->options.out_width;
    const float *alpha = reduce->made + reduce->colours * width;
    if (reduce->next >= reduce->opened ||
        reduce->windows[reduce->next % SLOTS].last >= reduce->pushed)
        return false;
    for (unsigned c = 0; c < reduce->channels; c++)
        filter_row(reduce, sums_of(reduce, reduce->next) + c * reduce->stride,
                   reduce->made + c * width);
    for (unsigned c = 0; c < reduce->channels; c++) {
        float *made = reduce->made + c * width;
        if (c < reduce->colours && reduce->alpha)
            take_alpha_off(made, alpha, width);
        if (c < reduce->colours)
            planche_transfer_from_light(reduce->options.tone, c, made, width);
        store(row, made, width, c, reduce->channels, reduce->deep);
    }
    reduce->next++;
    return true;
}
