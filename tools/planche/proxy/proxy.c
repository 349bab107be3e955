/* SPDX-License-Identifier: MIT */
/* Proxy: everything of another server, with larger pages. */
#include "proxy/proxy.h"

#include "base/status.h"
#include "proxy/exchange.h"
#include "proxy/identify.h"
#include "proxy/page.h"
#include "proxy/prefetch.h"
#include "proxy/tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS  INT64_C(1000000000)
#define RESOLVE_NS (10 * SECOND_NS)

/* Pages of that rule stay as they are until it is there. */
static void on_lack(void *user, const char *message)
{
    const struct planche_proxy *proxy = user;
    char text[640];
    snprintf(text, sizeof text, "rules: %s", message);
    proxy->settings.log(proxy->settings.user, NULL, PLANCHE_CLI_LOG_WARN, text);
}

enum planche_status planche_proxy_create(struct planche_proxy **out,
                                         const struct planche_proxy_settings *settings,
                                         struct planche_error *error)
{
    const struct planche_cli_serve_options *options = &settings->options->serve;
    struct planche_proxy *proxy = calloc(1, sizeof *proxy);
    *out = NULL;
    if (proxy == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    proxy->settings = *settings;
    proxy->upstream.loop = settings->loop;
    proxy->upstream.metrics = settings->metrics;
    proxy->upstream.wait_ns = options->upstream_timeout_s * SECOND_NS;
    proxy->upstream.resolve_ns =
        RESOLVE_NS < proxy->upstream.wait_ns ? RESOLVE_NS : proxy->upstream.wait_ns;
    enum planche_status status =
        planche_proxy_upstream_parse(&proxy->upstream, options->upstream, error);
    proxy->books = calloc(PLANCHE_PROXY_BOOKS, sizeof *proxy->books);
    if (status == PLANCHE_OK && proxy->books == NULL)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    if (status == PLANCHE_OK)
        status = planche_proxy_rules_read(&proxy->rules, options->rules, settings->options, error);
    if (status != PLANCHE_OK) {
        free(proxy->books);
        free(proxy);
        return status;
    }
    planche_proxy_rules_check_models(proxy->rules, on_lack, proxy);
    *out = proxy;
    return PLANCHE_OK;
}

void planche_proxy_destroy(struct planche_proxy *proxy)
{
    if (proxy == NULL)
        return;
    planche_proxy_tunnels_close(proxy);
    planche_proxy_prefetch_stop(proxy);
    planche_proxy_calls_close(&proxy->upstream);
    planche_proxy_upstream_close(&proxy->upstream);
    planche_proxy_rules_free(proxy->rules);
    free(proxy->books);
    free(proxy);
}

enum planche_status planche_proxy_reload(struct planche_proxy *proxy, struct planche_error *error)
{
    const struct planche_cli_options *options = proxy->settings.options;
    struct planche_proxy_rules *rules;
    enum planche_status status =
        planche_proxy_rules_read(&rules, options->serve.rules, options, error);
    if (status != PLANCHE_OK)
        return status;
    planche_proxy_rules_free(proxy->rules); /* what is under way has its own references */
    proxy->rules = rules;
    planche_proxy_rules_check_models(rules, on_lack, proxy);
    return PLANCHE_OK;
}

void planche_proxy_drain(struct planche_proxy *proxy)
{
    proxy->draining = true;
    planche_proxy_tunnels_close(proxy);
    planche_proxy_prefetch_stop(proxy);
    for (struct planche_proxy_exchange *exchange = proxy->exchanges, *next; exchange != NULL;
         exchange = next) {
        struct planche_http_connection *c = exchange->c;
        next = exchange->next;
        if (!exchange->events)
            continue;
        planche_proxy_exchange_destroy(exchange);
        planche_http_end(c);
    }
}

void planche_proxy_get_state(const struct planche_proxy *proxy, struct planche_proxy_state *state)
{
    *state = (struct planche_proxy_state){.idle = proxy->upstream.idle_count,
                                          .busy = proxy->upstream.busy_count,
                                          .tunnels = proxy->tunnel_count};
}

static void refuse(const struct planche_proxy *proxy, struct planche_http_connection *c,
                   unsigned status, const char *detail)
{
    proxy->settings.problem(proxy->settings.user, c, status, detail);
}

/* Whether all of a page is asked for. */
static bool is_page(const struct planche_http_connection *c, struct planche_proxy_match *match)
{
    bool reads = strcmp(c->head.method, "GET") == 0 || strcmp(c->head.method, "HEAD") == 0;
    return reads && c->input == PLANCHE_HTTP_INPUT_DONE &&
           planche_http_head_field(&c->head, "range") == NULL &&
           planche_proxy_match_page(c->head.target, c->head.path_length, match);
}

void planche_proxy_handle(struct planche_proxy *proxy, struct planche_http_connection *c)
{
    struct planche_proxy_match match;
    c->route = PLANCHE_PROXY_ROUTE;
    if (planche_http_head_field(&c->head, PLANCHE_PROXY_LOOP) != NULL) {
        refuse(proxy, c, 508, "the upstream's address leads back to this server");
        return;
    }
    if (planche_proxy_wants_upgrade(&c->head) &&
        proxy->tunnel_count >= proxy->settings.options->serve.max_connections) {
        refuse(proxy, c, 503, "too many connections of other protocols");
        return;
    }
    struct planche_proxy_exchange *exchange = planche_proxy_exchange_create(proxy, c);
    if (exchange == NULL)
        return;
    exchange->take_upgrade = planche_proxy_tunnel_begin;
    if (!is_page(c, &match)) {
        planche_proxy_exchange_pass(exchange);
        return;
    }
    c->route = PLANCHE_PROXY_PAGE_ROUTE;
    planche_proxy_page_begin(exchange, &match);
}
