/* SPDX-License-Identifier: MIT */
/* Books for the API: whole comics through an engine. Options and results have this library's size;
 * options->page is not NULL. */
#ifndef PLANCHE_BOOK_BOOK_H
#define PLANCHE_BOOK_BOOK_H

#include "base/log.h"

#include <planche/book.h>

/* As planche_engine_run_book. result is filled in any case. */
enum planche_status planche_book_run(const struct planche_engine *engine, const char *input,
                                     const char *output, const struct planche_book_options *options,
                                     struct planche_book_result *result,
                                     struct planche_error *error);
/* As planche_book_inspect. result is filled in any case. */
enum planche_status planche_book_inspect_all(const char *input,
                                             const struct planche_book_options *options,
                                             struct planche_book_result *result,
                                             struct planche_error *error);
/* As planche_book_tidy. */
void planche_book_remove_work(const char *output, const struct planche_log *log);

#endif
