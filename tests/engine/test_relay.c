/* SPDX-License-Identifier: MIT */
/* Relay of rows: all of them in their order, never both sides at once, and ends of all kinds. */
#include "base/status.h"
#include "engine/passes/relay.h"
#include "support/testing.h"

#include <stdatomic.h>
#include <string.h>

#define ROWS 1000

struct side {
    struct planche_relay *relay;
    unsigned rows; /* until it ends, or fails */
    enum planche_status status;
    unsigned pushed;
};

/* Sides that are at work. */
static atomic_int busy;

static enum planche_status make(void *user, struct planche_error *error)
{
    struct side *side = user;
    enum planche_status status = PLANCHE_OK;
    assert_int_equal(atomic_fetch_add(&busy, 1), 0);
    for (uint64_t row = 0; !status && row < side->rows; row++) {
        uint64_t value[2] = {row, row * row};
        atomic_fetch_sub(&busy, 1);
        status = planche_relay_push(side->relay, value, error);
        atomic_fetch_add(&busy, 1);
        side->pushed += !status;
    }
    atomic_fetch_sub(&busy, 1);
    return status                       ? status
           : side->status == PLANCHE_OK ? PLANCHE_OK
                                        : planche_fail(error, side->status, "it broke");
}

/* Takes so many rows; the status of the last. */
static enum planche_status take(struct planche_relay *relay, unsigned rows,
                                struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (uint64_t row = 0; !status && row < rows; row++) {
        uint64_t value[2];
        status = planche_relay_pull(relay, value, error);
        if (status)
            return status;
        assert_int_equal(atomic_fetch_add(&busy, 1), 0);
        assert_int_equal(value[0], row);
        assert_int_equal(value[1], row * row);
        atomic_fetch_sub(&busy, 1);
    }
    return status;
}

static void begin(struct planche_relay *relay, struct side *side)
{
    struct planche_error error;
    side->relay = relay;
    side->pushed = 0;
    assert_int_equal(planche_relay_begin(relay, 16, make, side, NULL, &error), PLANCHE_OK);
}

static void test_all_rows(void **state)
{
    struct planche_relay relay;
    struct planche_error error;
    (void)state;
    for (unsigned rows = 1; rows <= ROWS; rows = rows * 3 + 1) {
        struct side side = {.rows = rows};
        begin(&relay, &side);
        assert_int_equal(take(&relay, rows, &error), PLANCHE_OK);
        planche_relay_end(&relay);
        planche_relay_end(&relay);
        assert_int_equal(side.pushed, rows);
    }
}

/* The side before fails, or has too few; the side behind learns it after the rows that are there.
 */
static void test_ends_before(void **state)
{
    struct planche_relay relay;
    struct planche_error error;
    struct side side = {.rows = 5, .status = PLANCHE_ERROR_DATA};
    (void)state;
    begin(&relay, &side);
    assert_int_equal(take(&relay, 5, &error), PLANCHE_OK);
    assert_int_equal(take(&relay, 1, &error), PLANCHE_ERROR_DATA);
    assert_string_equal(error.message, "it broke");
    planche_relay_end(&relay);
    side.status = PLANCHE_OK;
    begin(&relay, &side);
    assert_int_equal(take(&relay, 5, &error), PLANCHE_OK);
    assert_int_equal(take(&relay, 1, &error), PLANCHE_ERROR_INTERNAL);
    planche_relay_end(&relay);
}

/* The side behind wants no more: before the first row, and with a full ring. */
static void test_ends_behind(void **state)
{
    struct planche_relay relay;
    struct planche_error error;
    struct side side = {.rows = ROWS};
    (void)state;
    begin(&relay, &side);
    planche_relay_end(&relay);
    assert_int_equal(side.pushed, 0);
    begin(&relay, &side);
    assert_int_equal(take(&relay, 1, &error), PLANCHE_OK);
    planche_relay_end(&relay);
    assert_int_equal(side.pushed, PLANCHE_RELAY_ROWS);
    assert_int_equal(atomic_load(&busy), 0);
}

/* A budget that has no room; one that was never begun. */
static void test_memory(void **state)
{
    struct planche_relay relay = {0};
    struct planche_budget budget;
    struct planche_error error;
    struct side side = {0};
    (void)state;
    planche_relay_end(&relay);
    planche_budget_init(&budget, 100);
    assert_int_equal(planche_relay_begin(&relay, 16, make, &side, &budget, &error),
                     PLANCHE_ERROR_BUDGET);
    assert_non_null(strstr(error.message, "rows between two networks"));
    planche_relay_end(&relay);
    assert_int_equal(atomic_load(&budget.used), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_rows),
        cmocka_unit_test(test_ends_before),
        cmocka_unit_test(test_ends_behind),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
