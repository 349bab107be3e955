/* SPDX-License-Identifier: MIT */
/* Book runner: one book after the other, the pages of a book in parallel; with a queue a few books
 * at once, whose reports come one at a time. */
#include "cli/interrupt.h"
#include "cli/number.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "cli/workers.h"
#include "enlarge/copy_others.h"
#include "enlarge/judge.h"
#include "enlarge/progress.h"
#include "os/clock.h"
#include "os/thread.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What books that run at once share. */
struct shelf {
    struct planche_cli_run *run;
    struct planche_mutex lock; /* of reports, and of what follows */
    size_t shown;              /* item of the book whose progress is shown; NONE: none */
};
#define NONE SIZE_MAX

/* A book that runs. */
struct books {
    struct shelf *shelf;
    struct planche_cli_run *run;
    const struct planche_cli_item *item; /* the book that runs */
    size_t pages, done;                  /* of this book */
    bool small;                          /* that a page is smaller than wanted was said */
    size_t outcomes[PLANCHE_BOOK_OUTCOMES];
};

static size_t index_of(const struct books *books)
{
    return (size_t)(books->item - books->run->plan.items);
}

/* Whether this book's progress is to be shown: of the first that moved since another has ended. */
static bool show(struct books *books)
{
    struct shelf *shelf = books->shelf;
    planche_mutex_lock(&shelf->lock);
    if (shelf->shown == NONE) {
        shelf->shown = index_of(books);
        planche_cli_progress_begin(&shelf->run->progress, shelf->shown);
    }
    bool mine = shelf->shown == index_of(books);
    planche_mutex_unlock(&shelf->lock);
    return mine;
}

/* The lock is held. */
static void end_progress(struct books *books, bool ok)
{
    struct shelf *shelf = books->shelf;
    size_t index = index_of(books);
    if (shelf->shown != index)
        planche_cli_progress_begin(&shelf->run->progress, index);
    planche_cli_progress_end(&shelf->run->progress, index, ok);
    if (shelf->shown == index)
        shelf->shown = NONE;
    else if (shelf->shown != NONE)
        planche_cli_progress_begin(&shelf->run->progress, shelf->shown);
}

static void on_progress(void *user, const struct planche_book_progress *progress)
{
    struct books *books = user;
    books->pages = progress->pages;
    books->done = progress->done;
    if (show(books))
        planche_cli_progress_book(&books->run->progress, progress);
}

/* "book.cbz: ch1/003.jpg: MESSAGE; the original takes its place" */
static void print_failure(const struct books *books, const struct planche_book_page *page)
{
    const char *input = books->item->input;
    planche_cli_message("%s: %s: %s; %s", input, page->name, planche_cli_entry_message(input, page),
                        page->output_name != NULL ? "the original takes its place" : "left out");
}

static void print_page(const struct books *books, const struct planche_book_page *page)
{
    const struct planche_page_result *result = page->result;
    const char *output = page->output_name != NULL ? page->output_name : "";
    if (page->outcome == PLANCHE_BOOK_ENLARGED)
        planche_cli_note("%s: %s -> %s  %ux%u -> %ux%u", books->item->input, page->name, output,
                         result->input_width, result->input_height, result->output_width,
                         result->output_height);
    else
        planche_cli_note("%s: %s -> %s  %s", books->item->input, page->name, output,
                         planche_cli_outcome_name(page->outcome));
}

/* The lock is held. */
static void note_page(struct books *books, const struct planche_book_page *page)
{
    struct planche_cli_run *run = books->run;
    books->outcomes[page->outcome]++;
    run->summary.outcomes[page->outcome]++;
    if (page->outcome == PLANCHE_BOOK_ENLARGED)
        run->summary.computed_pixels +=
            (double)page->result->input_width * page->result->input_height;
    if (page->outcome == PLANCHE_BOOK_ENLARGED && !books->small)
        books->small = planche_cli_note_small(run, books->item->input, page->name, page->result);
    if (page->outcome == PLANCHE_BOOK_FAILED) {
        run->failed = true;
        print_failure(books, page);
    } else if (run->options.verbose && page->outcome != PLANCHE_BOOK_UNSELECTED) {
        print_page(books, page);
    }
    if (run->options.json && planche_cli_is_page(page->outcome))
        planche_cli_run_json(
            run, planche_cli_json_entry(books->item->input, books->item->output, page, &run->info));
}

