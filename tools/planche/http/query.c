/* SPDX-License-Identifier: MIT */
/* Query strings and escapes. */
#include "http/query.h"

#include <string.h>

static int hex_value(char byte)
{
    static const char digits[] = "0123456789abcdef";
    char lower = byte >= 'A' && byte <= 'F' ? (char)(byte + 32) : byte;
    const char *found = lower != 0 ? strchr(digits, lower) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

bool planche_http_unescape(const char *text, size_t size, bool plus, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        char byte = text[i] == '+' && plus ? ' ' : text[i];
        if (byte == '%') {
            int high = i + 2 < size ? hex_value(text[i + 1]) : -1;
            int low = i + 2 < size ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = (char)(high * 16 + low);
            i += 2;
        }
        if (byte == 0)
            return false;
        out[length++] = byte;
    }
    out[length] = 0;
    return true;
}

int planche_http_query_next(const char **next, char *buffer, size_t size, const char **name,
                            const char **value)
{
    const char *text = *next + strspn(*next, "&");
    size_t length = strcspn(text, "&"), own = strcspn(text, "=&");
    *next = text + length;
    if (length == 0)
        return 0;
    size_t rest = own < length ? length - own - 1 : 0;
    if (length + 2 > size || !planche_http_unescape(text, own, true, buffer) ||
        !planche_http_unescape(text + length - rest, rest, true, buffer + own + 1))
        return -1;
    *name = buffer;
    *value = buffer + own + 1;
    return 1;
}
