/* SPDX-License-Identifier: MIT */
/* Selection of pages: which of a book's pages are made, by their numbers or as a sample. */
#ifndef PLANCHE_BOOK_SELECT_H
#define PLANCHE_BOOK_SELECT_H

#include "book/state.h"

/* Whether only some pages are wanted. */
bool planche_book_selects(const struct planche_book_options *options);
/* Checks the text of a list of pages ("3-5,12,20-"); NULL is fine. Errors: ARGUMENT. */
enum planche_status planche_book_check_selection(const char *pages, struct planche_error *error);

/* After the scan, and after the order of an EPUB: everything but the selected pages is dropped,
 * with the outcome UNSELECTED. Pages are counted from 1 in the order in which readers show them: an
 * EPUB's own, else by their names. Errors: ARGUMENT: none is selected; MEMORY, BUDGET. */
enum planche_status planche_book_select(struct planche_book *book, struct planche_error *error);

#endif
