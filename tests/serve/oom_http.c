/* SPDX-License-Identifier: MIT */
/* HTTP while memory runs out: a server and calls to it, on one loop, with every single allocation
 * failing in turn. Whoever asked is told, or the connection ends; nothing is lost, and no room of
 * the budget stays taken. */
#include "http/answer.h"
#include "http/receive.h"
#include "http/server.h"
#include "proxy/call.h"
#include "proxy/upstream.h"

#include "metrics/metrics.h"
#include "os/clock.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG  INT64_C(60000000000)
#define LARGE 300000 /* bytes: longer than what is moved without copying */
#define BODY  70000

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *data, size_t size);
void __real_free(void *data);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *data, size_t size);
void __wrap_free(void *data);

static bool counts; /* from here on */
static unsigned long call_count, fail_at;
static long live; /* blocks */

static bool fails(void)
{
    return counts && ++call_count == fail_at;
}

static void *note(void *data)
{
    live += data != NULL;
    return data;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : note(__real_calloc(count, size));
}

void *__wrap_realloc(void *data, size_t size)
{
    if (data == NULL)
        return __wrap_malloc(size);
    return fails() ? NULL : __real_realloc(data, size);
}

void __wrap_free(void *data)
{
    live -= data != NULL;
    __real_free(data);
}

static struct planche_http_loop *loop;
static struct planche_http_budget budget;
static struct planche_proxy_upstream upstream;
static struct planche_proxy_call call;
static unsigned done, failed; /* calls */
static size_t got;            /* bytes of an answer */
static unsigned status;

static void answer(struct planche_http_connection *c, unsigned code, const char *text)
{
    const struct planche_http_answer given = {.status = code, .text = text, .size = strlen(text)};
    planche_http_answer(c, &given);
}

static void on_body(void *user, struct planche_http_connection *c,
                    enum planche_http_received received)
{
    char text[32];
    (void)user;
    if (received != PLANCHE_HTTP_RECEIVED) {
        answer(c, 503, "no memory");
        return;
    }
    struct planche_http_blob *body = planche_http_take_body(c);
    snprintf(text, sizeof text, "%zu", body->size);
    planche_http_blob_drop(body);
    answer(c, 200, text);
}

static void stream_large(struct planche_http_connection *c)
{
    static char block[50000];
    planche_http_begin(c, 200, "text/plain", -1);
    for (size_t sent = 0; sent < LARGE; sent += sizeof block)
        planche_http_write(c, block, sizeof block);
    planche_http_end(c);
}

static void send_blob(struct planche_http_connection *c)
{
    char *data = calloc(1, LARGE);
    struct planche_http_blob *blob =
        data != NULL ? planche_http_blob_create(data, LARGE, free, NULL, NULL, 0) : NULL;
    if (blob == NULL) {
        free(data);
        planche_http_drop(c);
        return;
    }
    const struct planche_http_answer given = {.status = 200, .blob = blob, .size = LARGE};
    planche_http_add_field(c, "ETag", "\"a\"");
    planche_http_answer(c, &given);
    planche_http_blob_drop(blob);
}

static void on_request(void *user, struct planche_http_connection *c)
{
    (void)user;
    if (strcmp(c->head.target, "/body") == 0)
        planche_http_receive(c, LARGE, on_body, NULL);
    else if (strcmp(c->head.target, "/stream") == 0)
        stream_large(c);
    else
        send_blob(c);
}

static void on_refusal(void *user, struct planche_http_connection *c, unsigned code)
{
    (void)user;
    answer(c, code, "refused");
}

static void on_nothing(void *user, struct planche_http_connection *c)
{
    (void)user;
    (void)c;
}

/* What is asked, one after the other. */
static const struct {
    const char *head;
    bool body, chunked;
    size_t comes; /* bytes of the answer */
} asked[] = {
    {"GET /blob HTTP/1.1\r\nHost: a\r\n\r\n", false, false, LARGE},
    {"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", false, false, LARGE},
    {"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n", true, false, 5},
    {"POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", true, true, 5},
};
#define ASKED (sizeof asked / sizeof *asked)

