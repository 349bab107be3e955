/* SPDX-License-Identifier: MIT */
/* Memory planner of a page: full width if it fits, else stripes, else the smallest budget that
 * would do. */
#include "backend/cpu/plan.h"

#include "backend/cpu/checkpoints.h"
#include "backend/cpu/regions.h"
#include "base/status.h"

#include <assert.h>
#include <math.h>

/* Stripes narrower than this are all halo. */
#define MIN_STRIPE 32
/* Rows of a region when the page is divided, tried from the cheapest to the smallest. */
static const int64_t segments[] = {512, 128, 32};
/* Below this many tiles of a layer for each thread, waiting for the slowest one shows; beyond a few
 * rows of tiles, rows leave the cache before they are read. */
#define TILES_PER_WORKER 48
#define MAX_BAND         4
/* Choices of checkpoints before there are none. */
#define MAX_ATTEMPTS 8

/* The most bytes any whole-page pass takes with the plan's present checkpoints, its retained
 * tensors included.
 */
static enum planche_status whole_page(const struct planche_plan *plan, uint64_t *bytes,
                                      double *macs, struct planche_error *error)
{
    *bytes = 0;
    *macs = 0;
    for (int level = 1; level <= plan->program->levels + 1; level++) {
        struct planche_pass_spec spec = planche_plan_spec(plan, level);
        struct planche_pass *pass;
        enum planche_status status = planche_pass_create(&pass, &spec, plan->budget, error);
        if (status)
            return status;
        uint64_t retained = planche_checkpoints_bytes(plan, level);
        *bytes = pass->slab_bytes + retained > *bytes ? pass->slab_bytes + retained : *bytes;
        *macs += pass->macs;
        planche_pass_destroy(&pass);
    }
    return PLANCHE_OK;
}

/* Bytes the caller holds for a plan's rows. */
static uint64_t caller_bytes(const struct planche_plan_options *o, int64_t fetch_rows,
                             int64_t emit_rows)
{
    return (uint64_t)fetch_rows * o->fetch_row_bytes + (uint64_t)emit_rows * o->emit_row_bytes;
}

static bool fits(const struct planche_plan_options *options, uint64_t bytes)
{
    return options->memory == 0 || bytes <= options->memory;
}

/* Full width: retains tensors between passes as far as memory allows. */
static enum planche_status plan_whole(struct planche_plan *plan, uint64_t *smallest,
                                      struct planche_error *error)
{
    uint64_t bytes, emit = caller_bytes(&plan->options, 0, 1);
    double macs;
    enum planche_status status = whole_page(plan, &bytes, &macs, error);
    plan->stripe = plan->page.page_width;
    plan->segment = plan->page.page_height;
    plan->fetch_rows = 0;
    plan->emit_rows = 1;
    plan->macs = macs;
    plan->bytes = bytes + emit;
    *smallest = plan->bytes;
    if (status || plan->program->levels == 0 || !fits(&plan->options, plan->bytes))
        return status;
    uint64_t capacity = plan->options.memory ? plan->options.memory - plan->bytes : UINT64_MAX / 2;
    /* Retaining tensors can make a pass hold more rows than it did: what does not fit then is
     * given less. */
    for (int attempt = 0; attempt < MAX_ATTEMPTS && !status; attempt++) {
        status = planche_checkpoints_choose(plan, attempt < MAX_ATTEMPTS - 1 ? capacity : 0, error);
        if (!status)
            status = whole_page(plan, &bytes, &macs, error);
        plan->bytes = bytes + emit;
        plan->macs = macs;
        if (status || fits(&plan->options, plan->bytes))
            return status;
        uint64_t excess = plan->bytes - plan->options.memory;
        capacity = capacity > excess ? capacity - excess : 0;
    }
    return status;
}

/* So many rows of tiles at a time that all threads have enough of them between two waits. */
static int wanted_band(const struct planche_plan *plan)
{
    int64_t tiles = plan->page.page_width / PLANCHE_WINOGRAD_TILE_MAX + 1;
    int64_t band = ((int64_t)plan->options.workers * TILES_PER_WORKER + tiles - 1) / tiles;
    return band < 1 ? 1 : band > MAX_BAND ? MAX_BAND : (int)band;
}

