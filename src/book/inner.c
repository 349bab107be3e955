/* SPDX-License-Identifier: MIT */
/* Books in a book. Each is run like any other, from the file that its content was spooled to, into
 * a file of the work folder that is named by its sha256, so that it is not made again. */
#include "book/inner.h"

#include "base/file_names.h"
#include "base/status.h"
#include "book/steps.h"
#include "os/file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A run of an inner book, and what its callbacks need. */
struct inner_run {
    struct planche_book *book;
    struct planche_entry *entry;
    char input[PATH_MAX];
    size_t pages, done; /* of all books before it */
    size_t room;        /* of entry->inner */
    bool failed;        /* no memory */
};

static bool has_book_name(const char *name)
{
    static const char *const extensions[] = {".cbz", ".zip",    ".cbr",     ".rar",    ".cb7",
                                             ".7z",  ".cbt",    ".tar",     ".tgz",    ".epub",
                                             ".pdf", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        size_t tail = strlen(extensions[i]);
        if (length > tail && strcasecmp(name + length - tail, extensions[i]) == 0)
            return true;
    }
    return false;
}

/* A cover beside books is theirs: an archive of books with one is a library still. */
static bool is_own_page(const char *name)
{
    return planche_book_has_image_name(name) && !planche_name_is_cover(name);
}

