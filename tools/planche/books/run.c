/* SPDX-License-Identifier: MIT */
/* Run of a book. Its threads are those of the library; what they have to tell the loop is counted
 * under a lock and told by one task, which is posted at most once at a time. */
#include "books/run.h"

#include "base/cancel.h"
#include "base/log.h"
#include "books/input.h"
#include "cli/json.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/thread.h"
#include "pages/pages.h"
#include "service/engine_cache.h"
#include "service/request.h"

#include <errno.h>
#include <planche/job.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TELL_NS    INT64_C(250000000)  /* between two times that parts of pages are told */
#define MEASURE_NS INT64_C(1000000000) /* between two times that the folder is measured */

struct planche_books_run {
    struct planche_books *books;
    struct planche_books_book *book;
    struct planche_cli_request request;
    enum planche_container container;
    char folder[PATH_MAX], input[PATH_MAX], output[PATH_MAX], path[PLANCHE_LIBRARY_PATH];
    int source; /* what is open of a library; -1: nothing */
    uint64_t most_bytes;
    struct planche_cancel *cancel;
    const struct planche_engine *engine; /* while it runs */
    atomic_bool has_engine;
    unsigned slots; /* granted, and not given back */
    bool yielding, too_large;
    int64_t began;

    struct planche_mutex lock;
    struct planche_cond changed;
    unsigned wants, gives; /* that the loop has not been told */
    unsigned grants, held; /* not taken yet; taken */
    bool open;             /* nothing is waited for any more */
    bool posted;
    bool wanted; /* the engine is, by a page that waited before the run had it */
    struct planche_http_task change;
    struct planche_book_progress progress;
    bool computed; /* a page has been, in part */
    uint64_t disk_bytes;
    int64_t told, measured;

    /* Set by the thread that runs the book. */
    struct planche_http_task end;
    enum planche_status status;
    struct planche_error error;
    struct planche_book_result result;
    json_t *failures;
    unsigned scale;
};

/* The lock is held. */
static void tell(struct planche_books_run *run)
{
    if (!run->posted)
        planche_http_loop_post(run->books->settings.loop, &run->change);
    run->posted = true;
}

/* A page waits for its turn. */
static void begin_page(void *user)
{
    struct planche_books_run *run = user;
    planche_mutex_lock(&run->lock);
    run->wants++;
    tell(run);
    while (run->grants == 0 && !run->open)
        planche_cond_wait(&run->changed, &run->lock);
    if (run->grants > 0) {
        run->grants--;
        run->held++;
    }
    planche_mutex_unlock(&run->lock);
}

static void end_page(void *user)
{
    struct planche_books_run *run = user;
    planche_mutex_lock(&run->lock);
    if (run->held > 0) {
        run->held--;
        run->gives++;
        tell(run);
    }
    planche_mutex_unlock(&run->lock);
}

/* Whether it is time to tell what has changed. */
static bool is_news(const struct planche_books_run *run,
                    const struct planche_book_progress *progress, int64_t now)
{
    return progress->done != run->progress.done || progress->pages != run->progress.pages ||
           progress->writing != run->progress.writing || now - run->told > TELL_NS;
}

static void on_progress(void *user, const struct planche_book_progress *progress)
{
    struct planche_books_run *run = user;
    int64_t now = planche_clock_ns();
    planche_mutex_lock(&run->lock);
    bool news = is_news(run, progress, now);
    bool ended = progress->done != run->progress.done || progress->writing;
    bool measures = ended && (now - run->measured > MEASURE_NS || progress->writing);
    run->progress = *progress;
    run->computed = run->computed || progress->computed;
    run->measured = measures ? now : run->measured;
    planche_mutex_unlock(&run->lock);
    uint64_t bytes = measures ? planche_books_measure(run->folder) : 0;
    planche_mutex_lock(&run->lock);
    if (measures)
        run->disk_bytes = bytes;
    if (news) {
        run->told = now;
        tell(run);
    }
    planche_mutex_unlock(&run->lock);
}

/* What stands behind a name at a message's beginning. */
static const char *skip_name(const char *message, const char *name)
{
    size_t length = strlen(name);
    return strncmp(message, name, length) == 0 && strncmp(message + length, ": ", 2) == 0
               ? message + length + 2
               : message;
}

static void on_page(void *user, const struct planche_book_page *page)
{
    struct planche_books_run *run = user;
    if (page->outcome != PLANCHE_BOOK_FAILED ||
        json_array_size(run->failures) >= PLANCHE_BOOKS_FAILURES)
        return;
    const char *reason = page->message != NULL ? page->message : planche_status_name(page->status);
    reason = skip_name(skip_name(reason, run->input), page->name);
    json_t *failure = json_object();
    json_object_set_new(failure, "page", planche_cli_json_text(page->name));
    json_object_set_new(failure, "reason",
                        planche_cli_json_text(strstr(reason, run->folder) == NULL
                                                  ? reason
                                                  : "the server failed at the page"));
    json_array_append_new(run->failures, failure);
}

