/* SPDX-License-Identifier: MIT */
/* Folding: for each step that could be left out, its readers are asked. */
#include "backend/tiles/folding.h"

struct search {
    const struct planche_net *net;
    planche_fold_takes *takes;
    const void *user;
    struct planche_folding *folding;
};

static bool is_whole(const struct planche_view *view)
{
    return !view->top && !view->left && !view->bottom && !view->right;
}

/* Whether each reader of a tensor, of which there is one at least, takes it. The fold of a residual
 * follows that of an input. */
static bool readers_take(const struct search *search, int tensor, enum planche_fold input,
                         bool residuals)
{
    int readers = 0;
    if (search->net->output.tensor == tensor)
        return false;
    for (int s = 0; s < search->net->step_count; s++) {
        const struct planche_step *step = &search->net->steps[s];
        for (int i = 0; i < step->input_count; i++)
            if (step->inputs[i].tensor == tensor) {
                readers++;
                if (!search->takes(search->user, s, input))
                    return false;
            }
        for (int r = 0; r < step->residual_count; r++)
            if (step->residuals[r].view.tensor == tensor) {
                readers++;
                if (!residuals || !search->takes(search->user, s, PLANCHE_FOLD_SCALED_RESIDUAL))
                    return false;
            }
    }
    return readers > 0;
}

/* What is folded itself has no memory to read from. */
static bool has_memory(const struct search *search, int tensor)
{
    return search->folding->sources[tensor] == tensor;
}

static void fold_scale(const struct search *search, int s)
{
    const struct planche_step *step = &search->net->steps[s];
    int source = step->inputs[0].tensor;
    if (step->binary != PLANCHE_BINARY_MUL || !is_whole(&step->inputs[0]) ||
        !has_memory(search, source) ||
        !readers_take(search, step->output, PLANCHE_FOLD_SCALED_INPUT, true))
        return;
    search->folding->skipped[s] = true;
    search->folding->sources[step->output] = source;
    search->folding->vectors[step->output] = step->vector;
}

/* The reader sees all of it: a view that leaves out rows would move what lies where. */
static bool reads_whole(const struct search *search, int tensor)
{
    for (int s = 0; s < search->net->step_count; s++) {
        const struct planche_step *step = &search->net->steps[s];
        for (int i = 0; i < step->input_count; i++)
            if (step->inputs[i].tensor == tensor &&
                (step->input_count > 1 || !is_whole(&step->inputs[i])))
                return false;
    }
    return true;
}

static void fold_enlargement(const struct search *search, int s)
{
    const struct planche_step *step = &search->net->steps[s];
    int source = step->inputs[0].tensor;
    if (step->interp != PLANCHE_INTERP_NEAREST || step->place == PLANCHE_INTERP_ALIGN_CORNERS ||
        step->factor_w != 2 || step->factor_h != 2 || !is_whole(&step->inputs[0]) ||
        !has_memory(search, source) || !reads_whole(search, step->output) ||
        !readers_take(search, step->output, PLANCHE_FOLD_ENLARGED_INPUT, false))
        return;
    search->folding->skipped[s] = true;
    search->folding->sources[step->output] = source;
    search->folding->enlarged[step->output] = true;
}

/* The step that makes a tensor; -1: none does, or its sums are made for another POOL. */
static int find_maker(const struct search *search, int tensor)
{
    for (int s = 0; s < search->net->step_count; s++)
        if (search->net->steps[s].output == tensor)
            return search->folding->averages[s] < 0 ? s : -1;
    return -1;
}

static void fold_average(const struct search *search, int s)
{
    int tensor = search->net->steps[s].inputs[0].tensor, maker = find_maker(search, tensor);
    if (maker < 0 || !search->takes(search->user, maker, PLANCHE_FOLD_SUMS))
        return;
    search->folding->averages[maker] = s;
}

bool planche_folding_make(struct planche_folding *folding, const struct planche_net *net,
                          planche_fold_takes *takes, const void *user,
                          struct planche_budget *budget)
{
    const struct search search = {net, takes, user, folding};
    size_t tensors = (size_t)net->tensor_count, steps = (size_t)net->step_count;
    folding->skipped = planche_calloc(budget, steps, sizeof(*folding->skipped));
    folding->averages = planche_calloc(budget, steps, sizeof(*folding->averages));
    folding->sources = planche_calloc(budget, tensors, sizeof(*folding->sources));
    folding->vectors = planche_calloc(budget, tensors, sizeof(*folding->vectors));
    folding->enlarged = planche_calloc(budget, tensors, sizeof(*folding->enlarged));
    if (!folding->skipped || !folding->averages || !folding->sources || !folding->vectors ||
        !folding->enlarged)
        return false;
    for (int t = 0; t < net->tensor_count; t++) {
        folding->sources[t] = t;
        folding->vectors[t] = -1;
    }
    for (int s = 0; s < net->step_count; s++)
        folding->averages[s] = -1;
    for (int s = 0; s < net->step_count; s++) {
        if (net->steps[s].op == PLANCHE_STEP_BINARY_VECTOR)
            fold_scale(&search, s);
        if (net->steps[s].op == PLANCHE_STEP_INTERP)
            fold_enlargement(&search, s);
        if (net->steps[s].op == PLANCHE_STEP_POOL)
            fold_average(&search, s);
    }
    return true;
}

void planche_folding_free(struct planche_folding *folding)
{
    planche_free(folding->skipped);
    planche_free(folding->averages);
    planche_free(folding->sources);
    planche_free(folding->vectors);
    planche_free(folding->enlarged);
    *folding = (struct planche_folding){0};
}
