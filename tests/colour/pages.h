/* SPDX-License-Identifier: MIT */
/* Pages that say in every way there is what their colours are and which way up they are, and the
 * colours that they mean: for tests of whether these survive being enlarged, alone or in a book. */
#ifndef PLANCHE_TESTS_COLOUR_PAGES_H
#define PLANCHE_TESTS_COLOUR_PAGES_H

#include "codec/images.h"

size_t colour_pages_count(void);
/* The file's name, such as "display-p3-png.png"; without the extension, too, it is the only one. */
const char *colour_page_name(size_t page);
/* The page of a name, whatever its extension and folder; colour_pages_count(): there is none. */
size_t colour_page_find(const char *path);
/* The file, made with the format's own library. */
struct bytes colour_page_make(size_t page);

/* How far the colours of a result lie from those that the page means: the mean CIEDE2000 difference
 * of its pixels when the result, a whole number of times as large, is reduced to the page's size in
 * linear light. Transparency is seen before white. Negative: the result cannot be read or has
 * another shape. */
double colour_page_distance(size_t page, const struct bytes *result);

/* Most that it may be. */
#define COLOUR_LIMIT 1.0

#endif
