/* SPDX-License-Identifier: MIT */
/* The plan of a run: adding to it and freeing it. */
#include "enlarge/plan.h"

#include <stdlib.h>
#include <string.h>

const char *planche_cli_verdict_name(enum planche_cli_verdict verdict)
{
    static const char *const names[] = {
        [PLANCHE_CLI_MISSING] = "missing",
        [PLANCHE_CLI_UP_TO_DATE] = "up to date",
        [PLANCHE_CLI_SOURCE_CHANGED] = "source changed",
        [PLANCHE_CLI_OTHER_SETTINGS] = "other settings",
        [PLANCHE_CLI_EXISTS] = "exists",
    };
    return names[verdict];
}

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

bool planche_cli_plan_names(const struct planche_cli_plan *plan,
                            const struct planche_cli_item *item, const char *name)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (&plan->items[i] != item && strcmp(plan->items[i].output, name) == 0)
            return true;
    }
    return false;
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
