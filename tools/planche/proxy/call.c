/* SPDX-License-Identifier: MIT */
/* Call: one request to the upstream and its answer.
 *
 * A link is a connection to the upstream; it has one call at a time, or none and is kept for the
 * next one. Receivers may cancel the call that calls them, and so a link looks at its call anew
 * after each; links are freed in the loop's next turn. */
#include "proxy/call.h"

#include "base/alloc.h"
#include "http/chunked.h"
#include "metrics/metrics.h"
#include "os/clock.h"
#include "proxy/upstream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BUFFER     65536                /* bytes that are read at once; heads must fit */
#define LONG_BODY  (256 << 10)          /* bytes, from which moving them pays */
#define TURNS      16                   /* reads before others have their turn */
#define CONNECT_NS INT64_C(5000000000)  /* for each address */
#define IDLE_NS    INT64_C(15000000000) /* Komga's server closes after 20 seconds */

struct planche_proxy_link {
    struct planche_proxy_upstream *upstream;
    struct planche_proxy_call *call;          /* NULL: it is idle, or about to be freed */
    struct planche_proxy_link *next, **place; /* of the idle or busy ones */
    struct planche_http_watch watch;
    struct planche_http_timer timer, turn;
    unsigned address; /* that is tried next */
    bool idle, connecting, reused, in_body, until_close, closing;
    uint32_t watched;
    char *buffer; /* what was read and not used: buffer[first..end) */
    size_t first, end, seen;
    uint64_t left;
    struct planche_http_chunked chunked;
    bool is_chunked, keep_alive;
    bool unwatched; /* the system refuses to watch the socket */
    bool copies;    /* its body is read and written */
    struct planche_http_output out;
};

static const char *const failures[PLANCHE_PROXY_FAILURES] = {
    [PLANCHE_PROXY_UNREACHABLE] = "unreachable",
    [PLANCHE_PROXY_TIMEOUT] = "timeout",
    [PLANCHE_PROXY_CUT] = "cut",
    [PLANCHE_PROXY_MALFORMED] = "malformed"};

static void put_in(struct planche_proxy_link *link, bool idle)
{
    struct planche_proxy_upstream *upstream = link->upstream;
    struct planche_proxy_link **list = idle ? &upstream->idle : &upstream->busy;
    link->idle = idle;
    link->next = *list;
    link->place = list;
    if (link->next != NULL)
        link->next->place = &link->next;
    *list = link;
    (*(idle ? &upstream->idle_count : &upstream->busy_count))++;
}

static void take_out(struct planche_proxy_link *link)
{
    struct planche_proxy_upstream *upstream = link->upstream;
    if (link->place == NULL)
        return;
    *link->place = link->next;
    if (link->next != NULL)
        link->next->place = link->place;
    link->place = NULL;
    (*(link->idle ? &upstream->idle_count : &upstream->busy_count))--;
}

static void set_timer(struct planche_proxy_link *link, int64_t after)
{
    planche_http_timer_set(link->upstream->loop, &link->timer, planche_clock_ns() + after);
}

/* While an answer is waited for; pieces of one that has begun may have any pause, if it is endless.
 */
static void wait_for_bytes(struct planche_proxy_link *link)
{
    if (link->call->endless && link->in_body)
        planche_http_timer_stop(&link->timer);
    else
        set_timer(link, link->upstream->wait_ns);
}

static void close_socket(struct planche_proxy_link *link)
{
    planche_http_loop_unwatch(link->upstream->loop, &link->watch);
    if (link->watch.fd >= 0)
        close(link->watch.fd);
    link->watch.fd = -1;
}

static void free_buffer(struct planche_proxy_link *link)
{
    free(link->buffer);
    link->buffer = NULL;
    link->first = link->end = link->seen = 0;
}

static void free_closed(void *user)
{
    struct planche_proxy_upstream *upstream = user;
    struct planche_proxy_link *link;
    while ((link = upstream->closed) != NULL) {
        upstream->closed = link->next;
        planche_http_output_clear(&link->out);
        free_buffer(link);
        free(link);
    }
}

/* It has no call any more. Its memory stays until the loop's next turn: its own code may be running
 * further up. */
