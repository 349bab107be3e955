/* SPDX-License-Identifier: MIT */
/* Errors as answers: application/problem+json (RFC 9457). */
#ifndef PLANCHE_SERVE_PROBLEM_H
#define PLANCHE_SERVE_PROBLEM_H

#include "http/answer.h"

#include <jansson.h>
#include <planche/error.h>

/* Answers with a status and what went wrong, a sentence for people. Never to be cached. */
__attribute__((format(printf, 3, 4))) void
planche_serve_problem(struct planche_http_connection *c, unsigned status, const char *format, ...);
/* The status for an error of the library. */
unsigned planche_serve_status_of(enum planche_status status);
/* Answers with a JSON object, which it takes. */
void planche_serve_json(struct planche_http_connection *c, unsigned status, json_t *object);

#endif
