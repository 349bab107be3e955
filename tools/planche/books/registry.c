/* SPDX-License-Identifier: MIT */
/* Books of a server. */
#include "books/books.h"

#include "base/status.h"
#include "books/run.h"
#include "books/state.h"
#include "cli/json.h"
#include "io/cache_dir.h"
#include "io/tree.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"
#include "pages/pages.h"

#include <planche/job.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHORES        1024 /* that may wait */
#define LONGEST_S     3600 /* between two looks for what is too old: the clock may be set */
#define SECOND_NS     INT64_C(1000000000)
#define DEFAULT_PLACE "serve/books"

static void start_next(struct planche_books *books);

static void link_last(struct planche_books *books, struct planche_books_book *book)
{
    book->next = NULL;
    book->link = books->last;
    *books->last = book;
    books->last = &book->next;
    books->count++;
}

static void unlink_book(struct planche_books *books, struct planche_books_book *book)
{
    *book->link = book->next;
    if (book->next != NULL)
        book->next->link = book->link;
    else
        books->last = book->link;
    books->count--;
}

/* What only a run needs goes; the record stays, and the result if there is one. */
static void tidy(const char *folder, bool has_result)
{
    static const char *const names[] = {
        PLANCHE_BOOKS_INPUT,    PLANCHE_BOOKS_PART, ".result.cbz.planche",
        ".result.epub.planche", "result.cbz",       "result.epub",
    };
    char path[PATH_MAX];
    size_t count = sizeof names / sizeof *names - (has_result ? 2 : 0);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%.*s/%s", PATH_MAX - 32, folder, names[i]);
        if (planche_file_find_link(path, NULL) == PLANCHE_FILE_PRESENT)
            planche_tree_remove(path);
    }
}

/* A record on its way to the disk. */
struct storing {
    struct planche_books_chore chore;
    struct planche_books *books;
    struct planche_books_book *book;
    enum planche_books_state state; /* of the book then */
    bool has_result;
    char folder[PATH_MAX];
    char *text;
    int problem; /* errno */
};

static bool run_store(void *user)
{
    struct storing *storing = user;
    bool ok = storing->text != NULL && planche_books_write_record(storing->folder, storing->text);
    storing->problem = errno;
    if (ok)
        tidy(storing->folder, storing->has_result);
    return ok;
}

static void begin_removal(struct planche_books *books, struct planche_books_book *book);
static void set_expiry(struct planche_books *books);

static bool is_over(enum planche_books_state state)
{
    return state == PLANCHE_BOOKS_DONE || state == PLANCHE_BOOKS_FAILED;
}

/* A state that cannot be stored holds until the process ends. */
static void on_stored(void *user, bool ok)
{
    struct storing *storing = user;
    struct planche_books *books = storing->books;
    struct planche_books_book *book = storing->book;
    if (!ok)
        planche_log_write(books->settings.log, PLANCHE_LOG_WARNING,
                          "book %s: its record cannot be written: %s", book->handle,
                          strerror(storing->problem));
    book->busy = false;
    if (book->removing) {
        begin_removal(books, book);
    } else {
        book->state = storing->state;
        if (is_over(book->state))
            books->settings.ended(books->settings.user, book);
        planche_books_changed(book); /* last: who is told may remove it */
        set_expiry(books);
    }
    free(storing->text);
    free(storing);
    start_next(books);
}

/* Stores a book that is over, and removes what is needed no more; until that is done it is told to
 * run. */
static void store(struct planche_books *books, struct planche_books_book *book)
{
    struct storing *storing = calloc(1, sizeof *storing);
    if (storing == NULL)
        return; /* it will be made again after the next start */
    *storing = (struct storing){
        .books = books, .book = book, .state = book->state, .has_result = book->result_bytes > 0};
    storing->chore =
        (struct planche_books_chore){.run = run_store, .done = on_stored, .user = storing};
    storing->text = planche_cli_json_line(planche_books_make_record(book));
    planche_books_folder_path(&books->folder, book->handle, NULL, storing->folder);
    book->busy = true;
    book->state = PLANCHE_BOOKS_RUNNING;
    planche_books_chore_begin(&storing->chore, books->chores, books->settings.loop);
}

/* Something of a book's folder that goes. */
struct removal {
    struct planche_books_chore chore;
    struct planche_books *books;
    struct planche_books_book *book; /* NULL: only its input goes */
    char path[PATH_MAX];
};

static bool run_removal(void *user)
{
    const struct removal *removal = user;
    return planche_tree_remove(removal->path);
}

