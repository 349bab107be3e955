/* SPDX-License-Identifier: MIT */
/* Cells of a terminal: the width of texts and cutting them, with libunistring's tables. */
#include "cli/cells.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unigbrk.h>
#include <unistr.h>
#include <uniwidth.h>

#define DOTS            "..."
#define DOTS_CELLS      3
#define EMOJI_SELECTOR  0xfe0f /* asks for the wide, coloured form of the sign before it */
#define JOINER          0x200d
#define IS_BYTE(letter) ((letter) == 0xfffd)

/* A sign of the text: a code point, or a byte that belongs to none (U+FFFD). */
struct sign {
    ucs4_t letter;
    size_t bytes;
};

static struct sign read_sign(const char *text)
{
    struct sign sign = {0xfffd, 1};
    int bytes = u8_mbtoucr(&sign.letter, (const uint8_t *)text, strlen(text));
    if (bytes > 0)
        sign.bytes = (size_t)bytes;
    else
        sign.letter = 0xfffd;
    return sign;
}

/* Terminals of these languages draw Greek, Cyrillic and signs such as the star in two cells. */
static const char *encoding_of_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && (!locale || !*locale); i++)
        locale = getenv(names[i]);
    bool wide = locale && (strncmp(locale, "ja", 2) == 0 || strncmp(locale, "ko", 2) == 0 ||
                           strncmp(locale, "zh", 2) == 0);
    return wide ? "EUC-JP" : "UTF-8";
}

/* Reads one character with all that is drawn on it; its bytes, and its cells into *cells. */
static size_t read_character(const char *text, const char *encoding, size_t *cells)
{
    struct sign sign = read_sign(text);
    size_t bytes = 0;
    ucs4_t before;
    *cells = 0;
    do {
        int width = IS_BYTE(sign.letter) ? 1 : uc_width(sign.letter, encoding);
        if (sign.letter == EMOJI_SELECTOR && *cells == 1)
            width = 1;
        *cells += width < 0 ? 1 : (size_t)width;
        bytes += sign.bytes;
        before = sign.letter;
        if (text[bytes] == 0)
            break;
        sign = read_sign(text + bytes);
    } while (before == JOINER || !uc_is_grapheme_break(before, sign.letter));
    return bytes;
}

size_t planche_cli_cells(const char *text)
{
    const char *encoding = encoding_of_locale();
    size_t sum = 0, cells;
    for (; *text; sum += cells)
        text += read_character(text, encoding, &cells);
    return sum;
}

size_t planche_cli_cells_length(const char *text, size_t cells)
{
    const char *encoding = encoding_of_locale();
    size_t length = 0, used = 0, more;
    while (text[length]) {
        size_t bytes = read_character(text + length, encoding, &more);
        if (used + more > cells)
            break;
        used += more;
        length += bytes;
    }
    return length;
}

/* The end of text that takes at most so many cells. */
static const char *find_tail(const char *text, size_t cells)
{
    const char *encoding = encoding_of_locale();
    size_t left = planche_cli_cells(text), width;
    while (*text && left > cells) {
        text += read_character(text, encoding, &width);
        left -= width;
    }
    return text;
}

const char *planche_cli_cut_middle(const char *text, size_t cells, char *out, size_t size)
{
    bool room = cells >= DOTS_CELLS + 2;
    size_t tail = room ? (cells - DOTS_CELLS) / 2 : 0;
    if (planche_cli_cells(text) <= cells && strlen(text) < size) {
        snprintf(out, size, "%s", text);
        return out;
    }
    size_t head = planche_cli_cells_length(text, room ? cells - DOTS_CELLS - tail : cells);
    const char *end = room ? find_tail(text, tail) : "";
    if (head + strlen(end) + sizeof DOTS > size) { /* marks without end: the text is no name */
        head = 0;
        end = "";
    }
    snprintf(out, size, "%.*s%s%s", (int)head, text, room ? DOTS : "", end);
    return out;
}