static void close_link(struct planche_proxy_link *link)
{
    struct planche_proxy_upstream *upstream = link->upstream;
    if (link->closing)
        return;
    link->closing = true;
    take_out(link);
    close_socket(link);
    planche_http_timer_stop(&link->timer);
    planche_http_timer_stop(&link->turn);
    link->next = upstream->closed;
    upstream->closed = link;
    upstream->free_closed.fire = free_closed;
    upstream->free_closed.user = upstream;
    planche_http_timer_set(upstream->loop, &upstream->free_closed, 0);
}

/* What the link waits for. A paused one waits for errors alone. */
static void watch(struct planche_proxy_link *link)
{
    const struct planche_proxy_call *call = link->call;
    uint32_t events = link->connecting || link->out.size > 0 ? EPOLLOUT : 0;
    if (link->closing)
        return;
    if (call == NULL)
        events = EPOLLIN | EPOLLRDHUP;
    else if (!link->connecting && !call->paused)
        events |= EPOLLIN;
    if (link->watch.added && link->watched == events)
        return;
    link->watched = events;
    link->unwatched = !planche_http_loop_watch(link->upstream->loop, &link->watch, events);
    if (link->unwatched)
        set_timer(link, 0); /* whoever calls this may not expect the end */
}

static void forget(struct planche_proxy_call *call)
{
    planche_http_timer_stop(&call->start);
    planche_http_output_clear(&call->out);
    planche_free(call->head);
    call->head = NULL;
    call->link = NULL;
    call->active = false;
}

static void dial(struct planche_proxy_call *call);

/* The call has no link any more: it is tried once more, or its receiver is told. */
static void fail_call(struct planche_proxy_call *call, bool stale,
                      enum planche_proxy_failure failure, const char *detail)
{
    if (stale && call->repeatable && !call->repeated) {
        call->repeated = true;
        dial(call);
        return;
    }
    planche_metrics_add(call->upstream->metrics, PLANCHE_METRIC_UPSTREAM_ERRORS, 1,
                        PLANCHE_LABELS(failures[failure]));
    forget(call);
    call->receiver->failed(call->user, failure, detail);
}

/* A connection that was used before may have been closed just when it was used again. */
static void fail(struct planche_proxy_link *link, enum planche_proxy_failure failure,
                 const char *detail)
{
    struct planche_proxy_call *call = link->call;
    bool stale =
        link->reused && failure == PLANCHE_PROXY_CUT && !link->in_body && link->first == link->end;
    link->call = NULL;
    close_link(link);
    if (call == NULL)
        return;
    call->link = NULL;
    fail_call(call, stale, failure, detail);
}

static void on_time(void *user)
{
    struct planche_proxy_link *link = user;
    if (link->call == NULL)
        close_link(link);
    else if (link->unwatched)
        fail(link, PLANCHE_PROXY_CUT, "the system does not watch the connection to the upstream");
    else if (link->call->paused ||
             (link->call->has_body && !link->call->ended && link->out.size == 0))
        set_timer(link, link->upstream->wait_ns); /* it is the client that is slow */
    else
        fail(link, PLANCHE_PROXY_TIMEOUT, "the upstream does not answer");
}

/* The answer is there. The link is kept if nothing is left on it. */
static void finish(struct planche_proxy_link *link)
{
    struct planche_proxy_call *call = link->call;
    struct planche_proxy_upstream *upstream = link->upstream;
    bool sent = link->out.size == 0 && (!call->has_body || call->ended);
    bool kept = link->keep_alive && sent && link->first == link->end && !link->until_close &&
                upstream->idle_count < PLANCHE_PROXY_IDLE;
    link->call = NULL;
    forget(call);
    if (kept) {
        take_out(link);
        put_in(link, true);
        free_buffer(link);
        link->in_body = false;
        set_timer(link, IDLE_NS);
        watch(link);
    } else {
        close_link(link);
    }
    call->receiver->data(call->user, NULL, 0);
}

