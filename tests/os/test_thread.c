/* SPDX-License-Identifier: MIT */
/* Threads and timed waits. */
#include "support/testing.h"

#include "os/clock.h"
#include "os/thread.h"

#include <signal.h>
#include <time.h>

struct shared {
    struct planche_mutex mutex;
    struct planche_cond cond;
    bool ready;
    sigset_t blocked;
};

static void thread_run(void *user)
{
    struct shared *shared = user;
    planche_mutex_lock(&shared->mutex);
    pthread_sigmask(SIG_SETMASK, NULL, &shared->blocked);
    shared->ready = true;
    planche_cond_signal(&shared->cond);
    planche_mutex_unlock(&shared->mutex);
}

static int set_up(void **state)
{
    static struct shared shared;
    shared = (struct shared){0};
    planche_mutex_init(&shared.mutex);
    planche_cond_init(&shared.cond);
    *state = &shared;
    return 0;
}

static int tear_down(void **state)
{
    struct shared *shared = *state;
    planche_cond_destroy(&shared->cond);
    planche_mutex_destroy(&shared->mutex);
    return 0;
}

static void test_threads_start_with_signals_blocked(void **state)
{
    struct shared *shared = *state;
    struct planche_thread thread;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_true(planche_thread_start(&thread, thread_run, shared));
    planche_mutex_lock(&shared->mutex);
    while (!shared->ready)
        planche_cond_wait(&shared->cond, &shared->mutex);
    planche_mutex_unlock(&shared->mutex);
    planche_thread_join(&thread);
    assert_true(sigismember(&shared->blocked, SIGINT));
    assert_true(sigismember(&shared->blocked, SIGTERM));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
}

/* A wait on the wall clock would take the monotonic time, hours or days since the start of the
 * machine, for a moment of 1970 and return at once. */
static void test_timed_waits_use_the_monotonic_clock(void **state)
{
    struct shared *shared = *state;
    int64_t begin = planche_clock_ns(), until = begin + 20000000;
    planche_mutex_lock(&shared->mutex);
    while (planche_cond_wait_until(&shared->cond, &shared->mutex, until))
        ;
    planche_mutex_unlock(&shared->mutex);
    assert_true(planche_clock_ns() >= until);
}

static void test_waits_end_when_signalled(void **state)
{
    struct shared *shared = *state;
    struct planche_thread thread;
    planche_mutex_lock(&shared->mutex);
    assert_true(planche_thread_start(&thread, thread_run, shared));
    while (!shared->ready)
        assert_true(planche_cond_wait_until(&shared->cond, &shared->mutex,
                                            planche_clock_ns() + 600000000000));
    planche_mutex_unlock(&shared->mutex);
    planche_thread_join(&thread);
}

static void thread_try(void *user)
{
    struct shared *shared = user;
    shared->ready = planche_mutex_try_lock(&shared->mutex);
    if (shared->ready)
        planche_mutex_unlock(&shared->mutex);
}

static void test_try_lock(void **state)
{
    struct shared *shared = *state;
    struct planche_thread thread;
    assert_true(planche_mutex_try_lock(&shared->mutex));
    assert_true(planche_thread_start(&thread, thread_try, shared));
    planche_thread_join(&thread);
    assert_false(shared->ready);
    planche_mutex_unlock(&shared->mutex);
    assert_true(planche_thread_start(&thread, thread_try, shared));
    planche_thread_join(&thread);
    assert_true(shared->ready);
}

static void test_clock(void **state)
{
    (void)state;
    double before = planche_clock_ms();
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    assert_true(planche_clock_ms() - before >= 2.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threads_start_with_signals_blocked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_timed_waits_use_the_monotonic_clock, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_waits_end_when_signalled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_try_lock, set_up, tear_down),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
