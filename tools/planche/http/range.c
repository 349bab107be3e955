/* SPDX-License-Identifier: MIT */
/* Ranges of a representation. Several at once are answered with the whole, as a server may: readers
 * and downloads ask for one. */
#include "http/range.h"

#include "http/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_DIGITS 20

/* Digits of a position; size 0: none are there. */
static bool read_number(const char *text, size_t size, uint64_t *out)
{
    char digits[MAX_DIGITS + 1];
    if (size == 0 || size > MAX_DIGITS)
        return false;
    memcpy(digits, text, size);
    digits[size] = 0;
    return planche_http_decimal(digits, out);
}

enum planche_http_range planche_http_range_read(const char *value, uint64_t size, uint64_t *first,
                                                uint64_t *count)
{
    static const char unit[] = "bytes=";
    uint64_t from = 0, last = 0;
    if (value == NULL || strncasecmp(value, unit, sizeof unit - 1) != 0)
        return PLANCHE_HTTP_RANGE_WHOLE;
    value += sizeof unit - 1;
    size_t dash = strcspn(value, "-"), rest = value[dash] != 0 ? strlen(value + dash + 1) : 0;
    bool has_from = read_number(value, dash, &from);
    bool has_last = value[dash] != 0 && read_number(value + dash + 1, rest, &last);
    if (value[dash] == 0 || (dash > 0 && !has_from) || (rest > 0 && !has_last) ||
        (!has_from && !has_last) || (has_from && has_last && last < from))
        return PLANCHE_HTTP_RANGE_WHOLE;
    if (has_from ? from >= size : last == 0 || size == 0)
        return PLANCHE_HTTP_RANGE_BEYOND;
    if (!has_from) {
        *count = last < size ? last : size;
        *first = size - *count;
    } else {
        *first = from;
        *count = (has_last && last < size ? last + 1 : size) - from;
    }
    return PLANCHE_HTTP_RANGE_PART;
}
