/* SPDX-License-Identifier: MIT */
/* Exchange: what is passed on as it comes. Of the body at most two pieces are in memory: one that
 * was read, and the rest of it that the client has not taken yet. */
#include "proxy/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PATIENCE_NS  INT64_C(300000000000) /* for clients that pause a download */
#define MAX_INTERIMS 64
#define CONTINUE_NS  INT64_C(1000000000) /* for an upstream that knows no 100 Continue */

static void on_gone(void *user)
{
    planche_proxy_exchange_destroy(user);
}

struct planche_proxy_exchange *planche_proxy_exchange_create(struct planche_proxy *proxy,
                                                             struct planche_http_connection *c)
{
    struct planche_proxy_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        planche_http_drop(c);
        return NULL;
    }
    exchange->proxy = proxy;
    exchange->c = c;
    exchange->next = proxy->exchanges;
    exchange->link = &proxy->exchanges;
    if (exchange->next != NULL)
        exchange->next->link = &exchange->next;
    proxy->exchanges = exchange;
    planche_http_on_gone(c, on_gone, exchange);
    return exchange;
}

void planche_proxy_exchange_destroy(struct planche_proxy_exchange *exchange)
{
    planche_proxy_call_cancel(&exchange->call);
    planche_http_timer_stop(&exchange->timer);
    if (exchange->drop_page != NULL)
        exchange->drop_page(exchange);
    *exchange->link = exchange->next;
    if (exchange->next != NULL)
        exchange->next->link = exchange->link;
    free(exchange);
}

/* Ends the exchange with an error of this server's own, or, if an answer has begun, by closing the
 * connection: the client sees that something is missing. */
static void on_failed(void *user, enum planche_proxy_failure failure, const char *detail)
{
    struct planche_proxy_exchange *exchange = user;
    struct planche_proxy *proxy = exchange->proxy;
    struct planche_http_connection *c = exchange->c;
    bool begun = exchange->begun;
    planche_proxy_log(proxy, c, PLANCHE_CLI_LOG_WARN, "%s", detail);
    planche_proxy_exchange_destroy(exchange);
    if (c->input != PLANCHE_HTTP_INPUT_DONE)
        planche_http_close_after(c);
    if (begun)
        planche_http_drop(c);
    else
        proxy->settings.problem(proxy->settings.user, c,
                                failure == PLANCHE_PROXY_TIMEOUT ? 504 : 502, detail);
}

void planche_proxy_exchange_begin(struct planche_proxy_exchange *exchange,
                                  const struct planche_http_reply *reply,
                                  enum planche_proxy_fields kept, int64_t length)
{
    struct planche_text_buffer fields = {0};
    planche_text_buffer_put(&fields, "", 0);
    planche_proxy_write_fields(&fields, reply, kept);
    const struct planche_http_answer head = {.status = reply->status,
                                             .reason = reply->reason,
                                             .fields = fields.data != NULL ? fields.data : "",
                                             .fields_size = fields.size};
    exchange->begun = true;
    planche_http_timer_stop(&exchange->timer); /* no 100 Continue within the answer */
    planche_http_be_patient(exchange->c, PATIENCE_NS);
    planche_http_begin_as(exchange->c, &head, length);
    planche_text_buffer_free(&fields);
}

static void on_drained(void *user)
{
    struct planche_proxy_exchange *exchange = user;
    planche_proxy_call_resume(&exchange->call);
}

void planche_proxy_exchange_write(struct planche_proxy_exchange *exchange, const char *data,
                                  size_t size)
{
    if (planche_http_write(exchange->c, data, size) == 0)
        return;
    planche_proxy_call_pause(&exchange->call);
    planche_http_on_drained(exchange->c, on_drained, exchange);
}

static bool has_type(const struct planche_http_reply *reply, const char *type)
{
    const char *value = planche_http_reply_field(reply, "content-type");
    return value != NULL && strncasecmp(value, type, strlen(type)) == 0;
}

static void on_head(void *user, const struct planche_http_reply *reply)
{
    struct planche_proxy_exchange *exchange = user;
    bool body = planche_http_reply_has_body(reply, exchange->call.head_only);
    bool known = reply->has_length || (!body && !exchange->call.head_only);
    if (reply->status == 101 && exchange->upgrade) {
        exchange->take_upgrade(exchange, reply);
        return;
    }
    if (reply->status == 101)
        return; /* which is a failure */
    exchange->events = has_type(reply, "text/event-stream");
    exchange->call.endless = exchange->events;
    planche_http_allow_half_close(exchange->c, !exchange->events);
    planche_proxy_exchange_begin(exchange, reply, PLANCHE_PROXY_ALL,
                                 known ? (int64_t)reply->length : -1);
}