static void count_head(const struct planche_proxy_call *call,
                       const struct planche_http_reply *reply)
{
    char code[8];
    snprintf(code, sizeof code, "%u", reply->status);
    planche_metrics_add(call->upstream->metrics, PLANCHE_METRIC_UPSTREAM_REQUESTS, 1,
                        PLANCHE_LABELS(code));
    planche_metrics_observe(call->upstream->metrics, PLANCHE_METRIC_UPSTREAM_SECONDS,
                            planche_clock_ns() - call->began, NULL);
}

/* An interim answer: more follows. */
static void take_interim(struct planche_proxy_call *call, const struct planche_http_reply *reply)
{
    if (reply->status == 100 && call->receiver->go_on != NULL)
        call->receiver->go_on(call->user);
    else if (reply->status != 100 && call->receiver->interim != NULL)
        call->receiver->interim(call->user, reply);
}

static void take_final(struct planche_proxy_link *link, const struct planche_http_reply *reply)
{
    struct planche_proxy_call *call = link->call;
    bool body = planche_http_reply_has_body(reply, call->head_only);
    link->in_body = true;
    link->is_chunked = body && reply->chunked;
    link->until_close = body && !reply->chunked && !reply->has_length;
    link->left = body && reply->has_length ? reply->length : 0;
    link->keep_alive = reply->keep_alive;
    link->copies = false;
    memset(&link->chunked, 0, sizeof link->chunked);
    count_head(call, reply);
    call->receiver->head(call->user, reply);
    if (link->call == NULL)
        return;
    if (reply->status == 101)
        fail(link, PLANCHE_PROXY_MALFORMED, "the upstream changes to another protocol unasked");
    else
        wait_for_bytes(link);
}

/* Looks for a head in the buffer. False: more has to come. */
static bool take_head(struct planche_proxy_link *link)
{
    struct planche_http_reply reply;
    char detail[128];
    size_t size =
        planche_http_head_end(link->buffer + link->first, link->end - link->first, &link->seen);
    if (size == 0 && link->end - link->first < PLANCHE_HTTP_MAX_HEAD)
        return false;
    const char *problem = size == 0
                              ? "its head is too long"
                              : planche_http_reply_parse(link->buffer + link->first, size, &reply);
    if (problem != NULL) {
        snprintf(detail, sizeof detail, "the upstream's answer is malformed: %s", problem);
        fail(link, PLANCHE_PROXY_MALFORMED, detail);
        return true;
    }
    link->first += size;
    link->seen = 0;
    if (reply.status < 200 && reply.status != 101)
        take_interim(link->call, &reply);
    else
        take_final(link, &reply);
    return true;
}

static bool is_whole(const struct planche_proxy_link *link)
{
    if (link->is_chunked)
        return link->chunked.state == PLANCHE_HTTP_CHUNK_DONE;
    return !link->until_close && link->left == 0;
}

static void take_body(struct planche_proxy_link *link)
{
    const char *piece = link->buffer + link->first;
    size_t size = link->end - link->first;
    if (link->is_chunked) {
        link->first += planche_http_chunked_take(&link->chunked, piece, size, &piece, &size);
        if (link->chunked.state == PLANCHE_HTTP_CHUNK_BROKEN) {
            fail(link, PLANCHE_PROXY_MALFORMED, "the upstream's chunks are malformed");
            return;
        }
    } else {
        if (!link->until_close && size > link->left)
            size = (size_t)link->left;
        link->first += size;
        link->left -= link->until_close ? 0 : size;
    }
    if (size > 0)
        link->call->receiver->data(link->call->user, piece, size);
}

/* One step with what is in the buffer. False: more has to come. */
static bool step(struct planche_proxy_link *link)
{
    if (link->in_body && is_whole(link)) {
        finish(link);
        return true;
    }
    if (link->first == link->end)
        return false;
    if (!link->in_body)
        return take_head(link);
    take_body(link);
    return true;
}

static void on_end(struct planche_proxy_link *link)
{
    if (link->in_body && link->until_close) {
        link->until_close = false;
        link->keep_alive = false;
        link->left = 0;
        finish(link);
    } else {
        fail(link, PLANCHE_PROXY_CUT,
             link->in_body ? "the upstream closed the connection in the midst of its answer"
                           : "the upstream closed the connection without an answer");
    }
}

