/* SPDX-License-Identifier: MIT */
/* Front of a queue: opening it, and making pages. */
#ifndef PLANCHE_QUEUE_FRONT_H
#define PLANCHE_QUEUE_FRONT_H

#include "queue/accept.h"
#include "queue/post.h"

/* Connects, and puts the files of a model that is one into the store. engine: what pages are made
 * with, as planche_cli_choose leaves it; info: of an engine of this machine, whose arithmetic all
 * workers must have if same_bytes. Errors: IO, ARGUMENT, UNSUPPORTED, MEMORY. */
enum planche_status planche_queue_front_open(struct planche_queue_front *front,
                                             const struct planche_cli_queue_options *options,
                                             const struct planche_engine_options *engine,
                                             const struct planche_engine_info *info,
                                             struct planche_error *error);
void planche_queue_front_close(struct planche_queue_front *front);

/* Makes a page: what planche_book_make_fn does. Waits for as long as it takes, also while the queue
 * is away; calls options->progress several times a second meanwhile. What was put into the queue
 * stays there when it is cancelled, unless withdraw. Thread-safe. */
enum planche_status
planche_queue_make(struct planche_queue_front *front, const struct planche_queue_wanted *wanted,
                   struct planche_queue_target *target, const struct planche_page_options *options,
                   bool withdraw, struct planche_page_result *result, struct planche_error *error);

#endif
