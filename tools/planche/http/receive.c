/* SPDX-License-Identifier: MIT */
/* Bodies of requests. A body with a length has all its room before its first byte is read, so that
 * bodies that are half there cannot wait for each other; chunks have to ask for more as they come,
 * and give up if there is none for a while. */
#include "http/receive.h"

#include <stdlib.h>
#include <string.h>

#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define PIECE    65536 /* most bytes that come at once */

static void start_timer(struct planche_http_connection *c, int64_t after)
{
    planche_http_timer_set(c->settings->loop, &c->timer,
                           planche_http_loop_now(c->settings->loop) + after);
}

/* The receiver is told, once. */
static void report(struct planche_http_connection *c, enum planche_http_received outcome)
{
    void (*receiver)(void *user, struct planche_http_connection *connection,
                     enum planche_http_received outcome) = c->receiver;
    c->receiver = NULL;
    c->fail = NULL;
    if (outcome != PLANCHE_HTTP_RECEIVED) {
        planche_http_budget_leave(c->settings->budget, &c->room);
        planche_http_timer_stop(&c->timer);
        planche_http_blob_drop(c->body);
        c->body = NULL;
        c->input = PLANCHE_HTTP_INPUT_UNREAD;
    }
    if (receiver != NULL)
        receiver(c->receiver_user, c, outcome);
}

/* Reading begins, or goes on. */
static void read_on(struct planche_http_connection *c)
{
    bool wants = c->head.expects_continue && !c->continues && c->end == c->first;
    c->continues = true; /* whoever has sent a part of it waits no more */
    if (wants && !c->streaming && !c->answered)
        planche_http_output_copy(&c->out, CONTINUE, strlen(CONTINUE));
    c->input = PLANCHE_HTTP_INPUT_BODY;
    c->stalled = 0;
    start_timer(c, c->settings->stall_ns);
}

/* Makes the body's memory larger; the room for it has been taken. */
static bool enlarge(struct planche_http_connection *c, size_t capacity)
{
    struct planche_http_blob *body = c->body;
    size_t there;
    char *data = body->data == NULL
                     ? planche_http_budget_allocate(c->settings->budget, capacity, &there)
                     : realloc(body->data, capacity);
    if (data == NULL) {
        planche_http_budget_release(c->settings->budget, capacity - c->body_capacity);
        return false;
    }
    body->capacity = body->data == NULL ? there : capacity;
    body->data = data;
    body->charge = capacity;
    c->body_capacity = capacity;
    return true;
}

static void go_on(struct planche_http_connection *c, size_t capacity)
{
    if (enlarge(c, capacity))
        read_on(c);
    else
        report(c, PLANCHE_HTTP_NO_ROOM);
}

static void on_room(void *user)
{
    struct planche_http_connection *c = user;
    bool busy = planche_http_connection_enter(c);
    go_on(c, c->body_capacity + (size_t)c->room.bytes);
    planche_http_connection_leave(c, busy);
}

/* Takes room for so many bytes in all, or waits for it. */
static void ask_for(struct planche_http_connection *c, size_t capacity)
{
    struct planche_http_budget *budget = c->settings->budget;
    uint64_t more = capacity - c->body_capacity;
    if (capacity > budget->limit) {
        report(c, PLANCHE_HTTP_NO_ROOM);
    } else if (planche_http_budget_try(budget, more)) {
        go_on(c, capacity);
    } else {
        c->input = PLANCHE_HTTP_INPUT_PAUSED;
        c->room.granted = on_room;
        c->room.user = c;
        planche_http_budget_wait(budget, &c->room, more);
        start_timer(c, c->settings->room_ns);
    }
}

/* Chunks leave memory over, which goes back. */
static void keep_whole(struct planche_http_connection *c)
{
    struct planche_http_blob *body = c->body;
    size_t spare = c->body_capacity - body->size;
    char *data = spare > 0 && body->size > 0 ? realloc(body->data, body->size) : NULL;
    if (data != NULL) {
        body->data = data;
        body->capacity = body->size;
        body->charge -= spare;
        planche_http_budget_release(c->settings->budget, spare);
    }
    report(c, PLANCHE_HTTP_RECEIVED);
}