static void choose_output(struct planche_books_run *run)
{
    enum planche_container from = planche_container_of(run->input);
    if (run->container == PLANCHE_CONTAINER_AUTO)
        run->container =
            from == PLANCHE_CONTAINER_EPUB ? PLANCHE_CONTAINER_EPUB : PLANCHE_CONTAINER_ZIP;
    snprintf(run->output, sizeof run->output, "%.*s/%s", (int)(sizeof run->output - 32),
             run->folder, planche_books_result_file(run->container));
}

/* By who makes pages in the place of the engine. */
static enum planche_status make_page(void *user, const char *name, const char *input,
                                     const char *output, const struct planche_page_options *options,
                                     struct planche_page_result *result,
                                     struct planche_error *error)
{
    const struct planche_books_run *run = user;
    const struct planche_books_settings *settings = &run->books->settings;
    return settings->make(settings->make_user, run->engine, &run->request.engine, name, input,
                          output, options, result, error);
}

static enum planche_status run_with(struct planche_books_run *run,
                                    const struct planche_engine *engine)
{
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_book_options options = run->books->settings.defaults->book;
    planche_engine_get_info(engine, &info, NULL);
    run->scale = info.scale;
    run->request.page.cancel = run->cancel;
    run->request.page.priority = PLANCHE_PRIORITY_BACKGROUND;
    choose_output(run);
    options.page = &run->request.page;
    options.container = run->container;
    options.max_bytes = options.max_bytes == 0 || options.max_bytes > run->most_bytes
                            ? run->most_bytes
                            : options.max_bytes;
    options.on_page = on_page;
    options.on_progress = on_progress;
    if (run->books->settings.make != NULL) {
        options.make_page = make_page;
        options.makers = run->books->settings.makers;
    } else {
        options.begin_page = begin_page;
        options.end_page = end_page;
    }
    options.user = run;
    run->engine = engine;
    return planche_engine_run_book(engine, run->input, run->output, &options, &run->result,
                                   &run->error);
}

/* Who began to wait for an engine before has_engine was set has not been heard by
 * planche_books_run_engine_wanted, so it is asked once more whether somebody does. */
static enum planche_status acquire(struct planche_books_run *run,
                                   struct planche_cli_engine_cache *engines,
                                   const struct planche_engine **engine)
{
    const struct planche_cancel_token token = {.handle = run->cancel};
    run->status = planche_cli_engine_cache_acquire(engines, &run->request.engine, &token, engine,
                                                   &run->error);
    if (run->status != PLANCHE_OK)
        return run->status;
    atomic_store(&run->has_engine, true);
    if (planche_cli_engine_cache_is_wanted(engines)) {
        planche_mutex_lock(&run->lock);
        run->wanted = true;
        tell(run);
        planche_mutex_unlock(&run->lock);
    }
    return PLANCHE_OK;
}

/* On the thread of runs. */
static enum planche_status run_book(void *user, struct planche_cancel *unused)
{
    struct planche_books_run *run = user;
    struct planche_cli_engine_cache *engines = run->books->settings.engines;
    const struct planche_engine *engine = NULL;
    (void)unused;
    run->status = planche_books_take_input(&run->books->library, run->path, run->folder,
                                           run->cancel, &run->source, run->input, &run->error);
    if (run->status != PLANCHE_OK)
        return run->status;
    if (acquire(run, engines, &engine) != PLANCHE_OK)
        return run->status;
    run->status = run_with(run, engine);
    atomic_store(&run->has_engine, false);
    planche_cli_engine_cache_release(engines, engine);
    uint64_t bytes = planche_books_measure(run->folder);
    planche_mutex_lock(&run->lock); /* the loop may look at the progress yet */
    run->disk_bytes = bytes;
    planche_mutex_unlock(&run->lock);
    return run->status;
}

static void run_done(void *user, enum planche_status status)
{
    struct planche_books_run *run = user;
    run->status = run->status == PLANCHE_OK ? status : run->status;
    planche_http_loop_post(run->books->settings.loop, &run->end);
}

static void release_pages(struct planche_books_run *run)
{
    planche_pages_external_forget(run->books->settings.pages);
    planche_mutex_lock(&run->lock);
    run->open = true;
    planche_cond_broadcast(&run->changed);
    planche_mutex_unlock(&run->lock);
}

void planche_books_run_cancel(struct planche_books_run *run)
{
    planche_cancel_request(run->cancel);
    release_pages(run);
}

void planche_books_run_yield(struct planche_books_run *run)
{
    run->yielding = true;
    planche_pages_external_forget(run->books->settings.pages);
    if (run->slots == 0)
        planche_books_run_cancel(run);
}

