/* SPDX-License-Identifier: MIT */
/* Wanted: from a page's bytes to what is to be made of it. For readers and for prefetching alike,
 * so that both find the same result. */
#ifndef PLANCHE_PROXY_WANTED_H
#define PLANCHE_PROXY_WANTED_H

#include "proxy/accept.h"
#include "proxy/routes.h"
#include "proxy/rules.h"
#include "proxy/state.h"

/* Sets the request and the key of a wish for the page in wish->input. NULL: it is to be made; else
 * why it stays as it is, a word as in X-Planche-Result. The request is cleared then. */
const char *planche_proxy_want(const struct planche_proxy *proxy,
                               const struct planche_proxy_policy *policy,
                               const struct planche_proxy_accepted *accepted, bool plain,
                               struct planche_pages_wish *wish);
/* Whether an answer may be a page that is to be made larger. */
bool planche_proxy_is_page(const struct planche_http_reply *reply);
/* A reader, for the order of pages. */
uint64_t planche_proxy_session(const struct planche_http_connection *c,
                               const struct planche_proxy_match *match);

#endif
