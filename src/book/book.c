/* SPDX-License-Identifier: MIT */
/* A book from its beginning to its end: the order of the steps. */
#include "book/book.h"

#include "base/status.h"
#include "book/existing.h"
#include "book/inner.h"
#include "book/order.h"
#include "book/select.h"
#include "book/steps.h"
#include "engine/internal.h"
#include "io/atomic_file.h"
#include "os/fd.h"
#include "os/file_info.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void set_options(struct planche_book *book, const struct planche_book_options *options)
{
    const struct planche_book_options *to = &book->options;
    book->options = *options;
    book->page = *options->page;
    book->cancel = (struct planche_cancel_token){
        .handle = book->page.cancel,
        .parent = book->cancel.parent,
        .deadline = planche_cancel_deadline(book->page.deadline_ms),
    };
    book->page.cancel = NULL;
    book->page.deadline_ms = 0;
    book->limits = (struct planche_archive_limits){
        .entries = to->max_entries ? to->max_entries : 100000,
        .entry_bytes = to->max_entry_bytes ? to->max_entry_bytes : UINT64_C(1) << 30,
        .total_bytes = to->max_bytes ? to->max_bytes : UINT64_C(256) << 30,
        .ratio = to->max_ratio ? to->max_ratio : 1000,
    };
}

static void open_book(struct planche_book *book, const char *input,
                      const struct planche_book_options *options)
{
    book->input = input;
    book->work.lock.fd = -1;
    book->progress = (struct planche_book_progress){.struct_size = sizeof book->progress};
    book->entries.budget = &book->budget;
    set_options(book, options);
    planche_mutex_init(&book->mutex);
}

static void close_book(struct planche_book *book)
{
    planche_entries_free(&book->entries);
    planche_package_free(&book->package);
    planche_free(book->order);
    planche_free(book->comment);
    planche_free(book->notes.list);
    planche_free(book->output);
    planche_mutex_destroy(&book->mutex);
}

static enum planche_status recognise(struct planche_book *book, struct planche_error *error)
{
    struct planche_file_info info;
    int reason;
    book->from = planche_archive_detect(book->input, &reason);
    if (book->from)
        return PLANCHE_OK;
    if (!reason && planche_file_find(book->input, &info) != PLANCHE_FILE_PRESENT)
        reason = errno;
    if (planche_file_is_absent(reason))
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "%s: there is no such file or folder",
                            book->input);
    if (reason)
        return planche_fail(error, planche_status_of(reason), "%s: cannot be read: %s", book->input,
                            strerror(reason));
    if (info.kind == PLANCHE_FILE_FOLDER)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s: is an empty folder", book->input);
    if (info.kind != PLANCHE_FILE_REGULAR)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: is a pipe, a device or another special file, not a book; save it "
                            "as a file first",
                            book->input);
    if (info.size == 0)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s: is an empty file", book->input);
    return planche_fail(error, PLANCHE_ERROR_DATA,
                        "%s: is not a book that Planche reads (CBZ, CBR, CB7, CBT, EPUB, PDF or a "
                        "folder)",
                        book->input);
}

/* An EPUB's readers know some formats only. */
static enum planche_status check_format(struct planche_book *book, struct planche_error *error)
{
    book->entries.referred =
        book->from == PLANCHE_CONTAINER_EPUB && book->to == PLANCHE_CONTAINER_EPUB;
    if (book->entries.referred && book->page.format > PLANCHE_FORMAT_WEBP)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: an EPUB cannot have pages of the format %s; use jpg, png or webp",
                            book->output, planche_codec_extension(book->page.format));
    if (book->options.on_error < PLANCHE_ON_ERROR_KEEP ||
        book->options.on_error > PLANCHE_ON_ERROR_FAIL)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown way to treat errors: %d",
                            (int)book->options.on_error);
    if (book->options.existing < PLANCHE_EXISTING_FAIL ||
        book->options.existing > PLANCHE_EXISTING_REPLACE)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "unknown way to treat an existing folder: %d",
                            (int)book->options.existing);
    return PLANCHE_OK;
}

