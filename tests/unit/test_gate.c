/* SPDX-License-Identifier: MIT */
/* The door of an engine: who comes in when, with how much memory. */
#include "engine/gate.h"
#include "testing.h"

#include <sched.h>
#include <stdatomic.h>

static void enter(struct planche_gate *gate, uint64_t bytes, unsigned threads)
{
    const struct planche_stake stake = {bytes, threads};
    planche_gate_arrive(gate);
    planche_gate_enter(gate, &stake);
}

/* A page in a thread of its own. */
struct visitor {
    pthread_t thread;
    struct planche_gate *gate;
    uint64_t enough; /* waits for more than this before it goes in */
    struct planche_stake stake;
    atomic_bool inside;
};

static void *visit(void *user)
{
    struct visitor *visitor = user;
    planche_gate_arrive(visitor->gate);
    if (visitor->enough)
        planche_gate_wait(visitor->gate, visitor->enough);
    planche_gate_enter(visitor->gate, &visitor->stake);
    visitor->inside = true;
    return NULL;
}

static uint64_t count_arrived(struct planche_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    uint64_t arrived = gate->arrived;
    pthread_mutex_unlock(&gate->mutex);
    return arrived;
}

/* Returns when the page has come to the door. */
static void send_visitor(struct visitor *visitor)
{
    uint64_t before = count_arrived(visitor->gate);
    assert_int_equal(pthread_create(&visitor->thread, NULL, visit, visitor), 0);
    while (count_arrived(visitor->gate) == before)
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
    planche_gate_arrive(&gate);
    assert_int_equal(planche_gate_room(&gate), 100);
    planche_gate_enter(&gate, &wide);
    enter(&gate, 30, 3); /* one thread was idle */
    struct visitor third = {.gate = &gate, .stake = {1, 1}};
    send_visitor(&third);
    assert_false(third.inside); /* 6 threads' worth of work for 4 */
    assert_int_equal(planche_gate_room(&gate), 10);
    planche_gate_lower(&gate, &wide, &lower);
    assert_false(third.inside);
    planche_gate_leave(&gate, &wide);
    expect_inside(&third);
    assert_int_equal(planche_gate_room(&gate), 69);
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
    planche_gate_arrive(&gate);
    planche_gate_enter(&gate, &first);
    struct visitor large = {.gate = &gate, .enough = 40, .stake = {70, 1}};
    struct visitor small = {.gate = &gate, .stake = {1, 1}};
    send_visitor(&large);
    send_visitor(&small);
    assert_false(large.inside || small.inside);
    planche_gate_lower(&gate, &first, &lower);
    expect_inside(&large);
    expect_inside(&small);
    assert_int_equal(planche_gate_room(&gate), 9);
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
    assert_int_equal(gate.most, 33);
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
    planche_gate_arrive(&gate);
    struct visitor next = {.gate = &gate, .stake = {33, 1}};
    send_visitor(&next);
    assert_false(next.inside);
    planche_gate_go_away(&gate);
    expect_inside(&next);
    assert_int_equal(gate.inside, 1);
    planche_gate_destroy(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_go_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
