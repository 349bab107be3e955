/* SPDX-License-Identifier: MIT */
/* Route table: which handler answers what. */
#ifndef PLANCHE_SERVE_ROUTES_H
#define PLANCHE_SERVE_ROUTES_H

#include "serve/server.h"

enum planche_serve_flags {
    PLANCHE_SERVE_OPEN = 1,
    PLANCHE_SERVE_QUERY_TOKEN = 2,
    PLANCHE_SERVE_IMAGE_ONLY = 4,
    PLANCHE_SERVE_URGENT = 8
};

struct planche_serve_route {
    const char *method, *path;
    unsigned flags;
    planche_serve_handler handler;
};

/* The route for a method and a path whose escapes are resolved; NULL: none. allowed (of size bytes)
 * lists the methods of that path, "" if there is no such path. */
const struct planche_serve_route *planche_serve_find_route(const char *method, const char *path,
                                                           char *allowed, size_t size);
/* Takes repeated slashes of a path as one, and drops those at its end: what people write into the
 * settings of converters. */
void planche_serve_tidy_path(char *path);
/* Whether a POST to a tidy path without a route may come from a converter: that takes whatever is
 * answered for the page, so it must get nothing. Programs that use /v1/ and /api want errors. */
bool planche_serve_is_converters(const char *path);
/* A route by its place in the table; NULL: past the last. */
const struct planche_serve_route *planche_serve_get_route(size_t index);

#endif
