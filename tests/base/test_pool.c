/* SPDX-License-Identifier: MIT */
/* The thread pool: every index once, workers never shared, several callers, nested loops. */
#include "support/testing.h"

#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define MAX_INDICES 5000
#define MAX_THREADS 8

static struct planche_pool *make_pool(unsigned threads)
{
    struct planche_pool *pool;
    struct planche_error error;
    if (planche_pool_create(&pool, threads, NULL, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(planche_pool_threads(pool), threads);
    return pool;
}

/* What one run saw. */
struct tally {
    unsigned threads;
    _Atomic unsigned char calls[MAX_INDICES];
    atomic_bool busy[MAX_THREADS];
    atomic_bool shared, stranger, caller_moved;
    pthread_t caller;
};

static void count_call(void *user, size_t index, unsigned worker)
{
    struct tally *tally = user;
    if (worker >= tally->threads) {
        atomic_store(&tally->stranger, true);
        return;
    }
    if (atomic_exchange(&tally->busy[worker], true))
        atomic_store(&tally->shared, true);
    if ((worker == 0) != (pthread_equal(pthread_self(), tally->caller) != 0))
        atomic_store(&tally->caller_moved, true);
    atomic_fetch_add(&tally->calls[index], 1);
    atomic_store(&tally->busy[worker], false);
}

static void run_and_check(struct planche_pool *pool, size_t count, struct tally *tally)
{
    memset((void *)tally, 0, sizeof *tally);
    tally->threads = planche_pool_threads(pool);
    tally->caller = pthread_self();
    planche_pool_run(pool, count, count_call, tally);
    for (size_t i = 0; i < MAX_INDICES; i++)
        assert_int_equal(tally->calls[i], i < count ? 1 : 0);
    assert_false(tally->shared);
    assert_false(tally->stranger);
    assert_false(tally->caller_moved);
}

static void test_every_index_once(void **state)
{
    (void)state;
    static struct tally tally;
    const size_t counts[] = {0, 1, 2, 3, 7, 100, MAX_INDICES};
    for (unsigned threads = 1; threads <= MAX_THREADS; threads++) {
        struct planche_pool *pool = make_pool(threads);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            run_and_check(pool, counts[i], &tally);
        planche_pool_destroy(&pool);
        assert_null(pool);
    }
}

static void test_many_short_loops(void **state)
{
    (void)state;
    static struct tally tally;
    struct planche_pool *pool = make_pool(3);
    for (int i = 0; i < 2000; i++)
        run_and_check(pool, 1 + i % 5, &tally);
    planche_pool_destroy(&pool);
}

/* Threads fall asleep between these. */
static void test_loops_after_a_pause(void **state)
{
    (void)state;
    static struct tally tally;
    struct planche_pool *pool = make_pool(4);
    for (int i = 0; i < 5; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
        run_and_check(pool, 64, &tally);
    }
    planche_pool_destroy(&pool);
}

struct caller {
    struct planche_pool *pool;
    struct tally tally;
};

static void *call_often(void *argument)
{
    struct caller *caller = argument;
    for (int i = 0; i < 200; i++)
        run_and_check(caller->pool, (size_t)(i * 37 % 300), &caller->tally);
    return NULL;
}

static void test_several_callers(void **state)
{
    (void)state;
    static struct caller callers[4];
    pthread_t threads[4];
    struct planche_pool *pool = make_pool(3);
    for (size_t i = 0; i < 4; i++) {
        callers[i].pool = pool;
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    planche_pool_destroy(&pool);
}

struct nest {
    struct planche_pool *pool;
    _Atomic size_t leaves;
};

static void count_leaf(void *user, size_t index, unsigned worker)
{
    (void)index;
    (void)worker;
    atomic_fetch_add(&((struct nest *)user)->leaves, 1);
}

static void run_inner(void *user, size_t index, unsigned worker)
{
    (void)worker;
    struct nest *nest = user;
    planche_pool_run(nest->pool, index % 20, count_leaf, nest);
}

static void test_loops_within_loops(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct nest nest = {.pool = make_pool(threads)};
        planche_pool_run(nest.pool, 100, run_inner, &nest);
        assert_int_equal(nest.leaves, 5 * 190);
        planche_pool_destroy(&nest.pool);
    }
}

/* Every thread holds one index until all have one: proves that all take part. */
struct meeting {
    pthread_barrier_t barrier;
    _Atomic unsigned last; /* worker seen */
};

static void meet(void *user, size_t index, unsigned worker)
{
    struct meeting *meeting = user;
    (void)index;
    for (unsigned last = meeting->last;
         last < worker && !atomic_compare_exchange_weak(&meeting->last, &last, worker);)
        ;
    pthread_barrier_wait(&meeting->barrier);
}

static void test_all_threads_take_part(void **state)
{
    (void)state;
    struct planche_pool *pool = make_pool(4);
    struct meeting meeting = {.last = 0};
    pthread_barrier_init(&meeting.barrier, NULL, 4);
    for (int i = 0; i < 50; i++)
        planche_pool_run(pool, 4, meet, &meeting);
    pthread_barrier_destroy(&meeting.barrier);
    planche_pool_destroy(&pool);
}

static void take_mask(void *user, size_t index, unsigned worker)
{
    (void)index;
    if (worker > 0)
        pthread_sigmask(SIG_SETMASK, NULL, user);
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void test_threads_take_no_signals(void **state)
{
    (void)state;
    sigset_t mask;
    sigemptyset(&mask);
    struct planche_pool *pool = make_pool(2);
    for (int i = 0; i < 1000 && !sigismember(&mask, SIGINT); i++)
        planche_pool_run(pool, 4, take_mask, &mask);
    assert_true(sigismember(&mask, SIGINT));
    assert_true(sigismember(&mask, SIGTERM));
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_false(sigismember(&mask, SIGINT));
    planche_pool_destroy(&pool);
}

static void note_call(void *user, size_t index, unsigned worker)
{
    (void)worker;
    atomic_fetch_add((atomic_int *)user, 1 + (int)index);
}

/* A task is run exactly once, whether or not a thread has time for it. */
static void test_tasks(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct planche_pool *pool = make_pool(threads);
        struct planche_pool_task *task = planche_pool_task_create(pool, NULL);
        atomic_int calls = 0, others = 0;
        for (int i = 0; i < 500; i++) {
            planche_pool_task_begin(task, note_call, &calls);
            for (int loops = 0; loops < i % 4; loops++)
                planche_pool_run(pool, 1 + (size_t)i % 5, note_call, &others);
            planche_pool_task_end(task);
            assert_int_equal(calls, i + 1);
        }
        planche_pool_task_destroy(&task);
        assert_null(task);
        planche_pool_destroy(&pool);
    }
}

/* It does not wait for its owner while there are idle threads, even when they sleep. */
static void test_task_is_taken(void **state)
{
    (void)state;
    struct planche_pool *pool = make_pool(2);
    struct planche_pool_task *task = planche_pool_task_create(pool, NULL);
    for (int i = 0; i < 5; i++) {
        atomic_int calls = 0;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        planche_pool_task_begin(task, note_call, &calls);
        while (calls == 0)
            sched_yield();
        planche_pool_task_end(task);
        assert_int_equal(calls, 1);
    }
    planche_pool_task_destroy(&task);
    planche_pool_destroy(&pool);
}

/* All threads are in a loop when its caller hands over a task and begins another loop. */
struct order {
    struct planche_pool *pool;
    struct planche_pool_task *task;
    pthread_barrier_t barrier; /* all threads are in the first loop */
    atomic_int arrived, begun; /* threads in the second loop, calls of the task */
    atomic_bool hurried;       /* the task began while the loop had indices left */
};

static void begin_task(void *user, size_t index, unsigned worker)
{
    (void)index;
    (void)worker;
    ((struct order *)user)->begun++;
}

/* Keeps its thread until all have come, or one has gone to the task instead. */
static void hold_thread(void *user, size_t index, unsigned worker)
{
    struct order *order = user;
    (void)index;
    (void)worker;
    order->arrived++;
    while (order->arrived < (int)planche_pool_threads(order->pool) && !order->begun)
        sched_yield();
    if (order->arrived < (int)planche_pool_threads(order->pool))
        order->hurried = true;
}

static void hand_over(void *user, size_t index, unsigned worker)
{
    struct order *order = user;
    (void)index;
    pthread_barrier_wait(&order->barrier);
    if (worker == 0) {
        planche_pool_task_begin(order->task, begin_task, order);
        planche_pool_run(order->pool, planche_pool_threads(order->pool), hold_thread, order);
    }
    while (!order->arrived)
        sched_yield();
}

/* While a loop has indices left, nobody takes a task. */
static void test_loops_before_tasks(void **state)
{
    (void)state;
    for (unsigned threads = 2; threads <= 5; threads++) {
        struct order order = {.pool = make_pool(threads)};
        order.task = planche_pool_task_create(order.pool, NULL);
        pthread_barrier_init(&order.barrier, NULL, threads);
        planche_pool_run(order.pool, threads, hand_over, &order);
        planche_pool_task_end(order.task);
        assert_int_equal(order.begun, 1);
        assert_false(order.hurried);
        pthread_barrier_destroy(&order.barrier);
        planche_pool_task_destroy(&order.task);
        planche_pool_destroy(&order.pool);
    }
}

/* Each caller beyond the first takes the place of a worker, until it leaves. */
static void test_callers_take_places(void **state)
{
    (void)state;
    const unsigned most = 4;
    struct planche_pool *pool = make_pool(most);
    for (unsigned callers = 0; callers < 2 * most; callers++) {
        const unsigned entered = callers < most ? callers + 1 : 2 * most - 1 - callers;
        const unsigned threads = entered > 1 ? most + 1 - entered : most;
        if (callers < most)
            planche_pool_enter(pool);
        else
            planche_pool_leave(pool);
        for (int i = 0; i < 20; i++) {
            struct meeting meeting = {.last = 0};
            pthread_barrier_init(&meeting.barrier, NULL, threads);
            planche_pool_run(pool, threads * 3, meet, &meeting);
            assert_int_equal(meeting.last, threads - 1);
            pthread_barrier_destroy(&meeting.barrier);
        }
    }
    planche_pool_destroy(&pool);
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    struct planche_error error;
    struct planche_budget budget;
    struct planche_pool *pool = NULL;
    planche_budget_init(&budget, 16);
    assert_int_equal(planche_pool_create(&pool, 0, NULL, &error), PLANCHE_ERROR_ARGUMENT);
    assert_null(pool);
    assert_int_equal(planche_pool_create(&pool, 2, &budget, &error), PLANCHE_ERROR_BUDGET);
    assert_null(pool);
    assert_int_equal(budget.used, 0);
    planche_pool_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_index_once),
        cmocka_unit_test(test_many_short_loops),
        cmocka_unit_test(test_loops_after_a_pause),
        cmocka_unit_test(test_several_callers),
        cmocka_unit_test(test_loops_within_loops),
        cmocka_unit_test(test_all_threads_take_part),
        cmocka_unit_test(test_threads_take_no_signals),
        cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_task_is_taken),
        cmocka_unit_test(test_loops_before_tasks),
        cmocka_unit_test(test_callers_take_places),
        cmocka_unit_test(test_wrong_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
