/* SPDX-License-Identifier: MIT */
/* The door of an engine: who comes in when, with how much memory. */
#include "engine/admission.h"
#include "support/testing.h"

#include <sched.h>
#include <stdatomic.h>

static void enter(struct planche_gate *gate, uint64_t bytes, unsigned threads)
{
    const struct planche_stake stake = {bytes, threads};
    assert_true(planche_gate_arrive(gate, NULL, NULL));
    planche_gate_enter(gate, &stake);
}

/* A page in a thread of its own. */
struct visitor {
    pthread_t thread;
    struct planche_gate *gate;
    uint64_t enough; /* waits for more than this before it goes in */
    struct planche_stake stake;
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
    planche_gate_stop_fn stop = visitor->fickle ? has_enough : NULL;
    visitor->gone = !planche_gate_arrive(visitor->gate, stop, visitor);
    if (visitor->gone)
        return NULL;
    if (visitor->enough && !planche_gate_wait(visitor->gate, visitor->enough, stop, visitor)) {
        planche_gate_go_away(visitor->gate);
        visitor->gone = true;
        return NULL;
    }
    planche_gate_enter(visitor->gate, &visitor->stake);
    visitor->inside = true;
    return NULL;
}

/* Pages in the queue or at the door. */
static int count_outside(struct planche_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    int count = gate->occupied;
    for (const struct planche_gate_waiter *w = gate->queue; w; w = w->next)
        count++;
    pthread_mutex_unlock(&gate->mutex);
    return count;
}

/* Returns when the page has come to the door. */
static void send_visitor(struct visitor *visitor)
{
    int before = count_outside(visitor->gate);
    assert_int_equal(pthread_create(&visitor->thread, NULL, visit, visitor), 0);
    while (count_outside(visitor->gate) == before)
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
    struct planche_gate gate;
    struct planche_stake wide = {60, 3}, lower = {10, 1};
    (void)state;
    planche_gate_init(&gate);
    planche_gate_open(&gate, 100, 4, 0);
    assert_int_equal(gate.jobs, 4);
    assert_true(planche_gate_arrive(&gate, NULL, NULL));
    assert_int_equal(planche_gate_room(&gate).now, 100);
    planche_gate_enter(&gate, &wide);
    enter(&gate, 30, 3); /* one thread was idle */
    struct visitor third = {.gate = &gate, .stake = {1, 1}};
    send_visitor(&third);
    assert_false(third.inside); /* 6 threads' worth of work for 4 */
    assert_int_equal(planche_gate_room(&gate).now, 10);
    planche_gate_lower(&gate, &wide, &lower);
    assert_false(third.inside);
    planche_gate_leave(&gate, &wide);
    expect_inside(&third);
    assert_int_equal(planche_gate_room(&gate).now, 69);
    planche_gate_destroy(&gate);
}

/* Who needs more memory than is left waits at the door, and those behind it wait, too. */
static void test_memory(void **state)
{
    struct planche_gate gate;
    struct planche_stake first = {60, 1}, lower = {20, 1};
    (void)state;
    planche_gate_init(&gate);
    planche_gate_open(&gate, 100, 8, 0);
    assert_true(planche_gate_arrive(&gate, NULL, NULL));
    planche_gate_enter(&gate, &first);
    struct visitor large = {.gate = &gate, .enough = 40, .stake = {70, 1}};
    struct visitor small = {.gate = &gate, .stake = {1, 1}};
    send_visitor(&large);
    send_visitor(&small);
    assert_false(large.inside || small.inside);
    planche_gate_lower(&gate, &first, &lower);
    expect_inside(&large);
    expect_inside(&small);
    assert_int_equal(planche_gate_room(&gate).now, 9);
    planche_gate_destroy(&gate);
}

/* A number of jobs fixes the parts, however much work there is. */
static void test_parts(void **state)
{
    struct planche_gate gate;
    const struct planche_stake stake = {33, 16};
    (void)state;
    planche_gate_init(&gate);
    planche_gate_open(&gate, 100, 2, 3);
    assert_int_equal(gate.jobs, 3);
    assert_int_equal(planche_gate_room(&gate).most, 33);
    for (int i = 0; i < 3; i++)
        enter(&gate, 33, 16);
    struct visitor fourth = {.gate = &gate, .stake = {33, 1}};
    send_visitor(&fourth);
    assert_false(fourth.inside);
    planche_gate_leave(&gate, &stake);
    expect_inside(&fourth);
    planche_gate_destroy(&gate);
}

