/* SPDX-License-Identifier: MIT */
/* A book's run against a page that waits for the engine. The library and the engines are replaced,
 * and the run's thread is this one, so that the page begins to wait at a known moment: before the
 * run has the engine, just when it gets it, and while it works. */
#include "books/run.h"

#include "base/cancel.h"
#include "books/input.h"
#include "books/state.h"
#include "cli/json.h"
#include "pages/pages.h"
#include "service/engine_cache.h"
#include "service/request.h"

#include "support/testing.h"

#include <planche/job.h>

#include <stdlib.h>
#include <string.h>

/* When the page begins to wait. */
enum moment { NEVER, BEFORE, WITHIN, AFTER };

static enum moment moment;
static bool waits; /* a page does */
static struct planche_books books;
static struct planche_books_book book;
static struct planche_job job;
static unsigned ended;

/* As the loop is told by engine_cache's on_wait. */
static void begin_to_wait(void)
{
    waits = true;
    planche_books_run_engine_wanted(&books);
}

/* What is not linked. */

enum planche_status planche_cli_engine_cache_acquire(struct planche_cli_engine_cache *engines,
                                                     const struct planche_engine_options *wanted,
                                                     const struct planche_cancel_token *token,
                                                     const struct planche_engine **out,
                                                     struct planche_error *error)
{
    (void)engines;
    (void)wanted;
    (void)token;
    (void)error;
    if (moment == WITHIN)
        begin_to_wait(); /* the engine is given away, and nobody has noted that yet */
    *out = (const struct planche_engine *)&books;
    return PLANCHE_OK;
}

bool planche_cli_engine_cache_is_wanted(struct planche_cli_engine_cache *engines)
{
    (void)engines;
    return waits;
}

void planche_cli_engine_cache_release(struct planche_cli_engine_cache *engines,
                                      const struct planche_engine *engine)
{
    (void)engines;
    (void)engine;
    waits = false;
}

enum planche_status planche_engine_get_info(const struct planche_engine *engine,
                                            struct planche_engine_info *info,
                                            struct planche_error *error)
{
    (void)engine;
    (void)info;
    (void)error;
    return PLANCHE_OK;
}

/* The loop runs meanwhile; a run that is cancelled stops. */
enum planche_status planche_engine_run_book(const struct planche_engine *engine, const char *input,
                                            const char *output,
                                            const struct planche_book_options *options,
                                            struct planche_book_result *result,
                                            struct planche_error *error)
{
    (void)engine;
    (void)input;
    (void)output;
    (void)result;
    (void)error;
    if (moment == AFTER)
        begin_to_wait();
    planche_http_loop_flush(books.settings.loop);
    return planche_cancel_requested(options->page->cancel) ? PLANCHE_ERROR_CANCELLED : PLANCHE_OK;
}

enum planche_status planche_books_take_input(const struct planche_library *library,
                                             const char *path, const char *folder,
                                             const struct planche_cancel *cancel, int *source,
                                             char input[PATH_MAX], struct planche_error *error)
{
    (void)library;
    (void)path;
    (void)folder;
    (void)cancel;
    (void)source;
    (void)error;
    strcpy(input, "book.cbz");
    return PLANCHE_OK;
}

enum planche_status planche_job_try_submit(struct planche_job_queue *queue,
                                           const struct planche_job *given, uint64_t *id,
                                           struct planche_error *error)
{
    (void)queue;
    (void)id;
    (void)error;
    job = *given;
    return PLANCHE_OK;
}

enum planche_status planche_cli_request_take(struct planche_cli_request *request, json_t *body,
                                             const struct planche_cli_options *defaults,
                                             struct planche_error *error)
{
    (void)request;
    (void)defaults;
    (void)error;
    json_decref(body);
    return PLANCHE_OK;
}

void planche_cli_request_clear(struct planche_cli_request *request)
{
    (void)request;
}

json_t *planche_cli_json_text(const char *text)
{
    return json_string(text);
}

void planche_books_changed(struct planche_books_book *changed)
{
    (void)changed;
}

void planche_books_folder_path(const struct planche_books_folder *folder, const char *handle,
                               const char *name, char path[PATH_MAX])
{
    (void)folder;
    (void)handle;
    (void)name;
    strcpy(path, "/nowhere");
}

const char *planche_books_result_file(enum planche_container container)
{
    (void)container;
    return "result.cbz";
}

uint64_t planche_books_measure(const char *path)
{
    (void)path;
    return 0;
}

uint64_t planche_books_used(const struct planche_books *used)
{
    (void)used;
    return 0;
}

void planche_books_name_result(struct planche_books_book *named, const char *suffix)
{
    (void)named;
    (void)suffix;
}

void planche_pages_external_wait(struct planche_pages *pages)
{
    (void)pages;
}

void planche_pages_external_leave(struct planche_pages *pages)
{
    (void)pages;
}

void planche_pages_external_forget(struct planche_pages *pages)
{
    (void)pages;
}

static void on_run_ended(struct planche_books *of, struct planche_books_book *which)
{
    (void)of;
    assert_ptr_equal(which, &book);
    ended++;
}

/* The book's state after a run in which a page began to wait at this moment. */
static enum planche_books_state run_with(enum moment when)
{
    static struct planche_cli_options defaults;
    moment = when;
    waits = false;
    ended = 0;
    books = (struct planche_books){.run_ended = on_run_ended};
    books.settings.loop = planche_http_loop_create();
    books.settings.defaults = &defaults;
    books.settings.max_bytes = 1;
    book = (struct planche_books_book){.state = PLANCHE_BOOKS_RUNNING, .settings = json_object()};
    assert_non_null(books.settings.loop);
    assert_true(planche_books_run_begin(&books, &book));
    if (when == BEFORE)
        begin_to_wait();
    job.done(job.user, job.run(job.user, NULL));
    planche_http_loop_flush(books.settings.loop);
    assert_int_equal(ended, 1);
    assert_null(books.run);
    planche_http_loop_destroy(books.settings.loop);
    json_decref(book.settings);
    json_decref(book.failures);
    return book.state;
}

/* A run that makes way goes on later, and so waits again. */
static void test_pages_that_wait(void **state)
{
    (void)state;
    assert_int_equal(run_with(NEVER), PLANCHE_BOOKS_DONE);
    assert_int_equal(run_with(AFTER), PLANCHE_BOOKS_WAITING);
    assert_int_equal(run_with(WITHIN), PLANCHE_BOOKS_WAITING);
    assert_int_equal(run_with(BEFORE), PLANCHE_BOOKS_WAITING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages_that_wait)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