static uint64_t size_of(const char *path)
{
    struct planche_file_info info;
    bool found = planche_file_find(path, &info) == PLANCHE_FILE_PRESENT;
    return found && info.kind == PLANCHE_FILE_REGULAR ? info.size : 0;
}

static void count(const struct planche_book *book, struct planche_book_result *result)
{
    struct planche_book_result full = {
        .struct_size = sizeof full, .container = book->to, .no_pages = book->no_pages};
    for (size_t i = 0; i < book->entries.count; i++) {
        const struct planche_entry *entry = &book->entries.list[i];
        if (entry->folder)
            continue;
        for (size_t k = 0; k < entry->inner_count; k++)
            full.outcomes[entry->inner[k].page.outcome]++;
        full.pages += entry->inner_pages;
        full.outcomes[entry->outcome] += entry->inner_count == 0;
        full.pages += entry->page;
        full.input_bytes += entry->input_bytes;
        full.output_bytes += entry->output_bytes;
    }
    if (book->from != PLANCHE_CONTAINER_FOLDER)
        full.input_bytes = size_of(book->input);
    if (book->output && book->to != PLANCHE_CONTAINER_FOLDER)
        full.output_bytes = size_of(book->output);
    *result = full;
}

/* The pages of a book in the book, in its place. */
static void tell_inner(const struct planche_book *book, const struct planche_entry *entry,
                       size_t *index)
{
    for (size_t i = 0; i < entry->inner_count; i++) {
        const struct planche_inner_page *inner = &entry->inner[i];
        struct planche_book_page page = inner->page;
        page.index = (*index)++;
        page.name = inner->name;
        page.output_name = inner->output_name;
        page.message = inner->message;
        page.result = &inner->result;
        book->options.on_page(book->options.user, &page);
    }
}

static void tell_pages(const struct planche_book *book)
{
    size_t index = 0;
    for (size_t i = 0; book->options.on_page && i < book->entries.count; i++) {
        const struct planche_entry *entry = &book->entries.list[i];
        if (entry->inner_count > 0) {
            tell_inner(book, entry, &index);
            continue;
        }
        const struct planche_book_page page = {
            .struct_size = sizeof page,
            .index = index,
            .name = entry->name,
            .output_name = entry->outputs ? entry->outputs[0] : NULL,
            .outcome = entry->outcome,
            .status = entry->status,
            .message = entry->message,
            .input_bytes = entry->input_bytes,
            .output_bytes = entry->output_bytes,
            .result = &entry->result,
        };
        book->options.on_page(book->options.user, &page);
        index++;
    }
}

/* Without slashes at the end. */
static size_t length_of(const char *output)
{
    size_t length = strlen(output);
    while (length > 1 && output[length - 1] == '/')
        length--;
    return length;
}

void planche_book_remove_work(const char *output, const struct planche_log *log)
{
    char path[PATH_MAX];
    size_t length = length_of(output);
    if (length == 0 || length >= sizeof path)
        return;
    memcpy(path, output, length);
    path[length] = 0;
    planche_workdir_remove_stale(path, log);
}

static enum planche_status set_output(struct planche_book *book, const char *output,
                                      struct planche_error *error)
{
    size_t length = length_of(output);
    book->output = planche_strdup(&book->budget, output);
    if (!book->output)
        return planche_fail_memory(error, &book->budget, length, output);
    book->output[length] = 0;
    if (length == 0 || strcmp(book->output, "/") == 0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "\"%s\" is not the name of a book",
                            output);
    return PLANCHE_OK;
}

/* Everything that can be refused before work begins is. */
static enum planche_status prepare(struct planche_book *book, const char *output,
                                   struct planche_error *error)
{
    enum planche_status status = recognise(book, error);
    if (!status)
        status = set_output(book, output, error);
    if (!status)
        status = planche_destination_choose(book, output, error);
    if (!status)
        status = check_format(book, error);
    if (!status)
        status = planche_destination_check(book, error);
    if (!status && book->to != PLANCHE_CONTAINER_FOLDER)
        status = planche_atomic_file_check(book->output, book->page.overwrite, error);
    return status;
}

