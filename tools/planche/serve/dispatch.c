/* SPDX-License-Identifier: MIT */
/* Dispatch: from a request to its handler, past the guard. */
#include "serve/dispatch.h"

#include "http/query.h"
#include "proxy/proxy.h"
#include "serve/figures.h"
#include "serve/guard.h"
#include "serve/log.h"
#include "serve/problem.h"
#include "serve/routes.h"
#include "serve/upstream/lend.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A request on its way to a handler. */
struct destination {
    const struct planche_serve_route *route; /* NULL: none */
    char allowed[64];                        /* methods of the path */
    bool image_only;                         /* its client takes whatever comes for an image */
    bool upstreams;                          /* the address belongs to the upstream */
};

static void find_route(const struct planche_serve *serve, struct destination *to,
                       const struct planche_http_connection *c)
{
    char path[PLANCHE_HTTP_MAX_TARGET + 1];
    const char *method = c->head.method;
    const struct planche_serve_route *route;
    *to = (struct destination){.image_only = strcmp(method, "POST") == 0,
                               .upstreams = serve->proxy != NULL};
    if (!planche_http_unescape(c->head.target, c->head.path_length, false, path))
        return;
    to->upstreams = !planche_serve_take_own(serve, path);
    if (to->upstreams)
        return;
    to->route = planche_serve_find_route(method, path, to->allowed, sizeof to->allowed);
    if (to->route == NULL && to->image_only) {
        char allowed[64];
        planche_serve_tidy_path(path);
        route = planche_serve_find_route(method, path, allowed, sizeof allowed);
        if (route != NULL && (route->flags & PLANCHE_SERVE_IMAGE_ONLY) != 0)
            to->route = route;
        else
            to->image_only = planche_serve_is_converters(path);
    }
    if (to->route != NULL)
        to->image_only = (to->route->flags & PLANCHE_SERVE_IMAGE_ONLY) != 0;
}

/* What a refused request gets: nothing, if its client takes whatever comes for an image. */
__attribute__((format(printf, 4, 5))) static void turn_away(struct planche_http_connection *c,
                                                            const struct destination *to,
                                                            unsigned status, const char *format,
                                                            ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(c->reason, sizeof c->reason, "%s", text);
    if (to->image_only)
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

/* The main page's addresses are relative: they need the slash at the end of its own. */
static void lead_to_page(struct planche_http_connection *c)
{
    const struct planche_http_answer answer = {.status = 308};
    planche_http_add_field(c, "Location", PLANCHE_SERVE_OWN "/");
    planche_http_answer(c, &answer);
}

static void turn_away_method(const struct planche_serve *serve, struct planche_http_connection *c,
                             const struct destination *to)
{
    if (to->image_only) {
        planche_serve_log_for(serve, c, PLANCHE_CLI_LOG_WARN,
                              "no such path for a POST; the connection is closed without an "
                              "answer, which a converter would take for the page; that of Suwayomi "
                              "is /suwayomi");
        planche_http_drop(c);
    } else if (*to->allowed == 0) {
        turn_away(c, to, 404, "there is no such path; see docs/serve.md for those there are");
    } else if (strcmp(c->head.method, "OPTIONS") == 0) {
        answer_options(c, to->allowed);
    } else {
        planche_http_add_field(c, "Allow", to->allowed);
        turn_away(c, to, 405, "this path takes %s", to->allowed);
    }
}

static bool changes_something(const struct planche_http_connection *c)
{
    return strcmp(c->head.method, "POST") == 0 || strcmp(c->head.method, "PUT") == 0 ||
           strcmp(c->head.method, "DELETE") == 0;
}

void planche_serve_request(void *user, struct planche_http_connection *c)
{
    struct planche_serve *serve = user;
    struct destination to;
    planche_serve_count_begin(serve);
    planche_serve_choose_id(serve, c);
    find_route(serve, &to, c);
    if (to.upstreams) {
        if (serve->proxy != NULL && strcmp(c->head.target, PLANCHE_SERVE_OWN) == 0)
            lead_to_page(c);
        else
            planche_proxy_handle(serve->proxy, c);
        return;
    }
    unsigned flags = to.route != NULL ? to.route->flags : 0;
    c->route = to.route != NULL ? to.route->path : "";
    if (!planche_serve_host_is_ours(serve, c))
        turn_away(c, &to, 421, "this server does not have that name; see --host");
    else if (to.route == NULL)
        turn_away_method(serve, c, &to);
    else if ((flags & PLANCHE_SERVE_OPEN) == 0 &&
             !planche_serve_is_allowed(serve, c, (flags & PLANCHE_SERVE_QUERY_TOKEN) != 0))
        turn_away(c, &to, 401, "a token is wanted: Authorization: Bearer TOKEN");
    else if (changes_something(c) && !planche_serve_site_is_ours(serve, c))
        turn_away(c, &to, 403,
                  "a page of another site may not send requests; see Security in docs/serve.md");
    else if ((flags & PLANCHE_SERVE_OPEN) == 0 && !planche_serve_may_use(serve, c))
        turn_away(c, &to, 403,
                  "beside an upstream this address is for this machine, unless the server has a "
                  "token (--token-file)");
    else
        to.route->handler(serve, c);
}

bool planche_serve_is_urgent(void *user, const struct planche_http_connection *c)
{
    struct destination to;
    find_route(user, &to, c);
    return to.route != NULL && (to.route->flags & PLANCHE_SERVE_URGENT) != 0;
}

static const char *explain(unsigned status)
{
    switch (status) {
    case 503:
        return "too many requests wait for their turn; try again";
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

/* What cannot be parsed may still come from a converter. */
static bool is_for_images(const struct planche_serve *serve,
                          const struct planche_http_connection *c)
{
    if (serve->proxy == NULL)
        return planche_http_connection_began_with(c, "POST ") &&
               !planche_http_connection_began_with(c, "POST /v1/") &&
               !planche_http_connection_began_with(c, "POST /api");
    return planche_http_connection_began_with(c, "POST " PLANCHE_SERVE_OWN "/") &&
           !planche_http_connection_began_with(c, "POST " PLANCHE_SERVE_OWN "/v1/") &&
           !planche_http_connection_began_with(c, "POST " PLANCHE_SERVE_OWN "/api");
}

void planche_serve_refuse(void *user, struct planche_http_connection *c, unsigned status)
{
    const struct planche_serve *serve = user;
    planche_serve_choose_id(serve, c);
    if (status == 503)
        planche_http_add_field(c, "Retry-After", "5");
    if (is_for_images(serve, c))
        planche_http_drop(c);
    else
        planche_serve_problem(c, status, "%s",
                              planche_http_connection_began_with(c, "\x16")
                                  ? "this is TLS, which a server in front may speak; the address "
                                    "here begins with http://"
                                  : explain(status));
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
