/* SPDX-License-Identifier: MIT */
/* Streaming of a page through a quantised network: each layer makes a few rows, one row behind the
 * layer before it, from rings of rows that stay in the cache. A row's bytes depend on the rows that
 * it reads alone, and all sums are exact: neither threads nor the number of rows change a byte. */
#include "backend/cpu/int8_page.h"

#include "base/checked.h"
#include "base/status.h"
#include "net/integers.h"
#include "net/receptive_field.h"

#include <assert.h>
#include <string.h>

#define GROUP PLANCHE_INT8_GROUP
#define UNIT  48  /* columns that the kernel works on at once */
#define CHUNK 192 /* columns of the last layer whose sums wait for the shuffle */

struct page_run {
    const struct planche_int8_plan *plan;
    const struct planche_int8_network *network;
    const struct planche_page_io *io;
    struct planche_pool *pool;
    char *slab;
    struct planche_int8_rows rows[PLANCHE_INT8_LAYERS]; /* what each layer reads */
    int64_t done[PLANCHE_INT8_LAYERS];                  /* rows that each layer has made */
    int64_t fetched, padded;                            /* rows of the page, of the input */
    /* The rows that a layer is making, shared out in `bands` bands of rows by `chunks` of columns.
     */
    int layer;
    int64_t y0, y1, bands, chunks;
};

/* Adds an array to the slab; false on overflow. */
static bool take(size_t *end, size_t count, size_t size, size_t *place)
{
    size_t bytes;
    *place = *end;
    return planche_mul_size(count, size, &bytes) && planche_add_size(bytes, 63, &bytes) &&
           planche_add_size(*end, bytes / 64 * 64, end);
}

static size_t values_of(int64_t width, int64_t rows)
{
    return (size_t)width * (size_t)rows * PLANCHE_PLANES;
}

static size_t planes_of(const struct planche_int8_network *network)
{
    return (size_t)network->layers[network->layer_count - 1].out_quads * PLANCHE_QUAD;
}

/* Rows of a layer's inputs: those it reads for a group, and the two around them. */
static bool size_rows(const struct planche_int8_plan *plan, int layer,
                      struct planche_int8_rows *rows, size_t *bytes)
{
    return planche_int8_rows_size(rows, plan->network->layers[layer].in_quads, plan->shape.width,
                                  plan->shape.height, GROUP + 2, bytes);
}

static bool lay_out(struct planche_int8_plan *plan)
{
    const struct planche_int8_network *n = plan->network;
    const int64_t width = plan->shape.width, factor = n->factor;
    size_t ignored, bytes;
    bool fits =
        width < INT32_MAX / 64 && plan->shape.height < INT32_MAX / 64 &&
        take(&plan->bytes, values_of(plan->width, plan->page_ring), sizeof(float), &plan->page) &&
        take(&plan->bytes, values_of(width, plan->value_ring), sizeof(float), &plan->values) &&
        take(&plan->bytes, values_of(width * factor, GROUP * factor), sizeof(float),
             &plan->results) &&
        take(&plan->bytes, plan->threads * planes_of(n) * CHUNK, sizeof(float), &plan->scratch);
    plan->tensors = plan->bytes;
    for (int i = 0; fits && i < n->layer_count; i++) {
        struct planche_int8_rows rows;
        fits = size_rows(plan, i, &rows, &bytes) && take(&plan->bytes, bytes, 1, &ignored);
    }
    return fits;
}

