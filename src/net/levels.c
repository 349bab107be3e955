/* SPDX-License-Identifier: MIT */
/* Dependency levels of a network's tensors. */
#include "net/levels.h"

static int higher(int a, int b)
{
    return a > b ? a : b;
}

/* Of all that a step reads. */
static int input_level(const struct planche_step *step, const int *levels)
{
    int level = step->op == PLANCHE_STEP_BINARY_VECTOR ? levels[step->vector] : 0;
    for (int i = 0; i < step->input_count; i++)
        level = higher(level, levels[step->inputs[i].tensor]);
    for (int r = 0; r < step->residual_count; r++)
        level = higher(level, levels[step->residuals[r].view.tensor]);
    return level;
}

int planche_net_levels(const struct planche_net *net, int *levels)
{
    int highest = 0;
    levels[0] = 0;
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        int level = input_level(step, levels) + (step->op == PLANCHE_STEP_POOL);
        levels[step->output] = level;
        if (step->op == PLANCHE_STEP_POOL || step->op == PLANCHE_STEP_INNER)
            highest = higher(highest, level);
    }
    return highest;
}
