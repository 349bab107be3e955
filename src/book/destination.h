/* SPDX-License-Identifier: MIT */
/* Where a book goes. */
#ifndef PLANCHE_BOOK_DESTINATION_H
#define PLANCHE_BOOK_DESTINATION_H

#include "book/book.h"

/* Sets book->to. Errors: UNSUPPORTED. */
enum planche_status planche_destination_choose(struct planche_book *book, const char *output,
                                               struct planche_error *error);
/* Refuses an output that is the input, or lies in it, or the other way round. Error: ARGUMENT. */
enum planche_status planche_destination_check(const struct planche_book *book,
                                              struct planche_error *error);

#endif