enum planche_status planche_int8_plan(struct planche_int8_plan *plan,
                                      const struct planche_int8_network *network, int64_t width,
                                      int64_t height, unsigned threads, struct planche_error *error)
{
    const struct planche_recipe *recipe = &network->recipe;
    const int64_t edge = (int64_t)recipe->pad + recipe->multiple;
    *plan = (struct planche_int8_plan){
        .network = network,
        .threads = threads,
        .width = width,
        .height = height,
        .shape = planche_padded_shape(recipe, width, height),
        .page_ring = planche_int_min(height, 2 * edge + 2),
        .value_ring = GROUP + network->layer_count + 1,
    };
    if (!lay_out(plan))
        return planche_fail(error, PLANCHE_ERROR_LIMIT, "the page is too large for this network");
    for (int i = 0; i < network->layer_count; i++)
        plan->macs += 9.0 * network->layers[i].in_channels * network->layers[i].out_channels *
                      (double)plan->shape.width * (double)plan->shape.height;
    return PLANCHE_OK;
}

static float *page_row(const struct page_run *run, int64_t y, unsigned plane)
{
    const struct planche_int8_plan *plan = run->plan;
    float *page = (float *)(void *)(run->slab + plan->page);
    return page + (size_t)((y % plan->page_ring * PLANCHE_PLANES + plane) * plan->width);
}

static float *value_row(const struct page_run *run, int64_t y, unsigned plane)
{
    const struct planche_int8_plan *plan = run->plan;
    float *values = (float *)(void *)(run->slab + plan->values);
    return values + (size_t)((y % plan->value_ring * PLANCHE_PLANES + plane) * plan->shape.width);
}

/* Row y of the result, before it is cropped. */
static float *result_row(const struct page_run *run, int64_t y, unsigned plane)
{
    const int64_t factor = run->network->factor, width = run->plan->shape.width * factor;
    float *results = (float *)(void *)(run->slab + run->plan->results);
    return results + (size_t)((y % (GROUP * factor) * PLANCHE_PLANES + plane) * width);
}

static enum planche_status fetch_to(struct page_run *run, int64_t end, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (; !status && run->fetched < end; run->fetched++) {
        float *planes[PLANCHE_PLANES];
        for (unsigned c = 0; c < PLANCHE_PLANES; c++)
            planes[c] = page_row(run, run->fetched, c);
        status =
            run->io->fetch(run->io->user, run->fetched, 0, (size_t)run->plan->width, planes, error);
    }
    return status;
}

static void pad_row(const struct page_run *run, int64_t from, int64_t y)
{
    const int64_t pad = run->network->recipe.pad, width = run->plan->width;
    for (unsigned c = 0; c < PLANCHE_PLANES; c++) {
        const float *in = page_row(run, from, c);
        float *out = value_row(run, y, c);
        memcpy(out + pad, in, (size_t)width * sizeof(*out));
        for (int64_t x = 0; x < pad; x++)
            out[x] = in[planche_reflect(x - pad, width)];
        for (int64_t x = pad + width; x < run->plan->shape.width; x++)
            out[x] = in[planche_reflect(x - pad, width)];
    }
}

/* Rows of the network's input up to `end`, as floats and as bytes. */
static enum planche_status pad_to(struct page_run *run, int64_t end, struct planche_error *error)
{
    const int64_t pad = run->network->recipe.pad, height = run->plan->height;
    for (; run->padded < end; run->padded++) {
        const int64_t y = run->padded, from = planche_reflect(y - pad, height);
        /* At the top, rows further down are needed first. */
        enum planche_status status = fetch_to(run, from + 1, error);
        if (status)
            return status;
        pad_row(run, from, y);
        const float *in[PLANCHE_PLANES];
        for (unsigned c = 0; c < PLANCHE_PLANES; c++)
            in[c] = value_row(run, y, c);
        run->network->kernels.store8(&(struct planche_store_args){
            .in = in,
            .step = PLANCHE_QUAD,
            .channels = PLANCHE_PLANES,
            .scale = run->network->byte_scale,
            .bias = run->network->byte_bias,
            .out = planche_int8_row(&run->rows[0], y, 0),
            .pixels = (size_t)run->plan->shape.width,
        });
    }
    return PLANCHE_OK;
}