void planche_books_run_granted(void *user)
{
    const struct planche_books *books = user;
    struct planche_books_run *run = books->run;
    run->slots++;
    planche_mutex_lock(&run->lock);
    run->grants++;
    planche_cond_signal(&run->changed);
    planche_mutex_unlock(&run->lock);
}

void planche_books_run_engine_wanted(void *user)
{
    const struct planche_books *books = user;
    if (books->run != NULL && atomic_load(&books->run->has_engine))
        planche_books_run_yield(books->run);
}

const struct planche_books_book *planche_books_run_book(const struct planche_books_run *run)
{
    return run->book;
}

/* Gives back turns that have ended, and asks for those that are wanted. */
static void take_turns(struct planche_books_run *run, unsigned wants, unsigned gives)
{
    struct planche_pages *pages = run->books->settings.pages;
    for (; gives > 0 && run->slots > 0; gives--) {
        run->slots--;
        planche_pages_external_leave(pages);
    }
    for (; wants > 0 && !run->yielding && !planche_cancel_requested(run->cancel); wants--)
        planche_pages_external_wait(pages);
    if (run->yielding && run->slots == 0)
        planche_books_run_cancel(run);
}

/* Puts what is known of the progress into the book. The lock is held. */
static void take_progress(struct planche_books_run *run)
{
    struct planche_books_book *book = run->book;
    const struct planche_book_progress *progress = &run->progress;
    book->pages = progress->pages;
    book->done = progress->done;
    book->parts = progress->done_parts;
    book->writing = progress->writing != 0;
    if (run->disk_bytes > 0)
        book->disk_bytes = run->disk_bytes;
    if (run->computed && book->run_began == 0) {
        book->run_began = planche_clock_ns();
        book->run_parts = book->parts;
    }
}

static void on_change(void *user)
{
    struct planche_books_run *run = user;
    planche_mutex_lock(&run->lock);
    unsigned wants = run->wants, gives = run->gives;
    bool wanted = run->wanted;
    run->wants = run->gives = 0;
    run->wanted = false;
    run->posted = false;
    take_progress(run);
    planche_mutex_unlock(&run->lock);
    if (wanted)
        planche_books_run_yield(run);
    take_turns(run, wants, gives);
    /* While it is put together, pages are there twice. */
    uint64_t more = run->book->writing ? run->book->disk_bytes / 2 : 0;
    if (planche_books_used(run->books) + more > run->books->settings.max_bytes) {
        run->too_large = true;
        planche_books_run_cancel(run);
    }
    if (!run->book->removing)
        planche_books_changed(run->book);
}

/* Names of files of the server are nobody's business. */
static void tell_failure(struct planche_books_run *run)
{
    struct planche_books_book *book = run->book;
    const char *reason = skip_name(skip_name(run->error.message, run->input), run->output);
    if (strstr(reason, run->folder) != NULL || strstr(reason, "/proc/") != NULL ||
        run->status == PLANCHE_ERROR_IO || run->status == PLANCHE_ERROR_INTERNAL) {
        planche_log_write(run->books->settings.log, PLANCHE_LOG_WARNING, "book %s: %s",
                          book->handle, run->error.message);
        reason = "the server failed at the book; its log says why";
    }
    snprintf(book->reason, sizeof book->reason, "%s", reason);
}

static unsigned status_of(enum planche_status status)
{
    switch (status) {
    case PLANCHE_ERROR_DATA:
    case PLANCHE_ERROR_LIMIT:
        return 422;
    case PLANCHE_ERROR_UNSUPPORTED:
        return 415;
    case PLANCHE_ERROR_ARGUMENT:
    case PLANCHE_ERROR_NOT_FOUND:
        return 400;
    case PLANCHE_ERROR_BUDGET:
    case PLANCHE_ERROR_MEMORY:
        return 503;
    default:
        return 500;
    }
}

static void set_failed(struct planche_books_book *book, unsigned status, const char *reason)
{
    book->state = PLANCHE_BOOKS_FAILED;
    book->status = status;
    if (reason != NULL)
        snprintf(book->reason, sizeof book->reason, "%s", reason);
}

/* "2x", "2400h", as the command names its results. */
static void name_result(struct planche_books_run *run)
{
    const struct planche_page_options *page = &run->request.page;
    char suffix[32];
    unsigned scale = page->scale != 0 && page->scale != PLANCHE_SCALE_AUTO ? page->scale
                     : run->request.engine.scale != 0 ? run->request.engine.scale
                                                      : run->scale;
    if (page->width != 0 && page->height != 0)
        snprintf(suffix, sizeof suffix, "%ux%u", page->width, page->height);
    else if (page->width != 0 || page->height != 0)
        snprintf(suffix, sizeof suffix, page->width != 0 ? "%uw" : "%uh",
                 page->width + page->height);
    else
        snprintf(suffix, sizeof suffix, "%ux", scale);
    planche_books_name_result(run->book, suffix);
}

