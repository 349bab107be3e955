/* SPDX-License-Identifier: MIT */
/* Statuses, errors, the version and the numbers that callers compiled in. */
#include "support/testing.h"

#include "base/status.h"

#include <planche/planche.h>

#include <stdio.h>
#include <string.h>

static void test_names(void **state)
{
    (void)state;
    for (int status = PLANCHE_OK; status <= PLANCHE_ERROR_INTERNAL; status++) {
        const char *name = planche_status_name((enum planche_status)status);
        assert_true(strlen(name) > 0);
        assert_string_not_equal(name, "unknown status");
        for (int other = PLANCHE_OK; other < status; other++)
            assert_string_not_equal(name, planche_status_name((enum planche_status)other));
    }
    assert_string_equal(planche_status_name((enum planche_status)999), "unknown status");
    assert_string_equal(planche_status_name((enum planche_status) - 1), "unknown status");
}

static void test_fail(void **state)
{
    (void)state;
    struct planche_error error;
    memset(&error, 0x55, sizeof error);
    assert_int_equal(planche_fail(&error, PLANCHE_ERROR_IO, "%s: %d", "a\nb", 7), PLANCHE_ERROR_IO);
    assert_int_equal(error.status, PLANCHE_ERROR_IO);
    assert_string_equal(error.message, "a b: 7");
}

static void test_long_messages_are_cut(void **state)
{
    (void)state;
    struct planche_error error;
    char text[2 * PLANCHE_ERROR_MESSAGE_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    planche_fail(&error, PLANCHE_ERROR_IO, "%s", text);
    assert_int_equal(strlen(error.message), PLANCHE_ERROR_MESSAGE_SIZE - 1);
}

static void test_version(void **state)
{
    (void)state;
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", PLANCHE_VERSION_MAJOR, PLANCHE_VERSION_MINOR,
             PLANCHE_VERSION_PATCH);
    assert_string_equal(PLANCHE_VERSION, text);
    assert_string_equal(planche_version(), PLANCHE_VERSION);
    assert_string_equal(PLANCHE_VERSION, MESON_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_fail),
        cmocka_unit_test(test_long_messages_are_cut),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
