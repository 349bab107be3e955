/* SPDX-License-Identifier: MIT */
/* Books in requests and answers. */
#include "serve/book_json.h"

#include "cli/json.h"
#include "http/query.h"
#include "serve/problem.h"
#include "serve/upstream/lend.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PREFIX "/v1/books/"

struct planche_books_book *planche_serve_find_book(struct planche_serve *serve,
                                                   struct planche_http_connection *c)
{
    char path[PLANCHE_HTTP_MAX_TARGET + 1] = "";
    struct planche_books_book *book = NULL;
    if (planche_http_unescape(c->head.target, c->head.path_length, false, path) &&
        planche_serve_take_own(serve, path) && strncmp(path, PREFIX, strlen(PREFIX)) == 0) {
        char *id = path + strlen(PREFIX);
        id[strcspn(id, "/")] = 0;
        book = planche_books_find(serve->books, id);
    }
    if (book == NULL)
        planche_serve_problem(c, 404, "there is no such book, or no more");
    return book;
}

const char *planche_serve_book_state(enum planche_books_state state)
{
    static const char *const names[] = {
        [PLANCHE_BOOKS_WAITING] = "waiting",     [PLANCHE_BOOKS_RUNNING] = "running",
        [PLANCHE_BOOKS_DONE] = "done",           [PLANCHE_BOOKS_FAILED] = "failed",
        [PLANCHE_BOOKS_CANCELLED] = "cancelled",
    };
    return names[state];
}

bool planche_serve_book_is_over(enum planche_books_state state)
{
    return state != PLANCHE_BOOKS_WAITING && state != PLANCHE_BOOKS_RUNNING;
}

const char *planche_serve_book_type(enum planche_container container)
{
    return container == PLANCHE_CONTAINER_EPUB ? "application/epub+zip"
                                               : "application/vnd.comicbook+zip";
}

static json_t *make_time(int64_t seconds)
{
    char text[32];
    struct tm parts;
    time_t time = (time_t)seconds;
    if (seconds <= 0 || gmtime_r(&time, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return json_null();
    return json_string(text);
}

static json_t *make_pages(const struct planche_books_book *book)
{
    json_t *pages = json_object();
    bool known = book->pages > 0 || book->state == PLANCHE_BOOKS_DONE;
    json_object_set_new(pages, "total",
                        known ? json_integer((json_int_t)book->pages) : json_null());
    planche_cli_json_set_count(pages, "done", book->done);
    json_object_set_new(pages, "parts", json_real(round(book->parts * 100) / 100));
    json_object_set_new(pages, "failed",
                        book->failures != NULL ? json_integer((json_int_t)book->failed)
                                               : json_null());
    return pages;
}

static json_t *make_result(const struct planche_serve *serve, const struct planche_books_book *book)
{
    if (book->state != PLANCHE_BOOKS_DONE)
        return json_null();
    json_t *result = json_object();
    json_object_set_new(result, "name", planche_cli_json_text(book->result_name));
    json_object_set_new(result, "type", json_string(planche_serve_book_type(book->result)));
    planche_cli_json_set_count(result, "bytes", book->result_bytes);
    json_object_set_new(
        result, "expires",
        make_time(book->finished + 3600 * (int64_t)serve->options.serve.books_keep));
    return result;
}

static json_t *make_problem(const struct planche_books_book *book)
{
    if (book->status == 0)
        return json_null();
    json_t *problem = json_object();
    json_object_set_new(problem, "status", json_integer(book->status));
    json_object_set_new(problem, "detail", planche_cli_json_text(book->reason));
    return problem;
}

json_t *planche_serve_book_json(struct planche_serve *serve, const struct planche_books_book *book)
{
    json_t *object = json_object();
    double left = planche_books_seconds_left(book);
    bool waits = book->state == PLANCHE_BOOKS_WAITING;
    json_object_set_new(object, "id", json_string(book->id));
    json_object_set_new(object, "state", json_string(planche_serve_book_state(book->state)));
    json_object_set_new(object, "name", planche_cli_json_text(book->name));
    json_object_set_new(object, "created", make_time(book->created));
    json_object_set_new(object, "finished", make_time(book->finished));
    json_object_set_new(
        object, "before",
        json_integer(waits ? (json_int_t)planche_books_before(serve->books, book) : 0));
    planche_cli_json_set_count(object, "input_bytes", book->input_bytes);
    json_object_set_new(object, "pages", make_pages(book));
    json_object_set_new(object, "writing", json_boolean(book->writing));
    json_object_set_new(object, "seconds_left",
                        left >= 0 ? json_real(round(left * 10) / 10) : json_null());
    json_object_set(object, "failed_pages", book->failures != NULL ? book->failures : json_null());
    json_object_set_new(object, "problem", make_problem(book));
    json_object_set_new(object, "result", make_result(serve, book));
    json_object_set(object, "settings", book->settings);
    return object;
}
