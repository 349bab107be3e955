/* SPDX-License-Identifier: MIT */
/* The plan of a run: adding to it and freeing it. */
#include "enlarge/plan.h"

#include <stdlib.h>
#include <string.h>

bool planche_cli_plan_add(struct planche_cli_plan *plan, const char *input, char *output,
                          const struct planche_cli_item *like)
{
    char *copy = strdup(input);
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity * 2 + 16;
        void *items = reallocarray(plan->items, capacity, sizeof *plan->items);
        if (items != NULL) {
            plan->items = items;
            plan->capacity = capacity;
        }
    }
    if (copy == NULL || output == NULL || plan->count == plan->capacity) {
        free(copy);
        free(output);
        return false;
    }
    struct planche_cli_item *item = &plan->items[plan->count++];
    *item = *like;
    item->input = copy;
    item->output = output;
    return true;
}

void planche_cli_plan_free(struct planche_cli_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->items[i].input);
        free(plan->items[i].output);
    }
    free(plan->items);
    free(plan->folder);
}
