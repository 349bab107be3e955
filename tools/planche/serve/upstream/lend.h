/* SPDX-License-Identifier: MIT */
/* Upstream: what the server lends its proxy, and which addresses stay its own. */
#ifndef PLANCHE_SERVE_UPSTREAM_LEND_H
#define PLANCHE_SERVE_UPSTREAM_LEND_H

#include "serve/server.h"

/* Where this server's own addresses are, beside an upstream's. */
#define PLANCHE_SERVE_OWN "/planche"

/* Makes the proxy, if there is an upstream. An exit status, after a message unless it is 0. */
int planche_serve_make_proxy(struct planche_serve *serve);
/* Cuts the prefix off a path that is this server's own. False: the path is the upstream's. */
bool planche_serve_take_own(const struct planche_serve *serve, char *path);
/* Reads the rules again. */
void planche_serve_reload(struct planche_serve *serve);

#endif
