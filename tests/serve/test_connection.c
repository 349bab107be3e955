/* SPDX-License-Identifier: MIT */
/* Connections of planche serve, over a pair of sockets: requests in any pieces, time limits, room,
 * clients that go, streams in both directions. */
#include "http/answer.h"
#include "http/receive.h"

#include "os/clock.h"
#include "support/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS     INT64_C(1000000)
#define SHORT  (40 * MS)
#define LONG   (60000 * MS)
#define STREAM 3000000

static struct planche_http_loop *loop;
static struct planche_http_budget budget;
static struct planche_http_settings settings;
static struct planche_http_connection *open_one; /* NULL: it is closed */
static struct planche_http_timer guard, step, wake;
static int client;
static char came[1 << 16]; /* at the client */
static size_t came_size;
static unsigned requests, gone, finished;
static enum planche_http_received outcome;
static size_t streamed, paused, drained;
static struct planche_http_connection *held; /* a request that is not answered */

static void answer(struct planche_http_connection *c, const char *text)
{
    const struct planche_http_answer given = {.status = 200, .text = text, .size = strlen(text)};
    planche_http_answer(c, &given);
}

static void on_body(void *user, struct planche_http_connection *c,
                    enum planche_http_received received)
{
    char text[64];
    (void)user;
    outcome = received;
    if (received != PLANCHE_HTTP_RECEIVED) {
        const struct planche_http_answer given = {.status = 503};
        planche_http_answer(c, &given);
        return;
    }
    struct planche_http_blob *body = planche_http_take_body(c);
    unsigned sum = 0;
    for (size_t i = 0; i < body->size; i++)
        sum = sum * 31 + (unsigned char)body->data[i];
    snprintf(text, sizeof text, "%zu %u;", body->size, sum);
    planche_http_blob_drop(body);
    answer(c, text);
}

static void resume(void *user)
{
    planche_http_resume(user);
}

static void on_piece(void *user, struct planche_http_connection *c, const char *data, size_t size)
{
    (void)user;
    (void)data;
    streamed += size;
    if (size == 0) {
        answer(c, "streamed;");
    } else if (paused++ == 1) {
        planche_http_pause(c);
        wake = (struct planche_http_timer){.fire = resume, .user = c};
        planche_http_timer_set(loop, &wake, planche_clock_ns() + 5 * MS);
    }
}

static void on_failure(void *user, struct planche_http_connection *c,
                       enum planche_http_received why)
{
    (void)user;
    outcome = why;
    planche_http_drop(c);
}

static void on_gone(void *user)
{
    (void)user;
    held = NULL;
    gone++;
}

static void write_more(void *user)
{
    static char block[50000];
    struct planche_http_connection *c = user;
    memset(block, 'x', sizeof block);
    while (drained < STREAM) {
        drained += sizeof block;
        if (planche_http_write(c, block, sizeof block) > 100000) {
            planche_http_on_drained(c, write_more, c);
            return;
        }
    }
    planche_http_end(c);
}

static void on_request(void *user, struct planche_http_connection *c)
{
    (void)user;
    requests++;
    if (strncmp(c->head.target, "/body", 5) == 0) {
        planche_http_receive(c, 200000, on_body, NULL);
    } else if (strcmp(c->head.target, "/stream") == 0) {
        planche_http_stream(c, on_piece, on_failure, NULL);
    } else if (strcmp(c->head.target, "/much") == 0) {
        planche_http_on_gone(c, on_gone, NULL);
        planche_http_begin(c, 200, "text/plain", -1);
        write_more(c);
    } else if (strcmp(c->head.target, "/wait") == 0) {
        held = c;
        planche_http_on_gone(c, on_gone, NULL);
    } else if (strcmp(c->head.target, "/large") == 0) {
        struct planche_http_blob *blob =
            planche_http_blob_create(calloc(1, STREAM), STREAM, free, NULL, NULL, 0);
        const struct planche_http_answer given = {.status = 200, .blob = blob, .size = STREAM};
        planche_http_answer(c, &given);
        planche_http_blob_drop(blob);
    } else {
        answer(c, c->head.target);
    }
}

static void on_refusal(void *user, struct planche_http_connection *c, unsigned status)
{
    const struct planche_http_answer given = {.status = status};
    (void)user;
    planche_http_answer(c, &given);
}

static void on_finished(void *user, struct planche_http_connection *c)
{
    (void)user;
    (void)c;
    finished++;
}

static void on_closed(void *user, struct planche_http_connection *c)
{
    (void)user;
    assert_ptr_equal(c, open_one);
    open_one = NULL;
    planche_http_loop_stop(loop);
}

static void on_guard(void *user)
{
    (void)user;
    fail_msg("nothing happens");
}

static void stop(void *user)
{
    (void)user;
    planche_http_loop_stop(loop);
}

