/* SPDX-License-Identifier: MIT */
/* Proxy: everything of another server (--upstream), with larger pages. docs/serve.md says what is
 * passed on and how. */
#ifndef PLANCHE_PROXY_PROXY_H
#define PLANCHE_PROXY_PROXY_H

#include "proxy/settings.h"

#include <planche/error.h>

struct planche_proxy;

/* Errors: ARGUMENT, IO (the rules cannot be read), MEMORY. settings are copied. */
enum planche_status planche_proxy_create(struct planche_proxy **out,
                                         const struct planche_proxy_settings *settings,
                                         struct planche_error *error);
/* Closes what is under way. No client's connection is left. NULL is fine. */
void planche_proxy_destroy(struct planche_proxy *proxy);
/* Answers a request with what the upstream answers, or a larger page. c->route is set. */
void planche_proxy_handle(struct planche_proxy *proxy, struct planche_http_connection *c);
/* Ends what would never end by itself: tunnels and streams of events. */
void planche_proxy_drain(struct planche_proxy *proxy);
/* Reads the file of rules again. Errors, after which the old ones hold: as in create. */
enum planche_status planche_proxy_reload(struct planche_proxy *proxy, struct planche_error *error);

/* What is now. */
struct planche_proxy_state {
    unsigned idle, busy; /* connections to the upstream */
    unsigned tunnels;
};
void planche_proxy_get_state(const struct planche_proxy *proxy, struct planche_proxy_state *state);

/* Routes of metrics and logs. */
#define PLANCHE_PROXY_ROUTE      "upstream"
#define PLANCHE_PROXY_PAGE_ROUTE "upstream-page"

#endif
