/* SPDX-License-Identifier: MIT */
/* Run of one page: from its file in the work folder through the engine to its record there, and
 * what a failure means for the book. */
#include "book/page_run.h"

#include "base/status.h"
#include "book/steps.h"
#include "engine/internal.h"
#include "engine/run.h"
#include "os/file.h"
#include "os/file_info.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A page in flight. */
struct in_flight {
    struct planche_page_runs *runs;
    struct planche_entry *entry;
    double done; /* of the page, 0 to 1 */
    bool kept;   /* its header says that it needs no enlarging */
};

void planche_page_runs_init(struct planche_page_runs *runs, struct planche_book *book)
{
    *runs = (struct planche_page_runs){.book = book, .failed_entry = PLANCHE_NO_ENTRY};
    runs->cancel = (struct planche_cancel_token){.handle = &runs->stopped, .parent = &book->cancel};
}

/* A reason to stop that no entry is to blame for. */
static bool is_interruption(enum planche_status status)
{
    return status == PLANCHE_ERROR_CANCELLED || status == PLANCHE_ERROR_DEADLINE;
}

/* Ends the book. Of several reasons, the one that comes first in the book is told, and any before
 * an interruption. The mutex is held. */
static void fail(struct planche_page_runs *runs, size_t index, enum planche_status status,
                 const struct planche_error *error)
{
    assert(status != PLANCHE_OK);
    bool first = index < runs->failed_entry || is_interruption(runs->status);
    if (runs->status == PLANCHE_OK || (first && !is_interruption(status))) {
        runs->status = status;
        runs->error = *error;
        runs->failed_entry = index;
    }
    planche_cancel_set(&runs->stopped);
}

void planche_page_runs_fail(struct planche_page_runs *runs, size_t index,
                            enum planche_status status, const struct planche_error *error)
{
    planche_mutex_lock(&runs->book->mutex);
    fail(runs, index, status, error);
    planche_mutex_unlock(&runs->book->mutex);
}

bool planche_page_runs_report(struct planche_page_runs *runs, const struct planche_entry *entry,
                              double part, size_t more)
{
    struct planche_book *book = runs->book;
    planche_mutex_lock(&book->mutex);
    book->progress.done += more;
    assert(book->progress.done <= book->entries.pages);
    book->progress.done_parts = (double)book->progress.done + runs->parts;
    if (entry) {
        book->progress.index = (size_t)(entry - book->entries.list);
        book->progress.part = more ? 1.0 : part;
        book->progress.computed = part > 0.0;
    }
    if (!runs->status) {
        struct planche_error error;
        planche_book_report(book, entry ? entry->name : NULL);
        enum planche_status status = planche_cancel_fail(&book->cancel, &error);
        if (status)
            fail(runs, PLANCHE_NO_ENTRY, status, &error);
    }
    bool stopped = runs->status != PLANCHE_OK;
    planche_mutex_unlock(&book->mutex);
    return stopped;
}

bool planche_page_runs_repeat(struct planche_page_runs *runs, struct planche_entry *entry,
                              size_t original)
{
    struct planche_book *book = runs->book;
    planche_mutex_lock(&book->mutex);
    entry->original = original;
    entry->repeats = book->entries.list[original].running;
    size_t more = entry->repeats ? 0 : 1;
    runs->waiting += entry->repeats;
    planche_mutex_unlock(&book->mutex);
    return planche_page_runs_report(runs, entry, 0.0, more);
}

/* The next page after an index that waits for an original to be over; NULL: there is none. Most
 * books have none at all, and need not be looked through for each of their pages. */
static const struct planche_entry *next_repeat(struct planche_page_runs *runs, size_t original,
                                               size_t *index)
{
    struct planche_book *book = runs->book;
    struct planche_entry *found = NULL;
    planche_mutex_lock(&book->mutex);
    while (!found && runs->waiting > 0 && ++*index < book->entries.count) {
        struct planche_entry *entry = &book->entries.list[*index];
        found = entry->repeats && entry->original == original ? entry : NULL;
    }
    if (found) {
        found->repeats = false;
        runs->waiting--;
    }
    planche_mutex_unlock(&book->mutex);
    return found;
}

