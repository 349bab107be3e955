/* SPDX-License-Identifier: MIT */
/* Rate of a worker: of recent work, not of time without any. */
#include "queue/shared/rate.h"
#include "support/testing.h"

#define SECOND INT64_C(1000000000)

static struct planche_queue_rate rate;

/* Pages of so many seconds each, one after the other, from a time on. Returns when they end. */
static int64_t work(int64_t from, unsigned pages, int64_t seconds)
{
    for (unsigned i = 0; i < pages; i++) {
        planche_queue_rate_run(&rate, 1, from);
        from += seconds * SECOND;
        planche_queue_rate_end(&rate, from);
        planche_queue_rate_run(&rate, 0, from);
    }
    return from;
}

static void test_idle_time(void **state)
{
    (void)state;
    rate = (struct planche_queue_rate){0};
    assert_true(planche_queue_rate_get(&rate, 5 * SECOND) == 0.0);
    int64_t now = work(100 * SECOND, 5, 2);
    assert_float_equal(planche_queue_rate_get(&rate, now), 0.5, 1e-9);
    now += 86400 * SECOND; /* nothing waits for a day */
    assert_float_equal(planche_queue_rate_get(&rate, now), 0.5, 1e-9);
    now = work(now, 1, 2);
    assert_float_equal(planche_queue_rate_get(&rate, now), 0.5, 1e-9);
    planche_queue_rate_run(&rate, 1, now); /* one that takes long makes it less */
    assert_float_equal(planche_queue_rate_get(&rate, now + 12 * SECOND), 0.25, 1e-9);
}

/* Long ago counts no more: the last minute does, or a few pages where they take longer. */
static void test_recent_work(void **state)
{
    (void)state;
    rate = (struct planche_queue_rate){0};
    int64_t now = work(0, 1000, 1);
    now = work(now, 90, 2);
    assert_float_equal(planche_queue_rate_get(&rate, now), 0.5, 0.01);
    now = work(now, 8, 100);
    assert_float_equal(planche_queue_rate_get(&rate, now), 0.01, 0.0001);
    now = work(now, 2000, 1);
    assert_float_equal(planche_queue_rate_get(&rate, now), 1.0, 0.01);
}

/* Several pages at once. */
static void test_threads(void **state)
{
    (void)state;
    rate = (struct planche_queue_rate){0};
    planche_queue_rate_run(&rate, 4, 0);
    for (unsigned i = 1; i <= 40; i++)
        planche_queue_rate_end(&rate, i * SECOND / 4);
    assert_float_equal(planche_queue_rate_get(&rate, 10 * SECOND), 4.0, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_time),
        cmocka_unit_test(test_recent_work),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
