/* SPDX-License-Identifier: MIT */
/* Hidden names: they fit, and belong to one output only. */
#include "support/testing.h"

#include "io/temp_name.h"

#include <string.h>

static void test_short(void **state)
{
    char name[PLANCHE_TEMP_NAME_BYTES + 8];
    (void)state;
    assert_int_equal(planche_temp_name(name, sizeof name, "a/b/page.png"), 21);
    assert_string_equal(name, "a/b/.page.png.planche");
    planche_temp_name_numbered(name, sizeof name, "page.png", 0xabc);
    assert_string_equal(name, ".page.png.planche-0000000000000abc");
    assert_int_equal(planche_temp_name(name, 4, "page.png"), 17);
}

static void test_long(void **state)
{
    char path[256 + 2], name[PLANCHE_TEMP_NAME_BYTES + 2], other[PLANCHE_TEMP_NAME_BYTES + 2];
    (void)state;
    memset(path, 'x', sizeof path);
    memcpy(path, "f/", 2);
    path[257] = 0;
    size_t length = planche_temp_name_numbered(name, sizeof name, path, 1);
    assert_true(length < sizeof name && length - 2 <= 255);
    path[256] = 'y';
    planche_temp_name_numbered(other, sizeof other, path, 1);
    assert_string_not_equal(name, other);
    planche_temp_name(name, sizeof name, path);
    assert_memory_equal(name, other, strlen(name));
    assert_int_equal(other[strlen(name)], '-');
    /* A character of three bytes over the cut. */
    memcpy(path + 2 + 199, "\xe6\xbc\xab", 3);
    planche_temp_name(name, sizeof name, path);
    assert_null(strchr(name, '\xe6'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_short), cmocka_unit_test(test_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
