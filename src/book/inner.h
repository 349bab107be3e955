/* SPDX-License-Identifier: MIT */
/* Books in a book: an archive of archives is a library, whose books are made one by one. */
#ifndef PLANCHE_BOOK_INNER_H
#define PLANCHE_BOOK_INNER_H

#include "book/state.h"

/* Archives in archives in archives; what lies deeper is copied. */
#define PLANCHE_INNER_DEPTH 2

/* After the pages, when the book has none: makes the books that are its entries, in the work
 * folder. One that cannot be made is an entry that failed, as on_error says. Errors: those of
 * planche_book_run that are no fault of an inner book. */
enum planche_status planche_book_run_inner(struct planche_book *book, struct planche_error *error);
/* Whether there are books in the book that are made, as far as names tell. */
bool planche_inner_is_shelf(const struct planche_book *book);
/* As planche_book_is_library. */
bool planche_inner_is_library(const char *path);
/* Where a book that was made lies, and its extension. */
void planche_inner_path(const struct planche_book *book, const struct planche_entry *entry,
                        char path[PATH_MAX]);

#endif
