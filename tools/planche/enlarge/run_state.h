/* SPDX-License-Identifier: MIT */
/* A run of planche INPUT...: what its parts share. */
#ifndef PLANCHE_CLI_ENLARGE_RUN_STATE_H
#define PLANCHE_CLI_ENLARGE_RUN_STATE_H

#include "cli/options.h"
#include "enlarge/json_book.h"
#include "enlarge/plan.h"
#include "enlarge/summary.h"

#include <stdatomic.h>

struct planche_cli_run {
    struct planche_cli_options options;
    struct planche_cli_plan plan;
    struct planche_engine *engine; /* NULL: none yet */
    struct planche_engine_info info;
    struct planche_cli_summary summary;
    atomic_bool failed;
    unsigned scale; /* of the model */
    bool bar;       /* somebody is watching */
    bool talkative; /* a line for each page or book that came out */
};

/* All pages of the plan, several at once. Errors, before any page has begun: MEMORY. */
enum planche_status planche_cli_run_pages(struct planche_cli_run *run, struct planche_error *error);
/* All its books, one after the other. */
void planche_cli_run_books(struct planche_cli_run *run);
/* Says what the two would do. */
void planche_cli_run_dry(struct planche_cli_run *run);

/* Reads the head of outcome's input: does the page need nothing, being marked or large? */
enum planche_status planche_cli_look_at_page(const struct planche_book_options *options,
                                             struct planche_cli_outcome *outcome,
                                             struct planche_error *error);
/* One line for people, with what the command has to advise. A message that begins with the name of
 * the input or the output names it only once. */
void planche_cli_print_failure(const struct planche_cli_run *run,
                               const struct planche_cli_work *work, enum planche_status status,
                               const char *message);
/* What is wrong with a page of the book at input, without the names of both. */
const char *planche_cli_entry_message(const char *input, const struct planche_book_page *page);
/* True if an entry that is no page is called a book. */
bool planche_cli_is_inner_book(const struct planche_book_page *page);
/* Says so if a book has no pages; inner: it has books in it. */
void planche_cli_note_lack(const char *input, const size_t *outcomes, bool inner);
/* True if this work is done already. */
bool planche_cli_run_is_there(const struct planche_cli_run *run,
                              const struct planche_cli_work *work);
/* Counts and reports work that is. */
void planche_cli_run_pass_over(struct planche_cli_run *run, const struct planche_cli_work *work);
/* Prints the object as a line of JSON. Takes the object. */
void planche_cli_run_json(struct planche_cli_run *run, json_t *object);

#endif