/* A message about an entry without the name of the book, which comes before it. */
static const char *reason_of(const struct planche_book *book, const struct planche_entry *entry)
{
    const char *reason = entry->message;
    const size_t input = strlen(book->input);
    if (strncmp(reason, book->input, input) == 0 && strncmp(reason + input, ": ", 2) == 0)
        reason += input + 2;
    return reason;
}

/* Whether it is to be seen as a page of the book: an ornament of an EPUB is not. Of a selection it
 * is, as it was asked for. */
static bool counts_as_page(const struct planche_book *book, const struct planche_entry *entry)
{
    return entry->page && !entry->dropped &&
           (entry->outcome != PLANCHE_BOOK_COPIED || planche_book_selects(&book->options));
}

/* A book without pages is no result either: nothing was made. In a book it is an extra, and copied.
 * known: books in it have been looked into. */
static enum planche_status refuse_no_pages(struct planche_book *book, bool known,
                                           struct planche_error *error)
{
    const struct planche_entry *failed = NULL;
    bool inner = planche_inner_is_shelf(book), ornaments = false;
    if (book->depth > 0 || (inner && !known))
        return PLANCHE_OK;
    for (size_t i = 0; i < book->entries.count; i++) {
        const struct planche_entry *entry = &book->entries.list[i];
        if (counts_as_page(book, entry) || entry->inner_container)
            return PLANCHE_OK;
        if (entry->outcome == PLANCHE_BOOK_FAILED && !failed)
            failed = entry;
        ornaments = ornaments || entry->page;
    }
    if (failed)
        return planche_fail(error, failed->status, "%s: has no pages that can be read: %s",
                            book->input, reason_of(book, failed));
    book->no_pages = true;
    if (inner)
        return planche_fail(
            error, PLANCHE_ERROR_DATA,
            "%s: has no pages, nor have the archives in it down to level %d; unpack "
            "it if they lie deeper",
            book->input, PLANCHE_INNER_DEPTH + 1);
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: has no pages: %s", book->input,
                        ornaments ? "all images in it are as small as ornaments of a text"
                                  : "no file in it is an image that Planche reads");
}

/* A book of originals is no result: who finds one takes it for the book. A book in it that was made
 * is a result, even if its cover is damaged. */
static enum planche_status refuse_failures(const struct planche_book *book,
                                           struct planche_error *error)
{
    const struct planche_entry *first = NULL;
    size_t failed = 0, pages = 0;
    bool inner = false;
    for (size_t i = 0; i < book->entries.count; i++) {
        const struct planche_entry *entry = &book->entries.list[i];
        inner = inner || entry->inner_container;
        if (!counts_as_page(book, entry))
            continue;
        pages++;
        failed += entry->outcome == PLANCHE_BOOK_FAILED;
        if (entry->outcome == PLANCHE_BOOK_FAILED && !first)
            first = entry;
    }
    if (!first || failed < pages || inner)
        return PLANCHE_OK;
    if (pages == 1)
        return planche_fail(error, first->status, "%s: %s", book->input, reason_of(book, first));
    return planche_fail(error, first->status,
                        "%s: none of its %zu pages can be enlarged, the first because: %s",
                        book->input, pages, reason_of(book, first));
}

