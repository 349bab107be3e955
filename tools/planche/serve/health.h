/* SPDX-License-Identifier: MIT */
/* Health: whether the process answers, and whether it makes pages. */
#ifndef PLANCHE_SERVE_HEALTH_H
#define PLANCHE_SERVE_HEALTH_H

#include "serve/server.h"

/* GET /healthz: the process answers, whatever else it does. */
void planche_serve_health(struct planche_serve *serve, struct planche_http_connection *c);
/* GET /readyz: 503 while it ends, while the queue is full, or when a page has run for longer than
 * the watchdog allows: something hangs. */
void planche_serve_ready(struct planche_serve *serve, struct planche_http_connection *c);
/* Whether no page hangs. */
bool planche_serve_is_alive(const struct planche_serve *serve);

#endif
