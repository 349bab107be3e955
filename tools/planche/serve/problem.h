/* SPDX-License-Identifier: MIT */
/* Errors as answers: application/problem+json (RFC 9457). */
#ifndef PLANCHE_SERVE_PROBLEM_H
#define PLANCHE_SERVE_PROBLEM_H

#include "serve/server.h"

#include <jansson.h>
#include <planche/error.h>

/* Answers with a status and what went wrong, a sentence for people. Never to be cached. */
__attribute__((format(printf, 3, 4))) void
planche_serve_problem(struct planche_http_connection *c, unsigned status, const char *format, ...);
/* The status for an error of the library. */
unsigned planche_serve_status_of(enum planche_status status);
/* Answers with a JSON object, which it takes. */
void planche_serve_json(struct planche_http_connection *c, unsigned status, json_t *object);

/* What a client is told of an error of the library. Messages that may have paths of the server go
 * to its log, and something without comes instead. */
const char *planche_serve_tell(const struct planche_serve *serve,
                               const struct planche_http_connection *c, enum planche_status status,
                               const char *message);

#endif
