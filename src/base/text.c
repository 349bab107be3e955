/* SPDX-License-Identifier: MIT */
/* Making text from outside fit for a terminal, a log or a message. */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the UTF-8 sequence that a first byte announces; 0: not a first byte. */
static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Decodes the sequence at text; false when it is broken, too long for its value, a surrogate or
 * beyond Unicode. The terminator is no continuation byte, so nothing is read past it. */
static bool decode(const unsigned char *text, size_t length, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0)
        return false;
    uint32_t value = length == 1 ? text[0] : text[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return false;
        value = value << 6 | (text[i] & 0x3fu);
    }
    *code = value;
    return value >= least[length] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

bool planche_text_is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    uint32_t code;
    while (*at) {
        size_t length = sequence_length(*at);
        if (!decode(at, length, &code))
            return false;
        at += length;
    }
    return true;
}

bool planche_text_ends(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* Line separators and marks of the writing direction, which reorder what is beside them. */
static bool is_turning(uint32_t code)
{
    return code == 0x2028 || code == 0x2029 || code == 0x200e || code == 0x200f || code == 0x061c ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static bool is_none(uint32_t code)
{
    (void)code;
    return false;
}

static bool is_not_shown(uint32_t code)
{
    return is_control(code) || is_turning(code);
}

static void replace(char *text, bool (*is_bad)(uint32_t code))
{
    const unsigned char *from = (const unsigned char *)text;
    unsigned char *to = (unsigned char *)text;
    while (*from) {
        size_t length = sequence_length(*from);
        uint32_t code = 0;
        bool good = decode(from, length, &code);
        if (good && !is_bad(code)) {
            while (length-- > 0)
                *to++ = *from++;
        } else {
            *to++ = *from == '\n' || *from == '\r' || *from == '\t' ? ' ' : '?';
            from += good ? length : 1;
        }
    }
    *to = 0;
}

void planche_text_make_utf8(char *text)
{
    replace(text, is_none);
}

void planche_text_clean(char *text)
{
    replace(text, is_control);
}

void planche_text_show(char *text)
{
    replace(text, is_not_shown);
}

/* Drops a sequence that the end of the text cut in two. */
static void drop_cut_sequence(char *text, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char byte = (unsigned char)text[length - back];
        if ((byte & 0xc0) == 0x80)
            continue;
        if (sequence_length(byte) > back)
            text[length - back] = 0;
        return;
    }
}

void planche_text_hex(char *text, const uint8_t *data, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        *text++ = digits[data[i] >> 4];
        *text++ = digits[data[i] & 15];
    }
    *text = 0;
}

void planche_text_format(char *text, size_t size, const char *format, va_list args)
{
    int length = vsnprintf(text, size, format, args);
    if (length < 0)
        text[0] = 0;
    else if ((size_t)length >= size)
        drop_cut_sequence(text, size - 1);
    planche_text_show(text);
}

void planche_text_print(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    planche_text_format(text, size, format, args);
    va_end(args);
}
