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
        [PLANCHE_CLI_OUTPUT_CHANGED] = "output changed",
        [PLANCHE_CLI_PAGES_FAILED] = "pages failed",
        [PLANCHE_CLI_EXISTS] = "exists",
    };
    return names[verdict];
}

bool planche_cli_is_stale(enum planche_cli_verdict verdict)
{
    return verdict == PLANCHE_CLI_SOURCE_CHANGED || verdict == PLANCHE_CLI_OTHER_SETTINGS ||
           verdict == PLANCHE_CLI_OUTPUT_CHANGED || verdict == PLANCHE_CLI_PAGES_FAILED;
}

/* An item of one of the plan's lists. */
struct list {
    struct planche_cli_item **items;
    size_t *count, *capacity;
};

static bool add(const struct list *list, const char *input, char *output,
                const struct planche_cli_item *like)
{
    char *copy = strdup(input);
    if (*list->count == *list->capacity) {
        size_t capacity = *list->capacity * 2 + 16;
        void *items = reallocarray(*list->items, capacity, sizeof **list->items);
        if (items != NULL) {
            *list->items = items;
            *list->capacity = capacity;
        }
    }
    if (copy == NULL || output == NULL || *list->count == *list->capacity) {
        free(copy);
        free(output);
        return false;
    }
    struct planche_cli_item *item = &(*list->items)[(*list->count)++];
    *item = *like;
    item->input = copy;
    item->output = output;
    return true;
}

bool planche_cli_plan_add(struct planche_cli_plan *plan, const char *input, char *output,
                          const struct planche_cli_item *like)
{
    const struct list list = {&plan->items, &plan->count, &plan->capacity};
    return add(&list, input, output, like);
}

bool planche_cli_plan_add_copy(struct planche_cli_plan *plan, const char *input, char *output)
{
    static const struct planche_cli_item like;
    const struct list list = {&plan->copies, &plan->copy_count, &plan->copy_capacity};
    return add(&list, input, output, &like);
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

static void free_items(struct planche_cli_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].input);
        free(items[i].output);
    }
    free(items);
}

void planche_cli_plan_free(struct planche_cli_plan *plan)
{
    free_items(plan->items, plan->count);
    free_items(plan->copies, plan->copy_count);
    free(plan->folder);
}
