/* SPDX-License-Identifier: MIT */
/* Progress of a whole run: which items are done, how fast pages are, how much is left; shown as a
 * bar, as lines in a log, as JSON, or not at all. A thread of its own draws, so that nothing that
 * computes waits for a terminal. */
#ifndef PLANCHE_CLI_ENLARGE_PROGRESS_H
#define PLANCHE_CLI_ENLARGE_PROGRESS_H

#include "enlarge/estimate.h"
#include "enlarge/progress_line.h"
#include "enlarge/survey.h"
#include "os/thread.h"

/* An item of the plan. */
struct planche_cli_progress_item {
    bool wanted; /* its pages are to be made; does not change */
    bool begun, ended;
    double part; /* of a single page, 0..1 */
};

/* An entry of the book that runs. */
struct planche_cli_progress_entry {
    double part; /* 0..1 */
    bool computed;
};

struct planche_cli_progress {
    enum planche_cli_progress_mode mode; /* what is done, not what was asked for; NONE: nothing */
    const struct planche_cli_plan *plan;
    const char *device;
    struct planche_cli_survey survey;
    struct planche_mutex lock;
    struct planche_cond stop_asked;
    struct planche_thread ticker;
    bool ticking, stopping;
    /* Under the lock from here on. */
    struct planche_cli_progress_item *items; /* [plan->count] */
    struct planche_cli_estimate estimate;
    double ended_work; /* pixels computed of items that have ended */
    double page_basis; /* mean pixels, and whether the book is known: by what work is counted */
    bool book_basis;
    size_t book; /* item of the book that runs; plan->count: none */
    size_t books, books_ended;
    size_t pages_ended; /* single pages */
    size_t last_page;   /* item of the single page that moved last */
    size_t book_pages, book_done;
    bool writing, computing;
    struct planche_cli_progress_entry *entries; /* of the book that runs */
    size_t entry_count;
    char entry[256]; /* name of the one that moved last; for JSON */
    double start, drawn;
};

/* Starts the survey and the thread that draws. What was asked for is in options->progress; plan,
 * options and device (NULL: a CPU) must outlive it. wanted tells which items are to be made. False:
 * no memory, no thread; progress is then one that shows nothing, and may be used all the same. */
bool planche_cli_progress_start(struct planche_cli_progress *progress,
                                const struct planche_cli_plan *plan,
                                const struct planche_cli_options *options, const char *device,
                                planche_cli_survey_wanted_fn wanted, void *user);
/* The rest is thread-safe. An item of the plan begins. */
void planche_cli_progress_begin(struct planche_cli_progress *progress, size_t item);
/* A single page moved. */
void planche_cli_progress_page(struct planche_cli_progress *progress, size_t item, double part);
/* The book that began last moved. */
void planche_cli_progress_book(struct planche_cli_progress *progress,
                               const struct planche_book_progress *moved);
/* An item has ended, well or not. computed: the engine has made pages of it. */
void planche_cli_progress_end(struct planche_cli_progress *progress, size_t item, bool computed);
/* Input pixels per second, of all that was computed; 0: too little was. */
double planche_cli_progress_speed(struct planche_cli_progress *progress);
/* Draws for the last time, removes the bar, and frees everything. Not thread-safe. */
void planche_cli_progress_stop(struct planche_cli_progress *progress);

#endif