static void on_data(void *user, const char *data, size_t size)
{
    struct planche_proxy_exchange *exchange = user;
    struct planche_http_connection *c = exchange->c;
    if (size > 0) {
        planche_proxy_exchange_write(exchange, data, size);
        return;
    }
    planche_proxy_exchange_destroy(exchange);
    planche_http_end(c);
}

/* Interim answers are dropped beyond a number, and while the client has not read the last one. */
static void on_interim(void *user, const struct planche_http_reply *reply)
{
    struct planche_proxy_exchange *exchange = user;
    struct planche_text_buffer fields = {0};
    if (exchange->c->out.size > 0 || exchange->interims >= MAX_INTERIMS)
        return;
    exchange->interims++;
    planche_proxy_write_fields(&fields, reply, PLANCHE_PROXY_ALL);
    planche_http_interim_as(exchange->c, reply->status, fields.data != NULL ? fields.data : "",
                            fields.size);
    planche_text_buffer_free(&fields);
}

static void on_body(void *user, struct planche_http_connection *c, const char *data, size_t size)
{
    struct planche_proxy_exchange *exchange = user;
    if (!planche_proxy_call_write(&exchange->call, data, size))
        planche_http_pause(c);
}

/* The upload was too slow, or is malformed. */
static void on_body_failed(void *user, struct planche_http_connection *c,
                           enum planche_http_received why)
{
    struct planche_proxy_exchange *exchange = user;
    struct planche_proxy *proxy = exchange->proxy;
    bool begun = exchange->begun, slow = why == PLANCHE_HTTP_TOO_SLOW;
    planche_proxy_exchange_destroy(exchange);
    if (begun)
        planche_http_drop(c);
    else
        proxy->settings.problem(proxy->settings.user, c, slow ? 408 : 400,
                                slow ? "the body did not come in time"
                                     : "the chunks of the body are malformed");
}

static void on_room(void *user)
{
    struct planche_proxy_exchange *exchange = user;
    planche_http_resume(exchange->c);
}

/* The upstream wants the body. Once its answer has begun, a body that has not been asked for is
 * not. */
static void on_go_on(void *user)
{
    struct planche_proxy_exchange *exchange = user;
    if (exchange->begun || !exchange->call.has_body ||
        exchange->c->input != PLANCHE_HTTP_INPUT_UNREAD)
        return;
    planche_http_timer_stop(&exchange->timer);
    planche_http_stream(exchange->c, on_body, on_body_failed, exchange);
}

static int64_t on_move(void *user, int fd, uint64_t most)
{
    struct planche_proxy_exchange *exchange = user;
    struct planche_http_connection *c = exchange->c;
    int64_t moved = planche_http_write_from(c, fd, most);
    if (moved > 0 && c->out.size > 0) {
        planche_proxy_call_pause(&exchange->call);
        planche_http_on_drained(c, on_drained, exchange);
    }
    return moved;
}

const struct planche_proxy_receiver planche_proxy_pass_receiver = {
    .interim = on_interim,
    .go_on = on_go_on,
    .head = on_head,
    .data = on_data,
    .failed = on_failed,
    .move = on_move,
    .drained = on_room,
};

static bool is_repeatable(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

void planche_proxy_exchange_pass(struct planche_proxy_exchange *exchange)
{
    struct planche_http_connection *c = exchange->c;
    struct planche_proxy *proxy = exchange->proxy;
    struct planche_text_buffer head = {0};
    const struct planche_proxy_way way = {.peer = c->peer, .upstream = proxy->upstream.name};
    planche_proxy_write_request(&head, &c->head, &way);
    if (head.failed) {
        planche_text_buffer_free(&head);
        planche_proxy_exchange_destroy(exchange);
        planche_http_drop(c);
        return;
    }
    bool body = c->input == PLANCHE_HTTP_INPUT_UNREAD;
    planche_http_allow_half_close(c, true);
    exchange->upgrade = planche_proxy_wants_upgrade(&c->head);
    exchange->call.receiver = &planche_proxy_pass_receiver;
    exchange->call.user = exchange;
    exchange->call.head_only = strcmp(c->head.method, "HEAD") == 0;
    exchange->call.has_body = body;
    exchange->call.chunked = c->head.chunked;
    exchange->call.repeatable = is_repeatable(c->head.method) && !body && !exchange->upgrade;
    exchange->timer = (struct planche_http_timer){.fire = on_go_on, .user = exchange};
    planche_proxy_call_begin(&exchange->call, &proxy->upstream, head.data, head.size);
    if (body && c->head.expects_continue)
        planche_http_timer_set(proxy->settings.loop, &exchange->timer,
                               planche_http_loop_now(proxy->settings.loop) + CONTINUE_NS);
    else if (body)
        planche_http_stream(c, on_body, on_body_failed, exchange);
}
