/* SPDX-License-Identifier: MIT */
/* Route table. */
#include "serve/routes.h"

#include "serve/book_events.h"
#include "serve/book_result.h"
#include "serve/books.h"
#include "serve/health.h"
#include "serve/metrics.h"
#include "serve/queue/store.h"
#include "serve/status.h"
#include "serve/suwayomi.h"
#include "serve/upscale.h"
#include "serve/web.h"

#include <stdio.h>
#include <string.h>

enum {
    OPEN = PLANCHE_SERVE_OPEN,
    QUERY_TOKEN = PLANCHE_SERVE_QUERY_TOKEN,
    IMAGE_ONLY = PLANCHE_SERVE_IMAGE_ONLY,
    URGENT = PLANCHE_SERVE_URGENT
};

static const struct planche_serve_route routes[] = {
#define ROUTE(method, path, flags, handler) {method, path, flags, handler},
#include "serve/routes.def"
#undef ROUTE
};

static void allow(char *allowed, size_t size, const char *method)
{
    size_t used = strlen(allowed);
    bool get = strcmp(method, "GET") == 0;
    snprintf(allowed + used, size - used, "%s%s%s", used > 0 ? ", " : "", method,
             get ? ", HEAD" : "");
}

static bool is_path(const char *pattern, const char *path)
{
    while (*pattern && *pattern != '*') {
        size_t part = *pattern == '{' ? strcspn(path, "/") : 1;
        if (part == 0 || (*pattern != '{' && *pattern != *path))
            return false;
        pattern += *pattern == '{' ? strcspn(pattern, "}") + 1 : 1;
        path += part;
    }
    return *pattern == '*' || *path == 0;
}

const struct planche_serve_route *planche_serve_find_route(const char *method, const char *path,
                                                           char *allowed, size_t size)
{
    const struct planche_serve_route *found = NULL;
    bool head = strcmp(method, "HEAD") == 0;
    *allowed = 0;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const struct planche_serve_route *route = &routes[i];
        if (!is_path(route->path, path))
            continue;
        allow(allowed, size, route->method);
        if (strcmp(route->method, head ? "GET" : method) == 0)
            found = route;
    }
    return found;
}

void planche_serve_tidy_path(char *path)
{
    size_t used = 0;
    for (const char *from = path; *from; from++) {
        if (*from != '/' || used == 0 || path[used - 1] != '/')
            path[used++] = *from;
    }
    used -= used > 1 && path[used - 1] == '/';
    path[used] = 0;
}

bool planche_serve_is_converters(const char *path)
{
    char allowed[64];
    return !is_path("/v1", path) && !is_path("/v1/*", path) && !is_path("/api/*", path) &&
           (strcmp(path, "/") == 0 ||
            (planche_serve_find_route("POST", path, allowed, sizeof allowed) == NULL &&
             *allowed == 0));
}

const struct planche_serve_route *planche_serve_get_route(size_t index)
{
    return index < sizeof routes / sizeof *routes ? &routes[index] : NULL;
}