static void set_done(struct planche_books_run *run)
{
    struct planche_books_book *book = run->book;
    book->state = PLANCHE_BOOKS_DONE;
    book->pages = book->done = run->result.pages;
    book->parts = (double)book->pages;
    book->failed = run->result.outcomes[PLANCHE_BOOK_FAILED];
    book->failed = book->failed < book->pages ? book->failed : book->pages;
    json_decref(book->failures);
    book->failures = json_incref(run->failures);
    book->result_bytes = run->result.output_bytes;
    book->result = run->container;
    name_result(run);
}

/* The library says it in the system's words. */
static bool is_disk_full(const struct planche_books_run *run)
{
    return run->status == PLANCHE_ERROR_IO &&
           (strstr(run->error.message, strerror(ENOSPC)) != NULL ||
            strstr(run->error.message, strerror(EDQUOT)) != NULL);
}

static void set_outcome(struct planche_books_run *run)
{
    struct planche_books_book *book = run->book;
    book->seconds += (double)(planche_clock_ns() - run->began) * 1e-9;
    book->run_began = 0;
    book->writing = false;
    book->disk_bytes = run->disk_bytes > 0 ? run->disk_bytes : book->disk_bytes;
    if (run->status != PLANCHE_OK && (run->too_large || is_disk_full(run))) {
        set_failed(book, 507,
                   "the result does not fit into the room that the server has for books");
    } else if (run->status == PLANCHE_OK) {
        set_done(run);
    } else if (run->status == PLANCHE_ERROR_CANCELLED) {
        book->state = PLANCHE_BOOKS_WAITING;
    } else {
        set_failed(book, status_of(run->status), NULL);
        tell_failure(run);
    }
    if (book->state == PLANCHE_BOOKS_DONE || book->state == PLANCHE_BOOKS_FAILED)
        book->finished = (int64_t)time(NULL);
}

static void free_run(struct planche_books_run *run)
{
    planche_fd_close(&run->source);
    planche_cli_request_clear(&run->request);
    planche_cancel_destroy(&run->cancel);
    planche_cond_destroy(&run->changed);
    planche_mutex_destroy(&run->lock);
    json_decref(run->failures);
    free(run);
}

static void on_end(void *user)
{
    struct planche_books_run *run = user;
    struct planche_books *books = run->books;
    struct planche_books_book *book = run->book;
    release_pages(run);
    books->run = NULL;
    while (run->slots > 0) {
        run->slots--;
        planche_pages_external_leave(books->settings.pages);
    }
    set_outcome(run);
    free_run(run);
    books->run_ended(books, book);
}

static enum planche_status take_settings(struct planche_books_run *run, struct planche_error *error)
{
    json_t *settings = json_deep_copy(run->book->settings);
    json_object_set_new(settings, "bytes", json_integer(1)); /* there is an input */
    return planche_cli_request_take(&run->request, settings, run->books->settings.defaults, error);
}

static struct planche_books_run *make_run(struct planche_books *books,
                                          struct planche_books_book *book)
{
    struct planche_books_run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return NULL;
    run->books = books;
    run->book = book;
    run->source = -1;
    run->container = book->container;
    run->most_bytes = books->settings.max_bytes;
    run->began = planche_clock_ns();
    run->change = (struct planche_http_task){.run = on_change, .user = run};
    run->end = (struct planche_http_task){.run = on_end, .user = run};
    run->result = (struct planche_book_result)PLANCHE_BOOK_RESULT_INIT;
    run->failures = json_array();
    planche_books_folder_path(&books->folder, book->handle, NULL, run->folder);
    snprintf(run->path, sizeof run->path, "%s", book->path);
    planche_mutex_init(&run->lock);
    planche_cond_init(&run->changed);
    return run;
}

bool planche_books_run_begin(struct planche_books *books, struct planche_books_book *book)
{
    struct planche_error error = {0};
    struct planche_job job = PLANCHE_JOB_INIT;
    struct planche_books_run *run = make_run(books, book);
    if (run == NULL) {
        set_failed(book, 503, "the server has no memory for the book");
        return false;
    }
    enum planche_status status = take_settings(run, &error);
    if (status == PLANCHE_OK)
        status = planche_cancel_create(&run->cancel, &error);
    job.run = run_book;
    job.done = run_done;
    job.user = run;
    books->run = run;
    if (status == PLANCHE_OK)
        status = planche_job_try_submit(books->runner, &job, NULL, &error);
    if (status == PLANCHE_OK)
        return true;
    books->run = NULL;
    set_failed(book, status_of(status), error.message);
    free_run(run);
    return false;
}
