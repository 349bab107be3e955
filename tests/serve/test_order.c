/* SPDX-License-Identifier: MIT */
/* Order of pages that wait: classes, turns of readers, the newest burst of each. */
#include "pages/order.h"

#include "support/testing.h"

#include <string.h>

#define MS INT64_C(1000000)

static struct planche_pages_flight flights[64];
static struct planche_pages_flight *list;
static struct planche_pages_order order;
static size_t count;

static void begin(void)
{
    memset(&order, 0, sizeof order);
    list = NULL;
    count = 0;
}

/* A page of a name, at a time in ms. */
static void come(char name, enum planche_pages_class class, uint64_t session, int64_t ms)
{
    struct planche_pages_flight *flight = &flights[count++];
    *flight = (struct planche_pages_flight){.arrival = ms * MS, .next = list, .link = &list};
    flight->wish.class = class;
    flight->wish.session = session;
    flight->wish.key.bytes[0] = (uint8_t)name;
    if (list != NULL)
        list->link = &flight->next;
    list = flight;
    planche_pages_order_arrive(&order, flight);
}

static char take(void)
{
    struct planche_pages_flight *next = planche_pages_order_next(&order, list);
    if (next == NULL)
        return '-';
    *next->link = next->next;
    if (next->next != NULL)
        next->next->link = next->link;
    return (char)next->wish.key.bytes[0];
}

static void expect(const char *names)
{
    for (; *names; names++)
        assert_int_equal(take(), *names);
    assert_int_equal(take(), '-');
}

static void test_classes(void **state)
{
    (void)state;
    begin();
    come('b', PLANCHE_PAGES_BOOK, 1, 1);
    come('p', PLANCHE_PAGES_PREFETCH, 1, 2);
    come('r', PLANCHE_PAGES_READER, 2, 60000);
    come('c', PLANCHE_PAGES_BOOK, 1, 3);
    expect("rpbc");
}

static void test_bursts(void **state)
{
    (void)state;
    begin();
    /* A chapter is opened: five pages at once; then somebody jumps. */
    come('1', PLANCHE_PAGES_READER, 7, 1000);
    come('2', PLANCHE_PAGES_READER, 7, 1100);
    come('3', PLANCHE_PAGES_READER, 7, 1200);
    assert_int_equal(take(), '1');
    come('8', PLANCHE_PAGES_READER, 7, 5000);
    come('9', PLANCHE_PAGES_READER, 7, 5100);
    expect("8923");
}

static void test_turns(void **state)
{
    (void)state;
    begin();
    come('1', PLANCHE_PAGES_READER, 1, 1000);
    come('2', PLANCHE_PAGES_READER, 1, 1001);
    come('3', PLANCHE_PAGES_READER, 1, 1002);
    assert_int_equal(take(), '1');
    come('a', PLANCHE_PAGES_READER, 2, 1003);
    come('b', PLANCHE_PAGES_READER, 2, 1004);
    expect("a2b3");
}

/* More readers than are remembered. */
static void test_many_sessions(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 40; i++)
        come((char)('0' + i), PLANCHE_PAGES_READER, (uint64_t)i % 20, 1000 + 600 * i);
    for (int i = 0; i < 40; i++)
        assert_int_not_equal(take(), '-');
    for (uint64_t i = 0; i < 3 * PLANCHE_PAGES_SESSIONS; i++) {
        count = 0;
        come('x', PLANCHE_PAGES_READER, 100 + i, 100000);
        expect("x");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_bursts),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_many_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