static void on_removed(void *user, bool ok)
{
    struct removal *removal = user;
    struct planche_books *books = removal->books;
    (void)ok; /* what is left is removed at the next start: it has no record, or the same */
    unlink_book(books, removal->book);
    planche_books_free(removal->book);
    free(removal);
    start_next(books);
}

static void begin_removal(struct planche_books *books, struct planche_books_book *book)
{
    struct removal *removal = calloc(1, sizeof *removal);
    if (removal == NULL)
        return;
    *removal = (struct removal){.books = books, .book = book};
    removal->chore =
        (struct planche_books_chore){.run = run_removal, .done = on_removed, .user = removal};
    planche_books_folder_path(&books->folder, book->handle, NULL, removal->path);
    book->busy = true;
    planche_books_chore_begin(&removal->chore, books->chores, books->settings.loop);
}

void planche_books_remove(struct planche_books *books, struct planche_books_book *book)
{
    bool over = is_over(book->state);
    if (book->removing)
        return;
    book->removing = true;
    book->state = PLANCHE_BOOKS_CANCELLED;
    planche_books_changed(book);
    if (!over)
        books->settings.ended(books->settings.user, book);
    if (books->run != NULL && planche_books_run_book(books->run) == book)
        planche_books_run_cancel(books->run);
    else if (!book->busy)
        begin_removal(books, book);
}

/* Sets what a book that is over has on the disk, and whether that is more than may be there. */
static void settle(struct planche_books *books, struct planche_books_book *book)
{
    book->disk_bytes = book->result_bytes;
    if (book->result_bytes == 0 || planche_books_used(books) <= books->settings.max_bytes)
        return;
    book->state = PLANCHE_BOOKS_FAILED;
    book->status = 507;
    book->result_bytes = 0;
    snprintf(book->reason, sizeof book->reason,
             "the result does not fit into the room that the server has for books");
    book->disk_bytes = 0;
}

static void on_run_ended(struct planche_books *books, struct planche_books_book *book)
{
    if (book->removing) {
        book->state = PLANCHE_BOOKS_CANCELLED;
        begin_removal(books, book);
    } else if (is_over(book->state)) {
        settle(books, book);
        store(books, book);
    } else {
        planche_books_changed(book);
    }
    if (books->draining && books->idle != NULL)
        books->idle(books->idle_user);
    start_next(books);
}

static struct planche_books_book *find_next(const struct planche_books *books)
{
    struct planche_books_book *book = books->first;
    while (book != NULL && (book->state != PLANCHE_BOOKS_WAITING || book->busy || book->removing))
        book = book->next;
    return book;
}

static void start_next(struct planche_books *books)
{
    struct planche_books_book *book;
    while (books->run == NULL && !books->draining && (book = find_next(books)) != NULL) {
        if (planche_books_run_begin(books, book)) {
            book->state = PLANCHE_BOOKS_RUNNING;
            planche_books_changed(book);
        } else {
            book->finished = (int64_t)time(NULL);
            settle(books, book);
            store(books, book);
        }
    }
}

void planche_books_enter(struct planche_books *books, struct planche_books_book *book)
{
    link_last(books, book);
    start_next(books);
}

static void on_expiry(void *user)
{
    struct planche_books *books = user;
    int64_t now = (int64_t)time(NULL);
    struct planche_books_book *next;
    for (struct planche_books_book *book = books->first; book != NULL; book = next) {
        next = book->next;
        if (is_over(book->state) && book->finished + books->settings.keep_s <= now)
            planche_books_remove(books, book);
    }
    set_expiry(books);
}

/* Looks again when the next one is too old. Without any nothing is looked at. */
static void set_expiry(struct planche_books *books)
{
    int64_t earliest = INT64_MAX, now = (int64_t)time(NULL);
    for (const struct planche_books_book *book = books->first; book != NULL; book = book->next) {
        if (is_over(book->state) && book->finished + books->settings.keep_s < earliest)
            earliest = book->finished + books->settings.keep_s;
    }
    planche_http_timer_stop(&books->expiry);
    if (earliest == INT64_MAX || books->draining)
        return;
    int64_t left = earliest > now ? earliest - now : 0;
    left = left < LONGEST_S ? left : LONGEST_S;
    planche_http_timer_set(books->settings.loop, &books->expiry,
                           planche_http_loop_now(books->settings.loop) + left * SECOND_NS);
}

static bool has_result(const struct planche_books *books, const struct planche_books_book *book,
                       enum planche_container container, uint64_t *size)
{
    char path[PATH_MAX];
    struct planche_file_info info;
    planche_books_folder_path(&books->folder, book->handle, planche_books_result_file(container),
                              path);
    bool there = planche_file_find_link(path, &info) == PLANCHE_FILE_PRESENT &&
                 info.kind == PLANCHE_FILE_REGULAR;
    *size = there ? info.size : 0;
    return there;
}

