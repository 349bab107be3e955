/* SPDX-License-Identifier: MIT */
/* Listeners: nothing is freed while a thread of libnats may still use it. libnats is played by this
 * file. */
#include "support/testing.h"

#include "os/thread.h"
#include "queue/shared/listen.h"

#include <stdatomic.h>
#include <time.h>

struct planche_libnats planche_libnats;

static struct {
    natsMsgHandler handle;
    natsOnCompleteCB end;
    void *handle_user, *end_user;
    struct planche_thread thread;
    atomic_bool handled, ended;
} played;

static natsStatus subscribe(natsSubscription **subscription, natsConnection *connection,
                            const char *subject, natsMsgHandler handle, void *user)
{
    (void)connection;
    assert_string_equal(subject, "planche.result.*");
    *subscription = (natsSubscription *)&played;
    played.handle = handle;
    played.handle_user = user;
    return NATS_OK;
}

static natsStatus set_end(natsSubscription *subscription, natsOnCompleteCB end, void *user)
{
    assert_ptr_equal(subscription, &played);
    played.end = end;
    played.end_user = user;
    return NATS_OK;
}

/* A message is under way when the subscription is given up. */
static void deliver(void *user)
{
    const struct timespec moment = {.tv_nsec = 50000000};
    (void)user;
    nanosleep(&moment, NULL);
    played.handle(NULL, NULL, NULL, played.handle_user);
    atomic_store(&played.ended, true);
    played.end(played.end_user);
}

static void destroy(natsSubscription *subscription)
{
    assert_ptr_equal(subscription, &played);
    assert_true(planche_thread_start(&played.thread, deliver, NULL));
}

static void on_message(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                       void *user)
{
    (void)connection, (void)subscription, (void)message;
    assert_ptr_equal(user, &played.handled);
    atomic_store(&played.handled, true);
}

static void test_end(void **state)
{
    struct planche_queue queue = {0};
    struct planche_queue_listener listener;
    (void)state;
    planche_libnats.natsConnection_Subscribe = subscribe;
    planche_libnats.natsSubscription_SetOnCompleteCB = set_end;
    planche_libnats.natsSubscription_Destroy = destroy;
    assert_int_equal(
        planche_queue_listen(&listener, &queue, "planche.result.*", on_message, &played.handled),
        NATS_OK);
    planche_queue_unlisten(&listener);
    assert_true(atomic_load(&played.handled));
    assert_true(atomic_load(&played.ended));
    planche_thread_join(&played.thread);
    planche_queue_unlisten(&listener); /* once more is fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
