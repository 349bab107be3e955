/* SPDX-License-Identifier: MIT */
/* What a text of an EPUB (XHTML, SVG) shows: its images in order, and whether it has text of its
 * own. */
#ifndef PLANCHE_BOOK_SHOWN_H
#define PLANCHE_BOOK_SHOWN_H

#include "archive/name.h"
#include "base/markup.h"

#define PLANCHE_SHOWN_SAMPLE 64

struct planche_shown {
    char sample[PLANCHE_SHOWN_SAMPLE]; /* of the text, clean; "": there is none */
    bool drawing;                      /* it has shapes of SVG */
};
/* An image by its name in the archive, which need not be there. False: no more. */
typedef bool (*planche_shown_image_fn)(void *user, const char *path);

/* Reads the file of this name. What is not well-formed is read as far as it can be. False: that was
 * the callback's answer. */
bool planche_shown_read(struct planche_shown *shown, const char *name, const char *data,
                        size_t size, planche_shown_image_fn image, void *user);

#endif
