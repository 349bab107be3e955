/* SPDX-License-Identifier: MIT */
/* Figures and log of books. */
#ifndef PLANCHE_SERVE_BOOK_COUNT_H
#define PLANCHE_SERVE_BOOK_COUNT_H

#include "books/books.h"
#include "serve/server.h"

/* Makes the series whose labels are known, at 0. */
void planche_serve_begin_book_figures(struct planche_serve *serve);
/* A book has ended: counts it, and writes a line of the log, with its handle, since its id is a
 * secret. user is a struct planche_serve. */
void planche_serve_count_book(void *user, const struct planche_books_book *book);

#endif
