/* SPDX-License-Identifier: MIT */
/* Guard: who may ask at all. */
#ifndef PLANCHE_SERVE_GUARD_H
#define PLANCHE_SERVE_GUARD_H

#include "serve/server.h"

/* Whether a request names a host that this server can have: a page of a foreign site that makes its
 * own name stand for 127.0.0.1 cannot use a server that wants no token. */
bool planche_serve_host_is_ours(const struct planche_serve *serve,
                                const struct planche_http_connection *c);
/* Whether a request comes from a page of this server, or from no page of a browser: those of other
 * sites could make it work for them. It is asked where host_is_ours is. */
bool planche_serve_site_is_ours(const struct planche_serve *serve,
                                const struct planche_http_connection *c);
/* Whether a request has the token, if one is wanted. */
bool planche_serve_is_allowed(const struct planche_serve *serve,
                              const struct planche_http_connection *c, bool query);
/* Whether a request may use what Planche has of its own: without a token, a server that passes an
 * upstream on to other machines keeps that to this machine. */
bool planche_serve_may_use(const struct planche_serve *serve,
                           const struct planche_http_connection *c);

#endif