/* What a book is after the process before has ended. A result appears whole, so one without a word
 * of it in the record is a result all the same; which of its pages have failed is not known then.
 */
static void recover(struct planche_books *books, struct planche_books_book *book)
{
    uint64_t size = 0;
    if (book->state == PLANCHE_BOOKS_DONE) {
        if (!has_result(books, book, book->result, &size) || size != book->result_bytes) {
            book->state = PLANCHE_BOOKS_FAILED;
            book->status = 500;
            book->result_bytes = 0;
            snprintf(book->reason, sizeof book->reason, "the result is damaged or gone");
        }
    } else if (book->state != PLANCHE_BOOKS_FAILED) {
        book->state = PLANCHE_BOOKS_WAITING;
        for (int at = PLANCHE_CONTAINER_ZIP; at <= PLANCHE_CONTAINER_EPUB; at++) {
            if (at == PLANCHE_CONTAINER_FOLDER || !has_result(books, book, at, &size))
                continue;
            book->state = PLANCHE_BOOKS_DONE;
            book->result = at;
            book->result_bytes = size;
            book->finished = (int64_t)time(NULL);
            json_decref(book->failures);
            book->failures = NULL;
            planche_books_name_result(book, "planche");
        }
    }
}

static struct planche_books_book *load_one(struct planche_books *books, const char *handle)
{
    char path[PATH_MAX];
    struct planche_books_book *book = calloc(1, sizeof *book);
    planche_books_folder_path(&books->folder, handle, NULL, path);
    json_t *record = planche_books_read_record(path);
    bool right = book != NULL && record != NULL && planche_books_take_record(book, record) &&
                 strcmp(book->handle, handle) == 0 && book->state != PLANCHE_BOOKS_CANCELLED;
    json_decref(record);
    if (!right) {
        if (book != NULL)
            planche_books_free(book);
        return NULL;
    }
    recover(books, book);
    if (is_over(book->state))
        tidy(path, book->result_bytes > 0);
    book->disk_bytes = planche_books_measure(path);
    return book;
}

static bool is_handle(const char *name)
{
    return strlen(name) == PLANCHE_BOOKS_HANDLE - 1 &&
           strspn(name, "0123456789abcdef") == strlen(name);
}

static int compare(const void *left, const void *right)
{
    const struct planche_books_book *a = *(struct planche_books_book *const *)left;
    const struct planche_books_book *b = *(struct planche_books_book *const *)right;
    return (a->order > b->order) - (a->order < b->order);
}

/* Uploads that were cut off, and books whose removal was, go; what others have put there stays. */
static size_t list(struct planche_books *books, struct planche_books_book **found)
{
    struct planche_listing listing;
    char path[PATH_MAX];
    const char *name;
    size_t count = 0;
    if (!planche_listing_open(&listing, books->folder.path))
        return 0;
    while (count < PLANCHE_BOOKS_MOST && (name = planche_listing_next(&listing)) != NULL) {
        if (!is_handle(name))
            continue;
        found[count] = load_one(books, name);
        if (found[count] != NULL) {
            count++;
            continue;
        }
        planche_books_folder_path(&books->folder, name, NULL, path);
        if (planche_books_folder_is_remnant(path))
            planche_tree_remove(path);
    }
    planche_listing_close(&listing);
    return count;
}

/* What the folder has, in order. */
struct contents {
    struct planche_books_book **found;
    size_t count;
};

/* Opens the folder and reads it; on any thread, while nothing else has to do with it. */
static enum planche_status read_folder(struct planche_books *books, bool make,
                                       struct contents *contents, struct planche_error *error)
{
    enum planche_status status = planche_books_folder_open(&books->folder, make, error);
    if (status != PLANCHE_OK)
        return status;
    contents->found = calloc(PLANCHE_BOOKS_MOST, sizeof(void *));
    if (contents->found == NULL) {
        planche_books_folder_close(&books->folder);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    }
    contents->count = list(books, contents->found);
    qsort(contents->found, contents->count, sizeof(void *), compare);
    return PLANCHE_OK;
}

static void take_contents(struct planche_books *books, struct contents *contents)
{
    for (size_t i = 0; i < contents->count; i++)
        link_last(books, contents->found[i]);
    free(contents->found);
    books->ready = true;
    set_expiry(books);
    start_next(books);
}

static enum planche_status open_folder(struct planche_books *books, bool make,
                                       struct planche_error *error)
{
    struct contents contents = {0};
    enum planche_status status = read_folder(books, make, &contents, error);
    if (status == PLANCHE_OK)
        take_contents(books, &contents);
    return status;
}

