/* SPDX-License-Identifier: MIT */
/* Wishes: from a request's query and body to a page that is wanted. */
#ifndef PLANCHE_SERVE_WISH_H
#define PLANCHE_SERVE_WISH_H

#include "serve/server.h"

/* What a query says beside the settings of the page. */
struct planche_serve_extras {
    uint64_t deadline_ms; /* 0: not said */
    uint64_t wait_ms;     /* 0: not said */
    bool timed;           /* deadline= and wait=, in seconds, are known */
    /* Where what is said of a book goes; NULL: that is not known, but priority= and deadline_ms=
     * are. */
    struct planche_serve_book_extras *book;
};

/* What a query says of a book beside the settings of its pages; "": not said. */
struct planche_serve_book_extras {
    char name[256], path[1024];
    enum planche_container container;
};

/* Sets wish->request from the query, by the names of planche stdio, and the class and the session.
 * `more` are further settings (may be NULL), which the query overrides. Errors: ARGUMENT, after
 * which the request has been cleared. */
enum planche_status planche_serve_read_query(const struct planche_serve *serve,
                                             const struct planche_http_connection *c, json_t *more,
                                             struct planche_serve_extras *extras,
                                             struct planche_pages_wish *wish,
                                             struct planche_error *error);
/* Finds the page's file in a body: all of it, or the part of a form that is named image or file.
 * Sets input (held), offset and size. Errors: ARGUMENT. */
enum planche_status planche_serve_find_image(const struct planche_http_connection *c,
                                             struct planche_http_blob *body,
                                             struct planche_pages_wish *wish,
                                             struct planche_error *error);

#endif
