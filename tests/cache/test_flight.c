/* SPDX-License-Identifier: MIT */
/* Single flight within a process: many that ask, some that leave, and work that fails. */
#include "cache_test.h"

#include "base/status.h"
#include "os/clock.h"
#include "os/thread.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define SIZE    5000
#define THREADS 32

static struct planche_cache *cache;

static int setup(void **state)
{
    if (cache_test_setup(state) != 0)
        return -1;
    cache = cache_test_open(0);
    return 0;
}

static int teardown(void **state)
{
    planche_cache_close(&cache);
    return cache_test_teardown(state);
}

/* Threads that ask for the keys 0 .. keys - 1, and compute what they lead. */
static atomic_uint computed, had, followed, failed;
static unsigned keys;
static bool fails;

static void compute(struct planche_cache_flight *flight, unsigned number)
{
    struct planche_cache_result *result;
    struct planche_error error = {0};
    if (planche_cache_flight_claim(flight, NULL, 0, &result)) {
        planche_cache_finish(flight, result);
        return;
    }
    atomic_fetch_add(&computed, 1);
    usleep(2000);
    planche_fail(&error, PLANCHE_ERROR_DATA, "page %u is damaged", number);
    if (fails)
        planche_cache_fail(flight, &error);
    else
        planche_cache_finish(flight, cache_test_result(number, SIZE));
}

static void ask(unsigned number)
{
    struct planche_cache_key key = cache_test_key(number);
    struct planche_cache_waiter waiter = {0};
    struct planche_cache_flight *flight;
    struct planche_cache_result *result;
    enum planche_cache_role role =
        planche_cache_begin(cache, &key, true, &waiter, NULL, &flight, &result);
    if (role == PLANCHE_CACHE_LEADS)
        compute(flight, number);
    if (role == PLANCHE_CACHE_LEADS || role == PLANCHE_CACHE_FOLLOWS) {
        enum planche_status status = planche_cache_wait(cache, &waiter, NULL);
        assert_int_equal(status, fails ? PLANCHE_ERROR_DATA : PLANCHE_OK);
        result = waiter.result;
        atomic_fetch_add(&followed, role == PLANCHE_CACHE_FOLLOWS);
        atomic_fetch_add(&failed, status != PLANCHE_OK);
        assert_true(!fails || strstr(waiter.error.message, "is damaged"));
    }
    atomic_fetch_add(&had, role == PLANCHE_CACHE_HAS);
    assert_int_equal(result != NULL, !fails);
    assert_true(!result || cache_test_is(result, number, SIZE));
    planche_cache_result_release(&result);
}

static void run(void *user)
{
    unsigned first = *(unsigned *)user;
    for (unsigned i = 0; i < keys; i++)
        ask((first + i) % keys);
}

static void run_threads(unsigned count, bool failing)
{
    struct planche_thread threads[THREADS];
    unsigned numbers[THREADS];
    keys = count;
    fails = failing;
    computed = had = followed = failed = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i % count;
        assert_true(planche_thread_start(&threads[i], run, &numbers[i]));
    }
    for (unsigned i = 0; i < THREADS; i++)
        planche_thread_join(&threads[i]);
}

static void test_threads(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        unsigned count = round == 0 ? 1 : round == 1 ? 5 : 16;
        struct planche_cache_stats before = cache_test_stats(cache);
        run_threads(count, false);
        struct planche_cache_stats stats = cache_test_stats(cache);
        /* The keys of earlier rounds are there. */
        unsigned added = round == 0 ? 1 : round == 1 ? 4 : 11;
        assert_int_equal(computed, added);
        assert_int_equal(stats.stores - before.stores, added);
        assert_int_equal(stats.entries, count);
        assert_int_equal(stats.errors, 0);
        assert_true(had + followed + computed <= THREADS * count);
        assert_true(stats.hits + stats.coalesced > before.hits + before.coalesced);
    }
    assert_int_equal(cache_test_files("tmp") + cache_test_files("busy"), 0);
}

