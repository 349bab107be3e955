/* SPDX-License-Identifier: MIT */
/* Link: what planche serve has of a queue: pages that workers make, and what is known of the queue.
 *
 * A thread of its own connects, again and again while the queue is away, and asks for workers.
 * Whether there is one is known by that: a page is refused when none has answered for as long as
 * the link waits, and none does now. */
#ifndef PLANCHE_QUEUE_SERVER_LINK_H
#define PLANCHE_QUEUE_SERVER_LINK_H

#include "cli/option_values.h"
#include "queue/shared/names.h"

#include <jansson.h>
#include <planche/planche.h>

struct planche_log;
struct planche_queue_link;

/* A page that is wanted. */
struct planche_queue_link_page {
    enum planche_queue_class class;
    /* The class that the page has by now; NULL: class, for as long as it waits. Thread-safe. */
    enum planche_queue_class (*urgency)(void *user);
    void *user;
    const char *name;  /* for messages */
    const char *input; /* its file; NULL: data[0..size) is its content */
    const void *data;
    size_t size;
    const struct planche_engine_options *engine; /* as planche_cli_choose leaves it */
    const struct planche_page_options *page;
    const char *need;   /* whose arithmetic it wants (planche_queue_link_need); NULL: any */
    bool patient;       /* it is waited for, however long no worker is there */
    const char *output; /* a file; NULL: into memory */
};

/* What became of it. */
struct planche_queue_link_made {
    void *data; /* to be freed; NULL with output */
    size_t size;
    struct planche_page_result page;
    double worker_ms; /* that the worker took */
    bool absent;      /* no worker is there, or the queue is away: the page is not at fault */
};

/* Opens the queue that options name, which live longer, as log does. A queue that does not answer
 * is no error: the log is told, and the link goes on trying. wait_s: how long a worker may not be
 * heard of. Errors: ARGUMENT, UNSUPPORTED (also: this build has no queues), MEMORY, DATA. */
enum planche_status planche_queue_link_open(struct planche_queue_link **out,
                                            const struct planche_cli_queue_options *options,
                                            unsigned wait_s, const struct planche_log *log,
                                            struct planche_error *error);
/* Nobody makes a page any more. NULL is fine. */
void planche_queue_link_close(struct planche_queue_link *link);
/* The word for an engine's arithmetic. */
void planche_queue_link_need(const struct planche_engine_info *info,
                             char need[PLANCHE_QUEUE_NEED_TEXT]);
/* Makes a page. Thread-safe. Errors: those of the page; DEVICE with made->absent; CANCELLED, when
 * page->page->cancel is requested: what waits for a worker is taken back. */
enum planche_status planche_queue_link_make(struct planche_queue_link *link,
                                            const struct planche_queue_link_page *page,
                                            struct planche_queue_link_made *made,
                                            struct planche_error *error);
/* What was known when the queue answered last, as planche queue --json writes it, with
 * "connected", "workers" and the pages of this process. Thread-safe. NULL: no memory. */
json_t *planche_queue_link_state(struct planche_queue_link *link);

#endif
