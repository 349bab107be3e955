/* SPDX-License-Identifier: MIT */
/* Byte budget of a server. Room is given in the order in which it was asked for, so that a large
 * body gets its turn. */
#include "http/budget.h"

#include <assert.h>
#include <stdlib.h>

void planche_http_budget_init(struct planche_http_budget *budget, uint64_t limit)
{
    *budget = (struct planche_http_budget){.limit = limit};
    budget->last = &budget->waiting;
}

/* New memory has to be zeroed by the system, which takes as long as reading a body into it. One
 * block of the size of a page's file is kept. */
#define LEAST_SPARE ((size_t)64 << 10)
#define MOST_SPARE  ((size_t)1 << 20)

void planche_http_budget_destroy(struct planche_http_budget *budget)
{
    free(budget->spare);
    budget->spare = NULL;
}

void *planche_http_budget_allocate(struct planche_http_budget *budget, size_t size,
                                   size_t *capacity)
{
    void *data = budget->spare;
    if (data != NULL && budget->spare_size >= size && size >= LEAST_SPARE / 2) {
        *capacity = budget->spare_size;
        budget->spare = NULL;
        return data;
    }
    *capacity = size > 0 ? size : 1;
    return malloc(*capacity);
}

void planche_http_budget_free(struct planche_http_budget *budget, void *data, size_t capacity)
{
    bool keeps = capacity >= LEAST_SPARE && capacity <= MOST_SPARE &&
                 (budget->spare == NULL || budget->spare_size < capacity);
    if (!keeps) {
        free(data);
        return;
    }
    free(budget->spare);
    budget->spare = data;
    budget->spare_size = capacity;
}

void planche_http_budget_charge(struct planche_http_budget *budget, uint64_t bytes)
{
    budget->used += bytes;
    if (budget->used > budget->peak)
        budget->peak = budget->used;
}

static bool has_room(const struct planche_http_budget *budget, uint64_t bytes)
{
    return budget->used <= budget->limit && bytes <= budget->limit - budget->used;
}

bool planche_http_budget_try(struct planche_http_budget *budget, uint64_t bytes)
{
    if (budget->waiting != NULL || !has_room(budget, bytes))
        return false;
    planche_http_budget_charge(budget, bytes);
    return true;
}

void planche_http_budget_wait(struct planche_http_budget *budget, struct planche_http_room *room,
                              uint64_t bytes)
{
    /* Who waits for others to be within the limit comes first: a large body in front of it could
     * wait for what only its work gives back. */
    struct planche_http_room **link = bytes == 0 ? &budget->waiting : budget->last;
    room->bytes = bytes;
    room->next = *link;
    room->link = link;
    *link = room;
    if (room->next != NULL)
        room->next->link = &room->next;
    else
        budget->last = &room->next;
}

void planche_http_budget_leave(struct planche_http_budget *budget, struct planche_http_room *room)
{
    if (room->link == NULL)
        return;
    *room->link = room->next;
    if (room->next != NULL)
        room->next->link = room->link;
    else
        budget->last = room->link;
    room->link = NULL;
    planche_http_budget_release(budget, 0); /* it may have stood in the way */
}

void planche_http_budget_release(struct planche_http_budget *budget, uint64_t bytes)
{
    assert(bytes <= budget->used);
    budget->used -= bytes;
    if (budget->granting)
        return;
    budget->granting = true;
    struct planche_http_room *room;
    while ((room = budget->waiting) != NULL && has_room(budget, room->bytes)) {
        budget->waiting = room->next;
        if (room->next != NULL)
            room->next->link = &budget->waiting;
        else
            budget->last = &budget->waiting;
        room->link = NULL;
        planche_http_budget_charge(budget, room->bytes);
        room->granted(room->user);
    }
    budget->granting = false;
}

struct planche_http_blob *planche_http_blob_create(void *data, size_t size,
                                                   void (*release)(void *owner), void *owner,
                                                   struct planche_http_budget *budget,
                                                   uint64_t charge)
{
    struct planche_http_blob *blob = malloc(sizeof *blob);
    if (blob != NULL)
        *blob = (struct planche_http_blob){data, size, 1, release, owner, budget, charge, 0};
    return blob;
}

struct planche_http_blob *planche_http_blob_hold(struct planche_http_blob *blob)
{
    blob->holders++;
    return blob;
}

void planche_http_blob_drop(struct planche_http_blob *blob)
{
    if (blob == NULL || --blob->holders > 0)
        return;
    if (blob->capacity > 0)
        planche_http_budget_free(blob->budget, blob->data, blob->capacity);
    else if (blob->release != NULL)
        blob->release(blob->owner != NULL ? blob->owner : blob->data);
    if (blob->budget != NULL)
        planche_http_budget_release(blob->budget, blob->charge);
    free(blob);
}
