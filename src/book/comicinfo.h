/* SPDX-License-Identifier: MIT */
/* ComicInfo.xml: what it says of the images of its book. */
#ifndef PLANCHE_BOOK_COMICINFO_H
#define PLANCHE_BOOK_COMICINFO_H

#include "base/markup.h"

/* An image of the book, in the order of names. */
struct planche_comicinfo_image {
    size_t number;  /* in the output, from 0 */
    size_t outputs; /* images that it is there; 0: it is left out */
    bool changed;   /* what follows is new */
    uint64_t bytes; /* of the first of them */
    uint32_t width, height;
};

/* Writes the text to `out` with ImageSize, ImageWidth and ImageHeight of changed images, and, where
 * images were left out or cut, with their numbers and PageCount; everything else stays as it is.
 * Returns what is wrong with the text, and then `out` is to be forgotten; NULL: nothing. */
const char *planche_comicinfo_edit(const char *data, size_t size,
                                   const struct planche_comicinfo_image *images, size_t count,
                                   struct planche_text_buffer *out);

/* An element of <ComicInfo>: its name, and its content as XML; NULL: it is not known. */
struct planche_comicinfo_field {
    const char *name, *content;
};

/* Writes the text to `out` with the elements that it does not have, at its end; everything else
 * stays as it is. Returns what is wrong with the text; NULL: nothing. */
const char *planche_comicinfo_fill(const char *data, size_t size,
                                   const struct planche_comicinfo_field *fields, size_t count,
                                   struct planche_text_buffer *out);

#endif
