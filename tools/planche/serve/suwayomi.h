/* SPDX-License-Identifier: MIT */
/* POST /suwayomi: conversions of Suwayomi-Server, which takes whatever comes back for the page. */
#ifndef PLANCHE_SERVE_SUWAYOMI_H
#define PLANCHE_SERVE_SUWAYOMI_H

#include "serve/server.h"

/* Answers a whole image with status 200: the result, or the original with the reason in
 * X-Planche-Result. If there is not even that, closes the connection without a byte, which Suwayomi
 * takes for a failure, and keeps its own page. */
void planche_serve_suwayomi(struct planche_serve *serve, struct planche_http_connection *c);

#endif
