/* SPDX-License-Identifier: MIT */
/* The door of an engine: who comes in when, with how much memory. */
#include "engine/admission.h"
#include "support/testing.h"

#include <sched.h>
#include <stdatomic.h>

static void enter(struct planche_admission *admission, uint64_t bytes, unsigned threads)
{
    const struct planche_reservation reservation = {bytes, threads};
    assert_true(planche_admission_acquire(admission, NULL, NULL));
    planche_admission_commit(admission, &reservation);
}

/* A page in a thread of its own. */
struct visitor {
    pthread_t thread;
    struct planche_admission *admission;
    uint64_t enough; /* waits for more than this before it goes in */
    struct planche_reservation reservation;
    bool fickle; /* can lose its patience */
    atomic_bool leaves, inside, gone;
    atomic_int asked;
};

static bool has_enough(void *user)
{
    struct visitor *visitor = user;
    visitor->asked++;
    return visitor->leaves;
}

static void *visit(void *user)
{
    struct visitor *visitor = user;
    planche_admission_stop_fn stop = visitor->fickle ? has_enough : NULL;
    visitor->gone = !planche_admission_acquire(visitor->admission, stop, visitor);
    if (visitor->gone)
        return NULL;
    if (visitor->enough &&
        !planche_admission_wait_for_memory(visitor->admission, visitor->enough, stop, visitor)) {
        planche_admission_cancel(visitor->admission);
        visitor->gone = true;
        return NULL;
    }
    planche_admission_commit(visitor->admission, &visitor->reservation);
    visitor->inside = true;
    return NULL;
}

/* Pages in the queue or at the door. */
static int count_outside(struct planche_admission *admission)
{
    planche_mutex_lock(&admission->mutex);
    int count = admission->occupied;
    for (const struct planche_admission_waiter *w = admission->queue; w; w = w->next)
        count++;
    planche_mutex_unlock(&admission->mutex);
    return count;
}

/* Returns when the page has come to the door. */
static void send_visitor(struct visitor *visitor)
{
    int before = count_outside(visitor->admission);
    assert_int_equal(pthread_create(&visitor->thread, NULL, visit, visitor), 0);
    while (count_outside(visitor->admission) == before)
        sched_yield();
}

static void expect_inside(struct visitor *visitor)
{
    assert_int_equal(pthread_join(visitor->thread, NULL), 0);
    assert_true(visitor->inside);
}

/* Pages come in while a thread is idle, and get what they need of what is left. */
static void test_shared(void **state)
{
    struct planche_admission admission;
    struct planche_reservation wide = {60, 3}, lower = {10, 1};
    (void)state;
    planche_admission_init(&admission);
    planche_admission_start(&admission, 100, 4, 0);
    assert_int_equal(admission.jobs, 4);
    assert_true(planche_admission_acquire(&admission, NULL, NULL));
    assert_int_equal(planche_admission_available(&admission).now, 100);
    planche_admission_commit(&admission, &wide);
    enter(&admission, 30, 3); /* one thread was idle */
    struct visitor third = {.admission = &admission, .reservation = {1, 1}};
    send_visitor(&third);
    assert_false(third.inside); /* 6 threads' worth of work for 4 */
    assert_int_equal(planche_admission_available(&admission).now, 10);
    planche_admission_shrink(&admission, &wide, &lower);
    assert_false(third.inside);
    planche_admission_release(&admission, &wide);
    expect_inside(&third);
    assert_int_equal(planche_admission_available(&admission).now, 69);
    planche_admission_destroy(&admission);
}

/* Who needs more memory than is left waits at the door, and those behind it wait, too. */
static void test_memory(void **state)
{
    struct planche_admission admission;
    struct planche_reservation first = {60, 1}, lower = {20, 1};
    (void)state;
    planche_admission_init(&admission);
    planche_admission_start(&admission, 100, 8, 0);
    assert_true(planche_admission_acquire(&admission, NULL, NULL));
    planche_admission_commit(&admission, &first);
    struct visitor large = {.admission = &admission, .enough = 40, .reservation = {70, 1}};
    struct visitor small = {.admission = &admission, .reservation = {1, 1}};
    send_visitor(&large);
    send_visitor(&small);
    assert_false(large.inside || small.inside);
    planche_admission_shrink(&admission, &first, &lower);
    expect_inside(&large);
    expect_inside(&small);
    assert_int_equal(planche_admission_available(&admission).now, 9);
    planche_admission_destroy(&admission);
}

/* A number of jobs fixes the parts, however much work there is. */
static void test_parts(void **state)
{
    struct planche_admission admission;
    const struct planche_reservation reservation = {33, 16};
    (void)state;
    planche_admission_init(&admission);
    planche_admission_start(&admission, 100, 2, 3);
    assert_int_equal(admission.jobs, 3);
    assert_int_equal(planche_admission_available(&admission).most, 33);
    for (int i = 0; i < 3; i++)
        enter(&admission, 33, 16);
    struct visitor fourth = {.admission = &admission, .reservation = {33, 1}};
    send_visitor(&fourth);
    assert_false(fourth.inside);
    planche_admission_release(&admission, &reservation);
    expect_inside(&fourth);
    planche_admission_destroy(&admission);
}

