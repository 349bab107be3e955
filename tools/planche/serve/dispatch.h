/* SPDX-License-Identifier: MIT */
/* Dispatch: from a request to its handler. */
#ifndef PLANCHE_SERVE_DISPATCH_H
#define PLANCHE_SERVE_DISPATCH_H

#include "serve/server.h"

/* For planche_http_settings; user is a struct planche_serve. */
void planche_serve_request(void *user, struct planche_http_connection *c);
bool planche_serve_is_urgent(void *user, const struct planche_http_connection *c);
void planche_serve_refuse(void *user, struct planche_http_connection *c, unsigned status);
void planche_serve_finished(void *user, struct planche_http_connection *c);
void planche_serve_closed(void *user, struct planche_http_connection *c);

#endif
