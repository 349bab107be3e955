/* SPDX-License-Identifier: MIT */
/* GET /v1/books/ID/events. Each event says all that is known, so a client that is slow, or comes
 * again, is told what is now, and nothing has to be kept for it. */
#include "serve/book_events.h"

#include "cli/json.h"
#include "os/clock.h"
#include "serve/book_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEARTBEAT_NS INT64_C(15000000000) /* shorter than the patience of proxies */
#define EVENT_ID     48
#define LAST         "end" /* the id of an event after which there is none */

struct planche_serve_stream {
    struct planche_serve *serve;
    struct planche_http_connection *c;
    struct planche_books_book *book;
    struct planche_books_watcher watcher;
    struct planche_serve_stream *next, **link;
    uint64_t told; /* revision that was told last */
    bool slow;     /* what was written last is not read yet */
};

static void make_id(const struct planche_serve *serve, const struct planche_books_book *book,
                    char id[EVENT_ID])
{
    if (planche_serve_book_is_over(book->state))
        snprintf(id, EVENT_ID, LAST);
    else
        snprintf(id, EVENT_ID, "%llx-%llu", (unsigned long long)serve->started,
                 (unsigned long long)book->revision);
}

static void free_stream(struct planche_serve_stream *stream)
{
    struct planche_serve *serve = stream->serve;
    planche_books_unwatch(&stream->watcher);
    if (serve->next_beat == stream)
        serve->next_beat = stream->next;
    *stream->link = stream->next;
    if (stream->next != NULL)
        stream->next->link = stream->link;
    if (serve->streams == NULL)
        planche_http_timer_stop(&serve->heartbeat);
    free(stream);
}

static void on_gone(void *user)
{
    free_stream(user);
}

static void end_stream(struct planche_serve_stream *stream)
{
    struct planche_http_connection *c = stream->c;
    free_stream(stream);
    planche_http_end(c);
}

static void on_drained(void *user);

static void write_text(struct planche_serve_stream *stream, const char *text)
{
    if (planche_http_write(stream->c, text, strlen(text)) > 0) {
        stream->slow = true;
        planche_http_on_drained(stream->c, on_drained, stream);
    }
}

static char *make_event(struct planche_serve_stream *stream)
{
    const struct planche_books_book *book = stream->book;
    char id[EVENT_ID], *text = NULL;
    char *line = planche_cli_json_line(planche_serve_book_json(stream->serve, book));
    bool over = planche_serve_book_is_over(book->state);
    make_id(stream->serve, book, id);
    if (line != NULL &&
        asprintf(&text, "id: %s\nevent: %s\ndata: %s\n", id,
                 over ? planche_serve_book_state(book->state) : "progress", line) < 0)
        text = NULL;
    free(line);
    return text;
}

/* Tells what is now, unless the client is behind: then it is told when it has read the last. */
static void tell(struct planche_serve_stream *stream)
{
    const struct planche_books_book *book = stream->book;
    bool over = planche_serve_book_is_over(book->state), ends = over || stream->serve->draining;
    if (stream->slow)
        return;
    char *text = stream->told != book->revision || over ? make_event(stream) : NULL;
    stream->told = book->revision;
    if (text != NULL && !ends)
        write_text(stream, text);
    else if (text != NULL)
        planche_http_write(stream->c, text, strlen(text));
    free(text);
    if (ends)
        end_stream(stream);
}

static void on_drained(void *user)
{
    struct planche_serve_stream *stream = user;
    stream->slow = false;
    if (stream->told != stream->book->revision || stream->serve->draining)
        tell(stream);
}

/* When a stream that is behind could be told, the book is no more: it is told now, and ends. */
static void on_change(void *user)
{
    struct planche_serve_stream *stream = user;
    bool over = planche_serve_book_is_over(stream->book->state);
    if (stream->slow && (over || stream->serve->draining)) {
        stream->slow = false;
        planche_http_on_drained(stream->c, NULL, NULL);
    }
    tell(stream);
}

static void on_heartbeat(void *user)
{
    struct planche_serve *serve = user;
    struct planche_serve_stream *at;
    serve->next_beat = serve->streams;
    while ((at = serve->next_beat) != NULL) {
        serve->next_beat = at->next;
        if (!at->slow)
            write_text(at, ":\n\n");
    }
    planche_http_timer_set(serve->loop, &serve->heartbeat, planche_clock_ns() + HEARTBEAT_NS);
}

static void link_stream(struct planche_serve *serve, struct planche_serve_stream *stream)
{
    stream->next = serve->streams;
    stream->link = &serve->streams;
    if (stream->next != NULL)
        stream->next->link = &stream->next;
    serve->streams = stream;
    serve->heartbeat = (struct planche_http_timer){.fire = on_heartbeat,
                                                   .user = serve,
                                                   .next = serve->heartbeat.next,
                                                   .link = serve->heartbeat.link,
                                                   .at = serve->heartbeat.at};
    if (stream->next == NULL)
        planche_http_timer_set(serve->loop, &serve->heartbeat, planche_clock_ns() + HEARTBEAT_NS);
}

void planche_serve_book_events(struct planche_serve *serve, struct planche_http_connection *c)
{
    struct planche_books_book *book = planche_serve_find_book(serve, c);
    const char *last = planche_http_head_field(&c->head, "last-event-id");
    const struct planche_http_answer nothing = {.status = 204};
    char id[EVENT_ID];
    if (book == NULL)
        return;
    make_id(serve, book, id);
    bool known = last != NULL && strcmp(last, id) == 0;
    bool head = strcmp(c->head.method, "HEAD") == 0;
    struct planche_serve_stream *stream = head ? NULL : calloc(1, sizeof *stream);
    if (head) {
        planche_http_begin(c, 200, "text/event-stream", -1);
        planche_http_end(c);
        return;
    }
    if (stream == NULL || (known && planche_serve_book_is_over(book->state))) {
        free(stream);
        planche_http_answer(c, &nothing); /* tells browsers not to come again */
        return;
    }
    *stream = (struct planche_serve_stream){.serve = serve, .c = c, .book = book};
    stream->watcher = (struct planche_books_watcher){.changed = on_change, .user = stream};
    stream->told = known ? book->revision : book->revision - 1;
    link_stream(serve, stream);
    planche_books_watch(book, &stream->watcher);
    planche_http_on_gone(c, on_gone, stream);
    planche_http_add_field(c, "Cache-Control", "no-cache, no-transform");
    planche_http_add_field(c, "X-Accel-Buffering", "no");
    planche_http_begin(c, 200, "text/event-stream", -1);
    planche_http_write(c, "retry: 3000\n\n", 13);
    tell(stream);
}