/* One who is turned away makes room for the next. */
static void test_go_away(void **state)
{
    struct planche_admission admission;
    (void)state;
    planche_admission_init(&admission);
    planche_admission_start(&admission, 100, 2, 0);
    assert_true(planche_admission_acquire(&admission, NULL, NULL));
    struct visitor next = {.admission = &admission, .reservation = {33, 1}};
    send_visitor(&next);
    assert_false(next.inside);
    planche_admission_cancel(&admission);
    expect_inside(&next);
    assert_int_equal(admission.inside, 1);
    planche_admission_destroy(&admission);
}

static void expect_gone(struct visitor *visitor)
{
    visitor->leaves = true;
    assert_int_equal(pthread_join(visitor->thread, NULL), 0);
    assert_true(visitor->gone);
    assert_false(visitor->inside);
    assert_true(visitor->asked > 0);
}

/* Whoever loses patience leaves, first, last or between, and those behind move up. */
static void test_leave_queue(void **state)
{
    struct planche_admission admission;
    const struct planche_reservation reservation = {10, 1};
    struct visitor visitors[5];
    (void)state;
    planche_admission_init(&admission);
    planche_admission_start(&admission, 100, 1, 0);
    enter(&admission, 10, 1);
    for (int i = 0; i < 5; i++) {
        visitors[i] =
            (struct visitor){.admission = &admission, .reservation = reservation, .fickle = i != 3};
        send_visitor(&visitors[i]);
    }
    expect_gone(&visitors[1]);
    expect_gone(&visitors[4]);
    expect_gone(&visitors[0]);
    assert_int_equal(count_outside(&admission), 2);
    assert_false(planche_admission_release(&admission, &reservation));
    expect_inside(&visitors[2]);
    assert_false(planche_admission_release(&admission, &reservation));
    expect_inside(&visitors[3]);
    assert_true(planche_admission_release(&admission, &reservation));
    planche_admission_destroy(&admission);
}

/* So does the one at the door that waits for memory; patience that holds changes nothing. */
static void test_leave_door(void **state)
{
    struct planche_admission admission;
    const struct planche_reservation reservation = {60, 1};
    (void)state;
    planche_admission_init(&admission);
    planche_admission_start(&admission, 100, 8, 0);
    enter(&admission, 60, 1);
    struct visitor large = {
        .admission = &admission, .enough = 40, .reservation = {70, 1}, .fickle = true};
    struct visitor next = {
        .admission = &admission, .enough = 40, .reservation = {70, 1}, .fickle = true};
    send_visitor(&large);
    send_visitor(&next);
    expect_gone(&large);
    while (next.asked < 2)
        sched_yield();
    assert_false(next.inside);
    planche_admission_release(&admission, &reservation);
    expect_inside(&next);
    assert_int_equal(planche_admission_available(&admission).now, 30);
    planche_admission_destroy(&admission);
}

struct holder {
    struct planche_admission *admission;
    uint64_t bytes;
    atomic_bool held, ended;
};

static void *hold(void *user)
{
    struct holder *holder = user;
    holder->held = planche_admission_set_aside(holder->admission, holder->bytes, NULL, NULL);
    holder->ended = true;
    return NULL;
}

static bool at_once(void *user)
{
    (void)user;
    return true;
}

/* What is held for something else is no page's, and is waited for. */
static void test_hold(void **state)
{
    struct planche_admission admission;
    const struct planche_reservation reservation = {60, 1};
    pthread_t thread;
    (void)state;
    planche_admission_init(&admission);
    planche_admission_start(&admission, 100, 8, 0);
    assert_false(
        planche_admission_set_aside(&admission, 100, NULL, NULL)); /* pages need some, too */
    enter(&admission, 60, 1);
    assert_true(planche_admission_set_aside(&admission, 40, NULL, NULL));
    assert_int_equal(planche_admission_available(&admission).now, 0);
    assert_int_equal(planche_admission_available(&admission).most, 60);
    planche_admission_put_back(&admission, 10);
    assert_int_equal(planche_admission_available(&admission).now, 10);
    assert_false(planche_admission_set_aside(&admission, 11, at_once, NULL));
    struct holder holder = {.admission = &admission, .bytes = 20};
    assert_int_equal(pthread_create(&thread, NULL, hold, &holder), 0);
    sched_yield();
    assert_false(holder.ended);
    planche_admission_release(&admission, &reservation);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(holder.held);
    assert_int_equal(planche_admission_available(&admission).now, 50);
    planche_admission_destroy(&admission);
}

/* Who must be alone waits at the door until the last is out. */
static void test_alone(void **state)
{
    struct planche_admission admission;
    const struct planche_reservation reservation = {10, 1};
    (void)state;
    planche_admission_init(&admission);
    planche_admission_start(&admission, 100, 8, 0);
    enter(&admission, 10, 1);
    assert_true(planche_admission_acquire(&admission, NULL, NULL));
    assert_false(planche_admission_wait_idle(&admission, at_once, NULL));
    planche_admission_release(&admission, &reservation);
    assert_true(planche_admission_wait_idle(&admission, NULL, NULL));
    planche_admission_cancel(&admission);
    planche_admission_destroy(&admission);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),      cmocka_unit_test(test_memory),
        cmocka_unit_test(test_parts),       cmocka_unit_test(test_go_away),
        cmocka_unit_test(test_leave_queue), cmocka_unit_test(test_leave_door),
        cmocka_unit_test(test_hold),        cmocka_unit_test(test_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
