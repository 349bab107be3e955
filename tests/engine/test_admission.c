/* SPDX-License-Identifier: MIT */
/* Admission control: who comes in when, with how much memory. */
#include "engine/admission.h"
#include "support/testing.h"

#include <sched.h>
#include <stdatomic.h>

/* A page of the normal class that nothing cancels. */
static const struct planche_admission_ticket nobody;

static void enter(struct planche_admission *admission, uint64_t bytes, unsigned threads)
{
    const struct planche_reservation reservation = {bytes, threads};
    assert_true(planche_admission_acquire(admission, &nobody));
    planche_admission_commit(admission, &reservation);
}

/* A page in a thread of its own. */
struct visitor {
    pthread_t thread;
    struct planche_admission *admission;
    uint64_t enough; /* waits for more than this before it goes in */
    struct planche_reservation reservation;
    enum planche_priority priority;
    int64_t deadline;           /* of its token */
    struct planche_cancel ends; /* makes it leave */
    atomic_bool inside, gone;
    enum planche_status status; /* why it is gone */
    int *order;                 /* counts those that came in, for place; NULL: nobody counts */
    int place;
};

static void *visit(void *user)
{
    struct visitor *visitor = user;
    const struct planche_cancel_token parent = {.deadline = visitor->deadline};
    const struct planche_cancel_token token = {.handle = &visitor->ends, .parent = &parent};
    const struct planche_admission_ticket ticket = {&token, visitor->priority};
    bool comes = planche_admission_acquire(visitor->admission, &ticket);
    if (comes && visitor->enough &&
        !planche_admission_wait_for_memory(visitor->admission, visitor->enough, &token)) {
        planche_admission_cancel(visitor->admission);
        comes = false;
    }
    if (!comes) {
        visitor->status = planche_cancel_check(&token);
        visitor->gone = true;
        return NULL;
    }
    if (visitor->order)
        visitor->place = ++*visitor->order;
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
    assert_true(planche_admission_acquire(&admission, &nobody));
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
    assert_true(planche_admission_acquire(&admission, &nobody));
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
    assert_true(planche_admission_acquire(&admission, &nobody));
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
    planche_cancel_request(&visitor->ends);
    assert_int_equal(pthread_join(visitor->thread, NULL), 0);
    assert_true(visitor->gone);
    assert_int_equal(visitor->status, PLANCHE_ERROR_CANCELLED);
    assert_false(visitor->inside);
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
        visitors[i] = (struct visitor){.admission = &admission, .reservation = reservation};
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

/* Returns when the page at the door sleeps. */
static void wait_at_door(struct planche_admission *admission)
{
    bool waits = false;
    while (!waits) {
        planche_mutex_lock(&admission->mutex);
        waits = admission->occupied && admission->sleeping == 1;
        planche_mutex_unlock(&admission->mutex);
        sched_yield();
    }
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
    struct visitor large = {.admission = &admission, .enough = 40, .reservation = {70, 1}};
    struct visitor next = {.admission = &admission, .enough = 40, .reservation = {70, 1}};
    send_visitor(&large);
    send_visitor(&next);
    expect_gone(&large);
    wait_at_door(&admission);
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
    holder->held = planche_admission_set_aside(holder->admission, holder->bytes, NULL);
    holder->ended = true;
    return NULL;
}

static const struct planche_cancel cancelled = {true};
static const struct planche_cancel_token at_once = {.handle = &cancelled};

/* What is held for something else is no page's, and is waited for. */
static void test_hold(void **state)
{
    struct planche_admission admission;
    const struct planche_reservation reservation = {60, 1};
    pthread_t thread;
    (void)state;
    planche_admission_init(&admission);
    planche_admission_start(&admission, 100, 8, 0);
    assert_false(planche_admission_set_aside(&admission, 100, NULL)); /* pages need some, too */
    enter(&admission, 60, 1);
    assert_true(planche_admission_set_aside(&admission, 40, NULL));
    assert_int_equal(planche_admission_available(&admission).now, 0);
    assert_int_equal(planche_admission_available(&admission).most, 60);
    planche_admission_put_back(&admission, 10);
    assert_int_equal(planche_admission_available(&admission).now, 10);
    assert_false(planche_admission_set_aside(&admission, 11, &at_once));
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
    assert_true(planche_admission_acquire(&admission, &nobody));
    assert_false(planche_admission_wait_idle(&admission, &at_once));
    planche_admission_release(&admission, &reservation);
    assert_true(planche_admission_wait_idle(&admission, NULL));
    planche_admission_cancel(&admission);
    planche_admission_destroy(&admission);
}

static int64_t time_now; /* of the tests' clock, under the admission's mutex */

static int64_t test_clock(void)
{
    return time_now;
}

static void set_time(struct planche_admission *admission, int64_t seconds)
{
    planche_mutex_lock(&admission->mutex);
    time_now = seconds * 1000000000;
    planche_mutex_unlock(&admission->mutex);
}

static int64_t in_seconds(int seconds)
{
    return planche_cancel_deadline((uint64_t)seconds * 1000);
}

/* One page is inside an engine that has room for one. */
static void start_full(struct planche_admission *admission)
{
    planche_admission_init(admission);
    admission->clock = test_clock;
    time_now = 0;
    planche_admission_start(admission, 100, 1, 0);
    enter(admission, 1, 1);
}

/* Lets the visitors in one by one; places: the order that is expected, from 1. */
static void expect_order(struct planche_admission *admission, struct visitor *visitors, int count,
                         const int *places)
{
    const struct planche_reservation reservation = {1, 1};
    for (int i = 0; i < count; i++) {
        planche_admission_release(admission, &reservation);
        while (count_outside(admission) > count - i - 1)
            sched_yield();
    }
    planche_admission_release(admission, &reservation);
    for (int i = 0; i < count; i++) {
        expect_inside(&visitors[i]);
        assert_int_equal(visitors[i].place, places[i]);
    }
    planche_admission_destroy(admission);
}

#define BACKGROUND  PLANCHE_PRIORITY_BACKGROUND
#define INTERACTIVE PLANCHE_PRIORITY_INTERACTIVE

/* By class, then by deadline, then as they came. */
static void test_order(void **state)
{
    struct planche_admission admission;
    struct visitor visitors[] = {
        {.priority = BACKGROUND, .deadline = in_seconds(1000)},
        {.deadline = 0},
        {.deadline = in_seconds(3000)},
        {.deadline = in_seconds(2000)},
        {.deadline = 0},
        {.priority = INTERACTIVE},
        {.priority = INTERACTIVE},
        {.priority = INTERACTIVE, .deadline = in_seconds(9000)},
    };
    static const int places[] = {8, 6, 5, 4, 7, 2, 3, 1};
    int order = 0;
    (void)state;
    start_full(&admission);
    for (int i = 0; i < 8; i++) {
        visitors[i].admission = &admission;
        visitors[i].reservation = (struct planche_reservation){1, 1};
        visitors[i].order = &order;
        send_visitor(&visitors[i]);
    }
    expect_order(&admission, visitors, 8, places);
}

/* Who has waited counts as one of the next class, and goes before those of it that came later: no
 * class starves. */
static void test_aging(void **state)
{
    enum { SECONDS = PLANCHE_ADMISSION_AGING_MS / 1000 };
    static const struct {
        enum planche_priority priority;
        int comes; /* at this second */
        int place;
    } cases[] = {
        {BACKGROUND, 0, 1}, /* twice lifted */
        {BACKGROUND, 1, 5}, /* once */
        {PLANCHE_PRIORITY_NORMAL, SECONDS - 1, 2},
        {PLANCHE_PRIORITY_NORMAL, SECONDS + 1, 6},
        {BACKGROUND, SECONDS + 1, 7},
        {INTERACTIVE, 2 * SECONDS - 1, 3},
        {INTERACTIVE, 2 * SECONDS, 4},
    };
    struct planche_admission admission;
    struct visitor visitors[7];
    int places[7], order = 0;
    (void)state;
    start_full(&admission);
    for (int i = 0; i < 7; i++) {
        visitors[i] = (struct visitor){
            .admission = &admission,
            .reservation = {1, 1},
            .priority = cases[i].priority,
            .order = &order,
        };
        places[i] = cases[i].place;
        set_time(&admission, cases[i].comes);
        send_visitor(&visitors[i]);
    }
    expect_order(&admission, visitors, 7, places);
}

/* Whose time runs out while it waits is gone, in the queue as at the door. */
static void test_deadline(void **state)
{
    struct planche_admission admission;
    const struct planche_reservation reservation = {1, 1};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct visitor late = {.admission = &admission, .enough = i ? 99 : 0};
        start_full(&admission);
        admission.jobs += (unsigned)i;
        admission.threads += (unsigned)i;
        late.deadline = planche_cancel_deadline(50);
        assert_int_equal(pthread_create(&late.thread, NULL, visit, &late), 0);
        assert_int_equal(pthread_join(late.thread, NULL), 0);
        assert_true(late.gone);
        assert_int_equal(late.status, PLANCHE_ERROR_DEADLINE);
        assert_int_equal(count_outside(&admission), 0);
        assert_true(planche_admission_release(&admission, &reservation));
        planche_admission_destroy(&admission);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),      cmocka_unit_test(test_memory),
        cmocka_unit_test(test_parts),       cmocka_unit_test(test_go_away),
        cmocka_unit_test(test_leave_queue), cmocka_unit_test(test_leave_door),
        cmocka_unit_test(test_hold),        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_order),       cmocka_unit_test(test_aging),
        cmocka_unit_test(test_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