static void keep(struct planche_http_connection *c, const char *data, size_t size)
{
    struct planche_http_blob *body = c->body;
    /* A piece beyond the limit ends it. */
    const size_t most = c->body_limit < SIZE_MAX - PIECE ? (size_t)c->body_limit + PIECE : SIZE_MAX;
    if (size == 0) {
        keep_whole(c);
        return;
    }
    if (size > c->body_limit - body->size) {
        report(c, PLANCHE_HTTP_TOO_LARGE);
        return;
    }
    if (data != body->data + body->size) /* else it was read to where it belongs */
        memcpy(body->data + body->size, data, size);
    body->size += size;
    if (c->head.chunked && c->body_capacity - body->size < PIECE)
        ask_for(c, 2 * c->body_capacity < most ? 2 * c->body_capacity : most);
}

/* All of the body has room, or will have before more is read. */
static char *place(struct planche_http_connection *c, size_t *size)
{
    size_t room = c->body_capacity - c->body->size;
    *size = *size < room ? *size : room;
    return c->body->data + c->body->size;
}

void planche_http_receive(struct planche_http_connection *c, uint64_t limit,
                          void (*receiver)(void *user, struct planche_http_connection *connection,
                                           enum planche_http_received outcome),
                          void *user)
{
    bool busy = planche_http_connection_enter(c);
    c->receiver = receiver;
    c->receiver_user = user;
    c->body_limit = limit;
    c->body_capacity = 0;
    c->take = keep;
    c->place_body = place;
    c->fail = report;
    c->body_end = planche_http_loop_now(c->settings->loop) + c->settings->body_ns;
    c->body = planche_http_blob_create(NULL, 0, free, NULL, c->settings->budget, 0);
    if (c->body == NULL)
        report(c, PLANCHE_HTTP_NO_ROOM);
    else if (!c->head.chunked && c->head.length > limit)
        report(c, PLANCHE_HTTP_TOO_LARGE);
    else if (c->input == PLANCHE_HTTP_INPUT_DONE)
        report(c, PLANCHE_HTTP_RECEIVED);
    else
        ask_for(c, c->head.chunked ? (size_t)2 * PIECE : (size_t)c->head.length);
    planche_http_connection_leave(c, busy);
}

struct planche_http_blob *planche_http_take_body(struct planche_http_connection *c)
{
    struct planche_http_blob *body = c->body;
    c->body = NULL;
    return body;
}

static void pass_on(struct planche_http_connection *c, const char *data, size_t size)
{
    c->stream(c->receiver_user, c, data, size);
}

void planche_http_stream(struct planche_http_connection *c,
                         void (*stream)(void *user, struct planche_http_connection *connection,
                                        const char *data, size_t size),
                         void (*failed)(void *user, struct planche_http_connection *connection,
                                        enum planche_http_received why),
                         void *user)
{
    bool busy = planche_http_connection_enter(c);
    c->receiver = failed;
    c->receiver_user = user;
    c->stream = stream;
    c->take = pass_on;
    c->place_body = NULL;
    c->fail = report;
    c->body_end = INT64_MAX;
    c->body_limit = UINT64_MAX;
    if (c->input == PLANCHE_HTTP_INPUT_DONE)
        stream(user, c, NULL, 0);
    else
        read_on(c);
    planche_http_connection_leave(c, busy);
}

void planche_http_pause(struct planche_http_connection *c)
{
    if (c->input != PLANCHE_HTTP_INPUT_BODY)
        return;
    c->input = PLANCHE_HTTP_INPUT_PAUSED;
    planche_http_timer_stop(&c->timer);
    planche_http_connection_kick(c);
}

void planche_http_resume(struct planche_http_connection *c)
{
    if (c->input != PLANCHE_HTTP_INPUT_PAUSED)
        return;
    read_on(c);
    planche_http_connection_kick(c);
}
