/* SPDX-License-Identifier: MIT */
/* Tile plan: the halo, then the memory planner. */
#include "backend/tiles/tile_plan.h"

#include "backend/tiles/halo.h"
#include "backend/tiles/memory_planner.h"
#include "base/status.h"

#include <assert.h>
#include <string.h>

enum planche_status
planche_tile_page_init(struct planche_tile_page *page, const struct planche_net *net,
                       const struct planche_tile_tensors *tensors, uint32_t width, uint32_t height,
                       struct planche_budget *budget, struct planche_error *error)
{
    const struct planche_recipe *recipe = &net->recipe;
    struct planche_shape padded = planche_padded_shape(recipe, width, height);
    *page = (struct planche_tile_page){
        .net = net,
        .tensors = *tensors,
        .width = width,
        .height = height,
        .result = {(int64_t)height * recipe->scale, (int64_t)width * recipe->scale},
    };
    page->shapes = planche_calloc(budget, (size_t)net->tensor_count, sizeof(*page->shapes));
    if (!page->shapes)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a page's plan");
    if (!planche_net_shapes(net, padded.height, padded.width, page->shapes))
        return planche_fail(error, PLANCHE_ERROR_LIMIT, "the page's %u x %u pixels are too many",
                            width, height);
    return PLANCHE_OK;
}

void planche_tile_page_free(struct planche_tile_page *page)
{
    planche_free(page->shapes);
    page->shapes = NULL;
}

enum planche_status planche_tile_plan_init(struct planche_tile_plan *plan,
                                           const struct planche_tile_page *page,
                                           struct planche_budget *budget,
                                           struct planche_error *error)
{
    size_t tensors = (size_t)page->net->tensor_count, steps = (size_t)page->net->step_count;
    *plan = (struct planche_tile_plan){.page = page, .budget = budget};
    plan->regions = planche_calloc(budget, tensors, sizeof(*plan->regions));
    plan->owned = planche_calloc(budget, steps, sizeof(*plan->owned));
    plan->needed = planche_calloc(budget, steps, sizeof(*plan->needed));
    plan->offsets = planche_calloc(budget, tensors, sizeof(*plan->offsets));
    plan->elsewhere = planche_calloc(budget, tensors, sizeof(*plan->elsewhere));
    if (!plan->regions || !plan->owned || !plan->needed || !plan->offsets || !plan->elsewhere)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a tile's plan");
    return PLANCHE_OK;
}

void planche_tile_plan_free(struct planche_tile_plan *plan)
{
    planche_free(plan->regions);
    planche_free(plan->owned);
    planche_free(plan->needed);
    planche_free(plan->offsets);
    planche_free(plan->elsewhere);
    *plan = (struct planche_tile_plan){0};
}

/* Everything of every tensor: averages are of whole tensors. */
static void take_everything(struct planche_tile_plan *plan)
{
    const struct planche_tile_page *page = plan->page;
    for (int t = 0; t < page->net->tensor_count; t++)
        plan->regions[t] =
            (struct planche_rect){0, page->shapes[t].width, 0, page->shapes[t].height};
    for (int s = 0; s < page->net->step_count; s++) {
        const struct planche_step *step = &page->net->steps[s];
        plan->needed[s] = true;
        if (step->op != PLANCHE_STEP_POOL)
            continue;
        struct planche_shape view = planche_view_shape(&step->inputs[0], page->shapes);
        plan->owned[s] = (struct planche_rect){0, view.width, 0, view.height};
    }
}

/* Regions and places of a band whose runs keep tensors. */
static void keep(struct planche_tile_plan *plan, enum planche_tile_goal goal, int level,
                 struct planche_rect rect)
{
    const struct planche_tile_page *page = plan->page;
    const struct planche_keeping *keeping = plan->keeping;
    int run = goal == PLANCHE_TILE_SUMS ? level : page->tensors.highest_level + 1;
    memset(plan->elsewhere, 0, (size_t)page->net->tensor_count * sizeof(*plan->elsewhere));
    if (!keeping || goal == PLANCHE_TILE_WHOLE || run < keeping->first)
        return;
    planche_halo_keep(page->net, page->shapes, page->result, page->tensors.squares, keeping, run,
                      rect, plan->regions, plan->needed, plan->owned);
    for (int t = 0; t < page->net->tensor_count; t++)
        plan->elsewhere[t] =
            planche_keeping_finds(keeping, run, t) || planche_keeping_makes(keeping, run, t);
}

