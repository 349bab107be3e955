/* SPDX-License-Identifier: MIT */
/* Taking pages from a queue, the most urgent class first. */
#include "queue/take.h"

#include "base/status.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "os/clock.h"
#include "queue/ack.h"
#include "queue/run.h"
#include "queue/store.h"
#include "queue/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum planche_status open_source(struct planche_queue_worker *worker, unsigned index,
                                       struct planche_error *error)
{
    enum planche_queue_class class = (enum planche_queue_class)(index / 2);
    const char *need = index % 2 == 0 ? worker->numerics : PLANCHE_QUEUE_ANY;
    planche_queue_consumer_name(class, need, worker->source[index], sizeof worker->source[index]);
    return planche_queue_make_consumer(&worker->queue, class, need, error);
}

enum planche_status planche_queue_open_sources(struct planche_queue_worker *worker,
                                               struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (unsigned i = 0; i < PLANCHE_QUEUE_SOURCES && status == PLANCHE_OK; i++)
        status = open_source(worker, i, error);
    return status;
}

void planche_queue_drop(struct planche_queue_page *page)
{
    planche_libnats.natsMsg_Destroy(page->message);
    free(page->data);
    free(page);
}

/* OK and a message, or NULL: there is none; else the queue is not to be reached. */
static natsStatus fetch(struct planche_queue_worker *worker, unsigned index, natsMsg **message)
{
    struct planche_error error;
    natsStatus status = planche_queue_next(&worker->queue, worker->source[index], message);
    if (status == NATS_NO_RESPONDERS) /* the server has lost its disk */
        open_source(worker, index, &error);
    return status == NATS_NO_RESPONDERS || status == NATS_NOT_FOUND ? NATS_OK : status;
}

static bool is_held(struct planche_queue_worker *worker, const char *key)
{
    bool held = false;
    planche_mutex_lock(&worker->lock);
    for (const struct planche_queue_page *page = worker->pages; page != NULL; page = page->next)
        held = held || strcmp(page->job.key, key) == 0;
    planche_mutex_unlock(&worker->lock);
    return held;
}

static bool has_result(struct planche_queue_worker *worker, const char *key)
{
    char subject[128];
    natsMsg *message = NULL;
    snprintf(subject, sizeof subject, "planche.result.%s", key);
    natsStatus status =
        planche_queue_get_last(&worker->queue, PLANCHE_QUEUE_RESULTS, subject, &message);
    planche_libnats.natsMsg_Destroy(message);
    return status == NATS_OK;
}

static void hold(struct planche_queue_worker *worker, struct planche_queue_page *page)
{
    planche_mutex_lock(&worker->lock);
    page->next = worker->pages;
    worker->pages = page;
    worker->held++;
    planche_cond_broadcast(&worker->changed);
    planche_mutex_unlock(&worker->lock);
}

/* Whether it takes no more pages, now or at all. */
static bool is_over(struct planche_queue_worker *worker)
{
    planche_mutex_lock(&worker->lock);
    bool rests = planche_clock_ns() < worker->resting;
    planche_mutex_unlock(&worker->lock);
    return rests || planche_cli_interrupt_signal() != 0;
}

/* Whether the page is to be made here; else it has been dealt with. */
static bool examine(struct planche_queue_worker *worker, struct planche_queue_page *page)
{
    struct planche_error error = {0};
    const struct planche_page_options waits = {.cancel = planche_cli_interrupt_cancel()};
    if (is_over(worker)) { /* it was asked for before, and may be one that was just given back */
        planche_queue_give_back(worker, page);
        return false;
    }
    if (page->tries > PLANCHE_QUEUE_TRIES) {
        planche_fail(&error, PLANCHE_ERROR_INTERNAL,
                     "%s: %d workers have taken this page and none has finished it: they were "
                     "ended, or it takes more memory than they have",
                     page->job.name, PLANCHE_QUEUE_TRIES);
        planche_queue_bury(worker, page, &error);
        return false;
    }
    if (is_held(worker, page->job.key)) {
        /* A second copy is meant for another machine. */
        planche_queue_nak(&worker->queue, page->message, 2000);
        return false;
    }
    enum planche_status status =
        has_result(worker, page->job.key)
            ? PLANCHE_ERROR_EXISTS
            : planche_queue_get(&worker->queue, &page->job.source, &page->data, &waits, &error);
    if (status == PLANCHE_OK)
        return true;
    /* This machine does not reach the store, or its server is away: no fault of the page. */
    if (status == PLANCHE_ERROR_UNSUPPORTED ||
        (status == PLANCHE_ERROR_IO && worker->queue.web != NULL)) {
        planche_queue_decline(worker, page, &error);
        return false;
    }
    /* It was made already, or nobody wants it any more: who does is told, and makes another. */
    if (status == PLANCHE_ERROR_EXISTS || status == PLANCHE_ERROR_NOT_FOUND) {
        planche_queue_ack(&worker->queue, page->message);
        planche_queue_tell_gone(&worker->queue, page->job.key);
        return false;
    }
    if (status == PLANCHE_ERROR_CANCELLED) /* the worker ends: that is no try */
        planche_queue_give_back(worker, page);
    else if (page->tries >= PLANCHE_QUEUE_TRIES)
        planche_queue_bury(worker, page, &error);
    else
        planche_queue_nak(&worker->queue, page->message, 5000);
    return false;
}

/* "planche.job.book.any...": a book. */
static enum planche_queue_class class_of(natsMsg *message)
{
    const char *subject = planche_libnats.natsMsg_GetSubject(message);
    for (int i = 0; i < PLANCHE_QUEUE_BOOK; i++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "planche.job.%s.",
                 planche_queue_class_name((enum planche_queue_class)i));
        if (strncmp(subject, prefix, strlen(prefix)) == 0)
            return (enum planche_queue_class)i;
    }
    return PLANCHE_QUEUE_BOOK;
}

/* Takes a message; false: no page came of it. */
static bool take_message(struct planche_queue_worker *worker, natsMsg *message)
{
    struct planche_queue_page *page = calloc(1, sizeof *page);
    if (page == NULL) {
        planche_queue_nak(&worker->queue, message, 5000);
        planche_libnats.natsMsg_Destroy(message);
        return false;
    }
    page->message = message;
    page->class = class_of(message);
    page->tries = planche_queue_tries(message);
    atomic_store(&page->moved, planche_clock_ns());
    const char *text = planche_libnats.natsMsg_GetData(message);
    if (!planche_queue_job_read(&page->job, text,
                                (size_t)planche_libnats.natsMsg_GetDataLength(message))) {
        planche_cli_message("a message that is no page was removed from the queue");
        planche_queue_ack(&worker->queue, message);
    } else if (examine(worker, page)) {
        hold(worker, page);
        return true;
    }
    planche_queue_drop(page);
    return false;
}

bool planche_queue_take(struct planche_queue_worker *worker, bool only_readers)
{
    unsigned sources = only_readers ? 2 : PLANCHE_QUEUE_SOURCES;
    for (unsigned i = 0; i < sources;) {
        natsMsg *message = NULL;
        if (fetch(worker, i, &message) != NATS_OK)
            return false;
        if (message == NULL)
            i++;
        else if (take_message(worker, message))
            return true;
        else if (is_over(worker)) /* it would be given the same page again */
            return false;
    }
    return false;
}
