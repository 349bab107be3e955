/* SPDX-License-Identifier: MIT */
/* Dispatch: from a request to its handler, past the guard. */
#include "serve/dispatch.h"

#include "http/query.h"
#include "serve/figures.h"
#include "serve/guard.h"
#include "serve/log.h"
#include "serve/problem.h"
#include "serve/routes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a refused request gets: nothing, if its client takes whatever comes for an image. */
__attribute__((format(printf, 4, 5))) static void turn_away(struct planche_http_connection *c,
                                                            const struct planche_serve_route *route,
                                                            unsigned status, const char *format,
                                                            ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (route != NULL && (route->flags & PLANCHE_SERVE_IMAGE_ONLY) != 0)
        planche_http_drop(c);
    else
        planche_serve_problem(c, status, "%s", text);
}

static void answer_options(struct planche_http_connection *c, const char *allowed)
{
    planche_http_add_field(c, "Allow", allowed);
    const struct planche_http_answer answer = {.status = 204};
    planche_http_answer(c, &answer);
}

static void turn_away_method(struct planche_http_connection *c, const char *allowed)
{
    if (*allowed == 0) {
        turn_away(c, NULL, 404, "there is no such path; see docs/serve.md for those there are");
    } else if (strcmp(c->head.method, "OPTIONS") == 0) {
        answer_options(c, allowed);
    } else {
        planche_http_add_field(c, "Allow", allowed);
        turn_away(c, NULL, 405, "this path takes %s", allowed);
    }
}

void planche_serve_request(void *user, struct planche_http_connection *c)
{
    struct planche_serve *serve = user;
    char path[PLANCHE_HTTP_MAX_TARGET + 1], allowed[64] = "";
    const struct planche_serve_route *route = NULL;
    planche_serve_count_begin(serve);
    planche_serve_choose_id(serve, c);
    if (planche_http_unescape(c->head.target, c->head.path_length, false, path))
        route = planche_serve_find_route(c->head.method, path, allowed, sizeof allowed);
    c->route = route != NULL ? route->path : "";
    if (!planche_serve_host_is_ours(serve, c))
        turn_away(c, route, 421, "this server does not have that name; see --host");
    else if (route == NULL)
        turn_away_method(c, allowed);
    else if ((route->flags & PLANCHE_SERVE_OPEN) == 0 &&
             !planche_serve_is_allowed(serve, c, (route->flags & PLANCHE_SERVE_QUERY_TOKEN) != 0))
        turn_away(c, route, 401, "a token is wanted: Authorization: Bearer TOKEN");
    else
        route->handler(serve, c);
}

static const char *explain(unsigned status)
{
    switch (status) {
    case 408:
        return "the request did not come in time";
    case 414:
        return "the address has more than 8192 bytes";
    case 417:
        return "only 100-continue can be expected";
    case 431:
        return "the head has more than 32768 bytes or 100 fields";
    case 501:
        return "the only transfer coding is chunked";
    case 505:
        return "the versions are HTTP/1.0 and HTTP/1.1";
    default:
        return "this is no request of HTTP/1.1";
    }
}

/* What cannot be parsed may still be meant for a route that answers images only. */
static bool is_for_images(const struct planche_http_connection *c)
{
    const struct planche_serve_route *route;
    char line[64];
    for (size_t i = 0; (route = planche_serve_get_route(i)) != NULL; i++) {
        snprintf(line, sizeof line, "%s %s", route->method, route->path);
        if ((route->flags & PLANCHE_SERVE_IMAGE_ONLY) != 0 &&
            planche_http_connection_began_with(c, line))
            return true;
    }
    return false;
}

void planche_serve_refuse(void *user, struct planche_http_connection *c, unsigned status)
{
    planche_serve_choose_id(user, c);
    if (is_for_images(c))
        planche_http_drop(c);
    else
        planche_serve_problem(c, status, "%s", explain(status));
}

void planche_serve_finished(void *user, struct planche_http_connection *c)
{
    planche_serve_count_end(user, c);
    planche_serve_log_request(user, c);
}

void planche_serve_closed(void *user, struct planche_http_connection *c)
{
    (void)user;
    (void)c;
}
