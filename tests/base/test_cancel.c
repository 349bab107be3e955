/* SPDX-License-Identifier: MIT */
/* Cancellation tokens: what fires them, and waits that they end. */
#include "support/testing.h"

#include "base/cancel.h"
#include "os/clock.h"

#include <string.h>

static void test_no_token_never_fires(void **state)
{
    (void)state;
    struct planche_cancel handle = {false};
    struct planche_cancel_token token = {.handle = &handle};
    struct planche_error error = {.message = "untouched"};
    assert_int_equal(planche_cancel_check(NULL), PLANCHE_OK);
    assert_int_equal(planche_cancel_fail(&token, &error), PLANCHE_OK);
    assert_string_equal(error.message, "untouched");
}

static void test_handle(void **state)
{
    (void)state;
    struct planche_cancel *handle = NULL;
    assert_int_equal(planche_cancel_create(&handle, NULL), PLANCHE_OK);
    struct planche_cancel_token parent = {.handle = handle};
    struct planche_cancel_token token = {.parent = &parent};
    struct planche_error error;
    assert_false(planche_cancel_requested(handle));
    assert_false(planche_cancel_requested(NULL));
    planche_cancel_request(handle);
    assert_true(planche_cancel_requested(handle));
    assert_int_equal(planche_cancel_fail(&token, &error), PLANCHE_ERROR_CANCELLED);
    assert_int_equal(error.status, PLANCHE_ERROR_CANCELLED);
    planche_cancel_destroy(&handle);
    assert_null(handle);
    planche_cancel_destroy(&handle);
    planche_cancel_destroy(NULL);
}

static void test_deadline(void **state)
{
    (void)state;
    struct planche_cancel_token token = {.deadline = planche_cancel_deadline(3600000)};
    struct planche_error error;
    assert_int_equal(planche_cancel_check(&token), PLANCHE_OK);
    token.deadline = planche_clock_ns();
    assert_int_equal(planche_cancel_fail(&token, &error), PLANCHE_ERROR_DEADLINE);
    assert_non_null(strstr(error.message, "deadline"));
    assert_true(planche_cancel_deadline(0) == 0);
    assert_true(planche_cancel_deadline(UINT64_MAX) > planche_clock_ns());
}

/* Nobody signals the condition: the wait itself has to see the deadline and the request. */
static void test_waits_end(void **state)
{
    (void)state;
    struct planche_mutex mutex;
    struct planche_cond cond;
    struct planche_cancel handle = {false};
    struct planche_cancel_token token = {.deadline = planche_cancel_deadline(5)};
    planche_mutex_init(&mutex);
    planche_cond_init(&cond);
    planche_mutex_lock(&mutex);
    while (planche_cancel_wait(&token, &cond, &mutex))
        ;
    assert_int_equal(planche_cancel_check(&token), PLANCHE_ERROR_DEADLINE);
    token = (struct planche_cancel_token){.handle = &handle};
    assert_true(planche_cancel_wait(&token, &cond, &mutex)); /* the time to look at the token */
    planche_cancel_request(&handle);
    assert_false(planche_cancel_wait(&token, &cond, &mutex));
    planche_mutex_unlock(&mutex);
    planche_cond_destroy(&cond);
    planche_mutex_destroy(&mutex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_token_never_fires),
        cmocka_unit_test(test_handle),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_waits_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
