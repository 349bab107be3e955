/* SPDX-License-Identifier: MIT */
/* Files in a book that speak of its pages: they are changed where the pages have changed, and
 * nowhere else. */
#ifndef PLANCHE_BOOK_REFERENCES_H
#define PLANCHE_BOOK_REFERENCES_H

#include "book/book.h"

/* Makes a new content in the work folder for entries that need one. The entries have their names in
 * the output. */
enum planche_status planche_book_update_references(struct planche_book *book,
                                                   struct planche_error *error);

#endif
