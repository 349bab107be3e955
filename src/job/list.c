/* SPDX-License-Identifier: MIT */
/* Intrusive lists of jobs: short ones, so that walking them costs nothing. */
#include "job/list.h"

#include <assert.h>

void planche_job_list_append(struct planche_job_slot **list, struct planche_job_slot *slot)
{
    assert(!slot->next);
    while (*list)
        list = &(*list)->next;
    *list = slot;
}

void planche_job_list_remove(struct planche_job_slot **list, struct planche_job_slot *slot)
{
    while (*list != slot) {
        assert(*list);
        list = &(*list)->next;
    }
    *list = slot->next;
    slot->next = NULL;
}

struct planche_job_slot *planche_job_list_find(struct planche_job_slot *list, uint64_t id)
{
    while (list && list->id != id)
        list = list->next;
    return list;
}
