/* SPDX-License-Identifier: MIT */
/* Run of a book, on a thread of its own, page by page in turn with those of readers. */
#ifndef PLANCHE_BOOKS_RUN_H
#define PLANCHE_BOOKS_RUN_H

#include "books/state.h"

/* Begins a book. When it has ended, its fields say how (state WAITING: it was given up, and goes on
 * later), and books->run_ended is called. False: it could not begin; state and reason are
 * set. */
bool planche_books_run_begin(struct planche_books *books, struct planche_books_book *book);
/* Gives it up: at once, or after the pages that run. */
void planche_books_run_cancel(struct planche_books_run *run);
void planche_books_run_yield(struct planche_books_run *run);
/* For planche_pages_external; user is a struct planche_books. */
void planche_books_run_granted(void *user);
void planche_books_run_engine_wanted(void *user);
const struct planche_books_book *planche_books_run_book(const struct planche_books_run *run);

#endif