/* A folder on its way to be opened. */
struct opening {
    struct planche_books_chore chore;
    struct planche_books *books;
    struct contents contents;
    struct planche_error error;
};

static bool run_opening(void *user)
{
    struct opening *opening = user;
    return read_folder(opening->books, true, &opening->contents, &opening->error) == PLANCHE_OK;
}

static void tell_openers(struct planche_books *books)
{
    struct planche_books_opener *opener;
    while ((opener = books->openers) != NULL) {
        books->openers = opener->next;
        opener->opened(opener->user);
    }
}

static void on_opened(void *user, bool ok)
{
    struct opening *opening = user;
    struct planche_books *books = opening->books;
    books->opening = false;
    if (ok)
        take_contents(books, &opening->contents);
    else
        planche_log_write(books->settings.log, PLANCHE_LOG_WARNING,
                          "%s; another folder is named with --books DIR", opening->error.message);
    free(opening);
    tell_openers(books);
}

void planche_books_open(struct planche_books *books, struct planche_books_opener *opener)
{
    struct opening *opening = NULL;
    if (books->ready || books->draining) {
        opener->opened(opener->user);
        return;
    }
    opener->next = books->openers;
    books->openers = opener;
    if (books->opening)
        return;
    opening = calloc(1, sizeof *opening);
    if (opening == NULL) {
        tell_openers(books);
        return;
    }
    opening->books = books;
    opening->chore =
        (struct planche_books_chore){.run = run_opening, .done = on_opened, .user = opening};
    books->opening = true;
    planche_books_chore_begin(&opening->chore, books->chores, books->settings.loop);
}

static enum planche_status choose_folder(struct planche_books *books, struct planche_error *error)
{
    struct planche_books_folder *folder = &books->folder;
    const char *named = books->settings.folder;
    folder->lock.fd = -1;
    if (named == NULL)
        return planche_state_path(folder->path, sizeof folder->path, DEFAULT_PLACE, error);
    if (strlen(named) >= sizeof folder->path)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: this path is too long", named);
    snprintf(folder->path, sizeof folder->path, "%s", named);
    return PLANCHE_OK;
}

static enum planche_status make_queues(struct planche_books *books, struct planche_error *error)
{
    struct planche_job_queue_options options = PLANCHE_JOB_QUEUE_OPTIONS_INIT;
    options.workers = 1;
    options.capacity = CHORES;
    enum planche_status status = planche_job_queue_create(&books->chores, &options, error);
    if (status == PLANCHE_OK && books->library.count > 0)
        status = planche_job_queue_create(&books->looks, &options, error);
    options.capacity = 2;
    if (status == PLANCHE_OK)
        status = planche_job_queue_create(&books->runner, &options, error);
    return status;
}

/* The default folder need not be usable: pages are worth more. One that was named must be. */
static enum planche_status begin(struct planche_books *books, struct planche_error *error)
{
    const struct planche_books_settings *settings = &books->settings;
    enum planche_status status = PLANCHE_OK;
    for (unsigned i = 0; i < settings->root_count && status == PLANCHE_OK; i++)
        status = planche_library_add(&books->library, settings->roots[i], error);
    if (status == PLANCHE_OK)
        status = make_queues(books, error);
    if (status != PLANCHE_OK)
        return status;
    status = choose_folder(books, error);
    if (status == PLANCHE_OK)
        status = open_folder(books, settings->folder != NULL, error);
    if (settings->folder != NULL || status == PLANCHE_OK)
        return status;
    if (status != PLANCHE_ERROR_NOT_FOUND)
        planche_log_write(settings->log, PLANCHE_LOG_WARNING,
                          "%s; books are refused; another folder is named with --books DIR",
                          error->message);
    return PLANCHE_OK;
}