static void on_page(void *user, const struct planche_book_page *page)
{
    struct books *books = user;
    if (page->outcome == PLANCHE_BOOK_DROPPED)
        return; /* the result counts these, without folders */
    planche_mutex_lock(&books->shelf->lock);
    note_page(books, page);
    planche_mutex_unlock(&books->shelf->lock);
}

static void report_failure(const struct books *books,
                           const struct planche_cli_book_outcome *outcome)
{
    if (outcome->status != PLANCHE_ERROR_CANCELLED)
        planche_cli_print_failure(books->run, books->item, outcome->status, outcome->message);
    else
        planche_cli_message("%s: stopped with %zu of %zu pages done; the same command goes on from "
                            "there",
                            outcome->input, books->done, books->pages);
}

static void report(struct books *books, const struct planche_cli_book_outcome *outcome)
{
    struct planche_cli_run *run = books->run;
    char pages[256], before[32], after[32], time[32];
    bool ok = outcome->status == PLANCHE_OK;
    bool interrupted = outcome->status == PLANCHE_ERROR_CANCELLED;
    run->summary.books++;
    books->outcomes[PLANCHE_BOOK_DROPPED] = outcome->result.outcomes[PLANCHE_BOOK_DROPPED];
    run->summary.outcomes[PLANCHE_BOOK_DROPPED] += books->outcomes[PLANCHE_BOOK_DROPPED];
    run->summary.books_failed += !ok && !interrupted;
    run->summary.books_interrupted += interrupted;
    run->summary.input_bytes += ok ? outcome->result.input_bytes : 0;
    run->summary.output_bytes += outcome->result.output_bytes;
    if (ok && run->each)
        planche_cli_note(
            "%s -> %s  %s  %s -> %s  %s", outcome->input, outcome->output,
            planche_cli_summary_pages(books->outcomes, pages, sizeof pages),
            planche_cli_format_bytes(outcome->result.input_bytes, before, sizeof before),
            planche_cli_format_bytes(outcome->result.output_bytes, after, sizeof after),
            planche_cli_format_time(outcome->ms / 1e3, time, sizeof time));
    if (!ok) {
        run->failed = true;
        report_failure(books, outcome);
    }
    if (run->options.json)
        planche_cli_run_json(run, planche_cli_json_book(outcome));
}

/* A folder that Planche does not know is none that it adds to. */
static enum planche_existing choose_existing(const struct planche_cli_options *options,
                                             const struct planche_cli_item *item)
{
    if (item->verdict == PLANCHE_CLI_EXISTS)
        return PLANCHE_EXISTING_FAIL;
    return options->update ? PLANCHE_EXISTING_UPDATE : PLANCHE_EXISTING_ADD;
}

/* By a worker of the queue; what it cannot do, cutting a page into several files, here. */
static enum planche_status make_page(void *user, const char *name, const char *input,
                                     const char *output, const struct planche_page_options *options,
                                     struct planche_page_result *result,
                                     struct planche_error *error)
{
    const struct books *books = user;
    enum planche_status status =
        planche_queue_books_make(books->run->front, name, input, output, options, result, error);
    if (status != PLANCHE_ERROR_LIMIT || options->on_limit != PLANCHE_ON_LIMIT_SPLIT)
        return status;
    return planche_engine_run_file(books->run->engine, input, output, options, result, error);
}

