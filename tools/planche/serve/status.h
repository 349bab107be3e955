/* SPDX-License-Identifier: MIT */
/* GET /v1/status and /v1/models: what the server is doing, and what it could do. */
#ifndef PLANCHE_SERVE_STATUS_H
#define PLANCHE_SERVE_STATUS_H

#include "serve/server.h"

void planche_serve_status(struct planche_serve *serve, struct planche_http_connection *c);
void planche_serve_models(struct planche_serve *serve, struct planche_http_connection *c);

#endif
