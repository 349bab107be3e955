/* SPDX-License-Identifier: MIT */
/* Texts of HTTP: tokens, lists, numbers, quoted parameters. */
#ifndef PLANCHE_HTTP_TEXT_H
#define PLANCHE_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What may stand in a field's value: no control character but the tab. */
bool planche_http_is_text(unsigned char byte);
/* Whether a text is a token (RFC 9110, 5.6.2), which has a character at least. */
bool planche_http_is_token(const char *text);
/* Cuts spaces and tabs off the end of a text, and returns where it begins after those before it. */
char *planche_http_trim(char *text);
/* Digits only, at most 2^53. */
bool planche_http_decimal(const char *text, uint64_t *out);
/* Whether a list of tokens ("a, b") has one, in any case. */
bool planche_http_has_token(const char *list, const char *token);
/* Whether If-None-Match (a list of tags, or "*") has a strong tag, which stands in its quotes. Weak
 * ones (W/"x") match, too, as that field compares. */
bool planche_http_matches_tag(const char *list, const char *tag);
/* The value of a parameter of a field: of boundary in `multipart/form-data; boundary="x"`. Copies
 * it without its quotes. False: there is none, or it is too long. */
bool planche_http_parameter(const char *value, const char *name, char *out, size_t size);

/* Hash of several texts, one after the other, from PLANCHE_HTTP_HASH_BEGIN on (FNV-1a); NULL is as
 * empty. Not for what an attacker may choose to collide. */
#define PLANCHE_HTTP_HASH_BEGIN UINT64_C(14695981039346656037)
uint64_t planche_http_hash_text(uint64_t hash, const char *text);

#endif
