/* SPDX-License-Identifier: MIT */
/* Prefetch: the pages after the one that is read, made before they are asked for. They are fetched
 * with the credentials of who reads, by addresses that record no progress, and only where results
 * are kept. */
#ifndef PLANCHE_PROXY_PREFETCH_H
#define PLANCHE_PROXY_PREFETCH_H

#include "proxy/accept.h"
#include "proxy/routes.h"
#include "proxy/rules.h"
#include "proxy/state.h"

/* A reader has got a page. */
void planche_proxy_prefetch(struct planche_proxy *proxy, const struct planche_http_connection *c,
                            const struct planche_proxy_match *match,
                            const struct planche_proxy_policy *policy,
                            const struct planche_proxy_accepted *accepted);
/* Gives everything up. */
void planche_proxy_prefetch_stop(struct planche_proxy *proxy);

#endif