/* Full width, with the band that suits the threads if it fits. */
static enum planche_status plan_bands(struct planche_plan *plan, uint64_t *smallest,
                                      struct planche_error *error)
{
    plan->band = wanted_band(plan);
    enum planche_status status = plan_whole(plan, smallest, error);
    if (status || plan->band == 1 || fits(&plan->options, plan->bytes))
        return status;
    plan->band = 1;
    return plan_whole(plan, smallest, error);
}

/* Stripes and segments: the cheapest combination that fits. */
static enum planche_status plan_regions(struct planche_plan *plan, uint64_t *smallest,
                                        struct planche_error *error)
{
    int64_t width = plan->page.page_width, height = plan->page.page_height;
    double best = INFINITY;
    for (int64_t columns = 1; columns == 1 || width / columns >= MIN_STRIPE; columns *= 2) {
        int64_t stripe = (width + columns - 1) / columns;
        for (size_t s = 0; s < sizeof(segments) / sizeof(*segments); s++) {
            int64_t segment = segments[s] < height ? segments[s] : height;
            struct planche_regions_size size;
            enum planche_status status =
                planche_regions_measure(plan, stripe, segment, &size, error);
            if (status)
                return status;
            uint64_t bytes =
                size.bytes + caller_bytes(&plan->options, size.fetch_rows,
                                          segment * (int64_t)plan->program->net->recipe.scale);
            *smallest = bytes < *smallest ? bytes : *smallest;
            if (!fits(&plan->options, bytes) || size.macs >= best)
                continue;
            best = plan->macs = size.macs;
            plan->bytes = bytes;
            plan->stripe = stripe;
            plan->segment = segment;
            plan->fetch_rows = size.fetch_rows;
            plan->emit_rows = segment * plan->program->net->recipe.scale;
        }
    }
    return PLANCHE_OK;
}

static bool allocate_checkpoints(struct planche_plan *plan)
{
    int levels = plan->program->levels;
    plan->checkpoints =
        planche_calloc(plan->budget, (size_t)levels + 2, sizeof(*plan->checkpoints));
    for (int level = 0; plan->checkpoints && level < levels + 2; level++) {
        plan->checkpoints[level].store =
            planche_calloc(plan->budget, (size_t)plan->program->tensor_count, sizeof(bool));
        if (!plan->checkpoints[level].store)
            return false;
    }
    return plan->checkpoints != NULL;
}

enum planche_status planche_plan_create(struct planche_plan **out,
                                        const struct planche_program *program, int64_t width,
                                        int64_t height, const struct planche_plan_options *options,
                                        struct planche_budget *budget, uint64_t *smallest,
                                        struct planche_error *error)
{
    uint64_t min = UINT64_MAX;
    enum planche_status status = PLANCHE_ERROR_MEMORY;
    struct planche_plan *plan = planche_calloc(budget, 1, sizeof(*plan));
    *out = NULL;
    if (!plan)
        return planche_fail(error, status, "no memory to plan the page");
    plan->program = program;
    plan->budget = budget;
    plan->options = *options;
    if (allocate_checkpoints(plan))
        status = planche_plan_set_page(plan, width, height, error);
    else
        planche_fail(error, status, "no memory to plan the page");
    if (!status)
        status = plan_bands(plan, &min, error);
    if (!status && !fits(options, plan->bytes))
        status = plan_regions(plan, &min, error);
    if (!status && !fits(options, plan->bytes))
        status = planche_fail(error, PLANCHE_ERROR_BUDGET, "the page needs at least %llu bytes",
                              (unsigned long long)min);
    assert(status || (plan->stripe > 0 && plan->segment > 0 && plan->emit_rows > 0));
    if (smallest)
        *smallest = min;
    if (status)
        planche_plan_destroy(&plan);
    *out = plan;
    return status;
}

void planche_plan_destroy(struct planche_plan **plan)
{
    struct planche_plan *p = *plan;
    if (!p)
        return;
    for (int level = 0; p->checkpoints && level < p->program->levels + 2; level++)
        planche_free(p->checkpoints[level].store);
    planche_free(p->checkpoints);
    planche_free(p->page.shapes);
    planche_free(p->sample.shapes);
    planche_free(p);
    *plan = NULL;
}
