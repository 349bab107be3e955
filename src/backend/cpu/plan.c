/* SPDX-License-Identifier: MIT */
/* Memory planner of a page: full width if it fits, else stripes, else the smallest budget that
 * would do. */
#include "backend/cpu/plan.h"

#include "backend/cpu/checkpoints.h"
#include "backend/cpu/cost.h"
#include "backend/cpu/regions.h"
#include "base/status.h"
#include "net/integers.h"

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
/* Weights that no cache holds come from memory once for each band: those of so many bytes want so
 * many tiles at a time, in more rows if the page is narrow. */
#define LARGE_WEIGHTS (UINT64_C(64) << 20)
#define LARGE_TILES   192
#define LARGE_BAND    8
/* Choices of checkpoints before there are none. */
#define MAX_ATTEMPTS 8

/* Bytes the caller holds for a plan's rows. */
static uint64_t caller_bytes(const struct planche_plan_options *o, int64_t fetch_rows,
                             int64_t emit_rows)
{
    return (uint64_t)fetch_rows * o->fetch_row_bytes + (uint64_t)emit_rows * o->emit_row_bytes;
}

static double pass_cost(const struct planche_plan *plan, const struct planche_pass *pass)
{
    const struct planche_program *program = plan->program;
    double cost = 0;
    for (int n = 0; n < program->node_count; n++)
        if (pass->parts[n].active)
            cost += planche_cost_node(program, pass->spec.geometry, &program->nodes[n]);
    for (int t = 0; t < program->tensor_count; t++) {
        size_t bytes;
        if (pass->spec.store[t] && planche_retained_bytes(program, pass->spec.geometry, t, &bytes))
            cost += (double)bytes * PLANCHE_COST_RETAINED_BYTE;
    }
    return cost;
}

/* Notes what whole-page passes take with the plan's present checkpoints: arithmetic, and the most
 * bytes of any, its retained tensors included. */
static enum planche_status measure_whole(struct planche_plan *plan, struct planche_error *error)
{
    uint64_t most = 0;
    plan->macs = 0;
    plan->cost = 0;
    for (int level = 1; level <= plan->program->levels + 1; level++) {
        struct planche_pass_spec spec = planche_plan_spec(plan, level);
        struct planche_pass *pass;
        enum planche_status status = planche_pass_create(&pass, &spec, plan->budget, error);
        if (status)
            return status;
        uint64_t retained = planche_checkpoints_bytes(plan, level);
        most = pass->slab_bytes + retained > most ? pass->slab_bytes + retained : most;
        plan->macs += pass->macs;
        plan->cost += pass_cost(plan, pass);
        planche_pass_destroy(&pass);
    }
    plan->bytes = most + caller_bytes(&plan->options, 0, planche_pass_emit_rows(plan->band));
    return PLANCHE_OK;
}

static bool fits(const struct planche_plan_options *options, uint64_t bytes)
{
    return options->memory == 0 || bytes <= options->memory;
}

/* Full width: retains tensors between passes as far as memory allows. */
static enum planche_status plan_whole(struct planche_plan *plan, uint64_t *smallest,
                                      struct planche_error *error)
{
    enum planche_status status = measure_whole(plan, error);
    plan->stripe = plan->page.page_width;
    plan->segment = plan->page.page_height;
    plan->fetch_rows = 0;
    plan->emit_rows = planche_pass_emit_rows(plan->band);
    *smallest = plan->bytes;
    if (status || plan->program->levels == 0 || !fits(&plan->options, plan->bytes))
        return status;
    uint64_t base = plan->bytes;
    uint64_t capacity = plan->options.memory ? plan->options.memory - base : UINT64_MAX / 2;
    /* Retaining tensors can make a pass hold more rows than it did: what does not fit then is
     * given less. */
    for (int attempt = 0; attempt < MAX_ATTEMPTS && !status; attempt++) {
        status = planche_checkpoints_choose(plan, base, attempt < MAX_ATTEMPTS - 1 ? capacity : 0,
                                            error);
        if (!status)
            status = measure_whole(plan, error);
        if (status || fits(&plan->options, plan->bytes))
            return status;
        uint64_t excess = plan->bytes - plan->options.memory;
        capacity = capacity > excess ? capacity - excess : 0;
    }
    return status;
}

