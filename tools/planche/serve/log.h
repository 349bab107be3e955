/* SPDX-License-Identifier: MIT */
/* Log of the server: lines on standard error. */
#ifndef PLANCHE_SERVE_LOG_H
#define PLANCHE_SERVE_LOG_H

#include "serve/server.h"

/* A line, if the level is at or above that of --log-level. */
__attribute__((format(printf, 3, 4))) void planche_serve_log(const struct planche_serve *serve,
                                                             enum planche_cli_log_level level,
                                                             const char *format, ...);
/* The line of a request that has ended. Its query is left out: keys may stand in it. */
void planche_serve_log_request(const struct planche_serve *serve,
                               const struct planche_http_connection *c);
/* A planche_log_fn for engines; user is a struct planche_serve. */
void planche_serve_log_library(void *user, enum planche_log_level level, const char *message);

#endif
