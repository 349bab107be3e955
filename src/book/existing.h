/* SPDX-License-Identifier: MIT */
/* Existing folder: what of an output that is a folder with something in it is left as it is. */
#ifndef PLANCHE_BOOK_EXISTING_H
#define PLANCHE_BOOK_EXISTING_H

#include "book/state.h"

/* Finds out whether the output is such a folder and the options let it be added to: book->into is
 * set then, and pages get the names that they usually have. After the scan. Errors: MEMORY, BUDGET,
 * LIMIT, CANCELLED, DEADLINE; EXISTS: the input is a folder, and the output has pages, but none of
 * these. */
enum planche_status planche_existing_open(struct planche_book *book, struct planche_error *error);

/* Checks, once all pages are made, that those that would be added to the folder belong to what is
 * there: to another book nothing is added. Errors: EXISTS, MEMORY, BUDGET, CANCELLED, DEADLINE. */
enum planche_status planche_existing_check(const struct planche_book *book,
                                           struct planche_error *error);

/* Whether a page, whose digest is known and whose file lies at `page`, is there: entry->stays,
 * made, outputs and outcome are set. Errors: MEMORY, BUDGET. */
enum planche_status planche_existing_find(struct planche_book *book, struct planche_entry *entry,
                                          const char *page, struct planche_error *error);

/* Whether a file of the output need not be replaced by the one at `content`: it has the same bytes,
 * or somebody has changed it and it must not be. */
bool planche_existing_keeps(const struct planche_book *book, struct planche_entry *entry,
                            const char *name, const char *content);

/* The names of what the book has become, if that goes into such a folder. outputs is empty before.
 * Errors: MEMORY, BUDGET. */
enum planche_status planche_existing_list_outputs(const struct planche_book *book,
                                                  struct planche_name_set *outputs,
                                                  struct planche_error *error);
/* Removes what an earlier run has left of pages that are made now and what is none of the outputs:
 * originals that it has kept, and results of another format. */
void planche_existing_remove_former(const struct planche_book *book,
                                    const struct planche_name_set *outputs);

#endif
