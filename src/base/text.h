/* SPDX-License-Identifier: MIT */
/* Making text from outside (file names, file contents) fit for a terminal, a log or a message; and
 * what is asked about such text. */
#ifndef PLANCHE_BASE_TEXT_H
#define PLANCHE_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Formats into text of size bytes (>= 1), like vsnprintf, then makes it fit to be shown
 * (planche_text_show); a sequence that the end cuts in two is dropped. */
__attribute__((format(printf, 3, 0))) void planche_text_format(char *text, size_t size,
                                                               const char *format, va_list args);

/* The same from arguments. */
__attribute__((format(printf, 3, 4))) void planche_text_print(char *text, size_t size,
                                                              const char *format, ...);

/* The three that follow replace in place, and the text does not grow: broken sequences become "?",
 * a byte each. */

/* Makes text valid UTF-8 and no more: for JSON and XML, which have escapes for the rest. */
void planche_text_make_utf8(char *text);

/* Makes text one line of valid UTF-8: line ends and tabs become spaces, other control characters
 * "?". For names, which are kept as they are otherwise. */
void planche_text_clean(char *text);

/* Makes text fit to be shown on a terminal, in a log or in a message: besides, what turns the
 * direction of writing and what ends a line in Unicode becomes "?". All that prints names from
 * outside takes this one. */
void planche_text_show(char *text);

/* Two hexadecimal digits for each byte, and the 0 at the end: 2 * bytes + 1 characters. */
void planche_text_hex(char *text, const uint8_t *data, size_t bytes);

bool planche_text_is_utf8(const char *text);

bool planche_text_ends(const char *text, const char *end);

#endif