enum planche_status planche_books_create(struct planche_books **out,
                                         const struct planche_books_settings *settings,
                                         struct planche_error *error)
{
    struct planche_books *books = calloc(1, sizeof *books);
    if (books == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    const struct planche_pages_external external = {.granted = planche_books_run_granted,
                                                    .yield = planche_books_run_engine_wanted,
                                                    .user = books};
    books->settings = *settings;
    books->last = &books->first;
    books->expiry = (struct planche_http_timer){.fire = on_expiry, .user = books};
    books->run_ended = on_run_ended;
    planche_pages_set_external(settings->pages, &external);
    *out = books;
    return begin(books, error);
}

void planche_books_stop(struct planche_books *books)
{
    if (books == NULL)
        return;
    books->draining = true;
    books->idle = NULL;
    planche_http_timer_stop(&books->expiry);
    planche_books_cancel(books);
    if (books->runner != NULL)
        planche_job_queue_shutdown(books->runner);
    /* What the thread has to tell is told here: the loop may not run any more. */
    planche_http_loop_flush(books->settings.loop);
    planche_pages_set_external(books->settings.pages, &(const struct planche_pages_external){0});
}

static bool is_busy(const struct planche_books *books)
{
    const struct planche_books_book *book = books->first;
    while (book != NULL && !book->busy)
        book = book->next;
    return book != NULL;
}

void planche_books_destroy(struct planche_books *books)
{
    if (books == NULL)
        return;
    if (books->looks != NULL)
        planche_job_queue_drain(books->looks, NULL, NULL);
    planche_http_loop_flush(books->settings.loop);
    if (books->chores != NULL)
        planche_job_queue_drain(books->chores, NULL, NULL);
    planche_http_loop_flush(books->settings.loop);
    while (books->uploads > 0 || is_busy(books)) /* what ends has something else done */
        planche_http_loop_flush(books->settings.loop);
    planche_job_queue_destroy(&books->runner);
    planche_job_queue_destroy(&books->looks);
    planche_job_queue_destroy(&books->chores);
    planche_http_loop_flush(books->settings.loop);
    while (books->first != NULL) {
        struct planche_books_book *book = books->first;
        unlink_book(books, book);
        planche_books_free(book);
    }
    planche_books_folder_close(&books->folder);
    planche_library_close(&books->library);
    free(books);
}

struct planche_books_book *planche_books_find(struct planche_books *books, const char *id)
{
    char handle[PLANCHE_BOOKS_HANDLE];
    struct planche_books_book *book = books->first;
    planche_books_make_handle(id, handle); /* the time to compare these tells nothing of ids */
    while (book != NULL && strcmp(book->handle, handle) != 0)
        book = book->next;
    return book != NULL && strcmp(book->id, id) == 0 ? book : NULL;
}

struct planche_books_book *planche_books_first(struct planche_books *books)
{
    return books->first;
}

static bool is_active(const struct planche_books_book *book)
{
    return book->state == PLANCHE_BOOKS_RUNNING || book->state == PLANCHE_BOOKS_WAITING;
}

size_t planche_books_before(const struct planche_books *books,
                            const struct planche_books_book *book)
{
    size_t count = 0;
    for (const struct planche_books_book *at = books->first; at != book; at = at->next)
        count += is_active(at);
    return count;
}

int planche_books_open_result(struct planche_books *books, const struct planche_books_book *book)
{
    char path[PATH_MAX];
    struct planche_file_info info;
    if (book->state != PLANCHE_BOOKS_DONE)
        return -1;
    planche_books_folder_path(&books->folder, book->handle, planche_books_result_file(book->result),
                              path);
    int fd = planche_fd_open(path, PLANCHE_FD_NO_LINK, &info);
    if (fd >= 0 && (info.kind != PLANCHE_FILE_REGULAR || info.size != book->result_bytes))
        planche_fd_close(&fd);
    return fd;
}

double planche_books_seconds_left(const struct planche_books_book *book)
{
    double made = book->parts - book->run_parts;
    double seconds = (double)(planche_clock_ns() - book->run_began) * 1e-9;
    if (book->state != PLANCHE_BOOKS_RUNNING || book->run_began == 0 || made < 0.05)
        return -1;
    return seconds / made * ((double)book->pages - book->parts);
}

void planche_books_drain(struct planche_books *books, void (*idle)(void *user), void *user)
{
    books->draining = true;
    books->idle = idle;
    books->idle_user = user;
    planche_http_timer_stop(&books->expiry);
    for (struct planche_books_book *book = books->first; book != NULL; book = book->next)
        planche_books_changed(book);
    if (books->run != NULL)
        planche_books_run_yield(books->run);
}

bool planche_books_is_idle(const struct planche_books *books)
{
    return books->run == NULL;
}

void planche_books_cancel(struct planche_books *books)
{
    if (books->run != NULL)
        planche_books_run_cancel(books->run);
}

void planche_books_get_stats(const struct planche_books *books, struct planche_books_stats *stats)
{
    *stats = (struct planche_books_stats){.max_bytes = books->settings.max_bytes};
    stats->bytes = planche_books_used(books);
    for (const struct planche_books_book *book = books->first; book != NULL; book = book->next) {
        stats->waiting += book->state == PLANCHE_BOOKS_WAITING;
        stats->running += book->state == PLANCHE_BOOKS_RUNNING;
        stats->kept += is_over(book->state);
    }
}
