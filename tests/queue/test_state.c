/* SPDX-License-Identifier: MIT */
/* Asking for workers: their answers are waited for in short pieces, which cancelling ends. libnats
 * is played by this file. */
#include "queue/state.h"

#include "base/cancel.h"
#include "base/status.h"
#include "cli/json.h"
#include "support/testing.h"

#include <string.h>

struct planche_libnats planche_libnats;

static const char worker[] =
    "{\"id\":\"nas-1\",\"device\":\"CPU\",\"numerics\":\"cpu\",\"version\":\"1\",\"slots\":2,"
    "\"running\":1,\"waiting\":0,\"done\":5,\"failed\":0,\"seconds\":9,\"stopping\":false,"
    "\"pages_per_second\":2}";

static struct {
    unsigned waits;
    unsigned answer, end;     /* the wait that brings one, and that during which it is cancelled */
    unsigned questions, last; /* to the server, and that during which it is cancelled */
    bool fails;               /* the last one does */
    struct planche_cancel cancel;
} played;

static natsStatus create_inbox(natsInbox **inbox)
{
    *inbox = NULL;
    return NATS_OK;
}

static void destroy_inbox(natsInbox *inbox)
{
    assert_null(inbox);
}

static natsStatus subscribe(natsSubscription **subscription, natsConnection *connection,
                            const char *subject)
{
    (void)connection, (void)subject;
    *subscription = NULL;
    return NATS_OK;
}

static void unsubscribe(natsSubscription *subscription)
{
    assert_null(subscription);
}

static natsStatus publish(natsConnection *connection, const char *subject, const char *reply,
                          const void *data, int size)
{
    (void)connection, (void)reply, (void)data, (void)size;
    assert_string_equal(subject, "planche.who");
    return NATS_OK;
}

static natsStatus wait_for_message(natsMsg **message, natsSubscription *subscription, int64_t ms)
{
    assert_null(subscription);
    assert_in_range(ms, 1, 100);
    *message = NULL;
    if (++played.waits == played.end)
        planche_cancel_set(&played.cancel);
    return played.waits == played.answer      ? NATS_OK
           : played.waits > played.answer + 5 ? NATS_CONNECTION_CLOSED
                                              : NATS_TIMEOUT;
}

static const char *get_data(const natsMsg *message)
{
    assert_null(message);
    return worker;
}

static int get_length(const natsMsg *message)
{
    assert_null(message);
    return (int)strlen(worker);
}

static void destroy_message(natsMsg *message)
{
    assert_null(message);
}

static natsStatus answer_question(void)
{
    if (++played.questions != played.last)
        return NATS_OK;
    planche_cancel_set(&played.cancel);
    return played.fails ? NATS_TIMEOUT : NATS_OK;
}

/* Of every stream the same; it has no consumer yet. */
static natsStatus get_stream(jsStreamInfo **info, jsCtx *js, const char *name, jsOptions *options,
                             jsErrCode *reason)
{
    static jsStreamInfo stream = {.State = {.Msgs = 3}};
    (void)js, (void)name, (void)options, (void)reason;
    natsStatus status = answer_question();
    *info = status == NATS_OK ? &stream : NULL;
    return status;
}

static void destroy_stream(jsStreamInfo *info)
{
    if (info != NULL)
        assert_int_equal(info->State.Msgs, 3);
}

static natsStatus list_consumers(jsConsumerInfoList **list, jsCtx *js, const char *stream,
                                 jsOptions *options, jsErrCode *reason)
{
    (void)js, (void)stream, (void)options, (void)reason;
    *list = NULL;
    natsStatus status = answer_question();
    return status == NATS_OK ? NATS_NOT_FOUND : status;
}

static void destroy_consumers(jsConsumerInfoList *list)
{
    assert_null(list);
}

enum planche_status planche_queue_fail(struct planche_error *error, natsStatus status,
                                       const char *what)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: %d", what, (int)status);
}

void planche_cli_json_set_count(json_t *object, const char *key, uint64_t count)
{
    json_object_set_new(object, key, json_integer((json_int_t)count));
}

/* all: for the whole state, not the workers alone. */
static enum planche_status ask(bool all, unsigned answer, unsigned end, size_t *workers)
{
    struct planche_queue queue = {0};
    struct planche_queue_state state;
    struct planche_error error;
    memset(&played, 0, sizeof played);
    played.answer = answer;
    played.end = end;
    enum planche_status status =
        all ? planche_queue_ask(&queue, 100000, &played.cancel, &state, &error)
            : planche_queue_ask_workers(&queue, 100000, &played.cancel, &state, &error);
    assert_int_equal(state.dead, all ? 3 : 0);
    *workers = json_array_size(state.workers);
    planche_queue_state_clear(&state);
    return status;
}

/* An answer may come in any of the pieces; the connection ends the test's last one. */
static void test_pieces(void **state)
{
    size_t workers;
    (void)state;
    assert_int_equal(ask(false, 1, 0, &workers), PLANCHE_OK);
    assert_int_equal(workers, 1);
    for (int all = 0; all < 2; all++) {
        assert_int_equal(ask(all, 4, 0, &workers), PLANCHE_OK);
        assert_int_equal(workers, 1);
        assert_int_equal(played.waits, 10);
    }
}

/* Who is cancelled does not take those that have answered for all. */
static void test_cancel(void **state)
{
    size_t workers;
    (void)state;
    for (int all = 0; all < 2; all++) {
        assert_int_equal(ask(all, 2, 3, &workers), PLANCHE_ERROR_CANCELLED);
        assert_int_equal(workers, 1);
        assert_int_equal(played.waits, 3);
    }
}

/* So is who is cancelled between the questions to the server, of which no more is asked then, and
 * during one that fails: that is no fault of the queue. */
static void test_cancel_early(void **state)
{
    (void)state;
    for (unsigned last = 1; last <= 5; last++) {
        for (int fails = 0; fails < 2; fails++) {
            struct planche_queue queue = {0};
            struct planche_queue_state asked;
            struct planche_error error;
            memset(&played, 0, sizeof played);
            played.last = last;
            played.fails = fails;
            assert_int_equal(planche_queue_ask(&queue, 100000, &played.cancel, &asked, &error),
                             PLANCHE_ERROR_CANCELLED);
            assert_int_equal(played.questions, last);
            assert_int_equal(played.waits, 0);
            planche_queue_state_clear(&asked);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces), cmocka_unit_test(test_cancel),
                                       cmocka_unit_test(test_cancel_early)};
    planche_libnats.js_GetStreamInfo = get_stream;
    planche_libnats.jsStreamInfo_Destroy = destroy_stream;
    planche_libnats.js_Consumers = list_consumers;
    planche_libnats.jsConsumerInfoList_Destroy = destroy_consumers;
    planche_libnats.natsInbox_Create = create_inbox;
    planche_libnats.natsInbox_Destroy = destroy_inbox;
    planche_libnats.natsConnection_SubscribeSync = subscribe;
    planche_libnats.natsSubscription_Destroy = unsubscribe;
    planche_libnats.natsConnection_PublishRequest = publish;
    planche_libnats.natsSubscription_NextMsg = wait_for_message;
    planche_libnats.natsMsg_GetData = get_data;
    planche_libnats.natsMsg_GetDataLength = get_length;
    planche_libnats.natsMsg_Destroy = destroy_message;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