/* A page is over, and so are those with the same bytes. */
static void report_end(struct planche_page_runs *runs, size_t index, double part)
{
    const struct planche_entry *repeat;
    planche_page_runs_report(runs, &runs->book->entries.list[index], part, 1);
    for (size_t at = index; (repeat = next_repeat(runs, index, &at)) != NULL;)
        planche_page_runs_report(runs, repeat, 0.0, 1);
}

static void on_page_progress(void *user, double done)
{
    struct in_flight *flight = user;
    planche_mutex_lock(&flight->runs->book->mutex);
    flight->runs->parts += done - flight->done;
    planche_mutex_unlock(&flight->runs->book->mutex);
    flight->done = done;
    planche_page_runs_report(flight->runs, flight->entry, done, 0);
}

static enum planche_status filter_page(void *user, const struct planche_image_info *info,
                                       struct planche_error *error)
{
    struct in_flight *flight = user;
    flight->kept = planche_book_skip_page(flight->runs->book, flight->entry, info);
    return flight->kept ? planche_fail(error, PLANCHE_ERROR_CANCELLED, "is kept") : PLANCHE_OK;
}

/* The size of a part; that of a page in one piece is known. */
static enum planche_status measure_part(struct planche_book *book, const char *path,
                                        struct planche_made_part *part, struct planche_error *error)
{
    const struct planche_source source = {.name = path, .path = path};
    const struct planche_reader_options options = {.budget = &book->budget, .header_only = true};
    struct planche_reader *reader;
    enum planche_status status = planche_reader_open(&reader, &source, &options, error);
    if (status)
        return status;
    part->width = planche_reader_info(reader)->width;
    part->height = planche_reader_info(reader)->height;
    planche_reader_destroy(&reader);
    return PLANCHE_OK;
}

static enum planche_status describe_part(struct planche_book *book, struct planche_entry *entry,
                                         unsigned index, struct planche_error *error)
{
    struct planche_made *made = &entry->made;
    struct planche_made_part *part = &made->part[index];
    char path[PATH_MAX];
    planche_workdir_page_path(&book->work, entry->digest, made->format, index, made->parts, path);
    part->width = entry->result.output_width;
    part->height = entry->result.output_height;
    enum planche_status status = planche_workdir_measure(&book->work, path, part, error);
    if (status)
        return status;
    return made->parts > 1 ? measure_part(book, path, part, error) : PLANCHE_OK;
}

static enum planche_status record_page(struct planche_book *book, struct planche_entry *entry,
                                       struct planche_error *error)
{
    struct planche_made *made = &entry->made;
    enum planche_status status = PLANCHE_OK;
    made->format = entry->result.format;
    made->part = planche_calloc(&book->budget, entry->result.parts, sizeof *made->part);
    if (!made->part)
        return planche_fail_memory(error, &book->budget, entry->result.parts * sizeof *made->part,
                                   entry->name);
    made->parts = entry->result.parts;
    for (unsigned part = 0; !status && part < made->parts; part++)
        status = describe_part(book, entry, part, error);
    if (!status)
        status = planche_workdir_record(&book->work, entry, error);
    if (status) {
        /* The page has failed, whatever lies in the work folder. */
        planche_free(made->part);
        *made = (struct planche_made){0};
    }
    return status;
}

/* The page is made elsewhere, if its header says that it is to be made. */
static enum planche_status make_elsewhere(struct in_flight *flight,
                                          const struct planche_source *source, const char *output,
                                          struct planche_page_options *options,
                                          struct planche_error *error)
{
    struct planche_book *book = flight->runs->book;
    const struct planche_reader_options header = {.budget = &book->budget, .header_only = true};
    struct planche_reader *reader;
    enum planche_status status = planche_reader_open(&reader, source, &header, error);
    if (status)
        return status;
    status = filter_page(flight, planche_reader_info(reader), error);
    planche_reader_destroy(&reader);
    if (status)
        return status;
    options->struct_size = sizeof *options;
    options->cancel = &flight->runs->stopped;
    flight->entry->result.struct_size = sizeof flight->entry->result;
    return book->options.make_page(book->options.user, source->name, source->path, output, options,
                                   &flight->entry->result, error);
}

