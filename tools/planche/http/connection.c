/* SPDX-License-Identifier: MIT */
/* Connection: bytes in, requests one after the other, bytes out.
 *
 * A connection's own code runs in planche_http_connection_kick alone. Handlers that it calls change
 * the state and return; what follows from that happens in the loop there, so that a thousand
 * pipelined requests take no deeper stack than one. */
#include "http/connection.h"

#include "http/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_BUFFER 4096
#define BODY_BUFFER  65536
#define MAX_LINGER   (1 << 20)
#define LINGER_NS    INT64_C(2000000000)

static int64_t now(const struct planche_http_connection *c)
{
    return planche_http_loop_now(c->settings->loop);
}

static void set_timer(struct planche_http_connection *c, int64_t after)
{
    planche_http_timer_set(c->settings->loop, &c->timer, now(c) + after);
}

/* Room for at least one byte behind what is there. False: no memory, or the limit. */
static bool make_room(struct planche_http_connection *c, size_t most)
{
    if (c->first > 0) {
        memmove(c->buffer, c->buffer + c->first, c->end - c->first);
        c->end -= c->first;
        c->first = 0;
    }
    if (c->end < c->capacity)
        return true;
    size_t wanted = c->capacity == 0 ? FIRST_BUFFER : 2 * c->capacity;
    if (wanted > most)
        return false;
    char *larger = realloc(c->buffer, wanted);
    if (larger == NULL)
        return false;
    c->buffer = larger;
    c->capacity = wanted;
    return true;
}

/* An idle connection holds no buffer. */
static void drop_empty_buffer(struct planche_http_connection *c)
{
    if (c->first != c->end)
        return;
    free(c->buffer);
    c->buffer = NULL;
    c->first = c->end = c->capacity = 0;
}

