/* SPDX-License-Identifier: MIT */
/* Readiness. One model at a time is read; those who wait for others come after it. */
#include "pages/ready.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct planche_pages_ready {
    struct planche_pages *pages;
    struct planche_pages_keys *keys;
    struct planche_pages_ready_waiter *waiters; /* in the order in which they came */
    struct planche_http_task task;
    bool busy;            /* a thread has the model below, which does not change meanwhile */
    bool known;           /* the machine is */
    char model[PATH_MAX]; /* "": the default */
};

static const char *name_of(const struct planche_pages_ready_waiter *waiter)
{
    return waiter->model != NULL ? waiter->model : "";
}

/* On a thread beside the loop. What is wrong with a model shows when its key is made. */
static void run(void *user)
{
    const struct planche_pages_ready *ready = user;
    planche_pages_keys_prepare(ready->keys, *ready->model ? ready->model : NULL);
}

static void begin(struct planche_pages_ready *ready, const char *model)
{
    ready->busy = true;
    snprintf(ready->model, sizeof ready->model, "%s", model);
    planche_pages_call(ready->pages, run, ready, &ready->task);
}

/* The first one that waits for nothing more; NULL: there is none. */
static struct planche_pages_ready_waiter *find_ready(const struct planche_pages_ready *ready)
{
    struct planche_pages_ready_waiter *waiter = ready->waiters;
    while (waiter != NULL && (ready->busy || strcmp(name_of(waiter), ready->model) != 0) &&
           !planche_cache_model_is_read(waiter->model))
        waiter = waiter->next;
    return waiter;
}

static void on_ready(void *user)
{
    struct planche_pages_ready *ready = user;
    struct planche_pages_ready_waiter *waiter;
    ready->busy = false;
    ready->known = true;
    while ((waiter = find_ready(ready)) != NULL) {
        planche_pages_ready_leave(waiter);
        waiter->go(waiter->user); /* others may come and go meanwhile */
    }
    if (ready->waiters != NULL && !ready->busy)
        begin(ready, name_of(ready->waiters));
}

struct planche_pages_ready *planche_pages_ready_create(struct planche_pages *pages,
                                                       struct planche_pages_keys *keys)
{
    struct planche_pages_ready *ready = calloc(1, sizeof *ready);
    if (ready == NULL)
        return NULL;
    ready->pages = pages;
    ready->keys = keys;
    ready->task = (struct planche_http_task){.run = on_ready, .user = ready};
    return ready;
}

void planche_pages_ready_destroy(struct planche_pages_ready *ready)
{
    free(ready);
}

void planche_pages_ready_prepare(struct planche_pages_ready *ready)
{
    if (!ready->known && !ready->busy)
        begin(ready, "");
}

bool planche_pages_ready_wait(struct planche_pages_ready *ready,
                              struct planche_pages_ready_waiter *waiter)
{
    struct planche_pages_ready_waiter **last = &ready->waiters;
    if (ready->known && planche_cache_model_is_read(waiter->model))
        return false;
    while (*last != NULL)
        last = &(*last)->next;
    waiter->next = NULL;
    waiter->link = last;
    *last = waiter;
    if (!ready->busy)
        begin(ready, name_of(waiter));
    return true;
}

void planche_pages_ready_leave(struct planche_pages_ready_waiter *waiter)
{
    if (waiter->link == NULL)
        return;
    *waiter->link = waiter->next;
    if (waiter->next != NULL)
        waiter->next->link = waiter->link;
    waiter->link = NULL;
}
