/* SPDX-License-Identifier: MIT */
/* Texts of licences. */
#ifndef PLANCHE_BASE_LICENCE_TEXT_H
#define PLANCHE_BASE_LICENCE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The name of a licence in a text that may say anything; false: none is known. */
bool planche_licence_recognise(const char *text, char *licence, size_t size);
/* Whether bytes are a text in any encoding that has ASCII in it: no control characters but those
 * between words and lines. False also of none. */
bool planche_licence_is_text(const char *data, size_t size);

#endif