static enum planche_status make_book(struct planche_book *book, struct planche_error *error)
{
    char settings[PLANCHE_BOOK_FINGERPRINT];
    struct planche_archive_writer *writer = NULL;
    enum planche_status status = planche_book_fingerprint(book, settings, error);
    if (!status)
        status = planche_book_scan(book, error);
    if (!status)
        status = planche_book_find_order(book, error);
    if (!status)
        status = planche_book_select(book, error);
    if (!status && book->to == PLANCHE_CONTAINER_FOLDER)
        status = planche_entries_check_files(&book->entries, error);
    if (!status)
        status = planche_existing_open(book, error);
    if (!status)
        status = planche_book_reserve(book, &book->cancel, error);
    if (!status)
        status = planche_workdir_open(&book->work, book->output, settings, book->options.fresh,
                                      &book->budget, &book->log, error);
    if (!status)
        status = planche_book_find_usual(book, error);
    if (!status)
        status =
            planche_archive_writer_create(&writer, book->to, book->output,
                                          book->page.overwrite || book->into, &book->budget, error);
    if (!status)
        status = planche_book_run_pages(book, error);
    for (size_t i = 0; i < book->entries.count; i++)
        book->unpacked_bytes += book->entries.list[i].input_bytes;
    if (!status)
        status = planche_existing_check(book, error);
    if (!status)
        status = planche_book_run_inner(book, error);
    if (!status)
        status = refuse_no_pages(book, true, error);
    if (!status)
        status = refuse_failures(book, error);
    if (!status)
        status = planche_book_assemble(book, writer, error);
    planche_archive_writer_destroy(&writer);
    planche_workdir_close(&book->work, status == PLANCHE_OK);
    planche_book_unreserve(book);
    return status;
}

static enum planche_status run_inner(struct planche_book *outer, const struct planche_log *log,
                                     const char *input, const char *output,
                                     const struct planche_book_options *options,
                                     struct planche_book_result *result,
                                     struct planche_error *error);

static enum planche_status run_book(struct planche_book *book, const char *input,
                                    const char *output, const struct planche_book_options *options,
                                    struct planche_book_result *result, struct planche_error *error)
{
    planche_budget_init_part(&book->budget, planche_engine_budget(book->engine), 0);
    book->run_inner = run_inner;
    open_book(book, input, options);
    planche_book_remove_work(output, &book->log);
    enum planche_status status = prepare(book, output, error);
    if (!status)
        status = make_book(book, error);
    status = planche_budget_reclassify_oom(status, &book->budget, error);
    if (!status)
        tell_pages(book);
    count(book, result);
    close_book(book);
    return status;
}

/* It heeds what cancels the outer one. */
static enum planche_status run_inner(struct planche_book *outer, const struct planche_log *log,
                                     const char *input, const char *output,
                                     const struct planche_book_options *options,
                                     struct planche_book_result *result,
                                     struct planche_error *error)
{
    struct planche_book book = {.engine = outer->engine,
                                .log = *log,
                                .depth = outer->depth + 1,
                                .cancel.parent = &outer->cancel};
    enum planche_status status = run_book(&book, input, output, options, result, error);
    outer->unpacked_bytes += book.unpacked_bytes;
    return status;
}

enum planche_status planche_book_run(const struct planche_engine *engine, const char *input,
                                     const char *output, const struct planche_book_options *options,
                                     struct planche_book_result *result,
                                     struct planche_error *error)
{
    struct planche_book book = {.engine = engine, .log = *planche_engine_log(engine)};
    return run_book(&book, input, output, options, result, error);
}

enum planche_status planche_book_inspect_all(const char *input,
                                             const struct planche_book_options *options,
                                             struct planche_book_result *result,
                                             struct planche_error *error)
{
    struct planche_book book = {0};
    planche_budget_init(&book.budget,
                        options->memory ? options->memory : planche_engine_default_memory());
    open_book(&book, input, options);
    enum planche_status status = recognise(&book, error);
    if (!status)
        status = planche_book_scan(&book, error);
    if (!status && planche_book_selects(options)) {
        book.to = PLANCHE_CONTAINER_ZIP; /* the order of an EPUB counts */
        status = planche_book_find_order(&book, error);
    }
    if (!status)
        status = planche_book_select(&book, error);
    if (!status)
        status = planche_book_inspect_pages(&book, error);
    if (!status)
        status = refuse_no_pages(&book, false, error);
    if (!status)
        status = planche_book_settle_repeats(&book, error);
    if (!status)
        tell_pages(&book);
    book.to = book.options.container;
    count(&book, result);
    close_book(&book);
    return status;
}
