/* SPDX-License-Identifier: MIT */
/* Byte budget of planche serve: who waits for room gets it in turn. */
#include "http/budget.h"

#include "support/testing.h"

#include <stdlib.h>

static char order[16];
static unsigned granted;

static void on_room(void *user)
{
    order[granted++] = *(const char *)user;
}

static void test_turns(void **state)
{
    struct planche_http_budget budget;
    struct planche_http_room a = {.granted = on_room, .user = "a"},
                             b = {.granted = on_room, .user = "b"},
                             c = {.granted = on_room, .user = "c"};
    (void)state;
    planche_http_budget_init(&budget, 100);
    assert_true(planche_http_budget_try(&budget, 60));
    assert_false(planche_http_budget_try(&budget, 41));
    planche_http_budget_wait(&budget, &a, 70);
    planche_http_budget_wait(&budget, &b, 10);
    planche_http_budget_wait(&budget, &c, 80);
    assert_false(planche_http_budget_try(&budget, 1)); /* others came before */
    planche_http_budget_release(&budget, 10);
    assert_int_equal(granted, 0); /* b would fit, but a is first */
    planche_http_budget_release(&budget, 50);
    assert_int_equal(granted, 2);
    assert_int_equal(budget.used, 80);
    planche_http_budget_leave(&budget, &c);
    assert_true(planche_http_budget_try(&budget, 20));
    planche_http_budget_release(&budget, 100);
    assert_int_equal(granted, 2);
    assert_memory_equal(order, "ab", 2);
    assert_int_equal(budget.peak, 100);
}

/* A result that is there counts, even beyond the limit; nobody gets room before it is less. */
static void test_charge(void **state)
{
    struct planche_http_budget budget;
    struct planche_http_room none = {.granted = on_room, .user = "n"};
    (void)state;
    granted = 0;
    planche_http_budget_init(&budget, 100);
    struct planche_http_blob *blob =
        planche_http_blob_create(malloc(1), 1, free, NULL, &budget, 150);
    planche_http_budget_charge(&budget, 150);
    struct planche_http_room large = {.granted = on_room, .user = "l"};
    planche_http_budget_wait(&budget, &large, 100);
    assert_true(planche_http_budget_try(&budget, 0) == false);
    planche_http_budget_wait(&budget, &none, 0); /* does not wait for what cannot be */
    planche_http_blob_drop(planche_http_blob_hold(blob));
    assert_int_equal(granted, 0);
    planche_http_blob_drop(blob);
    assert_int_equal(granted, 2);
    assert_memory_equal(order, "nl", 2);
    planche_http_budget_release(&budget, 100);
    assert_int_equal(budget.used, 0);
    assert_ptr_equal(budget.last, &budget.waiting);
}

/* Of bodies that are gone one block is kept, the largest that is not too large. */
static void test_spare(void **state)
{
    struct planche_http_budget budget;
    size_t capacity;
    (void)state;
    planche_http_budget_init(&budget, 100);
    void *small = planche_http_budget_allocate(&budget, 100000, &capacity);
    assert_int_equal(capacity, 100000);
    void *large = planche_http_budget_allocate(&budget, 200000, &capacity);
    planche_http_budget_free(&budget, small, 100000);
    planche_http_budget_free(&budget, large, 200000);
    void *huge = planche_http_budget_allocate(&budget, 2 << 20, &capacity);
    planche_http_budget_free(&budget, huge, 2 << 20);
    assert_ptr_equal(planche_http_budget_allocate(&budget, 150000, &capacity), large);
    assert_int_equal(capacity, 200000);
    void *other = planche_http_budget_allocate(&budget, 150000, &capacity);
    assert_int_equal(capacity, 150000);
    planche_http_budget_free(&budget, other, 150000);
    planche_http_budget_free(&budget, large, 200000);
    planche_http_budget_destroy(&budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_charge),
        cmocka_unit_test(test_spare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
