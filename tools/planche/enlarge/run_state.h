/* SPDX-License-Identifier: MIT */
/* State of a run of planche INPUT..., shared by the files that carry it out. */
#ifndef PLANCHE_CLI_ENLARGE_RUN_STATE_H
#define PLANCHE_CLI_ENLARGE_RUN_STATE_H

#include "cli/options.h"
#include "enlarge/json_book.h"
#include "enlarge/plan.h"
#include "enlarge/progress.h"
#include "enlarge/records.h"
#include "enlarge/summary.h"
#include "queue/books.h"

#include <stdatomic.h>

struct planche_cli_run {
    struct planche_cli_options options;
    struct planche_cli_plan plan;
    struct planche_engine *engine; /* NULL: none yet */
    struct planche_engine_info info;
    struct planche_queue_front *front; /* NULL: pages are made here */
    struct planche_cli_summary summary;
    struct planche_cli_records records;
    atomic_bool failed;
    struct planche_cli_progress progress;
    unsigned scale;     /* of the model */
    size_t made_folder; /* bytes of the outermost folder that this run made for -o; 0: none */
    bool each;          /* a line is printed for each page or book that came out */
};

/* All pages of the plan, several at once. Errors, before any page has begun: MEMORY. */
enum planche_status planche_cli_run_pages(struct planche_cli_run *run, struct planche_error *error);
/* All its books, one after the other. */
void planche_cli_run_books(struct planche_cli_run *run);
/* Prints what the two would do (--dry-run). */
void planche_cli_run_dry(struct planche_cli_run *run);

/* Reads the header of outcome->input and sets its size, marked and large: whether the page is left
 * alone. Thread-safe. */
enum planche_status planche_cli_inspect_page(const struct planche_cli_options *options,
                                             struct planche_cli_outcome *outcome,
                                             struct planche_error *error);
/* Prints one line: the file, the message and what to do about it. The name of the file is not
 * repeated if the message begins with it. */
void planche_cli_print_failure(const struct planche_cli_run *run,
                               const struct planche_cli_item *item, enum planche_status status,
                               const char *message);
/* The message of a page that failed, without the names of the book (input) and of the page. */
const char *planche_cli_entry_message(const char *input, const struct planche_book_page *page);
/* True if an entry that is no page is a book by its name. */
bool planche_cli_is_inner_book(const struct planche_book_page *page);
/* Notes that a page's result is smaller than the target: more often no page is enlarged. entry: of
 * a book, or NULL. False: it is not. */
bool planche_cli_note_small(const struct planche_cli_run *run, const char *input, const char *entry,
                            const struct planche_page_result *result);
/* Counts and reports an item that is passed over. One of which pages failed fails the run again:
 * they are still missing. */
void planche_cli_run_skip(struct planche_cli_run *run, const struct planche_cli_item *item);
/* Prints the object as a line of JSON. Takes the object. */
void planche_cli_run_json(struct planche_cli_run *run, json_t *object);

#endif
