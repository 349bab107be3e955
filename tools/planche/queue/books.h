/* SPDX-License-Identifier: MIT */
/* Books through a queue: what planche INPUT... uses of it. */
#ifndef PLANCHE_QUEUE_BOOKS_H
#define PLANCHE_QUEUE_BOOKS_H

#include "cli/options.h"

/* Pages of a book that are in the queue at once, at most. */
#define PLANCHE_QUEUE_MAKERS 256
/* Books at once: while the last pages of one are made, the next one keeps the workers busy. */
#define PLANCHE_QUEUE_BOOKS 4

struct planche_queue_front;

/* Opens the queue that options name. info: of the engine of this machine. Errors: IO, ARGUMENT,
 * UNSUPPORTED (also: this build has no queues), MEMORY. */
enum planche_status planche_queue_books_open(struct planche_queue_front **front,
                                             const struct planche_cli_options *options,
                                             const struct planche_engine_info *info,
                                             struct planche_error *error);
/* Sets *front to NULL; NULL is fine. */
void planche_queue_books_close(struct planche_queue_front **front);
/* Makes a page, as planche_book_make_fn does. Thread-safe. */
enum planche_status planche_queue_books_make(struct planche_queue_front *front, const char *name,
                                             const char *input, const char *output,
                                             const struct planche_page_options *options,
                                             struct planche_page_result *result,
                                             struct planche_error *error);

#endif
