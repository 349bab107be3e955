/* SPDX-License-Identifier: MIT */
/* /v1/store. */
#include "serve/queue/store.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "http/partial.h"
#include "io/digest.h"
#include "queue/shared/folder.h"
#include "serve/problem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_PATH "/v1/store/"

static const char *folder_of(const struct planche_serve *serve)
{
    const char *store = serve->options.queue.store;
    return planche_queue_is_address(store) ? NULL : store;
}

int planche_serve_check_store(const struct planche_serve *serve)
{
    const char *folder = folder_of(serve);
    struct planche_error error = {0};
    if (folder == NULL || planche_queue_folder_check(folder, &error) == PLANCHE_OK)
        return PLANCHE_CLI_OK;
    planche_cli_message("%s", error.message);
    return PLANCHE_CLI_NOT_STARTED;
}

/* False: there is no store here for who asks, which has been answered. */
static bool has_store(const struct planche_serve *serve, struct planche_http_connection *c)
{
    if (folder_of(serve) == NULL)
        planche_serve_problem(c, 404, "this server has no store (--store DIR)");
    else if (*serve->token == 0)
        planche_serve_problem(c, 403, "a server's store is for who has its token (--token-file)");
    return folder_of(serve) != NULL && *serve->token != 0;
}

/* The object's name, of the request's path; NULL: it is none, which has been answered. */
static const char *read_name(const struct planche_serve *serve, struct planche_http_connection *c,
                             char name[PLANCHE_QUEUE_OBJECT_NAME])
{
    const char *path = strstr(c->head.target, OBJECT_PATH);
    if (!has_store(serve, c))
        return NULL;
    size_t skip = path != NULL ? (size_t)(path - c->head.target) + strlen(OBJECT_PATH) : 0;
    size_t length = c->head.path_length > skip ? c->head.path_length - skip : 0;
    snprintf(name, PLANCHE_QUEUE_OBJECT_NAME, "%.*s", (int)length, c->head.target + skip);
    if (length == PLANCHE_QUEUE_OBJECT_NAME - 1 && planche_queue_is_object_name(name))
        return name;
    planche_serve_problem(c, 404, "that is the name of no object");
    return NULL;
}

static void answer_absent(struct planche_http_connection *c)
{
    planche_serve_problem(c, 404, "there is no such object, or no more");
}

void planche_serve_show_store(struct planche_serve *serve, struct planche_http_connection *c)
{
    const struct planche_http_answer answer = {.status = 204};
    if (has_store(serve, c))
        planche_http_answer(c, &answer);
}

void planche_serve_get_object(struct planche_serve *serve, struct planche_http_connection *c)
{
    char text[PLANCHE_QUEUE_OBJECT_NAME];
    const char *name = read_name(serve, c, text);
    struct planche_http_answer answer = {.type = "application/octet-stream", .has_file = true};
    if (name == NULL)
        return;
    answer.fd = planche_queue_folder_open(folder_of(serve), name, &answer.file_size);
    if (answer.fd < 0) {
        answer_absent(c);
        return;
    }
    planche_http_add_field(c, "Accept-Ranges", "bytes");
    planche_http_add_field(c, "Cache-Control", "no-store");
    planche_http_answer_part(c, &answer, true);
}

void planche_serve_remove_object(struct planche_serve *serve, struct planche_http_connection *c)
{
    char text[PLANCHE_QUEUE_OBJECT_NAME];
    const char *name = read_name(serve, c, text);
    const struct planche_http_answer answer = {.status = 204};
    if (name == NULL)
        return;
    if (planche_queue_folder_remove(folder_of(serve), name))
        planche_http_answer(c, &answer);
    else
        answer_absent(c);
}

/* An object that comes. */
struct putting {
    struct planche_serve *serve;
    struct planche_http_connection *c; /* NULL: the client has gone */
    struct planche_http_blob *body;
    char name[PLANCHE_QUEUE_OBJECT_NAME];
    struct planche_http_task written;
    struct planche_error error;
    enum planche_status status;
    bool ran;
};

static void end(struct putting *putting)
{
    planche_http_blob_drop(putting->body);
    free(putting);
}

static void on_gone(void *user)
{
    struct putting *putting = user;
    putting->c = NULL;
    if (putting->body == NULL) /* else it is written now */
        end(putting);
}

/* On another thread: a disk may be slow. */
static void write_object(void *user)
{
    struct putting *putting = user;
    const struct planche_http_blob *body = putting->body;
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    char sha256[2 * sizeof digest + 1];
    putting->ran = true;
    planche_digest_of(body->data, body->size, digest);
    planche_text_hex(sha256, digest, sizeof digest);
    putting->status = strncmp(sha256, putting->name, sizeof sha256 - 1) != 0
                          ? PLANCHE_ERROR_DATA
                          : planche_queue_folder_put(folder_of(putting->serve), putting->name,
                                                     body->data, body->size, &putting->error);
}

static void on_written(void *user)
{
    struct putting *putting = user;
    const struct planche_http_answer answer = {.status = 201};
    struct planche_http_connection *c = putting->c;
    if (c == NULL) {
        /* Nobody waits for the answer. */
    } else if (!putting->ran) {
        planche_serve_problem(c, 503, "the server has no memory for it now, or ends");
    } else if (putting->status == PLANCHE_OK) {
        planche_http_answer(c, &answer);
    } else if (putting->status == PLANCHE_ERROR_DATA) {
        planche_serve_problem(c, 400, "the bytes are not those that the name tells of");
    } else {
        planche_serve_problem(
            c, 507, "%s",
            planche_serve_tell(putting->serve, c, putting->status, putting->error.message));
    }
    end(putting);
}

static void on_body(void *user, struct planche_http_connection *c,
                    enum planche_http_received outcome)
{
    struct putting *putting = user;
    if (outcome == PLANCHE_HTTP_RECEIVED) {
        putting->body = planche_http_take_body(c);
        planche_pages_call(putting->serve->pages, write_object, putting, &putting->written);
        return;
    }
    if (outcome == PLANCHE_HTTP_TOO_LARGE)
        planche_serve_problem(c, 413, "an object has at most %llu bytes here (--max-bytes)",
                              (unsigned long long)putting->serve->max_bytes);
    else if (outcome == PLANCHE_HTTP_NO_ROOM)
        planche_serve_problem(c, 503, "there is no memory for the object now");
    else if (outcome == PLANCHE_HTTP_TOO_SLOW)
        planche_serve_problem(c, 408, "the object did not come in time");
    else
        planche_serve_problem(c, 400, "the chunks of the body are malformed");
    end(putting);
}

void planche_serve_put_object(struct planche_serve *serve, struct planche_http_connection *c)
{
    char text[PLANCHE_QUEUE_OBJECT_NAME];
    const char *name = read_name(serve, c, text);
    struct putting *putting = name != NULL ? calloc(1, sizeof *putting) : NULL;
    if (name == NULL)
        return;
    if (putting == NULL) {
        planche_serve_problem(c, 503, "there is no memory for the object now");
        return;
    }
    putting->serve = serve;
    putting->c = c;
    putting->written = (struct planche_http_task){.run = on_written, .user = putting};
    memcpy(putting->name, name, sizeof putting->name);
    planche_http_on_gone(c, on_gone, putting);
    planche_http_receive(c, serve->max_bytes, on_body, putting);
}
