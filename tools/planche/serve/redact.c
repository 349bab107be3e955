/* SPDX-License-Identifier: MIT */
/* Redaction. */
#include "serve/redact.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define STARS "***"

/* Names end in one of these, in any case. */
static const char *const names[] = {
    "key",    "token",   "password",  "passwd",     "secret",      "auth",      "authorization",
    "cookie", "session", "sessionid", "credential", "credentials", "signature", "jwt"};
/* Words that the value stands behind. */
static const char *const words[] = {"bearer ", "basic ", "digest "};

struct writer {
    char *out;
    size_t left; /* with the 0 */
};

static void put(struct writer *writer, const char *text, size_t size)
{
    size = size < writer->left - 1 ? size : writer->left - 1;
    memcpy(writer->out, text, size);
    writer->out += size;
    writer->left -= size;
}

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '-' || byte == '.';
}

static bool is_value_byte(char byte)
{
    return byte != 0 && strchr(" \t\r\n&;,\"'<>()[]{}|", byte) == NULL;
}

static bool is_secret_name(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        if (length >= size && strncasecmp(name + length - size, names[i], size) == 0)
            return true;
    }
    return false;
}

/* The length of what stands between a name and its value: = or :, with quotes and a space about it.
 * 0: no value follows. */
static size_t skip_sign(const char *text)
{
    size_t i = strspn(text, "\"'");
    if (strncasecmp(text + i, "%3d", 3) == 0)
        return i + 3;
    i += strspn(text + i, " ");
    if (text[i] != '=' && text[i] != ':')
        return 0;
    i++;
    i += strspn(text + i, " ");
    return i + strspn(text + i, "\"'");
}

static size_t value_length(const char *text)
{
    size_t length = 0;
    while (is_value_byte(text[length]))
        length++;
    return length;
}

/* The length of a word that a value follows; 0: there is none here. */
static size_t skip_word(const char *text)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if (strncasecmp(text, words[i], length) == 0)
            return length;
    }
    return 0;
}

/* The part of a path that Kavita's OPDS has its key in: as far as the next slash. */
static size_t skip_opds(const char *text)
{
    return strncasecmp(text, "/opds/", 6) == 0 ? 6 : 0;
}

static size_t part_length(const char *text)
{
    size_t length = 0;
    while (is_value_byte(text[length]) && strchr("/?#", text[length]) == NULL)
        length++;
    return length;
}

/* The length of user:password before the @ of an address, behind its "//". */
static size_t userinfo_length(const char *text)
{
    size_t length = part_length(text);
    const char *at = memrchr(text, '@', length);
    return at != NULL ? (size_t)(at - text) : 0;
}

/* What is passed on at text (*before bytes), and how much of what follows is replaced. 0: nothing
 * here. */
static size_t find_secret(const char *text, bool starts, const char *token, size_t *before)
{
    *before = 0;
    if (token != NULL && *token != 0 && strncmp(text, token, strlen(token)) == 0)
        return strlen(token);
    if ((*before = skip_opds(text)) > 0)
        return part_length(text + *before);
    *before = 2;
    if (strncmp(text, "//", 2) == 0)
        return userinfo_length(text + 2);
    if (!starts)
        return 0;
    *before = skip_word(text);
    if (*before > 0)
        return value_length(text + *before);
    size_t name = 0;
    while (is_name_byte(text[name]))
        name++;
    size_t sign = is_secret_name(text, name) ? skip_sign(text + name) : 0;
    *before = name + sign;
    if (sign == 0)
        return 0;
    /* Authorization: Bearer VALUE */
    *before += skip_word(text + *before);
    return value_length(text + *before);
}

void planche_serve_redact(const char *text, const char *token, char *out, size_t size)
{
    struct writer writer = {out, size};
    char last = ' ';
    while (*text) {
        size_t before, secret = find_secret(text, !is_name_byte(last), token, &before);
        size_t step = secret > 0 ? before + secret : 1;
        put(&writer, text, secret > 0 ? before : 1);
        if (secret > 0)
            put(&writer, STARS, strlen(STARS));
        last = text[step - 1];
        text += step;
    }
    *writer.out = 0;
}