/* So many rows of tiles at a time that all threads have enough of them between two waits, and large
 * weights enough tiles. */
static int wanted_band(const struct planche_plan *plan)
{
    bool large = plan->program->weight_bytes > LARGE_WEIGHTS;
    int64_t tiles = plan->page.page_width / PLANCHE_WINOGRAD_TILE_MAX + 1, max = MAX_BAND;
    int64_t wanted = (int64_t)plan->options.workers * TILES_PER_WORKER;
    if (large) {
        wanted = wanted > LARGE_TILES ? wanted : LARGE_TILES;
        max = LARGE_BAND;
    }
    return (int)planche_int_clamp(planche_ceil_div(wanted, tiles), 1, max);
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

/* Stripes and segments (each pass of which starts from the page): the cheapest combination that
 * fits. */
static enum planche_status plan_regions(struct planche_plan *plan, uint64_t *smallest,
                                        struct planche_error *error)
{
    int64_t width = plan->page.page_width, height = plan->page.page_height;
    double best = INFINITY, cost = plan->macs > 0 ? plan->cost / plan->macs : 0;
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
            plan->cost = best * cost;
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

/* The page as a whole, with the network at its kernels' speed and the codecs. */
static double estimate_seconds(const struct planche_plan *plan)
{
    const struct planche_plan_options *o = &plan->options;
    const struct planche_recipe *recipe = &plan->program->net->recipe;
    if (o->machine.rate <= 0)
        return 0;
    double fresh = plan->bytes > o->held ? (double)(plan->bytes - o->held) : 0;
    double pixels = (double)plan->page.page_width * (double)plan->page.page_height * recipe->scale *
                    recipe->scale;
    return (plan->cost + fresh * planche_plan_price(o)) / (o->machine.rate * o->workers) +
           pixels * PLANCHE_COST_RESULT_PIXEL;
}

/* The plan for all of the memory that options name. */
static enum planche_status make(struct planche_plan **out, const struct planche_program *program,
                                int64_t width, int64_t height,
                                const struct planche_plan_options *options,
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
    *smallest = min;
    if (status)
        planche_plan_destroy(&plan);
    else
        plan->seconds = estimate_seconds(plan);
    *out = plan;
    return status;
}

/* More memory would make no other plan. */
static bool is_best(const struct planche_plan *plan)
{
    return plan->program->levels == 0 && plan->stripe >= plan->page.page_width &&
           plan->segment >= plan->page.page_height && plan->band == wanted_band(plan);
}

/* Keeps one of two plans, the first for less memory. */
static struct planche_plan *choose(struct planche_plan *usual, struct planche_plan *large)
{
    bool pays = large->seconds <= usual->seconds * PLANCHE_PLAN_PAYS;
    struct planche_plan *taken = pays ? large : usual, *other = pays ? usual : large;
    if (other->bytes != taken->bytes) {
        taken->other_bytes = other->bytes;
        taken->other_seconds = other->seconds;
    }
    planche_plan_destroy(&other);
    return taken;
}

enum planche_status planche_plan_create(struct planche_plan **out,
                                        const struct planche_program *program, int64_t width,
                                        int64_t height, const struct planche_plan_options *options,
                                        struct planche_budget *budget, uint64_t *smallest,
                                        struct planche_error *error)
{
    uint64_t least = 0;
    struct planche_plan *usual = NULL;
    struct planche_plan_options less = *options;
    enum planche_status status = PLANCHE_ERROR_BUDGET;
    if (options->memory > options->extra && options->extra) {
        less.memory -= options->extra;
        status = make(&usual, program, width, height, &less, budget, &least, error);
    }
    if (status == PLANCHE_ERROR_BUDGET || (usual && !is_best(usual)))
        status = make(out, program, width, height, options, budget, &least, error);
    else
        *out = NULL;
    if (usual)
        *out = *out ? choose(usual, *out) : usual;
    if (smallest)
        *smallest = least;
    return *out ? PLANCHE_OK : status;
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
