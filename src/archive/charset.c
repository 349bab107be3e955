/* SPDX-License-Identifier: MIT */
/* Character set detection for names that do not say theirs: UTF-8, Shift-JIS as Windows has it, or
 * the PC's old one. */
#include "archive/charset.h"

#include "base/text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* Code page 437 from 0x80 on. */
static const uint16_t cp437[128] = {
    0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8, 0x00ef,
    0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9,
    0x00ff, 0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa,
    0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb,
    0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557,
    0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
    0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559,
    0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580,
    0x03b1, 0x00df, 0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4,
    0x221e, 0x03c6, 0x03b5, 0x2229, 0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248,
    0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0};

/* Stands for a backslash that may be the second byte of a letter, and must not part folders. */
#define WIDE_BACKSLASH 0xff3c

static bool is_utf8(const char *text, size_t size, char *scratch)
{
    memcpy(scratch, text, size);
    scratch[size] = 0;
    return planche_text_is_utf8(scratch);
}

static size_t decode_437(const char *text, size_t size, char *out)
{
    char *to = out;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        uint16_t code = byte < 0x80 ? byte : cp437[byte - 0x80];
        if (byte == '\\' && i > 0 && (unsigned char)text[i - 1] >= 0x80)
            code = WIDE_BACKSLASH;
        if (code < 0x80) {
            *to++ = (char)code;
        } else if (code < 0x800) {
            *to++ = (char)(0xc0 | code >> 6);
            *to++ = (char)(0x80 | (code & 0x3f));
        } else {
            *to++ = (char)(0xe0 | code >> 12);
            *to++ = (char)(0x80 | (code >> 6 & 0x3f));
            *to++ = (char)(0x80 | (code & 0x3f));
        }
    }
    *to = 0;
    return (size_t)(to - out);
}

/* False: these bytes are no Shift-JIS. */
static bool decode_932(iconv_t decoder, const char *text, size_t size, char *out, size_t *made)
{
    char *from = (char *)text, *to = out;
    size_t left = size, room = 3 * size;
    (void)iconv(decoder, NULL, NULL, NULL, NULL); /* a reset, which cannot fail */
    bool done = iconv(decoder, &from, &left, &to, &room) != (size_t)-1 && left == 0;
    *to = 0;
    *made = (size_t)(to - out);
    return done;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Accents of Western names make Japanese letters, too: with the letter behind them, or two accents
 * in the midst of a word. */
static void count_letters(struct planche_charset *charset, const unsigned char *text, size_t size)
{
    bool in_word = false;
    for (size_t i = 0; i < size; i++) {
        unsigned char lead = text[i];
        bool pair = (lead >= 0x80 && lead <= 0xa0) || lead >= 0xe0;
        charset->half_width += lead >= 0xa1 && lead <= 0xdf;
        if (pair && i + 1 < size) {
            unsigned char trail = text[++i];
            bool kana = (lead == 0x82 && trail >= 0x9f) || (lead == 0x83 && trail <= 0x96);
            in_word = in_word || (i + 1 < size && is_letter((char)text[i + 1]));
            charset->letters += (kana || lead >= 0x88) && trail >= 0x80 && !in_word;
        }
        in_word = !pair && is_letter((char)lead);
    }
}

static bool open_decoder(struct planche_charset *charset)
{
    if (charset->open || charset->unfit)
        return true;
    charset->decoder = iconv_open("UTF-8", "CP932");
    charset->open = charset->decoder != (iconv_t)-1;
    /* A system without it has names in the wrong letters. */
    charset->unfit = !charset->open;
    return charset->open || errno != ENOMEM;
}

bool planche_charset_hear(struct planche_charset *charset, const char *text, size_t size,
                          char *scratch)
{
    size_t made;
    if (charset->unfit || is_utf8(text, size, scratch))
        return true;
    if (!open_decoder(charset))
        return false;
    if (charset->unfit)
        return true;
    charset->unfit = !decode_932(charset->decoder, text, size, scratch, &made);
    if (!charset->unfit)
        count_letters(charset, (const unsigned char *)text, size);
    return true;
}

static bool is_japanese(const struct planche_charset *charset)
{
    return charset && charset->open && !charset->unfit &&
           charset->letters > 2 * charset->half_width;
}

size_t planche_charset_decode(const struct planche_charset *charset, const char *text, size_t size,
                              char *out)
{
    size_t made;
    if (is_utf8(text, size, out))
        return size;
    if (is_japanese(charset) && decode_932(charset->decoder, text, size, out, &made))
        return made;
    return decode_437(text, size, out);
}

void planche_charset_close(struct planche_charset *charset)
{
    if (charset->open)
        iconv_close(charset->decoder);
    charset->open = false;
}
