/* SPDX-License-Identifier: MIT */
/* /v1/store. */
#include "serve/queue/store.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "http/partial.h"
#include "io/digest.h"
#include "os/clock.h"
#include "os/fd.h"
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
    const struct planche_cli_queue_options *queue = &serve->options.queue;
    const char *folder = folder_of(serve);
    struct planche_error error = {0};
    if (planche_queue_store_check(queue->store, queue->store_token != NULL, &error) != PLANCHE_OK)
        return planche_cli_usage_error("store", "%s", error.message);
    if (folder == NULL && queue->store != NULL && queue->url == NULL)
        return planche_cli_usage_error("store", "--store: without --queue a server has a folder of "
                                                "its own: give --store DIR");
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

/* A request for an object. What touches the folder runs on another thread: a disk may be slow. */
struct asking {
    struct planche_serve *serve;
    struct planche_http_connection *c; /* NULL: the client has gone */
    struct planche_http_blob *body;    /* of PUT */
    char name[PLANCHE_QUEUE_OBJECT_NAME];
    struct planche_http_task done;
    bool called; /* the other thread has it, or had */
    bool ran;
    struct planche_error error;
    enum planche_status status;
    int fd; /* of GET; -1: none */
    uint64_t size;
};

static void end(struct asking *asking)
{
    planche_fd_close(&asking->fd);
    planche_http_blob_drop(asking->body);
    free(asking);
}

static void on_gone(void *user)
{
    struct asking *asking = user;
    asking->c = NULL;
    if (!asking->called)
        end(asking);
}

/* NULL: it has been answered. */
static struct asking *begin(struct planche_serve *serve, struct planche_http_connection *c,
                            void (*done)(void *user))
{
    char text[PLANCHE_QUEUE_OBJECT_NAME];
    const char *name = read_name(serve, c, text);
    struct asking *asking = name != NULL ? calloc(1, sizeof *asking) : NULL;
    if (name != NULL && asking == NULL)
        planche_serve_problem(c, 503, "there is no memory for the object now");
    if (asking == NULL)
        return NULL;
    asking->serve = serve;
    asking->c = c;
    asking->fd = -1;
    asking->done = (struct planche_http_task){.run = done, .user = asking};
    memcpy(asking->name, name, sizeof asking->name);
    planche_http_on_gone(c, on_gone, asking);
    return asking;
}

static void call(struct asking *asking, void (*run)(void *user))
{
    asking->called = true;
    planche_pages_call(asking->serve->pages, run, asking, &asking->done);
}

/* Whether there is something to answer: somebody waits, and the other thread did its part. */
static bool can_answer(const struct asking *asking)
{
    if (asking->c != NULL && !asking->ran)
        planche_serve_problem(asking->c, 503, "the server has no memory for it now, or ends");
    return asking->c != NULL && asking->ran;
}

static void open_object(void *user)
{
    struct asking *asking = user;
    asking->ran = true;
    asking->fd = planche_queue_folder_open(folder_of(asking->serve), asking->name, &asking->size);
}

static void on_opened(void *user)
{
    struct asking *asking = user;
    struct planche_http_connection *c = asking->c;
    const struct planche_http_answer answer = {.type = "application/octet-stream",
                                               .has_file = true,
                                               .fd = asking->fd,
                                               .file_size = asking->size};
    if (can_answer(asking) && asking->fd < 0) {
        answer_absent(c);
    } else if (asking->c != NULL && asking->fd >= 0) {
        asking->fd = -1; /* the answer's now */
        planche_http_add_field(c, "Accept-Ranges", "bytes");
        planche_http_add_field(c, "Cache-Control", "no-store");
        planche_http_answer_part(c, &answer, true);
    }
    end(asking);
}

void planche_serve_get_object(struct planche_serve *serve, struct planche_http_connection *c)
{
    struct asking *asking = begin(serve, c, on_opened);
    if (asking != NULL)
        call(asking, open_object);
}