static enum planche_status run_page(struct in_flight *flight, const char *input,
                                    struct planche_error *error)
{
    struct planche_book *book = flight->runs->book;
    struct planche_entry *entry = flight->entry;
    char name[PATH_MAX + PLANCHE_ENTRY_NAME_BYTES + 4], output[PATH_MAX];
    const struct planche_source source = {.name = name, .path = input};
    const struct planche_page_filter filter = {filter_page, flight};
    const struct planche_run_output to = {.path = output, .unsynced = true};
    struct planche_page_options options = book->page;
    options.format = planche_book_page_format(book, entry);
    options.overwrite = true;
    /* What speaks of a page in an EPUB speaks of one file. */
    if (book->entries.referred && options.on_limit == PLANCHE_ON_LIMIT_SPLIT)
        options.on_limit = PLANCHE_ON_LIMIT_SWITCH;
    options.progress = on_page_progress;
    options.progress_user = flight;
    options.usual = planche_engine_chooses(book->engine) ? book->usual + 1 : 0;
    snprintf(name, sizeof name, "%s: %s", book->input, entry->name);
    planche_workdir_page_path(&book->work, entry->digest, options.format, 0, 1, output);
    enum planche_status status =
        book->options.make_page
            ? make_elsewhere(flight, &source, output, &options, error)
            : planche_run_source(book->engine, &source, &filter, &flight->runs->cancel, &to,
                                 &options, &entry->result, error);
    return status ? status : record_page(book, entry, error);
}

/* The file that cannot be written is the book, for its owner. */
static void name_output(const struct planche_book *book, enum planche_status status,
                        struct planche_error *error)
{
    char reason[PLANCHE_ERROR_MESSAGE_SIZE];
    size_t folder = strlen(book->work.folder);
    const char *colon = strstr(error->message, ": ");
    if (strncmp(error->message, book->work.folder, folder) != 0 || !colon)
        return;
    snprintf(reason, sizeof reason, "%s", colon + 2);
    planche_fail(error, status, "%s: %s (in the folder %s)", book->output, reason,
                 book->work.folder);
}

/* What a failure of a page means for the book. */
static enum planche_status judge_failure(struct planche_book *book, struct planche_entry *entry,
                                         enum planche_status status, struct planche_error *error)
{
    const struct planche_error why = *error;
    if (!planche_book_is_own_fault(status)) {
        name_output(book, status, error);
        return status;
    }
    if (book->options.on_error == PLANCHE_ON_ERROR_FAIL)
        return status;
    return planche_book_fail_page(book, entry, status, &why, error);
}

void planche_book_run_page(struct planche_page_runs *runs, size_t index)
{
    struct planche_book *book = runs->book;
    struct in_flight flight = {.runs = runs, .entry = &book->entries.list[index]};
    struct planche_error error = {0};
    char input[PATH_MAX];
    assert(flight.entry->page && flight.entry->original == PLANCHE_NO_ENTRY);
    planche_workdir_entry_path(&book->work, index, PLANCHE_WORKDIR_IN, input);
    if (book->options.begin_page)
        book->options.begin_page(book->options.user);
    enum planche_status status = planche_cancel_fail(&runs->cancel, &error);
    if (!status)
        status = run_page(&flight, input, &error);
    if (book->options.end_page)
        book->options.end_page(book->options.user);
    if (status == PLANCHE_OK) {
        flight.entry->outcome = PLANCHE_BOOK_ENLARGED;
        planche_file_remove(input);
    } else if (flight.kept) {
        status = PLANCHE_OK;
    } else {
        status = judge_failure(book, flight.entry, status, &error);
    }
    planche_mutex_lock(&book->mutex);
    runs->parts -= flight.done;
    flight.entry->running = false;
    if (status)
        fail(runs, index, status, &error);
    planche_mutex_unlock(&book->mutex);
    if (!status)
        report_end(runs, index, flight.kept ? 0.0 : 1.0);
}