bool planche_inner_is_library(const char *path)
{
    const struct planche_archive_limits limits = {100000, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    struct planche_archive *archive;
    struct planche_archive_entry entry;
    struct planche_error error;
    bool books = false, pages = false, end = false;
    int reason;
    if (planche_archive_detect(path, &reason) != PLANCHE_CONTAINER_ZIP ||
        planche_archive_open(&archive, path, &limits, NULL, NULL, NULL, &error) != PLANCHE_OK)
        return false;
    while (!pages && planche_archive_next(archive, &entry, &end, &error) == PLANCHE_OK && !end) {
        pages = !entry.folder && is_own_page(entry.name);
        books = books || (!entry.folder && has_book_name(entry.name));
    }
    planche_archive_close(&archive);
    return books && !pages && end;
}

void planche_inner_path(const struct planche_book *book, const struct planche_entry *entry,
                        char path[PATH_MAX])
{
    char digest[2 * PLANCHE_DIGEST_BYTES + 1];
    for (size_t i = 0; i < PLANCHE_DIGEST_BYTES; i++)
        snprintf(digest + 2 * i, 3, "%02x", entry->digest[i]);
    snprintf(path, PATH_MAX, "%s/%s.%s", book->work.folder, digest,
             planche_archive_extension(entry->inner_container));
}

/* "WORK/3.in: 01.jpg: TEXT" is of no use to anybody: "BOOK: ch1.cbz: 01.jpg: TEXT". */
static void name_inner(const struct inner_run *run, const char *text, const char *between,
                       char *out, size_t size)
{
    size_t length = strlen(run->input);
    const char *rest = text + length;
    if (strncmp(text, run->input, length) != 0)
        snprintf(out, size, "%s", text);
    else if (*between && strncmp(rest, ": ", 2) == 0)
        snprintf(out, size, "%s: %s%s%s", run->book->input, run->entry->name, between, rest + 2);
    else
        snprintf(out, size, "%s: %s%s", run->book->input, run->entry->name, rest);
}

static void on_log(void *user, enum planche_log_level level, const char *message)
{
    const struct inner_run *run = user;
    char text[1024];
    name_inner(run, message, "", text, sizeof text);
    planche_log_write(&run->book->log, level, "%s", text);
}

static void on_progress(void *user, const struct planche_book_progress *progress)
{
    const struct inner_run *run = user;
    struct planche_book *book = run->book;
    book->progress.pages = run->pages + progress->pages;
    book->progress.done = run->done + progress->done;
    book->progress.done_parts = (double)run->done + progress->done_parts;
    planche_book_report(book, progress->name);
}

static void begin_page(void *user)
{
    const struct inner_run *run = user;
    run->book->options.begin_page(run->book->options.user);
}

static void end_page(void *user)
{
    const struct inner_run *run = user;
    run->book->options.end_page(run->book->options.user);
}

static enum planche_status make_page(void *user, const char *name, const char *input,
                                     const char *output, const struct planche_page_options *options,
                                     struct planche_page_result *result,
                                     struct planche_error *error)
{
    const struct inner_run *run = user;
    return run->book->options.make_page(run->book->options.user, name, input, output, options,
                                        result, error);
}

static char *join(struct inner_run *run, const char *name)
{
    size_t size = strlen(run->entry->name) + strlen(name) + 2;
    char *joined = planche_alloc(&run->book->budget, size);
    if (joined)
        snprintf(joined, size, "%s/%s", run->entry->name, name);
    run->failed = run->failed || !joined;
    return joined;
}

static bool make_room(struct inner_run *run)
{
    struct planche_entry *entry = run->entry;
    size_t room = run->room ? run->room * 2 : 64;
    if (entry->inner_count < run->room)
        return true;
    void *list = planche_realloc(&run->book->budget, entry->inner, room * sizeof *entry->inner);
    run->failed = run->failed || !list;
    if (!list)
        return false;
    entry->inner = list;
    run->room = room;
    return true;
}

/* Told when the whole book is complete. */
static void on_page(void *user, const struct planche_book_page *page)
{
    struct inner_run *run = user;
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    if (run->failed || !make_room(run))
        return;
    struct planche_inner_page *kept = &run->entry->inner[run->entry->inner_count++];
    *kept = (struct planche_inner_page){.page = *page, .result = *page->result};
    kept->name = join(run, page->name);
    if (page->output_name)
        kept->output_name = join(run, page->output_name);
    if (page->message) {
        name_inner(run, page->message, "/", message, sizeof message);
        kept->message = planche_strdup(&run->book->budget, message);
        run->failed = run->failed || !kept->message;
    }
}

/* "ch1.cbr" becomes "ch1.cbz", or "ch1.cbr.cbz" where that is there. */
static enum planche_status name_output(struct planche_book *book, struct planche_entry *entry,
                                       struct planche_error *error)
{
    const char *extension = planche_archive_extension(entry->inner_container);
    const char *dot = strrchr(entry->name, '.');
    size_t stem = (size_t)(dot - entry->name), size = strlen(entry->name) + 8;
    if (strcasecmp(dot + 1, extension) == 0)
        return PLANCHE_OK;
    char *name = planche_alloc(&book->budget, size);
    if (!name)
        return planche_fail_memory(error, &book->budget, size, entry->name);
    snprintf(name, size, "%.*s.%s", (int)stem, entry->name, extension);
    for (size_t i = 0; i < book->entries.count; i++) {
        const struct planche_entry *other = &book->entries.list[i];
        if (strcmp(other->name, name) == 0 || (other->place && strcmp(other->place, name) == 0))
            snprintf(name, size, "%s.%s", entry->name, extension);
    }
    planche_free(entry->place);
    entry->place = name;
    return PLANCHE_OK;
}

static bool is_own_fault(enum planche_status status)
{
    return status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_UNSUPPORTED ||
           status == PLANCHE_ERROR_LIMIT;
}

/* What its failure means for the book that it is in. */
static enum planche_status judge(struct inner_run *run, enum planche_status status,
                                 struct planche_error *error)
{
    struct planche_error why = {.status = status};
    name_inner(run, error->message, "", why.message, sizeof why.message);
    *error = why;
    planche_entry_free_inner(run->entry);
    if (!is_own_fault(status) || run->book->options.on_error == PLANCHE_ON_ERROR_FAIL)
        return status;
    run->entry->inner_container = PLANCHE_CONTAINER_AUTO;
    return planche_book_fail_page(run->book, run->entry, status, &why, error);
}

/* Whether this run has made it already, for another entry. */
static bool is_repeated(const struct planche_book *book, const struct planche_entry *entry)
{
    for (const struct planche_entry *at = book->entries.list; at < entry; at++)
        if (at->inner_container && memcmp(at->digest, entry->digest, sizeof at->digest) == 0)
            return true;
    return false;
}

static enum planche_status run_book(struct inner_run *run, struct planche_error *error)
{
    struct planche_book *book = run->book;
    struct planche_entry *entry = run->entry;
    struct planche_book_result result = PLANCHE_BOOK_RESULT_INIT;
    struct planche_book_options options = book->options;
    char output[PATH_MAX];
    planche_inner_path(book, entry, output);
    if (planche_file_find(output, NULL) == PLANCHE_FILE_PRESENT) {
        entry->outcome = is_repeated(book, entry) ? PLANCHE_BOOK_DUPLICATE : PLANCHE_BOOK_RESUMED;
        return name_output(book, entry, error);
    }
    options.page = &book->page;
    options.container = entry->inner_container;
    options.existing = PLANCHE_EXISTING_FAIL;
    options.fresh = false;
    options.max_bytes = book->limits.total_bytes > book->unpacked_bytes
                            ? book->limits.total_bytes - book->unpacked_bytes
                            : 1;
    options.on_page = on_page;
    options.on_progress = on_progress;
    options.begin_page = options.begin_page ? begin_page : NULL;
    options.end_page = options.end_page ? end_page : NULL;
    options.make_page = options.make_page ? make_page : NULL;
    options.user = run;
    const struct planche_log log = {.fn = on_log, .user = run, .trace = book->log.trace};
    enum planche_status status =
        book->run_inner(book, &log, run->input, output, &options, &result, error);
    if (!status && run->failed)
        return planche_fail_memory(error, &book->budget, sizeof *entry->inner, entry->name);
    if (status)
        return judge(run, status, error);
    entry->inner_pages = result.pages;
    if (result.pages > 0)
        return name_output(book, entry, error);
    /* Whatever is in it, it stays as it is. */
    planche_entry_free_inner(entry);
    planche_file_remove(output);
    entry->inner_container = PLANCHE_CONTAINER_AUTO;
    return PLANCHE_OK;
}

static enum planche_status run_entry(struct planche_book *book, size_t index,
                                     struct planche_error *error)
{
    struct planche_entry *entry = &book->entries.list[index];
    struct inner_run run = {
        .book = book, .entry = entry, .pages = book->progress.pages, .done = book->progress.done};
    if (entry->folder || entry->outcome == PLANCHE_BOOK_FAILED || !has_book_name(entry->name))
        return PLANCHE_OK;
    planche_workdir_entry_path(&book->work, index, PLANCHE_WORKDIR_IN, run.input);
    int reason;
    enum planche_container container = planche_archive_detect(run.input, &reason);
    if (reason)
        return planche_fail(error, planche_status_of(reason), "%s: %s: cannot be read: %s",
                            book->input, entry->name, strerror(reason));
    if (container == PLANCHE_CONTAINER_AUTO)
        return PLANCHE_OK;
    if (book->depth >= PLANCHE_INNER_DEPTH) {
        planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                          "%s: %s: is an archive in too many others, and not looked into",
                          book->input, entry->name);
        return PLANCHE_OK;
    }
    bool epub = container == PLANCHE_CONTAINER_EPUB;
    entry->inner_container = epub ? PLANCHE_CONTAINER_EPUB : PLANCHE_CONTAINER_ZIP;
    return run_book(&run, error);
}

