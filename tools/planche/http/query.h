/* SPDX-License-Identifier: MIT */
/* Query strings and escapes (RFC 3986). */
#ifndef PLANCHE_HTTP_QUERY_H
#define PLANCHE_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

/* Resolves the escapes (%41) of text[0..size) into out, which has room for size + 1 bytes and may
 * be text itself; plus: '+' is a space, as forms have it. False: a broken escape, or a NUL. */
bool planche_http_unescape(const char *text, size_t size, bool plus, char *out);

/* The next NAME=VALUE of a query, which *next points into; both without escapes in buffer, of size
 * bytes. 1: there is one; 0: that was all; -1: a broken escape, or longer than the buffer. */
int planche_http_query_next(const char **next, char *buffer, size_t size, const char **name,
                            const char **value);

#endif
