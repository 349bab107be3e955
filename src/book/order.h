/* SPDX-License-Identifier: MIT */
/* Reading order of an EPUB that becomes a CBZ or a folder: what is shown in which order, by names
 * that sort so; and what the package says of the book, as a ComicInfo.xml. */
#ifndef PLANCHE_BOOK_ORDER_H
#define PLANCHE_BOOK_ORDER_H

#include "book/state.h"

/* After the scan: gives pages their places, and drops what no CBZ has (texts, styles, fonts). Warns
 * of texts that are lost. Nothing happens to other books. Errors: those of reading the archive,
 * MEMORY, BUDGET. */
enum planche_status planche_book_find_order(struct planche_book *book, struct planche_error *error);
/* When all pages are made, before they have names: ornaments beside pages are none. */
void planche_book_drop_ornaments(struct planche_book *book);
/* When all has its name: adds a ComicInfo.xml, or to it what it does not say. Errors: IO, MEMORY,
 * BUDGET. */
enum planche_status planche_book_describe(struct planche_book *book, struct planche_error *error);

#endif
