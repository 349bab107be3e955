/* SPDX-License-Identifier: MIT */
/* Other files of libraries: series.json, ComicInfo.xml, notes beside books. */
#ifndef PLANCHE_CLI_ENLARGE_COPY_OTHERS_H
#define PLANCHE_CLI_ENLARGE_COPY_OTHERS_H

#include "enlarge/run_state.h"

/* Copies those that are missing or, with --update, differ; counts and reports them. With --dry-run
 * it says what it would do. */
void planche_cli_copy_others(struct planche_cli_run *run);

/* The same of a book that was found in a library and has no pages: it is one of the other files.
 * True if its copy is, or will be, where the book's output would. */
bool planche_cli_copy_book(struct planche_cli_run *run, const struct planche_cli_item *book);

#endif