/* One who is turned away makes room for the next. */
static void test_go_away(void **state)
{
    struct planche_gate gate;
    (void)state;
    planche_gate_init(&gate);
    planche_gate_open(&gate, 100, 2, 0);
    assert_true(planche_gate_arrive(&gate, NULL, NULL));
    struct visitor next = {.gate = &gate, .stake = {33, 1}};
    send_visitor(&next);
    assert_false(next.inside);
    planche_gate_go_away(&gate);
    expect_inside(&next);
    assert_int_equal(gate.inside, 1);
    planche_gate_destroy(&gate);
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
    struct planche_gate gate;
    const struct planche_stake stake = {10, 1};
    struct visitor visitors[5];
    (void)state;
    planche_gate_init(&gate);
    planche_gate_open(&gate, 100, 1, 0);
    enter(&gate, 10, 1);
    for (int i = 0; i < 5; i++) {
        visitors[i] = (struct visitor){.gate = &gate, .stake = stake, .fickle = i != 3};
        send_visitor(&visitors[i]);
    }
    expect_gone(&visitors[1]);
    expect_gone(&visitors[4]);
    expect_gone(&visitors[0]);
    assert_int_equal(count_outside(&gate), 2);
    assert_false(planche_gate_leave(&gate, &stake));
    expect_inside(&visitors[2]);
    assert_false(planche_gate_leave(&gate, &stake));
    expect_inside(&visitors[3]);
    assert_true(planche_gate_leave(&gate, &stake));
    planche_gate_destroy(&gate);
}

/* So does the one at the door that waits for memory; patience that holds changes nothing. */
static void test_leave_door(void **state)
{
    struct planche_gate gate;
    const struct planche_stake stake = {60, 1};
    (void)state;
    planche_gate_init(&gate);
    planche_gate_open(&gate, 100, 8, 0);
    enter(&gate, 60, 1);
    struct visitor large = {.gate = &gate, .enough = 40, .stake = {70, 1}, .fickle = true};
    struct visitor next = {.gate = &gate, .enough = 40, .stake = {70, 1}, .fickle = true};
    send_visitor(&large);
    send_visitor(&next);
    expect_gone(&large);
    while (next.asked < 2)
        sched_yield();
    assert_false(next.inside);
    planche_gate_leave(&gate, &stake);
    expect_inside(&next);
    assert_int_equal(planche_gate_room(&gate).now, 30);
    planche_gate_destroy(&gate);
}

struct holder {
    struct planche_gate *gate;
    uint64_t bytes;
    atomic_bool held, ended;
};

static void *hold(void *user)
{
    struct holder *holder = user;
    holder->held = planche_gate_hold(holder->gate, holder->bytes, NULL, NULL);
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
    struct planche_gate gate;
    const struct planche_stake stake = {60, 1};
    pthread_t thread;
    (void)state;
    planche_gate_init(&gate);
    planche_gate_open(&gate, 100, 8, 0);
    assert_false(planche_gate_hold(&gate, 100, NULL, NULL)); /* pages need some, too */
    enter(&gate, 60, 1);
    assert_true(planche_gate_hold(&gate, 40, NULL, NULL));
    assert_int_equal(planche_gate_room(&gate).now, 0);
    assert_int_equal(planche_gate_room(&gate).most, 60);
    planche_gate_let_go(&gate, 10);
    assert_int_equal(planche_gate_room(&gate).now, 10);
    assert_false(planche_gate_hold(&gate, 11, at_once, NULL));
    struct holder holder = {.gate = &gate, .bytes = 20};
    assert_int_equal(pthread_create(&thread, NULL, hold, &holder), 0);
    sched_yield();
    assert_false(holder.ended);
    planche_gate_leave(&gate, &stake);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(holder.held);
    assert_int_equal(planche_gate_room(&gate).now, 50);
    planche_gate_destroy(&gate);
}

/* Who must be alone waits at the door until the last is out. */
static void test_alone(void **state)
{
    struct planche_gate gate;
    const struct planche_stake stake = {10, 1};
    (void)state;
    planche_gate_init(&gate);
    planche_gate_open(&gate, 100, 8, 0);
    enter(&gate, 10, 1);
    assert_true(planche_gate_arrive(&gate, NULL, NULL));
    assert_false(planche_gate_wait_alone(&gate, at_once, NULL));
    planche_gate_leave(&gate, &stake);
    assert_true(planche_gate_wait_alone(&gate, NULL, NULL));
    planche_gate_go_away(&gate);
    planche_gate_destroy(&gate);
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
