/* SPDX-License-Identifier: MIT */
/* Making text from outside (file names, file contents) fit for a terminal, a log or a message; and
 * what is asked about such text. */
#ifndef PLANCHE_BASE_TEXT_H
#define PLANCHE_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Formats into text of size bytes (>= 1), like vsnprintf, then makes it one line of valid UTF-8:
 * line ends and tabs become spaces, other control characters and broken sequences "?"; a sequence
 * that the end cuts in two is dropped. */
__attribute__((format(printf, 3, 0))) void planche_text_format(char *text, size_t size,
                                                               const char *format, va_list args);

/* The second half of planche_text_format: cleans text in place; it does not grow. */
void planche_text_clean(char *text);

/* Two hexadecimal digits for each byte, and the 0 at the end: 2 * bytes + 1 characters. */
void planche_text_hex(char *text, const uint8_t *data, size_t bytes);

bool planche_text_is_utf8(const char *text);

bool planche_text_ends(const char *text, const char *end);

#endif
