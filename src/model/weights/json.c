/* SPDX-License-Identifier: MIT */
/* Scanner of the JSON that .safetensors files begin with (RFC 8259). */
#include "model/weights/json.h"

#include <string.h>

#define DEPTH 32

static void skip_space(struct planche_json *json)
{
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r'))
        json->at++;
}

bool planche_json_sign(struct planche_json *json, char sign)
{
    skip_space(json);
    if (json->at == json->end || *json->at != sign)
        return false;
    json->at++;
    return true;
}

bool planche_json_ends(struct planche_json *json)
{
    skip_space(json);
    return json->at == json->end;
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The four digits of \uXXXX; -1: they are not there. */
static int32_t read_unit(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static char *put_utf8(char *to, uint32_t point)
{
    if (point < 0x80) {
        *to++ = (char)point;
    } else if (point < 0x800) {
        *to++ = (char)(0xC0 | point >> 6);
        *to++ = (char)(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *to++ = (char)(0xE0 | point >> 12);
        *to++ = (char)(0x80 | (point >> 6 & 0x3F));
        *to++ = (char)(0x80 | (point & 0x3F));
    } else {
        *to++ = (char)(0xF0 | point >> 18);
        *to++ = (char)(0x80 | (point >> 12 & 0x3F));
        *to++ = (char)(0x80 | (point >> 6 & 0x3F));
        *to++ = (char)(0x80 | (point & 0x3F));
    }
    return to;
}

/* A code point, of two units if it is beyond 16 bits. It takes no less text than it makes. */
static bool take_point(struct planche_json *json, char **to)
{
    int32_t unit = read_unit(json->at, json->end), low;
    uint32_t point;
    if (unit <= 0 || (unit >= 0xDC00 && unit < 0xE000))
        return false;
    json->at += 4;
    point = (uint32_t)unit;
    if (unit >= 0xD800 && unit < 0xDC00) {
        if (json->end - json->at < 6 || json->at[0] != '\\' || json->at[1] != 'u')
            return false;
        low = read_unit(json->at + 2, json->end);
        if (low < 0xDC00 || low >= 0xE000)
            return false;
        json->at += 6;
        point = 0x10000 + ((uint32_t)(unit - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
    }
    *to = put_utf8(*to, point);
    return true;
}

static bool take_escape(struct planche_json *json, char **to)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *name;
    if (json->at == json->end)
        return false;
    if (*json->at == 'u') {
        json->at++;
        return take_point(json, to);
    }
    name = *json->at ? strchr(names, *json->at) : NULL;
    if (!name)
        return false;
    *(*to)++ = values[name - names];
    json->at++;
    return true;
}

bool planche_json_string(struct planche_json *json, char **out)
{
    char *to;
    if (!planche_json_sign(json, '"'))
        return false;
    *out = to = json->at;
    while (json->at < json->end && *json->at != '"') {
        unsigned char c = (unsigned char)*json->at++;
        if (c < 0x20)
            return false;
        if (c != '\\')
            *to++ = (char)c;
        else if (!take_escape(json, &to))
            return false;
    }
    if (json->at == json->end)
        return false;
    json->at++;
    *to = '\0';
    return true;
}

bool planche_json_count(struct planche_json *json, uint64_t *out)
{
    const char *start;
    skip_space(json);
    start = json->at;
    *out = 0;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9') {
        if (__builtin_mul_overflow(*out, (uint64_t)10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(*json->at - '0'), out))
            return false;
        json->at++;
    }
    return json->at > start;
}

/* A number, true, false or null: letters, digits, signs. */
static bool skip_word(struct planche_json *json)
{
    const char *start = json->at;
    while (json->at < json->end && *json->at &&
           strchr("+-.0123456789EINTYabcdefilnrstuxy", *json->at))
        json->at++;
    return json->at > start;
}

/* The beginning of a value; *opened: it goes on until its bracket closes. */
static bool skip_one(struct planche_json *json, char *opened)
{
    char *text;
    *opened = 0;
    skip_space(json);
    if (json->at == json->end)
        return false;
    if (*json->at == '"')
        return planche_json_string(json, &text);
    if (*json->at == '{' || *json->at == '[') {
        *opened = *json->at++ == '{' ? '}' : ']';
        return true;
    }
    return skip_word(json);
}

/* Behind a value: closes what ends here. *more: another value of an array or object follows. */
static bool skip_ends(struct planche_json *json, const char *open, int *depth, bool *more)
{
    while (*depth > 0) {
        *more = planche_json_sign(json, ',');
        if (*more)
            return true;
        if (!planche_json_sign(json, open[*depth - 1]))
            return false;
        --*depth;
    }
    *more = false;
    return true;
}

bool planche_json_skip(struct planche_json *json)
{
    char open[DEPTH], opened, *text;
    int depth = 0;
    bool more = true;
    while (more) {
        if (depth > 0 && open[depth - 1] == '}' &&
            (!planche_json_string(json, &text) || !planche_json_sign(json, ':')))
            return false;
        if (!skip_one(json, &opened) || (opened && depth == DEPTH))
            return false;
        if (opened && !planche_json_sign(json, opened))
            open[depth++] = opened;
        else if (!skip_ends(json, open, &depth, &more))
            return false;
    }
    return true;
}
