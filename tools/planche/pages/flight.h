/* SPDX-License-Identifier: MIT */
/* Flight: one page on its way, however many want it. */
#ifndef PLANCHE_PAGES_FLIGHT_H
#define PLANCHE_PAGES_FLIGHT_H

#include "cache/key.h"
#include "cache/result.h"
#include "http/budget.h"
#include "http/loop.h"
#include "service/request.h"

#include <stdatomic.h>

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
    struct planche_cache_key key;
    enum planche_pages_class class;
    uint64_t session; /* pages of one reader have the same */
};

/* How a page came out. Valid until the call returns; what it points to may be held. */
struct planche_pages_outcome {
    enum planche_status status;
    const char *message;
    struct planche_cache_result *result; /* NULL unless the status is OK */
    struct planche_http_blob *blob;      /* the result's bytes, if they are in memory */
    const struct planche_page_result *page;
    double queue_ms;
    bool absent; /* nobody is there who makes pages: it is not the page's fault */
    bool cached; /* it had been made before, or by another process; page says nothing */
};

/* Owned by who waits, and zeroed but for done and user when it does not. */
struct planche_pages_waiter {
    void (*done)(void *user, const struct planche_pages_outcome *outcome);
    void *user;
    struct planche_pages_flight *flight; /* NULL: it waits for nothing */
    struct planche_pages_waiter *next, **link;
};

/* A flight's place in the job queue. It lives until the job is done, which may be later than the
 * flight ends: the result is stored after who waits has been told. */
struct planche_pages_ticket {
    struct planche_pages_flight *flight;
    bool ended; /* the loop has been told */
};

struct planche_pages_flight {
    struct planche_pages *pages;
    struct planche_pages_flight *next, **link; /* of those that are checked, wait, or run */
    struct planche_pages_wish wish;            /* own */
    struct planche_pages_waiter *waiters;
    struct planche_pages_ticket *ticket; /* own until it is started */
    bool kept;                           /* made even if nobody waits any more */
    bool checking;                       /* its entry is read, and nothing is to be made yet */
    bool running, cancelled;
    /* The most urgent class of all who want it: wish.class until it runs, and perhaps one before
     * that then. The loop's thread sets it, who makes the page may follow. */
    _Atomic enum planche_pages_class urgency;
    int64_t arrival, start;
    uint64_t burst; /* of its session: see pages/order.h */
    uint64_t job;

    /* Set by the worker, or by the thread that checks the entry. */
    struct planche_http_task end;
    struct planche_error error;
    enum planche_status status;
    struct planche_cache_result *result;
    bool cached;
    struct planche_page_result page;
    char model[64];   /* that made it */
    double run_ms;    /* from the start of the job to its end */
    double queued_ms; /* part of run_ms: in a queue of workers, before one began the page */
    bool absent;
};

#endif
