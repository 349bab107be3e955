/* SPDX-License-Identifier: MIT */
/* List of sums. */
#include "model/import/sums.h"

#include <stdint.h>
#include <string.h>

#define DIGITS 64

static bool is_hex(const char *text)
{
    for (size_t i = 0; i < DIGITS; i++) {
        if (!(text[i] >= '0' && text[i] <= '9') && !(text[i] >= 'a' && text[i] <= 'f'))
            return false;
    }
    return true;
}

bool planche_import_sums_next(const char *text, size_t size, size_t *at,
                              struct planche_import_sum *sum)
{
    if (*at >= size)
        return false;
    const char *line = text + *at;
    const char *end = memchr(line, '\n', size - *at);
    size_t length = end ? (size_t)(end - line) : size - *at;
    /* Behind the digits: a space, then a space or, of binary files, an asterisk. */
    if (length < DIGITS + 3 || !is_hex(line) || line[DIGITS] != ' ' ||
        (line[DIGITS + 1] != ' ' && line[DIGITS + 1] != '*') || memchr(line, 0, length))
        return false;
    *sum = (struct planche_import_sum){
        .sha256 = line, .name = line + DIGITS + 2, .name_length = length - DIGITS - 2};
    *at += length + (end ? 1 : 0);
    return true;
}