static void ask(void);

static void on_head(void *user, const struct planche_http_reply *reply)
{
    (void)user;
    status = reply->status;
}

static void on_data(void *user, const char *data, size_t size)
{
    (void)user;
    (void)data;
    got += size;
    if (size > 0)
        return;
    if (status == 200)
        assert_int_equal(got, asked[done + failed].comes); /* whole, or it would have failed */
    done++;
    ask();
}

static void on_failed(void *user, enum planche_proxy_failure failure, const char *detail)
{
    (void)user;
    (void)failure;
    assert_non_null(detail);
    failed++;
    ask();
}

static const struct planche_proxy_receiver receiver = {
    .head = on_head, .data = on_data, .failed = on_failed};

static void ask(void)
{
    static const char body[BODY];
    size_t number = done + failed;
    got = 0;
    status = 0;
    if (number == ASKED) {
        planche_http_loop_stop(loop);
        return;
    }
    size_t size = strlen(asked[number].head);
    char *head = planche_alloc(NULL, size + 1);
    assert_non_null(head); /* aligned, and so none of those that fail here */
    live++;
    memcpy(head, asked[number].head, size + 1);
    call = (struct planche_proxy_call){
        .receiver = &receiver, .has_body = asked[number].body, .chunked = asked[number].chunked};
    planche_proxy_call_begin(&call, &upstream, head, size);
    if (asked[number].body) {
        planche_proxy_call_write(&call, body, sizeof body);
        planche_proxy_call_write(&call, NULL, 0);
    }
}

static void on_guard(void *user)
{
    (void)user;
    fail_msg("somebody waits for ever after %u and %u calls, allocation %lu failed", done, failed,
             fail_at);
}

static void serve(struct planche_http_listener *listener)
{
    struct planche_http_settings settings = {.loop = loop,
                                             .budget = &budget,
                                             .head_ns = LONG,
                                             .body_ns = LONG,
                                             .stall_ns = LONG,
                                             .room_ns = LONG,
                                             .idle_ns = LONG,
                                             .request = on_request,
                                             .refuse = on_refusal,
                                             .finished = on_nothing,
                                             .closed = on_nothing};
    struct planche_http_timer guard = {.fire = on_guard};
    struct planche_http_server *server = planche_http_server_create(&settings, listener, 1, 8);
    if (server == NULL)
        return;
    planche_http_timer_set(loop, &guard, planche_clock_ns() + LONG);
    ask();
    assert_true(planche_http_loop_run(loop));
    planche_http_timer_stop(&guard);
    planche_proxy_calls_close(&upstream);
    planche_http_server_destroy(server);
}

/* False: no allocation has failed. */
static bool run(struct planche_http_listener *listener, unsigned long number)
{
    done = failed = 0;
    live = 0;
    fail_at = number;
    call_count = 0;
    counts = true;
    planche_http_budget_init(&budget, 10 * LARGE);
    loop = planche_http_loop_create();
    upstream.loop = loop;
    if (loop != NULL)
        serve(listener);
    planche_http_loop_destroy(loop);
    planche_http_budget_destroy(&budget);
    counts = false;
    assert_int_equal(budget.used, 0);
    assert_int_equal(live, 0);
    assert_true(failed <= 1); /* one that fails does not bring down the next */
    assert_true(number > 0 || done == ASKED);
    return call_count >= number;
}

static void test_all(void **state)
{
    struct planche_http_listener listener;
    struct planche_error error = {0};
    unsigned long number = 0;
    (void)state;
    assert_int_equal(planche_http_listen(&listener, "127.0.0.1:0", &error), PLANCHE_OK);
    upstream = (struct planche_proxy_upstream){.wait_ns = LONG, .resolve_ns = LONG};
    assert_int_equal(planche_proxy_upstream_parse(&upstream, listener.name, &error), PLANCHE_OK);
    upstream.metrics = planche_metrics_create();
    assert_non_null(upstream.metrics);
    while (run(&listener, number))
        number++;
    assert_true(number > 20);
    planche_metrics_destroy(upstream.metrics);
    planche_http_listener_close(&listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
