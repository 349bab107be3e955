/* SPDX-License-Identifier: MIT */
/* Dynamic loading: what is there is found, what is not is told. */
#include "support/testing.h"

#include "os/dl.h"

#include <string.h>

static void test_missing(void **state)
{
    const char *reason = NULL;
    (void)state;
    assert_null(planche_dl_open("libplanche-has-no-such.so.1", &reason));
    assert_non_null(reason);
    assert_non_null(strstr(reason, "libplanche-has-no-such.so.1"));
}

static void test_found(void **state)
{
    const char *reason;
    (void)state;
    void *library = planche_dl_open("libm.so.6", &reason);
    if (!library)
        library = planche_dl_open("libc.so", &reason); /* where one library has all of C */
    if (!library)
        skip();
    double (*power)(double, double) = (double (*)(double, double))planche_dl_find(library, "pow");
    assert_non_null(power);
    assert_true(power(2, 10) == 1024);
    assert_null(planche_dl_find(library, "planche_no_such_function"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
