/* SPDX-License-Identifier: MIT */
/* Character set detection for names that do not say theirs: UTF-8, Shift-JIS as Windows has it
 * (code page 932), or the PC's old one (437). One archive has one, so all of its names are heard
 * first. */
#ifndef PLANCHE_ARCHIVE_CHARSET_H
#define PLANCHE_ARCHIVE_CHARSET_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>

/* Zero is the start; what was heard makes no name Japanese. */
struct planche_charset {
    iconv_t decoder; /* while open */
    bool open;
    bool unfit;        /* a name is no Shift-JIS, or there is no decoder */
    size_t letters;    /* Japanese ones that hardly come about by chance, */
    size_t half_width; /* and those that most text in other character sets looks like */
};

/* A name of the archive; scratch has room for 3 * size + 1 bytes. False: no memory. */
bool planche_charset_hear(struct planche_charset *charset, const char *text, size_t size,
                          char *scratch);
/* To UTF-8; out has room for 3 * size + 1 bytes. charset NULL: nothing was heard. Returns the bytes
 * without the terminator. */
size_t planche_charset_decode(const struct planche_charset *charset, const char *text, size_t size,
                              char *out);
void planche_charset_close(struct planche_charset *charset);

#endif
