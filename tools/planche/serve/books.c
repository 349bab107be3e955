/* SPDX-License-Identifier: MIT */
/* Books: taking them, and telling what becomes of them. */
#include "serve/books.h"

#include "books/upload.h"
#include "http/form.h"
#include "serve/book_json.h"
#include "serve/problem.h"
#include "serve/upstream/lend.h"
#include "serve/wish.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

/* A request to take a book. */
struct taking {
    struct planche_serve *serve;
    struct planche_http_connection *c; /* NULL: the client has gone */
    struct planche_books_opener opener;
    struct planche_books_upload *upload;
    struct planche_http_form form;
    bool is_form, any; /* any: a byte of the book has come */
    struct planche_serve_book_extras extras;
    json_t *settings; /* own */
};

static void free_taking(struct taking *taking)
{
    json_decref(taking->settings);
    free(taking);
}

static void answer_refusal(const struct planche_serve *serve, struct planche_http_connection *c,
                           enum planche_books_refusal refusal)
{
    static const struct {
        unsigned status;
        const char *detail;
    } answers[] = {
        [PLANCHE_BOOKS_TOO_LARGE] = {413, "the book is larger than this server takes"},
        [PLANCHE_BOOKS_FULL] = {507, "there is no room for the book: remove others, or wait until "
                                     "their results are too old"},
        [PLANCHE_BOOKS_BUSY] = {503, "the server takes no more books now"},
        [PLANCHE_BOOKS_NOWHERE] = {503, "the server has no folder where books can be kept; its log "
                                        "says why"},
        [PLANCHE_BOOKS_NO_ROOT] = {404, "this server has no library root: books are uploaded"},
        [PLANCHE_BOOKS_OUTSIDE] = {403, "the path is none that may be read below a library root"},
        [PLANCHE_BOOKS_ABSENT] = {404, "there is no such path below a library root"},
        [PLANCHE_BOOKS_ERROR] = {500, "the server cannot keep the book; its log says why"},
    };
    if (refusal == PLANCHE_BOOKS_BUSY)
        planche_http_add_field(c, "Retry-After", "30");
    planche_http_close_after(c);
    if (refusal == PLANCHE_BOOKS_TOO_LARGE)
        planche_serve_problem(c, 413, "%s: %llu bytes", answers[refusal].detail,
                              (unsigned long long)serve->options.serve.books_upload);
    else
        planche_serve_problem(c, answers[refusal].status, "%s", answers[refusal].detail);
}

static void answer_book(struct planche_serve *serve, struct planche_http_connection *c,
                        const struct planche_books_book *book)
{
    planche_http_add_field_format(c, "Location", "%s/v1/books/%s",
                                  serve->proxy != NULL ? PLANCHE_SERVE_OWN : "", book->id);
    planche_serve_json(c, 202, planche_serve_book_json(serve, book));
}

/* The upload, or the addition of a path, has ended. */
static void on_taken(void *user, struct planche_books_book *book,
                     enum planche_books_refusal refusal)
{
    struct taking *taking = user;
    if (taking->c == NULL) {
        /* Nobody waits for the answer. */
    } else if (book != NULL) {
        answer_book(taking->serve, taking->c, book);
    } else {
        answer_refusal(taking->serve, taking->c, refusal);
    }
    free_taking(taking);
}

static void on_ready(void *user)
{
    const struct taking *taking = user;
    planche_http_resume(taking->c);
}

static void on_gone(void *user)
{
    struct taking *taking = user;
    taking->c = NULL;
    if (taking->upload == NULL)
        return; /* the folder is opened yet, or the book stays */
    planche_books_upload_abandon(taking->upload);
    free_taking(taking);
}

/* The request is wrong: the upload goes. */
static void refuse(struct taking *taking, unsigned status, const char *detail)
{
    planche_books_upload_abandon(taking->upload);
    planche_http_close_after(taking->c);
    planche_serve_problem(taking->c, status, "%s", detail);
    free_taking(taking);
}

static bool take(void *user, const char *data, size_t size)
{
    struct taking *taking = user;
    taking->any = taking->any || size > 0;
    return planche_books_upload_take(taking->upload, data, size);
}

static void finish(struct taking *taking)
{
    const struct planche_serve_book_extras *extras = &taking->extras;
    const char *file_name = taking->is_form ? taking->form.part.file_name : "";
    const struct planche_books_wish wish = {.name = *extras->name ? extras->name : file_name,
                                            .path = "",
                                            .settings = taking->settings,
                                            .container = extras->container};
    if (taking->is_form && (taking->form.state != PLANCHE_HTTP_FORM_DONE || !taking->form.found))
        refuse(taking, 400, "the form has no part that is a file, or is cut off");
    else if (!taking->any)
        refuse(taking, 400, "there is no book in the request");
    else
        planche_books_upload_finish(taking->upload, &wish);
}

static void on_piece(void *user, struct planche_http_connection *c, const char *data, size_t size)
{
    struct taking *taking = user;
    if (size == 0) {
        finish(taking);
        return;
    }
    bool taken = taking->is_form ? planche_http_form_take(&taking->form, data, size, take, taking)
                                 : take(taking, data, size);
    if (!taken && taking->is_form && taking->form.state == PLANCHE_HTTP_FORM_BROKEN)
        refuse(taking, 400, "the form is malformed");
    else if (!taken || planche_books_upload_flush(taking->upload))
        planche_http_pause(c);
}

static void on_failed(void *user, struct planche_http_connection *c, enum planche_http_received why)
{
    (void)c;
    if (why == PLANCHE_HTTP_TOO_SLOW)
        refuse(user, 408, "the body did not come in time");
    else
        refuse(user, 400, "the chunks of the body are malformed");
}