/* Columns [x0, x1) of row y of what the shuffle made, less what is cropped. */
static void put(const struct page_run *run, int64_t y, int64_t x0, int64_t x1)
{
    const int64_t factor = run->network->factor, crop = run->network->recipe.crop;
    const int64_t first = planche_int_clamp(x0 - crop, 0, run->plan->width * factor);
    const int64_t end = planche_int_clamp(x1 - crop, 0, run->plan->width * factor);
    const float *planes[PLANCHE_PLANES];
    if (y < crop || y >= run->plan->height * factor + crop || first >= end)
        return;
    for (unsigned c = 0; c < PLANCHE_PLANES; c++)
        planes[c] = result_row(run, y, c) + first + crop;
    run->io->put(run->io->user, y - crop, first, (size_t)(end - first), planes);
}

/* Sums of the last layer, `planes`, to pixels. */
static void shuffle(const struct page_run *run, float *const *planes, int64_t y, int64_t x,
                    size_t pixels)
{
    const unsigned factor = run->network->factor;
    const float *addends[PLANCHE_PLANES];
    for (unsigned c = 0; c < PLANCHE_PLANES; c++)
        addends[c] = value_row(run, y, c) + x;
    for (unsigned i = 0; i < factor; i++) {
        float *outputs[PLANCHE_PLANES];
        for (unsigned c = 0; c < PLANCHE_PLANES; c++)
            outputs[c] = result_row(run, y * factor + i, c) + x * factor;
        run->network->kernels.shuffle(&(struct planche_shuffle_args){
            .inputs = (const float *const *)planes,
            .in_lanes = 1,
            .addends = run->network->adds_page ? addends : NULL,
            .outputs = outputs,
            .out_lanes = 1,
            .out_channels = PLANCHE_PLANES,
            .factor = factor,
            .row = i,
            .pixels = pixels,
        });
        put(run, y * factor + i, x * factor, (x + (int64_t)pixels) * factor);
    }
}

static void end_row(const struct page_run *run, int64_t y, int64_t x0, int64_t x1, unsigned worker)
{
    const struct planche_int8_network *n = run->network;
    const struct planche_int8_layer *layer = &n->layers[n->layer_count - 1];
    float *scratch =
        (float *)(void *)(run->slab + run->plan->scratch) + worker * planes_of(n) * CHUNK;
    float *planes[PLANCHE_INT8_CHANNELS] = {0};
    for (unsigned o = 0; o < layer->out_channels; o++)
        planes[o] = scratch + (size_t)o * CHUNK;
    for (int64_t x = x0; x < x1; x += CHUNK) {
        const int64_t end = planche_int_min(x + CHUNK, x1);
        planche_int8_convolve(&n->kernels, layer, &run->rows[run->layer], y, x, end, NULL, planes);
        shuffle(run, planes, y, x, (size_t)(end - x));
    }
}

static void make_part(void *user, size_t index, unsigned worker)
{
    const struct page_run *run = user;
    const int64_t band = (int64_t)index % run->bands, chunk = (int64_t)index / run->bands;
    const int64_t rows = run->y1 - run->y0, width = run->plan->shape.width;
    const int64_t units = planche_ceil_div(width, UNIT);
    const int64_t x0 = units * chunk / run->chunks * UNIT;
    const int64_t x1 = planche_int_min(units * (chunk + 1) / run->chunks * UNIT, width);
    const int64_t end = run->y0 + rows * (band + 1) / run->bands;
    for (int64_t y = run->y0 + rows * band / run->bands; y < end; y++)
        if (run->layer + 1 < run->network->layer_count)
            planche_int8_convolve(&run->network->kernels, &run->network->layers[run->layer],
                                  &run->rows[run->layer], y, x0, x1, &run->rows[run->layer + 1],
                                  NULL);
        else
            end_row(run, y, x0, x1, worker);
}

