/* SPDX-License-Identifier: MIT */
/* Work: one request for a page, from its head to its answer. Routes differ in what they do when
 * there is no result: see struct planche_serve_kind. */
#ifndef PLANCHE_SERVE_WORK_H
#define PLANCHE_SERVE_WORK_H

#include "serve/wish.h"

struct planche_serve_work {
    struct planche_serve *serve;
    struct planche_http_connection *c;
    const struct planche_serve_kind *kind;
    struct planche_serve_extras extras;
    struct planche_pages_wish wish; /* its request is given away when it is submitted */
    struct planche_http_blob *body; /* NULL: it is not there yet */
    struct planche_pages_waiter waiter;
    struct planche_http_timer timer;
    int64_t deadline;                        /* planche_clock_ns; 0: none */
    bool lasts;                              /* the refusal: trying again does not help */
    json_t *more;                            /* settings beside the query; own */
    struct planche_pages_ready_waiter ready; /* for what keys depend on */
};

struct planche_serve_kind {
    /* Answers with something else than a result, and ends the work. reason is a word, detail a
     * sentence. */
    void (*refuse)(struct planche_serve_work *work, unsigned status, const char *reason,
                   const char *detail);
    /* The body is there, and the page's file is found in it. False: it was refused. May be NULL. */
    bool (*prepare)(struct planche_serve_work *work);
    /* The page waits. May be NULL. */
    void (*wait)(struct planche_serve_work *work);
    bool timed; /* deadline= and wait= are parameters */
    bool late;  /* the query is looked at when the body is there, since refusing needs that */
};

/* Begins: reads the query, receives the body, finds the page in the cache or has it made, and
 * answers. */
void planche_serve_work_begin(struct planche_serve *serve, struct planche_http_connection *c,
                              const struct planche_serve_kind *kind, json_t *more);
/* Once the answer is given: frees the work. The page is not wanted any more; keep: it is made all
 * the same, if results are kept. */
void planche_serve_work_end(struct planche_serve_work *work, bool keep);

#endif
