/* SPDX-License-Identifier: MIT */
/* Pages of a server: those that wait, those that run, and who waits for them. */
#ifndef PLANCHE_PAGES_PAGES_H
#define PLANCHE_PAGES_PAGES_H

#include "pages/maker.h"

struct planche_cache;
struct planche_cli_engine_cache;

struct planche_pages_settings {
    struct planche_http_loop *loop;
    struct planche_http_budget *budget; /* that results count in */
    struct planche_cli_engine_cache *engines;
    const struct planche_pages_maker *maker; /* NULL: the engines make the pages */
    unsigned workers;
    unsigned queue_limit;        /* pages that may wait, not counting books' */
    struct planche_cache *cache; /* NULL: results are not kept */
    int64_t unload_ns;           /* engines that were not used for so long are given up; 0: never */
    /* Is told about each flight that ends, before those who wait for it: for metrics. May be NULL.
     */
    void (*observe)(void *user, const struct planche_pages_flight *flight);
    void *user;
};

/* What is measured now. */
struct planche_pages_state {
    unsigned waiting[PLANCHE_PAGES_CLASSES], running, workers, queue_limit;
    double page_seconds;           /* a page takes, of late; 0: none has run yet */
    double oldest_seconds;         /* since the oldest page began that runs here; 0: none does */
    double oldest_waiting_seconds; /* since the oldest waiting page came; 0: none waits */
    uint64_t made, failed, cancelled, shared;
};

/* External pages: they are made elsewhere, as those of books are, but take turns on the workers. */
struct planche_pages_external {
    /* One of those that wait may begin. */
    void (*granted)(void *user);
    /* A page waits for an engine while all are in use: if the external ones have one, it is given
     * up after those that run. None of them waits any more. */
    void (*yield)(void *user);
    void *user;
};

struct planche_pages;

/* All calls are for the loop's thread. NULL: no memory, or no threads. settings are copied. */
struct planche_pages *planche_pages_create(const struct planche_pages_settings *settings,
                                           struct planche_error *error);
/* Cancels everything; who waits is told before this returns. NULL is fine. */
void planche_pages_destroy(struct planche_pages *pages);

/* What became of a wish. */
enum planche_pages_submitted {
    PLANCHE_PAGES_HAS,   /* the result is there: *result is the caller's to release */
    PLANCHE_PAGES_WAITS, /* waiter->done is called once, later, unless the waiter leaves first */
    PLANCHE_PAGES_FULL   /* too many pages wait, or there is no memory */
};

/* Wants a page. An entry of the cache that has to be checked first is checked on a thread of its
 * own, and so waits neither for pages nor for room in the queue. If the page waits, the request is
 * taken from the wish and the input is held. If the same page is waiting or running already, the
 * waiter joins it. */
enum planche_pages_submitted planche_pages_submit(struct planche_pages *pages,
                                                  struct planche_pages_wish *wish,
                                                  struct planche_pages_waiter *waiter,
                                                  struct planche_cache_result **result);
/* The waiter does not want it any more. A page that nobody wants is not begun. One that runs goes
 * on if its result is kept somewhere, else it is cancelled. keep: the page is made all the same, if
 * its result is kept. */
void planche_pages_leave(struct planche_pages *pages, struct planche_pages_waiter *waiter,
                         bool keep);
/* Sets who makes external pages, before they come. It is copied. */
void planche_pages_set_external(struct planche_pages *pages,
                                const struct planche_pages_external *external);
/* An external page waits for a worker: those of readers and prefetch go first, and those of
 * class BOOK take turns with it. */
void planche_pages_external_wait(struct planche_pages *pages);
/* One that was granted has ended; or all that wait do so no more. */
void planche_pages_external_leave(struct planche_pages *pages);
void planche_pages_external_forget(struct planche_pages *pages);
/* Cancels all pages and takes no more. */
void planche_pages_cancel(struct planche_pages *pages);
/* Calls run on the thread that checks entries, or on a worker where nothing is kept; then runs the
 * task on the loop's thread, once, also if everything ends before or there is no memory: run was
 * not called then. */
void planche_pages_call(struct planche_pages *pages, void (*run)(void *user), void *user,
                        struct planche_http_task *done);

void planche_pages_get_state(const struct planche_pages *pages, struct planche_pages_state *state);
/* In how many seconds a page that comes now could begin, at least 1: for Retry-After. */
unsigned planche_pages_retry_after(const struct planche_pages *pages);

#endif
