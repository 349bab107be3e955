/* SPDX-License-Identifier: MIT */
/* Upstream: what the server lends its proxy. */
#include "serve/upstream/lend.h"

#include "cli/cli.h"
#include "cli/mistakes.h"
#include "cli/terminal.h"
#include "proxy/proxy.h"
#include "serve/figures.h"
#include "serve/log.h"
#include "serve/problem.h"

#include <string.h>

/* Not of a request: of the start, or of the upstream as a whole. */
static void note(struct planche_serve *serve, enum planche_cli_log_level level, const char *message)
{
    serve->warned = serve->warned || level <= PLANCHE_CLI_LOG_WARN;
    planche_serve_log(serve, level, "%s", message);
}

static void on_log(void *user, const struct planche_http_connection *c,
                   enum planche_cli_log_level level, const char *message)
{
    if (c != NULL)
        planche_serve_log_for(user, c, level, "%s", message);
    else
        note(user, level, message);
}

static void on_problem(void *user, struct planche_http_connection *c, unsigned status,
                       const char *detail)
{
    (void)user;
    planche_serve_problem(c, status, "%s", detail);
}

static void on_made(void *user, const struct planche_cache_result *result,
                    const struct planche_page_result *page)
{
    planche_serve_count_page(user, page != NULL ? PLANCHE_SERVE_UPSCALED : PLANCHE_SERVE_CACHED,
                             result, page);
}

static void on_unchanged(void *user)
{
    planche_serve_count_page(user, PLANCHE_SERVE_UNCHANGED, NULL, NULL);
}

static void on_original(void *user, const char *reason)
{
    planche_serve_count_original(user, reason);
}

int planche_serve_make_proxy(struct planche_serve *serve)
{
    struct planche_error error = {0};
    const struct planche_proxy_settings settings = {
        .loop = serve->loop,
        .budget = &serve->budget,
        .options = &serve->options,
        .pages = serve->pages,
        .keys = serve->keys,
        .ready = serve->ready,
        .metrics = serve->metrics,
        .keeps = serve->cache != NULL,
        .max_bytes = serve->max_bytes,
        .log = on_log,
        .problem = on_problem,
        .made = on_made,
        .unchanged = on_unchanged,
        .original = on_original,
        .user = serve,
    };
    if (serve->options.serve.upstream == NULL)
        return serve->options.serve.rules == NULL
                   ? PLANCHE_CLI_OK
                   : planche_cli_usage_error("rules", "--rules is for pages of an --upstream");
    enum planche_status status = planche_proxy_create(&serve->proxy, &settings, &error);
    if (status == PLANCHE_OK) {
        planche_serve_count_route(serve, "GET", PLANCHE_PROXY_ROUTE);
        planche_serve_count_route(serve, "GET", PLANCHE_PROXY_PAGE_ROUTE);
        return PLANCHE_CLI_OK;
    }
    planche_cli_message("%s", error.message);
    return status == PLANCHE_ERROR_ARGUMENT ? PLANCHE_CLI_USAGE : PLANCHE_CLI_NOT_STARTED;
}

bool planche_serve_take_own(const struct planche_serve *serve, char *path)
{
    const size_t length = sizeof PLANCHE_SERVE_OWN - 1;
    if (serve->proxy == NULL)
        return true;
    if (strncmp(path, PLANCHE_SERVE_OWN, length) != 0 || path[length] != '/')
        return false;
    memmove(path, path + length, strlen(path + length) + 1);
    return true;
}

void planche_serve_reload(struct planche_serve *serve)
{
    struct planche_error error = {0};
    if (serve->options.serve.rules == NULL)
        planche_serve_log(serve, PLANCHE_CLI_LOG_INFO, "SIGHUP: there is nothing to reload");
    else if (planche_proxy_reload(serve->proxy, &error) == PLANCHE_OK)
        planche_serve_log(serve, PLANCHE_CLI_LOG_INFO, "SIGHUP: the rules have been read again");
    else
        planche_serve_log(serve, PLANCHE_CLI_LOG_ERROR, "SIGHUP: %s; the old rules hold",
                          error.message);
}
