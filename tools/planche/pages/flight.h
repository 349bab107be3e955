/* SPDX-License-Identifier: MIT */
/* Flight: one page on its way, however many want it. */
#ifndef PLANCHE_PAGES_FLIGHT_H
#define PLANCHE_PAGES_FLIGHT_H

#include "http/budget.h"
#include "http/loop.h"
#include "pages/key.h"
#include "service/request.h"

/* What goes first. */
enum planche_pages_class {
    PLANCHE_PAGES_READER,   /* somebody looks at the page now */
    PLANCHE_PAGES_PREFETCH, /* somebody is going to */
    PLANCHE_PAGES_BOOK,     /* nobody waits for it */
    PLANCHE_PAGES_CLASSES
};

/* A page that is wanted. */
struct planche_pages_wish {
    struct planche_http_blob *input;
    size_t offset, size; /* of the blob: the page's file */
    struct planche_cli_request request;
    char key[PLANCHE_PAGES_KEY];
    enum planche_pages_class class;
    uint64_t session; /* pages of one reader have the same */
};

/* How a page came out. Valid until the call returns; result may be held. */
struct planche_pages_outcome {
    enum planche_status status;
    const char *message;
    struct planche_http_blob *result; /* NULL unless the status is OK */
    const struct planche_page_result *page;
    double queue_ms;
};

/* Owned by who waits, and zeroed but for done and user when it does not. */
struct planche_pages_waiter {
    void (*done)(void *user, const struct planche_pages_outcome *outcome);
    void *user;
    struct planche_pages_flight *flight; /* NULL: it waits for nothing */
    struct planche_pages_waiter *next, **link;
};

struct planche_pages_flight {
    struct planche_pages *pages;
    struct planche_pages_flight *next, **link; /* of those that wait, or run */
    struct planche_pages_wish wish;            /* own */
    struct planche_pages_waiter *waiters;
    bool kept; /* made even if nobody waits any more */
    bool running, cancelled;
    int64_t arrival, start;
    uint64_t burst; /* of its session: see pages/order.h */
    uint64_t job;

    /* Set by the worker. */
    struct planche_http_task ended;
    struct planche_error error;
    enum planche_status status;
    struct planche_page_result page;
    char model[64]; /* that made it */
    void *data;
    size_t size;
    double run_ms;
};

#endif
