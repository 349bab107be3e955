/* SPDX-License-Identifier: MIT */
/* Strings, numbers and booleans of TOML. */
#include "toml/scalar.h"

#include "base/status.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NUMBER 64 /* characters */

void planche_toml_fail(struct planche_toml_reader *r, const char *format, ...)
{
    char text[256];
    va_list args;
    if (r->failed)
        return;
    va_start(args, format);
    planche_text_format(text, sizeof text, format, args);
    va_end(args);
    r->failed = true;
    r->status = planche_fail(r->error, PLANCHE_ERROR_ARGUMENT, "%s:%u: %s", r->name, r->line, text);
}

void planche_toml_no_memory(struct planche_toml_reader *r)
{
    if (!r->failed)
        r->status = planche_fail(r->error, PLANCHE_ERROR_MEMORY, "out of memory");
    r->failed = true;
}

char *planche_toml_copy(struct planche_toml_reader *r, const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL) {
        planche_toml_no_memory(r);
        return NULL;
    }
    memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

/* The bytes of a character in UTF-8. */
static size_t encode(unsigned long code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(first[size] | code);
    return size;
}

/* \uXXXX and \UXXXXXXXX. */
static size_t take_code(struct planche_toml_reader *r, size_t digits, char *out)
{
    char text[9] = "", *end;
    if ((size_t)(r->end - r->next) < digits) {
        planche_toml_fail(r, "an escape has no end");
        return 0;
    }
    memcpy(text, r->next, digits);
    unsigned long code =
        strspn(text, "0123456789abcdefABCDEF") == digits ? strtoul(text, &end, 16) : 0;
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
        planche_toml_fail(r, "an escape that is no character");
        return 0;
    }
    r->next += digits;
    return encode(code, out);
}

static size_t take_escape(struct planche_toml_reader *r, char *out)
{
    static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
    char name = r->next < r->end ? *r->next++ : 0;
    const char *found = name != 0 ? strchr(names, name) : NULL;
    if (found != NULL) {
        *out = values[found - names];
        return 1;
    }
    if (name == 'u' || name == 'U')
        return take_code(r, name == 'u' ? 4 : 8, out);
    planche_toml_fail(r, "there is no escape \\%c; '...' has none at all", name > ' ' ? name : '?');
    return 0;
}

/* The length of a character of several bytes; 0: it is none of UTF-8. */
static size_t character_size(const char *text, const char *end)
{
    unsigned char first = (unsigned char)*text;
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || (size_t)(end - text) < size)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    }
    unsigned char second = (unsigned char)text[1];
    bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                 (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return wrong ? 0 : size;
}

/* A character of a string: how many bytes it is in out; 0: an error. */
static size_t take_character(struct planche_toml_reader *r, bool escapes, char *out)
{
    unsigned char c = (unsigned char)*r->next;
    if (c == '\\' && escapes) {
        r->next++;
        return take_escape(r, out);
    }
    size_t size = c < 0x80 ? 1 : character_size(r->next, r->end);
    if (c == '\n' || c == '\r')
        planche_toml_fail(r, "a string has no end on its line");
    else if ((c < ' ' && c != '\t') || c == 127)
        planche_toml_fail(r, "a control character in a string");
    else if (size == 0)
        planche_toml_fail(r, "a string that is not UTF-8");
    if (r->failed)
        return 0;
    memcpy(out, r->next, size);
    r->next += size;
    return size;
}

char *planche_toml_take_string(struct planche_toml_reader *r)
{
    char quote = *r->next++;
    bool many = r->end - r->next >= 2 && r->next[0] == quote && r->next[1] == quote;
    const char *end = memchr(r->next, '\n', (size_t)(r->end - r->next));
    /* No character of the result has more bytes than what stands for it. */
    char *text = many ? NULL : malloc((size_t)((end != NULL ? end : r->end) - r->next) + 5);
    size_t size = 0;
    if (many)
        planche_toml_fail(r, "strings of several lines are not supported");
    else if (text == NULL)
        planche_toml_no_memory(r);
    while (text != NULL && !r->failed && r->next < r->end && *r->next != quote)
        size += take_character(r, quote == '"', text + size);
    if (!r->failed && r->next == r->end)
        planche_toml_fail(r, "a string has no end on its line");
    if (text == NULL || r->failed) {
        free(text);
        return NULL;
    }
    r->next++;
    text[size] = 0;
    return text;
}