/* A failure is told to all that wait, and not kept. */
static void test_failure(void **state)
{
    (void)state;
    run_threads(1, true);
    assert_int_equal(failed, THREADS);
    assert_true(computed >= 1 && computed + followed == THREADS);
    assert_int_equal(cache_test_stats(cache).entries, 0);
    run_threads(1, false);
    assert_int_equal(computed, 1);
}

/* Outcomes by callback, as an event loop has them. */
static unsigned called;

static void count_call(struct planche_cache_waiter *waiter)
{
    (void)waiter;
    called++;
}

static unsigned asked;
static bool stops;

static bool abandon(void *user)
{
    assert_ptr_equal(user, &asked);
    asked++;
    return stops;
}

static const struct planche_cache_work work = {abandon, &asked};

static enum planche_cache_role begin(struct planche_cache_waiter *waiter,
                                     struct planche_cache_flight **flight)
{
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_result *result;
    *waiter = (struct planche_cache_waiter){.done = count_call};
    enum planche_cache_role role =
        planche_cache_begin(cache, &key, true, waiter, &work, flight, &result);
    assert_true(role == PLANCHE_CACHE_HAS || !result);
    planche_cache_result_release(&result);
    return role;
}

static void test_callbacks(void **state)
{
    struct planche_cache_waiter waiters[4];
    struct planche_cache_flight *flight, *none;
    (void)state;
    called = 0;
    assert_int_equal(begin(&waiters[0], &flight), PLANCHE_CACHE_LEADS);
    for (int i = 1; i < 4; i++)
        assert_int_equal(begin(&waiters[i], &none), PLANCHE_CACHE_FOLLOWS);
    assert_true(planche_cache_leave(cache, &waiters[2]));
    assert_false(planche_cache_leave(cache, &waiters[2]));
    assert_false(planche_cache_is_abandoned(flight));
    assert_int_equal(planche_cache_finish(flight, cache_test_result(1, SIZE)), PLANCHE_OK);
    assert_int_equal(called, 3);
    assert_null(waiters[2].result);
    assert_false(planche_cache_leave(cache, &waiters[0]));
    for (int i = 0; i < 4; i++) {
        assert_true(i == 2 || cache_test_is(waiters[i].result, 1, SIZE));
        planche_cache_result_release(&waiters[i].result);
    }
    assert_int_equal(begin(&waiters[0], &flight), PLANCHE_CACHE_HAS);
}

/* All leave: the work goes on, and who comes then joins it. */
static void test_abandoned(void **state)
{
    struct planche_cache_waiter one, two;
    struct planche_cache_flight *flight, *none;
    (void)state;
    called = asked = 0;
    stops = false;
    assert_int_equal(begin(&one, &flight), PLANCHE_CACHE_LEADS);
    assert_int_equal(begin(&two, &none), PLANCHE_CACHE_FOLLOWS);
    assert_true(planche_cache_leave(cache, &one));
    assert_int_equal(asked, 0);
    assert_true(planche_cache_leave(cache, &two));
    assert_int_equal(asked, 1);
    assert_true(planche_cache_is_abandoned(flight));
    assert_int_equal(begin(&two, &none), PLANCHE_CACHE_FOLLOWS);
    assert_false(planche_cache_is_abandoned(flight));
    planche_cache_finish(flight, cache_test_result(1, SIZE));
    assert_int_equal(called, 1);
    planche_cache_result_release(&two.result);
    assert_true(cache_test_has(cache, 1, SIZE));
}

/* All leave and the work is stopped: who comes then begins anew, and is not told that it stopped.
 */
static void test_stopped(void **state)
{
    const struct planche_error error = {.status = PLANCHE_ERROR_CANCELLED};
    struct planche_cache_waiter one, two;
    struct planche_cache_flight *first, *second;
    (void)state;
    called = asked = 0;
    stops = true;
    assert_int_equal(begin(&one, &first), PLANCHE_CACHE_LEADS);
    assert_true(planche_cache_leave(cache, &one));
    assert_int_equal(asked, 1);
    assert_int_equal(begin(&two, &second), PLANCHE_CACHE_LEADS);
    planche_cache_fail(first, &error);
    assert_int_equal(called, 0);
    planche_cache_finish(second, cache_test_result(1, SIZE));
    assert_int_equal(called, 1);
    assert_int_equal(two.error.status, PLANCHE_OK);
    planche_cache_result_release(&two.result);
}