static void begin_upload(struct taking *taking)
{
    struct planche_http_connection *c = taking->c;
    const struct planche_books_uploader uploader = {on_ready, on_taken, taking};
    const char *type = planche_http_head_field(&c->head, "content-type");
    enum planche_books_refusal refusal = PLANCHE_BOOKS_BUSY;
    const char *problem = NULL;
    taking->is_form = type != NULL && strncasecmp(type, "multipart/", 10) == 0;
    if (!c->head.chunked && c->head.length == 0)
        problem = "there is no book in the request; send it as the body, or name its path";
    else if (taking->is_form && !planche_http_form_begin(&taking->form, type))
        problem = "the form is malformed";
    else
        taking->upload = planche_books_upload_begin(
            taking->serve->books, c->head.chunked ? 0 : c->head.length, &uploader, &refusal);
    if (taking->upload != NULL) {
        planche_http_on_gone(c, on_gone, taking);
        planche_http_stream(c, on_piece, on_failed, taking);
        return;
    }
    if (problem != NULL)
        planche_serve_problem(c, 400, "%s", problem);
    else
        answer_refusal(taking->serve, c, refusal);
    free_taking(taking);
}

static void begin_path(struct taking *taking)
{
    struct planche_serve_book_extras *extras = &taking->extras;
    if (u8_check((const uint8_t *)extras->path, strlen(extras->path)) != NULL) {
        planche_serve_problem(taking->c, 400, "the path is not UTF-8");
        free_taking(taking);
        return;
    }
    const char *slash = strrchr(extras->path, '/');
    while (slash != NULL && slash[1] == 0 && slash > extras->path) { /* "folder/" */
        extras->path[slash - extras->path] = 0;
        slash = strrchr(extras->path, '/');
    }
    const struct planche_books_wish wish = {.name = *extras->name   ? extras->name
                                                    : slash != NULL ? slash + 1
                                                                    : extras->path,
                                            .path = extras->path,
                                            .settings = taking->settings,
                                            .container = extras->container};
    planche_http_on_gone(taking->c, on_gone, taking);
    enum planche_books_refusal refusal =
        planche_books_add_path(taking->serve->books, &wish, on_taken, taking);
    if (refusal != PLANCHE_BOOKS_ACCEPTED)
        on_taken(taking, NULL, refusal);
}

/* The query: settings, and what is said of the book. False: it is wrong, which has been answered.
 */
static bool read_query(struct taking *taking)
{
    struct planche_error error = {0};
    struct planche_pages_wish wish = {0};
    struct planche_serve_extras extras = {.book = &taking->extras};
    enum planche_status status =
        planche_serve_read_query(taking->serve, taking->c, NULL, &extras, &wish, &error);
    if (status != PLANCHE_OK) {
        planche_serve_problem(taking->c, planche_serve_status_of(status), "%s",
                              planche_serve_tell(taking->serve, taking->c, status, error.message));
        return false;
    }
    taking->settings = json_deep_copy(wish.request.body);
    json_object_del(taking->settings, "bytes");
    planche_cli_request_clear(&wish.request);
    return true;
}

static void on_opened(void *user)
{
    struct taking *taking = user;
    if (taking->c == NULL)
        free_taking(taking);
    else if (*taking->extras.path)
        begin_path(taking);
    else
        begin_upload(taking);
}

void planche_serve_add_book(struct planche_serve *serve, struct planche_http_connection *c)
{
    struct taking *taking = calloc(1, sizeof *taking);
    if (taking == NULL) {
        answer_refusal(serve, c, PLANCHE_BOOKS_BUSY);
        return;
    }
    taking->serve = serve;
    taking->c = c;
    if (!read_query(taking)) {
        free_taking(taking);
        return;
    }
    taking->opener = (struct planche_books_opener){.opened = on_opened, .user = taking};
    planche_http_on_gone(c, on_gone, taking);
    planche_books_open(serve->books, &taking->opener);
}

void planche_serve_list_books(struct planche_serve *serve, struct planche_http_connection *c)
{
    json_t *object = json_object(), *list = json_array(), *room = json_object();
    struct planche_books_stats stats;
    for (const struct planche_books_book *book = planche_books_first(serve->books); book != NULL;
         book = book->next) {
        if (book->removing)
            continue;
        json_t *one = planche_serve_book_json(serve, book);
        json_object_set_new(one, "failed_pages", json_null()); /* of many books they are many */
        json_array_append_new(list, one);
    }
    planche_books_get_stats(serve->books, &stats);
    json_object_set_new(room, "bytes", json_integer((json_int_t)stats.bytes));
    json_object_set_new(room, "bytes_limit", json_integer((json_int_t)stats.max_bytes));
    json_object_set_new(room, "upload_limit",
                        json_integer((json_int_t)serve->options.serve.books_upload));
    json_object_set_new(object, "books", list);
    json_object_set_new(object, "room", room);
    planche_serve_json(c, 200, object);
}

void planche_serve_show_book(struct planche_serve *serve, struct planche_http_connection *c)
{
    const struct planche_books_book *book = planche_serve_find_book(serve, c);
    if (book != NULL)
        planche_serve_json(c, 200, planche_serve_book_json(serve, book));
}

void planche_serve_remove_book(struct planche_serve *serve, struct planche_http_connection *c)
{
    struct planche_books_book *book = planche_serve_find_book(serve, c);
    const struct planche_http_answer answer = {.status = 204};
    if (book == NULL)
        return;
    planche_books_remove(serve->books, book);
    planche_http_answer(c, &answer);
}