/* Copies a number without its underscores, which stand between digits alone. */
static bool copy_number(const char *text, size_t size, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '_') {
            out[length++] = text[i];
            continue;
        }
        bool between = i > 0 && i + 1 < size && strchr("+-._eE", text[i - 1]) == NULL &&
                       strchr("+-._eE", text[i + 1]) == NULL;
        if (!between)
            return false;
    }
    out[length] = 0;
    return length > 0;
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

static bool read_whole(const char *text, int64_t *out)
{
    static const struct {
        char mark;
        const char *digits;
        int base;
    } bases[] = {{'x', "0123456789abcdefABCDEF", 16}, {'o', "01234567", 8}, {'b', "01", 2}};
    char *end;
    errno = 0;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        if (text[0] == '0' && text[1] == bases[i].mark) {
            const char *own = text + 2;
            *out = strtoll(own, &end, bases[i].base);
            return errno == 0 && *own && own[strspn(own, bases[i].digits)] == 0;
        }
    }
    const char *own = text + (*text == '+' || *text == '-');
    *out = strtoll(text, &end, 10);
    return errno == 0 && digits(own) > 0 && own[digits(own)] == 0 && (*own != '0' || own[1] == 0);
}

static bool read_real(const char *text, double *out)
{
    const char *own = text + (*text == '+' || *text == '-');
    if (strcmp(own, "inf") == 0 || strcmp(own, "nan") == 0) {
        *out = *own == 'n' ? NAN : *text == '-' ? -INFINITY : INFINITY;
        return true;
    }
    size_t whole = digits(own);
    const char *rest = own + whole;
    if (whole == 0 || (*own == '0' && whole > 1) || *rest == 0)
        return false;
    if (*rest == '.') {
        if (digits(rest + 1) == 0)
            return false;
        rest += 1 + digits(rest + 1);
    }
    if (*rest == 'e' || *rest == 'E') {
        rest += 1 + (rest[1] == '+' || rest[1] == '-');
        if (digits(rest) == 0)
            return false;
        rest += digits(rest);
    }
    *out = strtod(text, NULL);
    return *rest == 0;
}

static bool looks_like_time(const char *text)
{
    size_t whole = digits(text);
    return (whole == 4 && text[4] == '-') || (whole == 2 && text[2] == ':');
}

void planche_toml_take_scalar(struct planche_toml_reader *r, struct planche_toml *value)
{
    char word[MAX_NUMBER + 1] = "", number[MAX_NUMBER + 1];
    size_t size = 0;
    if (r->next < r->end && (*r->next == '"' || *r->next == '\'')) {
        value->text = planche_toml_take_string(r);
        return;
    }
    while (r->next + size < r->end && size < MAX_NUMBER && r->next[size] > ' ' &&
           strchr(",]}#", r->next[size]) == NULL)
        size++;
    memcpy(word, r->next, size);
    word[size] = 0;
    bool yes = strcmp(word, "true") == 0, no = strcmp(word, "false") == 0;
    bool is_number = copy_number(word, size, number);
    if (yes || no) {
        value->type = PLANCHE_TOML_BOOLEAN;
        value->boolean = yes;
    } else if (is_number && read_whole(number, &value->integer)) {
        value->type = PLANCHE_TOML_INTEGER;
    } else if (is_number && read_real(number, &value->real)) {
        value->type = PLANCHE_TOML_FLOAT;
    } else if (looks_like_time(word)) {
        planche_toml_fail(r, "dates and times are not supported");
    } else {
        planche_toml_fail(r,
                          "a value is wanted: a string in quotes, a number, true or false, [...]");
    }
    r->next += size;
}