/* A thread that waits leaves when its time is over. */
static void test_deadline(void **state)
{
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_waiter leader, waiter = {0};
    struct planche_cache_flight *flight, *none;
    struct planche_cache_result *result;
    struct planche_cancel cancel = {false};
    struct planche_cancel_token token = {.deadline = planche_clock_ns() + 20000000};
    (void)state;
    called = 0;
    assert_int_equal(begin(&leader, &flight), PLANCHE_CACHE_LEADS);
    assert_int_equal(planche_cache_begin(cache, &key, false, &waiter, NULL, &none, &result),
                     PLANCHE_CACHE_FOLLOWS);
    assert_int_equal(planche_cache_wait(cache, &waiter, &token), PLANCHE_ERROR_DEADLINE);
    assert_int_equal(waiter.error.status, PLANCHE_ERROR_DEADLINE);
    assert_null(waiter.result);
    token = (struct planche_cancel_token){.handle = &cancel};
    planche_cancel_set(&cancel);
    assert_int_equal(planche_cache_begin(cache, &key, false, &waiter, NULL, &none, &result),
                     PLANCHE_CACHE_FOLLOWS);
    assert_int_equal(planche_cache_wait(cache, &waiter, &token), PLANCHE_ERROR_CANCELLED);
    planche_cache_finish(flight, cache_test_result(1, SIZE));
    assert_int_equal(called, 1);
    planche_cache_result_release(&leader.result);
}

/* The result goes out although it cannot be kept. */
static void test_full(void **state)
{
    struct planche_cache_waiter leader;
    struct planche_cache_flight *flight;
    (void)state;
    called = 0;
    assert_int_equal(begin(&leader, &flight), PLANCHE_CACHE_LEADS);
    fault_full_after(100);
    assert_int_equal(planche_cache_finish(flight, cache_test_result(1, SIZE)), PLANCHE_ERROR_IO);
    assert_int_equal(called, 1);
    assert_true(cache_test_is(leader.result, 1, SIZE));
    planche_cache_result_release(&leader.result);
    assert_int_equal(cache_test_stats(cache).errors, 1);
    assert_int_equal(cache_test_files("tmp") + cache_test_files("busy"), 0);
}

/* Threads that ask and leave at once, while others compute: for TSan. */
static void leave_at_once(void *user)
{
    unsigned *number = user;
    for (unsigned i = 0; i < 100; i++) {
        struct planche_cache_key key = cache_test_key(1000 + i / 4);
        struct planche_cache_waiter waiter = {0};
        struct planche_cache_flight *flight;
        struct planche_cache_result *result = NULL;
        enum planche_cache_role role =
            planche_cache_begin(cache, &key, i % 2 == 0, &waiter, NULL, &flight, &result);
        bool left = role != PLANCHE_CACHE_HAS && (i + *number) % 3 == 0 &&
                    planche_cache_leave(cache, &waiter);
        if (role == PLANCHE_CACHE_LEADS)
            planche_cache_finish(flight, cache_test_result(i / 4, 100));
        if (role != PLANCHE_CACHE_HAS && !left) {
            assert_int_equal(planche_cache_wait(cache, &waiter, NULL), PLANCHE_OK);
            result = waiter.result;
        }
        assert_true(left || cache_test_is(result, i / 4, 100));
        planche_cache_result_release(&result);
    }
}

static void test_crowd(void **state)
{
    struct planche_thread threads[8];
    unsigned numbers[8];
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        numbers[i] = i;
        assert_true(planche_thread_start(&threads[i], leave_at_once, &numbers[i]));
    }
    for (unsigned i = 0; i < 8; i++)
        planche_thread_join(&threads[i]);
    assert_int_equal(cache_test_stats(cache).errors, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_callbacks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_abandoned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_crowd, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
