/* SPDX-License-Identifier: MIT */
/* Log of the server: lines on standard error, logfmt or JSON, each written by one call. What goes
 * into a line is passed through serve/redact.h. */
#ifndef PLANCHE_SERVE_LOG_H
#define PLANCHE_SERVE_LOG_H

#include "serve/server.h"

/* A line with a message, if the level is at or above that of --log-level. From any thread. */
__attribute__((format(printf, 3, 4))) void planche_serve_log(const struct planche_serve *serve,
                                                             enum planche_cli_log_level level,
                                                             const char *format, ...);
/* The same about a request, with its id. */
__attribute__((format(printf, 4, 5))) void
planche_serve_log_for(const struct planche_serve *serve, const struct planche_http_connection *c,
                      enum planche_cli_log_level level, const char *format, ...);
/* The line of a request that has ended. Its path and query are left out, since keys may stand in
 * them; the route says which it was. Health checks and metrics that succeed are said at level debug
 * only. */
void planche_serve_log_request(const struct planche_serve *serve,
                               const struct planche_http_connection *c);
/* A planche_log_fn for engines; user is a struct planche_serve. */
void planche_serve_log_library(void *user, enum planche_log_level level, const char *message);

/* Gives the request its id, which is answered as X-Request-Id: the client's own if it is sane (1 to
 * 64 letters, digits and . _ - and no secret of this server), else a new one. */
void planche_serve_choose_id(const struct planche_serve *serve, struct planche_http_connection *c);

#endif