static int setup(void **state)
{
    int sockets[2];
    (void)state;
    loop = planche_http_loop_create();
    assert_non_null(loop);
    planche_http_budget_init(&budget, 400000);
    settings = (struct planche_http_settings){.loop = loop,
                                              .budget = &budget,
                                              .head_ns = LONG,
                                              .body_ns = LONG,
                                              .stall_ns = LONG,
                                              .room_ns = LONG,
                                              .idle_ns = LONG,
                                              .request = on_request,
                                              .refuse = on_refusal,
                                              .finished = on_finished,
                                              .closed = on_closed};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    client = sockets[1];
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(sockets[0], F_SETFL, O_NONBLOCK), 0);
    open_one = planche_http_connection_open(&settings, sockets[0], PLANCHE_HTTP_UNIX, "unix");
    assert_non_null(open_one);
    requests = gone = finished = 0;
    streamed = paused = drained = came_size = 0;
    *came = 0;
    outcome = PLANCHE_HTTP_RECEIVED;
    held = NULL;
    guard = (struct planche_http_timer){.fire = on_guard};
    step = (struct planche_http_timer){.fire = stop};
    planche_http_timer_set(loop, &guard, planche_clock_ns() + LONG);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (client >= 0)
        close(client);
    if (open_one != NULL)
        planche_http_connection_close(open_one);
    planche_http_timer_stop(&guard);
    planche_http_timer_stop(&step);
    planche_http_loop_destroy(loop);
    assert_int_equal(budget.used, 0);
    planche_http_budget_destroy(&budget);
    return 0;
}

/* Runs the loop for a moment, and takes what the client gets; keep: as text, else counted only.
 * Returns the bytes that came. */
static size_t run(int64_t ns, bool keep)
{
    char data[65536];
    size_t total = 0;
    ssize_t got;
    step = (struct planche_http_timer){.fire = stop};
    planche_http_timer_set(loop, &step, planche_clock_ns() + ns);
    assert_true(planche_http_loop_run(loop));
    planche_http_timer_stop(&step);
    while ((got = read(client, data, sizeof data)) > 0) {
        total += (size_t)got;
        if (keep && came_size + (size_t)got < sizeof came) {
            memcpy(came + came_size, data, (size_t)got);
            came_size += (size_t)got;
        }
    }
    came[came_size] = 0;
    return total;
}

static void send_bytes(const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = write(client, data, size);
        if (sent < 0 && errno == EAGAIN) {
            run(MS, true);
            continue;
        }
        assert_true(sent > 0);
        data += sent;
        size -= (size_t)sent;
    }
}

static void send_text(const char *text)
{
    send_bytes(text, strlen(text));
}

/* Until the client has a text. */
static void expect(const char *text)
{
    while (strstr(came, text) == NULL) {
        if (open_one == NULL)
            fail_msg("closed without %s after %s", text, came);
        run(MS, true);
    }
}

static void expect_end(void)
{
    while (open_one != NULL)
        run(SHORT, true);
    run(MS, true);
}

#define HOST " HTTP/1.1\r\nHost: a\r\n"

/* The same requests, cut in two at every place. */
static void test_any_pieces(void **state)
{
    static const char text[] =
        "POST /body" HOST "Content-Length: 5\r\n\r\nabcde"
        "POST /body" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        "GET /x" HOST "\r\n";
    (void)state;
    for (size_t cut = 1; cut < sizeof text - 1; cut++) {
        came_size = 0;
        *came = 0;
        send_bytes(text, cut);
        run(0, true);
        send_bytes(text + cut, sizeof text - 1 - cut);
        expect("/x");
        const char *first = strstr(came, "5 92599395;");
        assert_non_null(first);
        assert_non_null(strstr(first + 1, "5 92599395;"));
    }
    assert_int_equal(requests, 3 * (sizeof text - 2));
    assert_int_equal(finished, requests);
}

static void test_slow_heads(void **state)
{
    (void)state;
    settings.head_ns = SHORT;
    send_text("GET /x HTTP/1.1\r\nHost:");
    expect_end();
    assert_non_null(strstr(came, "HTTP/1.1 408 "));
    assert_int_equal(requests, 0);
}

static void test_idle(void **state)
{
    (void)state;
    settings.idle_ns = SHORT;
    send_text("GET /x" HOST "\r\n");
    expect_end();
    assert_null(strstr(came, " 408 ")); /* nothing was begun */
    assert_int_equal(requests, 1);
}

static void test_slow_bodies(void **state)
{
    (void)state;
    settings.stall_ns = SHORT;
    send_text("POST /body" HOST "Content-Length: 5\r\n\r\nabc");
    expect("503");
    assert_int_equal(outcome, PLANCHE_HTTP_TOO_SLOW);
    expect_end();
}

static void test_slow_readers(void **state)
{
    (void)state;
    settings.stall_ns = SHORT;
    send_text("GET /large" HOST "\r\n");
    step = (struct planche_http_timer){.fire = stop};
    planche_http_timer_set(loop, &step, planche_clock_ns() + LONG);
    assert_true(planche_http_loop_run(loop)); /* until it is closed */
    assert_null(open_one);
}