/* Rows up to `end` of a layer. */
static void make_rows(struct page_run *run, int layer, int64_t end)
{
    const int64_t threads = planche_pool_threads(run->pool);
    run->layer = layer;
    run->y0 = run->done[layer];
    run->y1 = end;
    run->bands = planche_int_min(end - run->y0, planche_int_min(threads, 2));
    run->chunks = planche_int_clamp(planche_ceil_div(threads, 2), 1,
                                    planche_ceil_div(run->plan->shape.width, UNIT));
    planche_pool_run(run->pool, (size_t)(run->bands * run->chunks), make_part, run);
    run->done[layer] = end;
}

/* Rows [y0, y1) of the last layer, as rows of the result. */
static enum planche_status emit(const struct page_run *run, int64_t y0, int64_t y1,
                                struct planche_error *error)
{
    const int64_t factor = run->network->factor, crop = run->network->recipe.crop;
    const int64_t first = planche_int_clamp(y0 * factor - crop, 0, run->plan->height * factor);
    const int64_t end = planche_int_clamp(y1 * factor - crop, 0, run->plan->height * factor);
    for (int64_t y = first; y < end; y++) {
        enum planche_status status =
            run->io->emit(run->io->user, y, 0, (size_t)(run->plan->width * factor), error);
        if (status)
            return status;
    }
    return PLANCHE_OK;
}

/* A group of rows of each layer, each one row behind the layer before it. */
static enum planche_status sweep(struct page_run *run, int64_t rows, struct planche_error *error)
{
    const int64_t height = run->plan->shape.height;
    const int last = run->network->layer_count - 1;
    enum planche_status status = pad_to(run, planche_int_min(rows, height), error);
    if (status)
        return status;
    const int64_t before = run->done[last];
    for (int layer = 0; layer <= last; layer++) {
        const int64_t end = planche_int_clamp(rows - layer - 1, 0, height);
        if (end > run->done[layer])
            make_rows(run, layer, end);
    }
    return emit(run, before, run->done[last], error);
}

/* Rows of the layers in the slab, where the plan has counted them. */
static void place(struct page_run *run)
{
    size_t end = run->plan->tensors, bytes = 0, start = 0;
    for (int i = 0; i < run->network->layer_count; i++) {
        struct planche_int8_rows *rows = &run->rows[i];
        bool fits = size_rows(run->plan, i, rows, &bytes) && take(&end, bytes, 1, &start);
        assert(fits);
        (void)fits;
        rows->data = (uint8_t *)run->slab + start;
        planche_int8_rows_clear(rows, run->plan->shape.width, &run->network->layers[i]);
    }
}

static enum planche_status run_sweeps(struct page_run *run, struct planche_error *error)
{
    const int64_t height = run->plan->shape.height;
    const int last = run->network->layer_count - 1;
    enum planche_status status = PLANCHE_OK;
    for (int64_t rows = GROUP; !status && run->done[last] < height; rows += GROUP) {
        status = sweep(run, rows, error);
        if (!status && run->io->progress)
            run->io->progress(run->io->user, (double)run->done[last] / (double)height);
        if (!status)
            status = planche_cancel_fail(run->io->cancel, error);
    }
    return status;
}

enum planche_status planche_int8_run(const struct planche_int8_plan *plan,
                                     struct planche_pool *pool, const struct planche_page_io *io,
                                     struct planche_budget *budget, struct planche_error *error)
{
    struct page_run *run = planche_calloc(budget, 1, sizeof(*run));
    char *slab = planche_alloc(budget, plan->bytes);
    enum planche_status status = PLANCHE_ERROR_MEMORY;
    if (run && slab) {
        *run = (struct page_run){
            .plan = plan, .network = plan->network, .io = io, .pool = pool, .slab = slab};
        place(run);
        status = run_sweeps(run, error);
    } else {
        planche_fail(error, status, "no memory for %zu bytes of rows", plan->bytes);
    }
    planche_free(slab);
    planche_free(run);
    return status;
}