/* Reads what there is; 0: nothing now, or nothing ever again. */
static size_t read_into(struct planche_http_connection *c, char *data, size_t size)
{
    ssize_t got;
    do
        got = recv(c->watch.fd, data, size, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    c->ended = got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
    return got > 0 ? (size_t)got : 0;
}

/* Reads what there is into the buffer. False: nothing more now. */
static bool read_some(struct planche_http_connection *c)
{
    size_t most = c->input == PLANCHE_HTTP_INPUT_HEAD ? PLANCHE_HTTP_MAX_HEAD : BODY_BUFFER;
    if (c->ended || !make_room(c, most))
        return false;
    size_t got = read_into(c, c->buffer + c->end, c->capacity - c->end);
    c->end += got;
    if (got == 0 && !c->ended)
        drop_empty_buffer(c);
    return got > 0;
}

/* Forgets the exchange, for the next one. */
static void end_exchange(struct planche_http_connection *c)
{
    if (c->head_text != NULL || c->status != 0)
        c->settings->finished(c->settings->user, c);
    free(c->head_text);
    c->head_text = NULL;
    for (int i = 0; i < 2; i++) {
        if (c->pipe[i] > 0)
            close(c->pipe[i]);
        c->pipe[i] = 0;
    }
    planche_http_budget_leave(c->settings->budget, &c->room);
    planche_http_blob_drop(c->body);
    c->body = NULL;
    c->take = NULL;
    c->place_body = NULL;
    c->fail = NULL;
    c->stream = NULL;
    c->gone = NULL;
    c->drained = NULL;
    c->route = "";
    *c->reason = 0;
    *c->id = 0;
    c->answered = c->streaming = c->out_chunked = c->continues = c->half_closed = false;
    c->status = 0;
    c->extra_size = 0;
    c->patience_ns = 0;
    c->bytes_in = c->bytes_out = 0;
    c->seen = 0;
    memset(&c->chunked, 0, sizeof c->chunked);
}

static void destroy(struct planche_http_connection *c)
{
    void (*gone)(void *user) = c->answered ? NULL : c->gone;
    c->busy = true; /* what they call changes nothing any more */
    if (gone != NULL)
        gone(c->gone_user);
    end_exchange(c);
    planche_http_timer_stop(&c->timer);
    planche_http_loop_unwatch(c->settings->loop, &c->watch);
    if (c->watch.fd >= 0)
        close(c->watch.fd);
    planche_http_output_clear(&c->out);
    free(c->buffer);
    c->settings->closed(c->settings->user, c);
    free(c);
}

void planche_http_connection_close(struct planche_http_connection *c)
{
    c->closing = true;
    planche_http_connection_kick(c);
}

static void number(struct planche_http_connection *c)
{
    static uint64_t numbers;
    c->began = now(c);
    c->number = ++numbers;
}

/* Something is wrong before or within a request: it gets a status, and nothing follows it. */
static void refuse(struct planche_http_connection *c, unsigned status)
{
    c->closes = true;
    c->input = PLANCHE_HTTP_INPUT_UNREAD;
    c->head.method = c->head.target = ""; /* whatever was found of them */
    c->head.path_length = c->head.count = 0;
    if (c->head_text == NULL)
        number(c);
    planche_http_timer_stop(&c->timer);
    c->settings->refuse(c->settings->user, c, status);
}

void planche_http_connection_refuse(struct planche_http_connection *c, unsigned status)
{
    bool busy = planche_http_connection_enter(c);
    refuse(c, status);
    planche_http_connection_leave(c, busy);
}

/* A head is complete: it moves out of the buffer, where its body and other requests follow. */
static void begin_exchange(struct planche_http_connection *c, size_t size)
{
    c->head_text = malloc(size + 1);
    if (c->head_text == NULL) {
        c->closing = true;
        return;
    }
    memcpy(c->head_text, c->buffer + c->first, size);
    c->head_size = size;
    c->first += size;
    number(c);
    planche_http_timer_stop(&c->timer);
    unsigned status = planche_http_head_parse(c->head_text, size, &c->head);
    if (status != 0) {
        refuse(c, status);
        return;
    }
    c->closes = c->closes || !c->head.keep_alive;
    c->left = c->head.length;
    bool whole = !c->head.chunked && c->head.length == 0;
    c->input = whole ? PLANCHE_HTTP_INPUT_DONE : PLANCHE_HTTP_INPUT_UNREAD;
    c->settings->request(c->settings->user, c);
}

/* Whether a request can begin with a byte: no method does with another. Who sends something else,
 * as TLS, waits for an answer before it sends a line's end. */
static bool can_begin(char byte)
{
    const char method[] = {byte, 0};
    return byte == '\r' || planche_http_is_token(method);
}

/* Looks for a head in the buffer. False: more has to come. */
static bool take_head(struct planche_http_connection *c)
{
    while (c->end - c->first >= 2 && memcmp(c->buffer + c->first, "\r\n", 2) == 0) {
        c->first += 2; /* some clients send an empty line after a body */
        c->seen = 0;
    }
    if (c->seen == 0 && c->end > c->first && !can_begin(c->buffer[c->first])) {
        refuse(c, 400);
        return true;
    }
    size_t size = planche_http_head_end(c->buffer + c->first, c->end - c->first, &c->seen);
    if (size > 0) {
        begin_exchange(c, size);
        return true;
    }
    if (c->end - c->first >= PLANCHE_HTTP_MAX_HEAD) {
        refuse(c, 431);
        return true;
    }
    return false;
}

static bool read_head(struct planche_http_connection *c)
{
    if (c->first < c->end && take_head(c))
        return true;
    bool fresh = c->first == c->end;
    if (read_some(c)) {
        if (fresh)
            set_timer(c, c->settings->head_ns);
        return true;
    }
    if (c->ended || c->end - c->first >= PLANCHE_HTTP_MAX_HEAD)
        c->closing = true;
    return c->closing;
}

/* Hands a piece of the body to its receiver. */
static void give_piece(struct planche_http_connection *c, const char *data, size_t size)
{
    c->bytes_in += size;
    c->stalled += size;
    c->take(c, data, size);
}

static void take_plain(struct planche_http_connection *c)
{
    size_t size = c->end - c->first;
    size = size < c->left ? size : (size_t)c->left;
    const char *data = c->buffer + c->first;
    c->first += size;
    c->left -= size;
    if (size > 0)
        give_piece(c, data, size);
}

static void take_chunks(struct planche_http_connection *c)
{
    const char *piece = NULL;
    size_t size;
    c->first += planche_http_chunked_take(&c->chunked, c->buffer + c->first, c->end - c->first,
                                          &piece, &size);
    bool within = c->chunked.state == PLANCHE_HTTP_CHUNK_DATA;
    if (c->chunked.state == PLANCHE_HTTP_CHUNK_BROKEN)
        c->fail(c, PLANCHE_HTTP_MALFORMED);
    else if (within && c->chunked.left > c->body_limit - c->bytes_in - size)
        c->fail(c, PLANCHE_HTTP_TOO_LARGE); /* what the chunk says decides, before it comes */
    else if (size > 0)
        give_piece(c, piece, size);
}

/* Reads a piece of the body to where it belongs. False: nothing more now. */
static bool read_directly(struct planche_http_connection *c)
{
    size_t size = c->left < SIZE_MAX ? (size_t)c->left : SIZE_MAX;
    char *data = c->place_body(c, &size);
    size_t got = c->ended ? 0 : read_into(c, data, size);
    c->left -= got;
    if (got > 0)
        give_piece(c, data, got);
    return got > 0;
}

static bool body_is_whole(const struct planche_http_connection *c)
{
    return c->head.chunked ? c->chunked.state == PLANCHE_HTTP_CHUNK_DONE : c->left == 0;
}

static bool read_body(struct planche_http_connection *c)
{
    if (body_is_whole(c)) {
        c->input = PLANCHE_HTTP_INPUT_DONE;
        planche_http_timer_stop(&c->timer);
        c->take(c, NULL, 0);
        return true;
    }
    bool direct = c->first == c->end && !c->head.chunked && c->place_body != NULL;
    if (direct ? !read_directly(c) : c->first == c->end && !read_some(c)) {
        c->closing = c->ended;
        return c->closing;
    }
    if (direct)
        return true;
    if (c->head.chunked)
        take_chunks(c);
    else
        take_plain(c);
    return true;
}

/* Drops what comes, so that the other side reads the answer: closing with bytes unread would tell
 * it that the connection is broken. */
static bool linger(struct planche_http_connection *c)
{
    c->left += c->end - c->first;
    c->first = c->end = 0;
    if (c->left > MAX_LINGER || c->ended || (!read_some(c) && c->ended))
        c->closing = true;
    return c->closing || c->end > c->first;
}

static void begin_linger(struct planche_http_connection *c)
{
    c->input = PLANCHE_HTTP_INPUT_LINGER;
    c->left = 0;
    shutdown(c->watch.fd, SHUT_WR);
    set_timer(c, LINGER_NS);
}

/* The answer is written. */
static void finish(struct planche_http_connection *c)
{
    bool whole = c->input == PLANCHE_HTTP_INPUT_DONE;
    bool closes = c->closes || !whole;
    end_exchange(c);
    if (closes && whole && c->first == c->end) {
        c->closing = true;
    } else if (closes) {
        begin_linger(c);
    } else {
        c->input = PLANCHE_HTTP_INPUT_HEAD;
        set_timer(c, c->first == c->end ? c->settings->idle_ns : c->settings->head_ns);
    }
}

/* Writes what there is. False: the other side is gone, or the socket takes no more. */
static bool write_some(struct planche_http_connection *c)
{
    bool blocked = (c->watched & EPOLLOUT) != 0;
    int64_t written = planche_http_output_flush(&c->out, c->watch.fd);
    if (written < 0) {
        c->closing = true;
        return false;
    }
    c->stalled += (uint64_t)written;
    if (c->out.size > 0 && (!blocked || c->stalled >= PLANCHE_HTTP_STALL_BYTES)) {
        c->stalled = 0;
        set_timer(c, c->patience_ns != 0 ? c->patience_ns : c->settings->stall_ns);
    }
    return c->out.size == 0;
}

/* Something was written, and there is room for more of a streamed answer. */
static bool refill(struct planche_http_connection *c)
{
    void (*drained)(void *user) = c->drained;
    c->drained = NULL;
    planche_http_timer_stop(&c->timer);
    if (drained != NULL)
        drained(c->drained_user);
    return drained != NULL;
}

/* One step. False: nothing can be done until something happens. */
static bool step(struct planche_http_connection *c)
{
    if (c->out.size > 0)
        return write_some(c);
    if (c->answered) {
        finish(c);
        return true;
    }
    if (c->streaming && refill(c))
        return true;
    switch (c->input) {
    case PLANCHE_HTTP_INPUT_HEAD:
        return read_head(c);
    case PLANCHE_HTTP_INPUT_BODY:
        return read_body(c);
    case PLANCHE_HTTP_INPUT_LINGER:
        return linger(c);
    default:
        return false;
    }
}

/* What to wait for. While a handler thinks, only whether the client leaves: it sends no more. Of a
 * body that is paused there may be bytes before that. */
static uint32_t find_events(const struct planche_http_connection *c)
{
    uint32_t events = c->out.size > 0 ? EPOLLOUT : 0;
    bool reads = c->input == PLANCHE_HTTP_INPUT_HEAD || c->input == PLANCHE_HTTP_INPUT_BODY ||
                 c->input == PLANCHE_HTTP_INPUT_LINGER;
    if (c->out.size == 0 && reads)
        events |= EPOLLIN;
    else if (!c->answered && !reads && !c->half_closed && c->input != PLANCHE_HTTP_INPUT_PAUSED)
        events |= EPOLLRDHUP;
    return events;
}

static void watch(struct planche_http_connection *c)
{
    uint32_t events = find_events(c);
    if (c->closing || events == c->watched)
        return;
    c->watched = events;
    c->closing = !planche_http_loop_watch(c->settings->loop, &c->watch, events);
}

void planche_http_connection_kick(struct planche_http_connection *c)
{
    if (c->busy)
        return;
    c->busy = true;
    while (!c->closing && step(c))
        ;
    c->busy = false;
    watch(c);
    if (c->closing)
        destroy(c);
}

bool planche_http_connection_enter(struct planche_http_connection *c)
{
    bool busy = c->busy;
    c->busy = true;
    return busy;
}

void planche_http_connection_leave(struct planche_http_connection *c, bool busy)
{
    c->busy = busy;
    planche_http_connection_kick(c);
}

uint64_t planche_http_connection_push(struct planche_http_connection *c)
{
    if (c->busy || c->out.size == 0)
        return c->out.size;
    write_some(c);
    watch(c);
    if (c->closing)
        set_timer(c, 0);
    return c->out.size;
}

static void on_ready(void *user, uint32_t events)
{
    struct planche_http_connection *c = user;
    bool waits = (c->watched & (EPOLLIN | EPOLLOUT)) == 0;
    const uint32_t gone = EPOLLHUP | (c->half_closed ? 0 : EPOLLRDHUP);
    if ((events & EPOLLERR) != 0 || (waits && (events & gone) != 0))
        c->closing = true;
    planche_http_connection_kick(c);
}

/* A body is late as a whole, or too little of it has come since the timer was set. */
static void check_body(struct planche_http_connection *c)
{
    if (now(c) >= c->body_end || c->stalled < PLANCHE_HTTP_STALL_BYTES) {
        c->fail(c, PLANCHE_HTTP_TOO_SLOW);
        return;
    }
    c->stalled = 0;
    set_timer(c, c->settings->stall_ns);
}

static void on_time(void *user)
{
    struct planche_http_connection *c = user;
    bool in_head = c->input == PLANCHE_HTTP_INPUT_HEAD && c->first < c->end;
    c->busy = true; /* who is told may answer: it is kicked below */
    if (c->closing) /* found out by planche_http_connection_push */
        ;
    else if (c->out.size == 0 && in_head)
        refuse(c, 408);
    else if (c->waiting != NULL)
        refuse(c, 503);
    else if (c->out.size == 0 && c->input == PLANCHE_HTTP_INPUT_BODY)
        check_body(c);
    else if (c->out.size == 0 && c->input == PLANCHE_HTTP_INPUT_PAUSED && c->fail != NULL)
        c->fail(c, PLANCHE_HTTP_NO_ROOM);
    else
        c->closing = true;
    c->busy = false;
    planche_http_connection_kick(c);
}

struct planche_http_connection *
planche_http_connection_open(const struct planche_http_settings *settings, int fd,
                             enum planche_http_place place, const char *peer)
{
    struct planche_http_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->settings = settings;
    c->place = place;
    c->route = "";
    *c->reason = 0;
    strncpy(c->peer, peer, sizeof c->peer - 1);
    c->watch = (struct planche_http_watch){fd, on_ready, c, false};
    c->watched = EPOLLIN;
    c->timer = (struct planche_http_timer){.fire = on_time, .user = c};
    if (!planche_http_loop_watch(settings->loop, &c->watch, EPOLLIN)) {
        free(c);
        return NULL;
    }
    set_timer(c, settings->head_ns);
    return c;
}

bool planche_http_connection_is_idle(const struct planche_http_connection *c)
{
    return c->input == PLANCHE_HTTP_INPUT_HEAD && c->first == c->end && c->out.size == 0;
}

bool planche_http_connection_began_with(const struct planche_http_connection *c, const char *text)
{
    const char *came = c->head_text != NULL ? c->head_text : c->buffer + c->first;
    size_t length = strlen(text), size = c->head_text != NULL ? c->head_size : c->end - c->first;
    for (size_t i = 0; i < length && i < size; i++) {
        /* Parsing has cut the head into strings. */
        if (came[i] != text[i] && (came[i] != 0 || text[i] != ' '))
            return false;
    }
    return size >= length;
}

int planche_http_connection_give(struct planche_http_connection *c, char **data, size_t *size)
{
    int fd = c->watch.fd;
    *size = c->end - c->first;
    *data = NULL;
    if (*size > 0) {
        memmove(c->buffer, c->buffer + c->first, *size);
        *data = c->buffer;
        c->buffer = NULL;
        c->first = c->end = c->capacity = 0;
    }
    planche_http_loop_unwatch(c->settings->loop, &c->watch);
    c->watch.fd = -1;
    c->answered = true; /* nobody is to be told that the client is gone */
    c->closing = true;
    planche_http_connection_kick(c);
    return fd;
}
