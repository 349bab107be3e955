/* SPDX-License-Identifier: MIT */
/* POST /v1/upscale, and nunif's POST /api, which is the same with other words. */
#ifndef PLANCHE_SERVE_UPSCALE_H
#define PLANCHE_SERVE_UPSCALE_H

#include "serve/server.h"

void planche_serve_upscale(struct planche_serve *serve, struct planche_http_connection *c);
void planche_serve_nunif(struct planche_serve *serve, struct planche_http_connection *c);

#endif