static bool has_own_pages(const struct planche_book *book)
{
    for (size_t i = 0; i < book->entries.count; i++)
        if (book->entries.list[i].page && !planche_name_is_cover(book->entries.list[i].name))
            return true;
    return false;
}

/* Archives beside pages are none of the book's: extras, sources. Whoever thinks otherwise is told.
 */
static void warn_of_extras(const struct planche_book *book)
{
    const struct planche_entry *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < book->entries.count; i++) {
        const struct planche_entry *entry = &book->entries.list[i];
        if (entry->folder || !has_book_name(entry->name))
            continue;
        first = first ? first : entry;
        count++;
    }
    if (count > 0)
        planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                          "%s: %s%s: archives beside pages are copied as they are; to have their "
                          "pages enlarged, too, unpack the book first",
                          book->input, first->name, count > 1 ? " and others" : "");
}

bool planche_inner_is_shelf(const struct planche_book *book)
{
    bool found = false;
    for (size_t i = 0; i < book->entries.count && !found; i++)
        found = !book->entries.list[i].folder && has_book_name(book->entries.list[i].name);
    return found && book->from != PLANCHE_CONTAINER_EPUB && !has_own_pages(book);
}

enum planche_status planche_book_run_inner(struct planche_book *book, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (book->from == PLANCHE_CONTAINER_EPUB)
        return PLANCHE_OK;
    if (has_own_pages(book)) {
        warn_of_extras(book);
        return PLANCHE_OK;
    }
    for (size_t i = 0; i < book->entries.count && !status; i++) {
        status = run_entry(book, i, error);
        if (!status)
            status = planche_cancel_fail(&book->cancel, error);
    }
    return status;
}
