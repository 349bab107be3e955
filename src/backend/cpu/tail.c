/* SPDX-License-Identifier: MIT */
/* Search for the steps that can be done together with the one before. */
#include "backend/cpu/tail.h"

#include <string.h>

bool planche_tail_is_elementwise(const struct planche_step *step)
{
    return step->op == PLANCHE_STEP_CHANNEL || step->op == PLANCHE_STEP_BINARY ||
           step->op == PLANCHE_STEP_BINARY_SCALAR;
}

static bool is_head(const struct planche_step *step)
{
    return planche_step_has_kernel(step) || planche_tail_is_elementwise(step);
}

static bool is_whole(const struct planche_view *view)
{
    return !view->top && !view->left && !view->bottom && !view->right;
}

void planche_tail_count_readers(const struct planche_tail_search *search)
{
    const struct planche_net *net = search->net;
    search->readers[net->output.tensor]++;
    for (const struct planche_step *s = net->steps; s < net->steps + net->step_count; s++) {
        for (int i = 0; i < s->input_count; i++)
            search->readers[s->inputs[i].tensor]++;
        for (int r = 0; r < s->residual_count; r++)
            search->readers[s->residuals[r].view.tensor]++;
    }
}

/* How often a step reads all of a tensor. */
static int reads(const struct planche_step *step, int tensor)
{
    int count = 0;
    for (int i = 0; i < step->input_count; i++)
        count += step->inputs[i].tensor == tensor && is_whole(&step->inputs[i]);
    return count;
}

/* Reads of member m's output by members up to `last`. */
static int reads_within(const struct planche_tail_search *search,
                        const struct planche_tail_group *group, int m, int last)
{
    const struct planche_step *steps = search->net->steps;
    int count = 0;
    for (int k = m + 1; k <= last; k++)
        count += reads(&steps[group->steps[k]], steps[group->steps[m]].output);
    return count;
}

static bool is_closed(const struct planche_tail_search *search,
                      const struct planche_tail_group *group)
{
    for (int m = 0; m + 1 < group->count; m++)
        if (reads_within(search, group, m, group->count - 1) !=
            search->readers[search->net->steps[group->steps[m]].output])
            return false;
    return true;
}

/* Places of the members' outputs: the first that holds nothing which is still to be read. An
 * operation may write where its operands lie. */
static bool place_values(const struct planche_tail_search *search, struct planche_tail_group *group)
{
    for (int m = 0; m < group->count; m++) {
        bool held[PLANCHE_TAIL_VALUES + 1] = {false};
        int value = 0;
        for (int k = 0; k < m; k++)
            if (reads_within(search, group, k, m) <
                reads_within(search, group, k, group->count - 1))
                held[group->values[k]] = true;
        while (value <= PLANCHE_TAIL_VALUES && held[value])
            value++;
        if (value > PLANCHE_TAIL_VALUES)
            return false;
        group->values[m] = value;
    }
    return true;
}

static bool can_join(const struct planche_tail_search *search,
                     const struct planche_tail_group *group, int s)
{
    const struct planche_step *steps = search->net->steps, *step = &steps[s];
    int count = 0;
    if (search->taken[s] || !planche_tail_is_elementwise(step) ||
        search->levels[step->output] != search->levels[steps[group->steps[0]].output])
        return false;
    for (int m = 0; m < group->count; m++)
        count += reads(step, steps[group->steps[m]].output);
    return count > 0;
}

void planche_tail_find(const struct planche_tail_search *search, int head,
                       struct planche_tail_group *group)
{
    const struct planche_net *net = search->net;
    struct planche_tail_group best = {.count = 1, .steps = {head}};
    /* An elementwise head is an operation as well. */
    int most = PLANCHE_TAIL_OPS + !planche_tail_is_elementwise(&net->steps[head]);
    *group = best;
    if (search->taken[head] || !is_head(&net->steps[head]))
        return;
    for (int s = head + 1; s < net->step_count && group->count < most; s++) {
        if (!can_join(search, group, s))
            continue;
        group->steps[group->count++] = s;
        if (is_closed(search, group) && place_values(search, group))
            best = *group;
    }
    *group = best;
    for (int m = 0; m < best.count; m++)
        search->taken[best.steps[m]] = true;
}