/* Reads what there is. False: nothing more now. */
static bool read_some(struct planche_proxy_link *link)
{
    if (link->buffer == NULL && (link->buffer = malloc(BUFFER)) == NULL) {
        fail(link, PLANCHE_PROXY_CUT, "there is no memory for the upstream's answer");
        return false;
    }
    if (link->first > 0) {
        memmove(link->buffer, link->buffer + link->first, link->end - link->first);
        link->end -= link->first;
        link->first = 0;
    }
    ssize_t got = recv(link->watch.fd, link->buffer + link->end, BUFFER - link->end, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return false;
    if (got <= 0) {
        on_end(link);
        return false;
    }
    link->end += (size_t)got;
    wait_for_bytes(link);
    return true;
}

/* Has bytes of a long body moved by who receives it. False: there are none now. */
static bool move_some(struct planche_proxy_link *link)
{
    struct planche_proxy_call *call = link->call;
    int64_t moved = call->receiver->move(call->user, link->watch.fd, link->left);
    if (moved < 0)
        link->copies = true;
    if (moved <= 0)
        return moved < 0;
    link->left -= (uint64_t)moved;
    if (link->call != NULL)
        wait_for_bytes(link);
    return true;
}

/* Reads or moves what there is. False: nothing more now. */
static bool take_some(struct planche_proxy_link *link)
{
    bool moves = link->in_body && !link->is_chunked && !link->copies &&
                 link->call->receiver->move != NULL && link->left >= LONG_BODY &&
                 link->first == link->end;
    return moves ? move_some(link) : read_some(link);
}

static bool goes_on(const struct planche_proxy_link *link)
{
    return link->call != NULL && !link->closing && !link->call->paused;
}

/* Takes what was read, and reads more. */
static void read_on(struct planche_proxy_link *link)
{
    for (int turn = 0; goes_on(link); turn++) {
        while (goes_on(link) && step(link))
            ;
        if (!goes_on(link) || turn == TURNS || !take_some(link))
            return;
    }
}

/* Sends what there is. False: the link has failed. */
static bool send_some(struct planche_proxy_link *link)
{
    struct planche_proxy_call *call = link->call;
    if (link->out.size == 0)
        return true;
    int64_t sent = planche_http_output_flush(&link->out, link->watch.fd);
    if (sent > 0)
        wait_for_bytes(link);
    if (sent < 0) {
        /* There may be an answer all the same: 413, and the like. */
        planche_http_output_clear(&link->out);
        link->keep_alive = false;
        call->ended = true;
        return true;
    }
    if (call->full && link->out.size < PLANCHE_PROXY_UPLOAD) {
        call->full = false;
        if (call->receiver->drained != NULL)
            call->receiver->drained(call->user);
    }
    return link->call != NULL;
}

static void try_next(struct planche_proxy_link *link);

static void on_connected(struct planche_proxy_link *link)
{
    int problem = 0;
    socklen_t size = sizeof problem;
    if (getsockopt(link->watch.fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0 || problem != 0) {
        errno = problem;
        try_next(link);
        return;
    }
    link->connecting = false;
    wait_for_bytes(link);
}

static void on_ready(void *user, uint32_t events)
{
    struct planche_proxy_link *link = user;
    const uint32_t broken = EPOLLERR | EPOLLHUP;
    if (link->call == NULL) {
        close_link(link); /* the upstream closes it, or says something unasked */
    } else if (link->connecting) {
        on_connected(link);
    } else if ((events & broken) != 0 && link->call->paused) {
        planche_http_loop_unwatch(link->upstream->loop, &link->watch);
        return; /* it shows when reading goes on */
    }
    if (link->call != NULL && !link->connecting && !link->closing && send_some(link))
        read_on(link);
    if (link->call != NULL)
        watch(link);
}

static void on_turn(void *user)
{
    struct planche_proxy_link *link = user;
    read_on(link);
    if (link->call != NULL)
        watch(link);
}

static void on_connect_time(void *user)
{
    struct planche_proxy_link *link = user;
    if (link->connecting) {
        errno = ETIMEDOUT;
        try_next(link);
    } else {
        on_time(link);
    }
}

/* Connects to one address. False: errno says why not. */
static bool connect_to(struct planche_proxy_link *link, const union planche_proxy_address *address)
{
    const int on = 1;
    socklen_t size = address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    link->watch = (struct planche_http_watch){fd, on_ready, link, false};
    if (fd < 0)
        return false;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    link->connecting = true;
    link->watched = EPOLLOUT;
    if (connect(fd, &address->any, size) == 0 || errno == EINPROGRESS)
        return planche_http_loop_watch(link->upstream->loop, &link->watch, EPOLLOUT);
    return false;
}

/* Tries the addresses that the upstream's name has now, in turn, and no other. */
static void try_next(struct planche_proxy_link *link)
{
    char detail[128];
    int problem = errno;
    close_socket(link);
    while (link->address < link->upstream->found.count) {
        if (connect_to(link, &link->upstream->found.addresses[link->address++])) {
            set_timer(link, CONNECT_NS);
            return;
        }
        problem = errno;
        close_socket(link);
    }
    snprintf(detail, sizeof detail, "the upstream cannot be reached: %s", strerror(problem));
    fail(link, PLANCHE_PROXY_UNREACHABLE, detail);
}

static struct planche_proxy_link *make_link(struct planche_proxy_upstream *upstream)
{
    struct planche_proxy_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return NULL;
    link->upstream = upstream;
    link->watch.fd = -1;
    link->timer = (struct planche_http_timer){.fire = on_connect_time, .user = link};
    link->turn = (struct planche_http_timer){.fire = on_turn, .user = link};
    return link;
}

/* Gives the link its call, and its bytes that have come so far. */
static bool attach(struct planche_proxy_link *link, struct planche_proxy_call *call)
{
    link->call = call;
    call->link = link;
    link->in_body = link->until_close = false;
    link->keep_alive = true;
    bool copied = planche_http_output_copy(&link->out, call->head, call->head_size);
    planche_http_output_move(&link->out, &call->out); /* what of its body is here already */
    put_in(link, false);
    return copied;
}

/* With the addresses known. */
static void connect_call(struct planche_proxy_call *call)
{
    struct planche_proxy_link *link = make_link(call->upstream);
    if (link == NULL) {
        fail_call(call, false, PLANCHE_PROXY_UNREACHABLE, "there is no memory for a connection");
        return;
    }
    if (attach(link, call)) {
        errno = EADDRNOTAVAIL;
        try_next(link);
    } else {
        fail(link, PLANCHE_PROXY_UNREACHABLE, "there is no memory for a connection");
    }
}

static void unqueue(struct planche_proxy_call *call)
{
    if (call->queued == NULL)
        return;
    *call->queued = call->next;
    if (call->next != NULL)
        call->next->queued = call->queued;
    call->queued = NULL;
}

static void on_found(struct planche_proxy_upstream *upstream, const char *problem)
{
    char detail[320];
    struct planche_proxy_call *call;
    while ((call = upstream->waiting) != NULL) {
        unqueue(call);
        if (problem == NULL) {
            connect_call(call);
            continue;
        }
        snprintf(detail, sizeof detail, "the upstream cannot be reached: %s", problem);
        fail_call(call, false, PLANCHE_PROXY_UNREACHABLE, detail);
    }
}

static void dial(struct planche_proxy_call *call)
{
    struct planche_proxy_upstream *upstream = call->upstream;
    call->next = upstream->waiting;
    call->queued = &upstream->waiting;
    if (call->next != NULL)
        call->next->queued = &call->next;
    upstream->waiting = call;
    upstream->found_all = on_found;
    planche_proxy_resolve(upstream);
}

/* A free link whose other side has said nothing since. */
static struct planche_proxy_link *find_idle(struct planche_proxy_upstream *upstream)
{
    char byte;
    struct planche_proxy_link *link;
    while ((link = upstream->idle) != NULL) {
        ssize_t got = recv(link->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return link;
        close_link(link);
    }
    return NULL;
}

static void on_begin(void *user)
{
    struct planche_proxy_call *call = user;
    /* What cannot be sent twice is not sent on a connection that may be closing. */
    struct planche_proxy_link *link = call->repeatable ? find_idle(call->upstream) : NULL;
    if (link == NULL) {
        dial(call);
        return;
    }
    take_out(link);
    link->reused = true;
    if (!attach(link, call)) {
        fail(link, PLANCHE_PROXY_UNREACHABLE, "there is no memory for a request");
        return;
    }
    wait_for_bytes(link);
    if (send_some(link))
        watch(link);
}

void planche_proxy_call_begin(struct planche_proxy_call *call,
                              struct planche_proxy_upstream *upstream, char *head, size_t size)
{
    call->upstream = upstream;
    call->head = head;
    call->head_size = size;
    call->began = planche_clock_ns();
    call->active = true;
    call->start = (struct planche_http_timer){.fire = on_begin, .user = call};
    planche_http_timer_set(upstream->loop, &call->start, 0);
}

/* Chunks of the request's body are made anew. */
static bool put_piece(const struct planche_proxy_call *call, struct planche_http_output *out,
                      const char *data, size_t size)
{
    char line[32];
    if (!call->chunked)
        return planche_http_output_copy(out, data, size);
    if (size == 0)
        return planche_http_output_copy(out, "0\r\n\r\n", 5);
    int length = snprintf(line, sizeof line, "%zx\r\n", size);
    return planche_http_output_copy(out, line, (size_t)length) &&
           planche_http_output_copy(out, data, size) && planche_http_output_copy(out, "\r\n", 2);
}

/* A piece of the body is lost: the upstream would wait for it. */
static void on_no_memory(void *user)
{
    static const char detail[] = "there is no memory for the body of a request";
    struct planche_proxy_call *call = user;
    unqueue(call);
    if (call->link != NULL)
        fail(call->link, PLANCHE_PROXY_UNREACHABLE, detail);
    else
        fail_call(call, false, PLANCHE_PROXY_UNREACHABLE, detail);
}

bool planche_proxy_call_write(struct planche_proxy_call *call, const char *data, size_t size)
{
    struct planche_proxy_link *link = call->link;
    struct planche_http_output *out = link != NULL ? &link->out : &call->out;
    if (!call->active || call->ended)
        return true;
    if (!put_piece(call, out, data, size)) {
        call->ended = true;
        call->start.fire = on_no_memory; /* whoever calls this may not expect the end */
        planche_http_timer_set(call->upstream->loop, &call->start, 0);
    }
    call->ended = call->ended || size == 0;
    if (link != NULL && !link->connecting)
        watch(link);
    call->full = out->size >= PLANCHE_PROXY_UPLOAD;
    return !call->full;
}

void planche_proxy_call_pause(struct planche_proxy_call *call)
{
    call->paused = true;
    if (call->link != NULL)
        watch(call->link);
}

void planche_proxy_call_resume(struct planche_proxy_call *call)
{
    struct planche_proxy_link *link = call->link;
    if (!call->paused)
        return;
    call->paused = false;
    if (link == NULL)
        return;
    watch(link);
    if (link->first < link->end || link->in_body) /* which may be whole */
        planche_http_timer_set(link->upstream->loop, &link->turn, 0);
}

void planche_proxy_call_cancel(struct planche_proxy_call *call)
{
    struct planche_proxy_link *link = call->link;
    if (!call->active)
        return;
    unqueue(call);
    planche_http_timer_stop(&call->start);
    forget(call);
    if (link == NULL)
        return;
    link->call = NULL;
    close_link(link);
}

int planche_proxy_call_take(struct planche_proxy_call *call, char **data, size_t *size)
{
    struct planche_proxy_link *link = call->link;
    int fd = link->watch.fd;
    *size = link->end - link->first;
    *data = *size > 0 ? malloc(*size) : NULL;
    if (*data != NULL)
        memcpy(*data, link->buffer + link->first, *size);
    planche_http_loop_unwatch(link->upstream->loop, &link->watch);
    link->watch.fd = -1;
    planche_proxy_call_cancel(call);
    return fd;
}

void planche_proxy_calls_close(struct planche_proxy_upstream *upstream)
{
    while (upstream->idle != NULL) /* it leaves the list */
        close_link(upstream->idle);
    planche_http_timer_stop(&upstream->free_closed);
    free_closed(upstream);
}
