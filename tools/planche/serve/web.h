/* SPDX-License-Identifier: MIT */
/* GET / and its files: the main page. */
#ifndef PLANCHE_SERVE_WEB_H
#define PLANCHE_SERVE_WEB_H

#include "serve/server.h"

/* The main page. */
void planche_serve_web(struct planche_serve *serve, struct planche_http_connection *c);
/* What it loads, below /web/. */
void planche_serve_web_file(struct planche_serve *serve, struct planche_http_connection *c);

#endif
