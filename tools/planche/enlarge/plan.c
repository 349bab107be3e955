/* SPDX-License-Identifier: MIT */
/* The plan of a run: adding to it and freeing it. */
#include "enlarge/plan.h"

#include <stdlib.h>
#include <string.h>

bool planche_cli_plan_add(struct planche_cli_plan *plan, const char *input, char *output,
                          const struct planche_cli_work *like)
{
    char *copy = strdup(input);
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity * 2 + 16;
        void *works = reallocarray(plan->works, capacity, sizeof *plan->works);
        if (works != NULL) {
            plan->works = works;
            plan->capacity = capacity;
        }
    }
    if (copy == NULL || output == NULL || plan->count == plan->capacity) {
        free(copy);
        free(output);
        return false;
    }
    struct planche_cli_work *work = &plan->works[plan->count++];
    *work = *like;
    work->input = copy;
    work->output = output;
    return true;
}

void planche_cli_plan_free(struct planche_cli_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->works[i].input);
        free(plan->works[i].output);
    }
    free(plan->works);
    free(plan->folder);
}