static enum planche_status run_book(struct books *books, struct planche_book_result *result,
                                    struct planche_error *error)
{
    const struct planche_cli_options *options = &books->run->options;
    const struct planche_cli_item *item = books->item;
    /* Folders of a file that was named must be there, for books as for pages. */
    bool named =
        options->output != NULL && !item->resumes && !planche_cli_output_is_folder(options->output);
    if (!named && !planche_cli_make_parent(item->output)) {
        snprintf(error->message, sizeof error->message, "%s: cannot make its folder: %s",
                 item->output, strerror(errno));
        return PLANCHE_ERROR_IO;
    }
    struct planche_page_options page = options->page;
    page.format = options->book_format;
    page.overwrite = item->replaces;
    page.cancel = planche_cli_interrupt_cancel();
    struct planche_book_options book = options->book;
    book.page = &page;
    book.container = item->container;
    book.existing = choose_existing(options, item);
    book.on_page = on_page;
    book.on_progress = on_progress;
    book.user = books;
    if (books->run->front != NULL) {
        book.make_page = make_page;
        book.makers = PLANCHE_QUEUE_MAKERS;
    }
    return planche_engine_run_book(books->run->engine, item->input, item->output, &book, result,
                                   error);
}

static void run_one(struct books *books, const struct planche_cli_item *item)
{
    struct planche_error error = {0};
    struct planche_cli_book_outcome outcome = {
        .input = item->input,
        .output = item->output,
        .message = error.message,
        .outcomes = books->outcomes,
        .result = PLANCHE_BOOK_RESULT_INIT,
    };
    struct planche_cli_origin source;
    books->item = item;
    if (!item->makes) {
        planche_book_tidy(item->output);
        planche_mutex_lock(&books->shelf->lock);
        end_progress(books, false);
        planche_cli_run_skip(books->run, item);
        planche_mutex_unlock(&books->shelf->lock);
        return;
    }
    double start = planche_clock_ms();
    planche_cli_origin_begin(&source, item->input, true, planche_cli_interrupt_cancel());
    (void)show(books);
    outcome.status = run_book(books, &outcome.result, &error);
    bool other = item->found && outcome.result.no_pages;
    planche_cli_origin_end(&source, outcome.status == PLANCHE_OK || other);
    outcome.ms = planche_clock_ms() - start;
    if (outcome.status != PLANCHE_OK) /* an output that exists is not of this run */
        outcome.result.output_bytes = 0;
    if (outcome.status == PLANCHE_ERROR_CANCELLED)
        outcome.result.pages = books->pages;
    planche_mutex_lock(&books->shelf->lock);
    end_progress(books, outcome.status == PLANCHE_OK);
    /* A folder with pages that were left as they are is looked at again. */
    bool done = other ? planche_cli_copy_book(books->run, item)
                      : outcome.status == PLANCHE_OK &&
                            books->outcomes[PLANCHE_BOOK_SOURCE_CHANGED] == 0 &&
                            books->outcomes[PLANCHE_BOOK_OTHER_SETTINGS] == 0;
    if (source.known && done)
        planche_cli_judge_made(books->run, item, &source,
                               (unsigned)books->outcomes[PLANCHE_BOOK_FAILED], 0);
    if (!other)
        report(books, &outcome);
    planche_mutex_unlock(&books->shelf->lock);
}

static void run_item(void *user, size_t index)
{
    struct shelf *shelf = user;
    struct books books = {.shelf = shelf, .run = shelf->run};
    const struct planche_cli_item *item = &shelf->run->plan.items[shelf->run->plan.pages + index];
    if (planche_cli_interrupt_signal() == 0) {
        run_one(&books, item);
        return;
    }
    planche_mutex_lock(&shelf->lock);
    shelf->run->summary.books_left += item->makes;
    planche_mutex_unlock(&shelf->lock);
}

void planche_cli_run_books(struct planche_cli_run *run)
{
    struct shelf shelf = {.run = run, .lock = PLANCHE_MUTEX_INIT, .shown = NONE};
    size_t count = run->plan.count - run->plan.pages;
    struct planche_error error;
    bool many = run->front != NULL && count > 1;
    if (many &&
        planche_cli_for_each(PLANCHE_QUEUE_BOOKS, count, run_item, &shelf, &error) == PLANCHE_OK)
        return;
    for (size_t i = 0; i < count; i++)
        run_item(&shelf, i);
}
