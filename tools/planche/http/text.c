/* SPDX-License-Identifier: MIT */
/* Texts of HTTP: tokens, lists, numbers, quoted parameters. */
#include "http/text.h"

#include <string.h>
#include <strings.h>

bool planche_http_is_text(unsigned char byte)
{
    return byte == '\t' || (byte >= ' ' && byte != 127);
}

static bool is_token_character(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

bool planche_http_is_token(const char *text)
{
    const char *next = text;
    while (is_token_character((unsigned char)*next))
        next++;
    return next > text && *next == 0;
}

char *planche_http_trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    text[length] = 0;
    return text;
}

bool planche_http_decimal(const char *text, uint64_t *out)
{
    const uint64_t most = UINT64_C(1) << 53;
    *out = 0;
    if (*text == 0)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || *out > most / 10)
            return false;
        *out = *out * 10 + (uint64_t)(*text - '0');
    }
    return *out <= most;
}

bool planche_http_has_token(const char *list, const char *token)
{
    size_t length = strlen(token);
    while (*list) {
        list += strspn(list, " \t,");
        size_t own = strcspn(list, ","), word = own;
        while (word > 0 && (list[word - 1] == ' ' || list[word - 1] == '\t'))
            word--;
        if (word == length && strncasecmp(list, token, length) == 0)
            return true;
        list += own;
    }
    return false;
}

bool planche_http_matches_tag(const char *list, const char *tag)
{
    size_t length = strlen(tag);
    for (;;) {
        list += strspn(list, " \t,");
        if (*list == '*')
            return true;
        if (list[0] == 'W' && list[1] == '/')
            list += 2;
        if (*list != '"')
            return false;
        const char *end = strchr(list + 1, '"');
        if (end == NULL)
            return false;
        if ((size_t)(end - list) + 1 == length && memcmp(list, tag, length) == 0)
            return true;
        list = end + 1;
    }
}

/* Copies a quoted text or a token. Where it ends; NULL: it does not, or there is no room. */
static const char *copy_value(const char *text, char *out, size_t size)
{
    bool quoted = *text == '"';
    size_t length = 0;
    for (text += quoted; *text && (quoted ? *text != '"' : *text != ';' && *text != ' '); text++) {
        text += quoted && *text == '\\' && text[1] != 0;
        if (length + 1 >= size)
            return NULL;
        out[length++] = *text;
    }
    out[length] = 0;
    if (quoted && *text != '"')
        return NULL;
    return text + quoted;
}

/* The ';' that follows, outside of quotes. */
static const char *next_parameter(const char *text)
{
    for (bool quoted = false; *text && (quoted || *text != ';'); text++) {
        if (quoted && *text == '\\' && text[1] != 0)
            text++;
        else if (*text == '"')
            quoted = !quoted;
    }
    return text;
}

bool planche_http_parameter(const char *value, const char *name, char *out, size_t size)
{
    size_t length = strlen(name);
    for (value = next_parameter(value); *value == ';'; value = next_parameter(value)) {
        value += 1 + strspn(value + 1, " \t");
        if (strncasecmp(value, name, length) == 0 && value[length] == '=')
            return copy_value(value + length + 1, out, size) != NULL;
    }
    return false;
}

uint64_t planche_http_hash_text(uint64_t hash, const char *text)
{
    for (; text != NULL && *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (hash ^ 255) * UINT64_C(1099511628211);
}