/* A body waits for room, which is not given; then for one that is. */
static void test_room(void **state)
{
    char text[1200];
    (void)state;
    assert_true(planche_http_budget_try(&budget, 399990));
    settings.room_ns = SHORT;
    snprintf(text, sizeof text, "POST /body" HOST "Content-Length: 1000\r\n\r\n%01000d", 0);
    send_text(text);
    expect("503");
    assert_int_equal(outcome, PLANCHE_HTTP_NO_ROOM);
    expect_end();
    planche_http_budget_release(&budget, 399990);
    teardown(NULL);
    setup(NULL);
    assert_true(planche_http_budget_try(&budget, 399990));
    send_text(text);
    run(SHORT, true);
    assert_int_equal(came_size, 0);
    planche_http_budget_release(&budget, 399990);
    expect("1000 ");
    send_text("POST /body" HOST "Content-Length: 300000\r\n\r\n");
    expect("503");
    assert_int_equal(outcome, PLANCHE_HTTP_TOO_LARGE);
}

static void test_chunks_without_end(void **state)
{
    static char chunk[10020];
    (void)state;
    int length = snprintf(chunk, sizeof chunk, "2710\r\n%010000d\r\n", 0);
    send_text("POST /body" HOST "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 30 && outcome == PLANCHE_HTTP_RECEIVED; i++) {
        send_bytes(chunk, (size_t)length);
        run(0, true);
    }
    assert_int_equal(outcome, PLANCHE_HTTP_TOO_LARGE);
    assert_true(budget.peak <= 400000);
}

/* A chunk that says it is too large is not waited for. */
static void test_large_chunk(void **state)
{
    (void)state;
    send_text("POST /body" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n30D3C\r\n");
    expect("503");
    assert_int_equal(outcome, PLANCHE_HTTP_TOO_LARGE);
    teardown(NULL);
    setup(NULL);
    send_text("POST /body" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n30D3B\r\n");
    run(SHORT, true); /* 5 and 199995 are within it */
    assert_int_equal(came_size, 0);
    assert_int_equal(outcome, PLANCHE_HTTP_RECEIVED);
    teardown(NULL);
    setup(NULL);
    send_text("POST /stream" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"
              "FFFFFFFF\r\nx");
    while (streamed < 6)
        run(MS, true);
}

/* What can be no request is told so at its first byte: TLS, or another protocol. */
static void test_no_request(void **state)
{
    static const char firsts[] = {0x16, (char)0x80, 0, ' ', ':', '\n'};
    (void)state;
    for (size_t i = 0; i < sizeof firsts; i++) {
        send_bytes(&firsts[i], 1);
        expect("HTTP/1.1 400 ");
        assert_int_equal(requests, 0);
        teardown(NULL);
        setup(NULL);
    }
    send_bytes("\r", 1); /* half of an empty line */
    run(SHORT, true);
    send_text("\nGET /x" HOST "\r\n");
    expect("/x");
}

static void test_clients_that_go(void **state)
{
    (void)state;
    send_text("GET /wait" HOST "\r\n");
    while (held == NULL)
        run(MS, true);
    planche_http_interim(held, 102);
    expect("HTTP/1.1 102 Processing\r\n\r\n");
    close(client);
    client = -1;
    step = (struct planche_http_timer){.fire = stop};
    planche_http_timer_set(loop, &step, planche_clock_ns() + LONG);
    assert_true(planche_http_loop_run(loop));
    assert_int_equal(gone, 1);
    assert_null(open_one);
}

/* Pieces both ways: one that reads slowly makes the other wait. */
static void test_streams(void **state)
{
    static char body[STREAM];
    char head[128];
    (void)state;
    snprintf(head, sizeof head, "POST /stream" HOST "Content-Length: %d\r\n\r\n", STREAM);
    send_text(head);
    send_bytes(body, sizeof body);
    expect("streamed;");
    assert_int_equal(streamed, STREAM);
    assert_true(paused > 2);
    send_text("GET /much" HOST "\r\n");
    size_t total = 0;
    while (drained < STREAM || open_one->out.size > 0) {
        total += run(MS, false);
        assert_true(open_one->out.size <= 200000);
    }
    total += run(MS, false);
    assert_true(total > STREAM && total < STREAM + 2000);
    send_text("GET /x" HOST "\r\n");
    expect("/x");
}

static void test_sockets_given_away(void **state)
{
    char *data, text[8];
    size_t size;
    (void)state;
    send_text("GET /wait" HOST "\r\nmore");
    while (held == NULL)
        run(MS, true);
    struct planche_http_connection *c = held;
    int fd = planche_http_take_socket(c, &data, &size);
    assert_null(open_one);
    assert_int_equal(gone, 0);
    assert_int_equal(size, 4);
    assert_memory_equal(data, "more", 4);
    free(data);
    assert_int_equal(write(fd, "tunnel", 6), 6);
    assert_int_equal(read(client, text, sizeof text), 6);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_any_pieces),      TEST(test_slow_heads),   TEST(test_idle),
        TEST(test_slow_bodies),     TEST(test_slow_readers), TEST(test_room),
        TEST(test_large_chunk),     TEST(test_no_request),   TEST(test_chunks_without_end),
        TEST(test_clients_that_go), TEST(test_streams),      TEST(test_sockets_given_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
