/* SPDX-License-Identifier: MIT */
/* Sizes of a page and of its sample. */
#include "backend/cpu/geometry.h"

#include "base/status.h"

#include <assert.h>

const struct planche_geometry *planche_plan_geometry(const struct planche_plan *plan, int level)
{
    return level <= plan->program->levels && plan->sample_bands ? &plan->sample : &plan->page;
}

int64_t planche_plan_sample_row(const struct planche_plan *plan, int64_t row)
{
    if (!plan->sample_bands)
        return row;
    int64_t band = row / PLANCHE_SAMPLE_BAND;
    int64_t start =
        band * (plan->page.page_height - PLANCHE_SAMPLE_BAND) / (plan->sample_bands - 1);
    return start + row % PLANCHE_SAMPLE_BAND;
}

static enum planche_status make_geometry(struct planche_geometry *g,
                                         const struct planche_program *p, int64_t width,
                                         int64_t height, struct planche_budget *budget,
                                         struct planche_error *error)
{
    struct planche_shape input = planche_padded_shape(&p->net->recipe, width, height);
    g->page_width = width;
    g->page_height = height;
    g->shapes = planche_calloc(budget, (size_t)p->tensor_count, sizeof(*g->shapes));
    if (!g->shapes)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory to plan the page");
    if (!planche_net_shapes(p->net, input.height, input.width, g->shapes))
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "a page of %lld x %lld pixels does not suit the model",
                            (long long)width, (long long)height);
    g->shapes[p->page_tensor] = (struct planche_shape){height, width};
    return PLANCHE_OK;
}

/* An eighth of the rows, at least 256, in bands spread over the page. Where that is more than half
 * of them, the whole page's averages cost less: what they are taken from is kept for the result. */
enum planche_status planche_plan_set_page(struct planche_plan *plan, int64_t width, int64_t height,
                                          struct planche_error *error)
{
    enum planche_status status =
        make_geometry(&plan->page, plan->program, width, height, plan->budget, error);
    if (status || plan->options.se != PLANCHE_SE_SAMPLED || plan->program->levels == 0)
        return status;
    int64_t bands = (height / 8 + PLANCHE_SAMPLE_BAND - 1) / PLANCHE_SAMPLE_BAND;
    bands = bands < 4 ? 4 : bands;
    if (bands * PLANCHE_SAMPLE_BAND * 2 > height)
        return PLANCHE_OK;
    plan->sample_bands = bands;
    return make_geometry(&plan->sample, plan->program, width, bands * PLANCHE_SAMPLE_BAND,
                         plan->budget, error);
}

struct planche_pass_spec planche_plan_spec(const struct planche_plan *plan, int level)
{
    const struct planche_geometry *g = planche_plan_geometry(plan, level);
    assert(level >= 1 && level <= plan->program->levels + 1 && plan->band >= 1);
    return (struct planche_pass_spec){
        .program = plan->program,
        .geometry = g,
        .region = {0, g->page_width, 0, g->page_height},
        .level = level,
        .first = plan->checkpoints[level - 1].first,
        .store = plan->checkpoints[level].store,
        .band = plan->band,
        .workers = plan->options.workers,
    };
}
