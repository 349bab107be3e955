/* SPDX-License-Identifier: MIT */
/* Keeping: each run is followed back from what it is for to what an earlier one made. */
#include "backend/tiles/keeping.h"

#include <string.h>

#define ALIGNMENT UINT64_C(256)

struct search {
    const struct planche_kept_page *page;
    int *runs;    /* that make each tensor first */
    int *last;    /* the last run that finds it; 0: none does, and it is not kept */
    bool *wanted; /* by the run that is looked at */
};

static void want_goals(const struct search *search, int run)
{
    const struct planche_net *net = search->page->net;
    const struct planche_kept_page *tensors = search->page;
    memset(search->wanted, 0, (size_t)net->tensor_count * sizeof(*search->wanted));
    if (run > tensors->highest_level)
        search->wanted[net->output.tensor] = true;
    for (int s = 0; s < net->step_count; s++)
        if (net->steps[s].op == PLANCHE_STEP_POOL && tensors->levels[net->steps[s].output] == run)
            search->wanted[net->steps[s].inputs[0].tensor] = true;
}

static void want_inputs(const struct search *search, const struct planche_step *step)
{
    for (int i = 0; i < step->input_count; i++)
        search->wanted[step->inputs[i].tensor] = true;
    for (int r = 0; r < step->residual_count; r++)
        search->wanted[step->residuals[r].view.tensor] = true;
}

/* What is folded has no memory, and is made anew by those that read it. */
static bool has_memory(const struct planche_kept_page *page, int tensor)
{
    return !page->sources || page->sources[tensor] == tensor;
}

/* Follows one run; tensors that it finds are to be kept. */
static void follow(const struct search *search, int run)
{
    const struct planche_net *net = search->page->net;
    want_goals(search, run);
    for (int s = net->step_count - 1; s >= 0; s--) {
        const struct planche_step *step = &net->steps[s];
        int tensor = step->output;
        if (!search->wanted[tensor] || net->tensors[tensor].vector)
            continue;
        if (search->runs[tensor] && has_memory(search->page, tensor)) {
            search->last[tensor] = run;
            continue;
        }
        search->runs[tensor] = run;
        want_inputs(search, step);
    }
}

static bool tensor_bytes(const struct planche_kept_page *page, int tensor, uint64_t *bytes)
{
    const struct planche_shape *shape = &page->shapes[tensor];
    uint64_t pixel = (uint64_t)page->pitches[tensor] * page->value_bytes;
    if (__builtin_mul_overflow((uint64_t)shape->width, (uint64_t)shape->height, bytes) ||
        *bytes > INT32_MAX || __builtin_mul_overflow(*bytes, pixel, bytes))
        return false;
    *bytes = (*bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return true;
}

/* Moves an offset behind a placed tensor that is kept at the same time and lies there. */
static bool evade(const struct search *search, const struct planche_keeping *keeping, int tensor,
                  uint64_t bytes, int other, uint64_t *offset)
{
    uint64_t size;
    if (!search->last[other] || search->runs[other] > search->last[tensor] ||
        search->runs[tensor] > search->last[other] || !tensor_bytes(search->page, other, &size) ||
        keeping->offsets[other] >= *offset + bytes || keeping->offsets[other] + size <= *offset)
        return false;
    *offset = keeping->offsets[other] + size;
    return true;
}

/* Each into the lowest gap that is free for as long as it is kept. */
static bool place(const struct search *search, struct planche_keeping *keeping)
{
    int count = search->page->net->tensor_count;
    for (int t = 0; t < count; t++) {
        uint64_t bytes, offset = 0;
        if (!search->last[t])
            continue;
        if (!tensor_bytes(search->page, t, &bytes))
            return false;
        for (int other = 0; other < t; other++)
            if (evade(search, keeping, t, bytes, other, &offset))
                other = -1;
        keeping->offsets[t] = offset;
        if (__builtin_add_overflow(offset, bytes, &offset))
            return false;
        keeping->bytes = offset > keeping->bytes ? offset : keeping->bytes;
    }
    for (int t = 0; t < count; t++)
        keeping->runs[t] = search->last[t] ? keeping->runs[t] : 0;
    return true;
}

bool planche_keeping_make(struct planche_keeping *keeping, const struct planche_kept_page *page,
                          int first, struct planche_budget *budget)
{
    size_t tensors = (size_t)page->net->tensor_count;
    *keeping = (struct planche_keeping){.first = first};
    keeping->runs = planche_calloc(budget, tensors, sizeof(*keeping->runs));
    keeping->offsets = planche_calloc(budget, tensors, sizeof(*keeping->offsets));
    struct search search = {.page = page, .runs = keeping->runs};
    search.last = planche_calloc(budget, tensors, sizeof(*search.last));
    search.wanted = planche_calloc(budget, tensors, sizeof(*search.wanted));
    bool made = keeping->runs && keeping->offsets && search.wanted && search.last;
    for (int run = first; made && run <= page->highest_level + 1; run++)
        follow(&search, run);
    made = made && place(&search, keeping);
    planche_free(search.wanted);
    planche_free(search.last);
    return made;
}

void planche_keeping_free(struct planche_keeping *keeping)
{
    planche_free(keeping->runs);
    planche_free(keeping->offsets);
    *keeping = (struct planche_keeping){0};
}