/* The first row of what is made of a kept tensor. */
static uint64_t kept_offset(const struct planche_tile_plan *plan, int tensor)
{
    const struct planche_tile_page *page = plan->page;
    return plan->keeping->offsets[tensor] +
           (uint64_t)plan->regions[tensor].y0 * (uint64_t)page->shapes[tensor].width *
               (uint64_t)page->tensors.pitches[tensor] * page->tensors.value_bytes;
}

/* Fused steps still count as readers, so that what they read lasts until then. */
static void leave_out_fused(struct planche_tile_plan *plan)
{
    const struct planche_net *net = plan->page->net;
    for (int s = plan->page->tensors.fused; s < net->step_count; s++)
        plan->regions[net->steps[s].output] = (struct planche_rect){0};
}

#ifndef NDEBUG
static bool is_inside(struct planche_rect rect, struct planche_shape all)
{
    return planche_rect_is_empty(rect) ||
           (rect.x0 >= 0 && rect.y0 >= 0 && rect.x1 <= all.width && rect.y1 <= all.height);
}

/* Every region lies in its tensor, and in the arena. */
static bool is_sound(const struct planche_tile_plan *plan)
{
    const struct planche_tile_page *page = plan->page;
    for (int t = 0; t < page->net->tensor_count; t++) {
        const struct planche_rect *r = &plan->regions[t];
        uint64_t values = planche_rect_is_empty(*r)
                              ? 0
                              : (uint64_t)(r->x1 - r->x0) * (uint64_t)(r->y1 - r->y0) *
                                    (uint64_t)page->tensors.pitches[t];
        if (!page->net->tensors[t].vector && !is_inside(*r, page->shapes[t]))
            return false;
        if (!page->net->tensors[t].vector &&
            (!page->tensors.sources || page->tensors.sources[t] == t) && !plan->elsewhere[t] &&
            plan->offsets[t] + values * page->tensors.value_bytes > plan->bytes)
            return false;
    }
    return true;
}
#endif

bool planche_tile_plan_make(struct planche_tile_plan *plan, enum planche_tile_goal goal, int level,
                            struct planche_rect rect)
{
    const struct planche_tile_page *page = plan->page;
    const struct planche_tile_tensors *tensors = &page->tensors;
    struct planche_memory_plan memory = {.offsets = plan->offsets};
    assert(is_inside(rect, page->result));
    assert(goal != PLANCHE_TILE_SUMS || (level > 0 && level <= tensors->highest_level));
    if (goal == PLANCHE_TILE_WHOLE && tensors->highest_level)
        take_everything(plan);
    else if (goal == PLANCHE_TILE_SUMS)
        planche_halo_of_level(page->net, page->shapes, page->result, tensors->squares,
                              tensors->levels, level, rect, plan->regions, plan->needed,
                              plan->owned);
    else
        planche_halo_of_tile(page->net, page->shapes, tensors->squares, rect, plan->regions,
                             plan->needed);
    keep(plan, goal, level, rect);
    leave_out_fused(plan);
    const struct planche_memory_format format = {tensors->pitches, tensors->value_bytes,
                                                 tensors->block, tensors->sources, plan->elsewhere};
    if (!planche_memory_plan_make(&memory, page->net, plan->regions, plan->needed, &format,
                                  plan->budget))
        return false;
    plan->bytes = memory.bytes;
    for (int t = 0; t < page->net->tensor_count; t++)
        if (plan->elsewhere[t])
            plan->offsets[t] = kept_offset(plan, t);
    assert(is_sound(plan));
    return true;
}

double planche_tile_plan_macs(const struct planche_tile_plan *plan)
{
    const struct planche_tile_page *page = plan->page;
    double macs = 0;
    for (int s = 0; s < page->net->step_count; s++) {
        const struct planche_step *step = &page->net->steps[s];
        const struct planche_rect *made = &plan->regions[step->output];
        const struct planche_shape *whole = &page->shapes[step->output];
        if (!plan->needed[s] || planche_rect_is_empty(*made))
            continue;
        macs += planche_step_macs(page->net, step, page->shapes) * (double)(made->x1 - made->x0) *
                (double)(made->y1 - made->y0) / ((double)whole->width * (double)whole->height);
    }
    return macs;
}