static void remove_object(void *user)
{
    struct asking *asking = user;
    asking->ran = true;
    asking->status = planche_queue_folder_remove(folder_of(asking->serve), asking->name)
                         ? PLANCHE_OK
                         : PLANCHE_ERROR_NOT_FOUND;
}

static void on_removed(void *user)
{
    struct asking *asking = user;
    const struct planche_http_answer answer = {.status = 204};
    if (can_answer(asking)) {
        if (asking->status == PLANCHE_OK)
            planche_http_answer(asking->c, &answer);
        else
            answer_absent(asking->c);
    }
    end(asking);
}

void planche_serve_remove_object(struct planche_serve *serve, struct planche_http_connection *c)
{
    struct asking *asking = begin(serve, c, on_removed);
    if (asking != NULL)
        call(asking, remove_object);
}

static void write_object(void *user)
{
    struct asking *asking = user;
    const struct planche_http_blob *body = asking->body;
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    char sha256[2 * sizeof digest + 1];
    asking->ran = true;
    planche_digest_of(body->data, body->size, digest);
    planche_text_hex(sha256, digest, sizeof digest);
    asking->status = strncmp(sha256, asking->name, sizeof sha256 - 1) != 0
                         ? PLANCHE_ERROR_DATA
                         : planche_queue_folder_put(folder_of(asking->serve), asking->name,
                                                    body->data, body->size, &asking->error);
}

static void on_written(void *user)
{
    struct asking *asking = user;
    const struct planche_http_answer answer = {.status = 201};
    struct planche_http_connection *c = asking->c;
    if (!can_answer(asking)) {
        /* Nobody waits, or it has been answered. */
    } else if (asking->status == PLANCHE_OK) {
        planche_http_answer(c, &answer);
    } else if (asking->status == PLANCHE_ERROR_DATA) {
        planche_serve_problem(c, 400, "the bytes are not those that the name tells of");
    } else {
        planche_serve_problem(
            c, 507, "%s",
            planche_serve_tell(asking->serve, c, asking->status, asking->error.message));
    }
    end(asking);
}

static void on_body(void *user, struct planche_http_connection *c,
                    enum planche_http_received outcome)
{
    struct asking *asking = user;
    if (outcome == PLANCHE_HTTP_RECEIVED) {
        asking->body = planche_http_take_body(c);
        call(asking, write_object);
        return;
    }
    if (outcome == PLANCHE_HTTP_TOO_LARGE)
        planche_serve_problem(c, 413, "an object has at most %llu bytes here (--max-bytes)",
                              (unsigned long long)asking->serve->max_bytes);
    else if (outcome == PLANCHE_HTTP_NO_ROOM)
        planche_serve_problem(c, 503, "there is no memory for the object now");
    else if (outcome == PLANCHE_HTTP_TOO_SLOW)
        planche_serve_problem(c, 408, "the object did not come in time");
    else
        planche_serve_problem(c, 400, "the chunks of the body are malformed");
    end(asking);
}

void planche_serve_put_object(struct planche_serve *serve, struct planche_http_connection *c)
{
    struct asking *asking = begin(serve, c, on_written);
    if (asking != NULL)
        planche_http_receive(c, serve->max_bytes, on_body, asking);
}

static void sweep(void *user)
{
    const struct planche_serve *serve = user;
    planche_queue_folder_sweep(folder_of(serve), PLANCHE_QUEUE_STORE_AGE_S);
}

static void on_swept(void *user)
{
    struct planche_serve *serve = user;
    planche_http_timer_set(serve->loop, &serve->sweep, planche_clock_ns() + PLANCHE_QUEUE_SWEEP_NS);
}

static void on_sweep(void *user)
{
    struct planche_serve *serve = user;
    planche_pages_call(serve->pages, sweep, serve, &serve->swept);
}

void planche_serve_begin_sweeps(struct planche_serve *serve)
{
    serve->sweep = (struct planche_http_timer){.fire = on_sweep, .user = serve};
    serve->swept = (struct planche_http_task){.run = on_swept, .user = serve};
    if (folder_of(serve) != NULL)
        on_sweep(serve);
}
