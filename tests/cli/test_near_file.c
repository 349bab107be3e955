/* SPDX-License-Identifier: MIT */
/* Did you mean, for files: which names are near, and which mean another page. */
#include "support/testing.h"

#include "cli/near_file.h"

#include <limits.h>

static void test_distances(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *name;
        unsigned distance; /* UINT_MAX: too far */
    } known[] = {
        {"Page.JPG", "page.jpg", 0},
        {"page.png", "page.jpg", 1},
        {"page", "page.jpg", 1},
        {"cover.jpg", "covre.jpg", 2},
        {"volume one.cbz", "volum one.cbz", 2},
        {"page-1.jpg", "page-001.jpg", 3},
        {"page-1.jpg", "page-2.jpg", UINT_MAX},
        {"page-1.jpg", "page.jpg", UINT_MAX},
        {"page-10.jpg", "page-01.jpg", UINT_MAX},
        {"a.png", "b.png", UINT_MAX},
        {"page.jpg", ".page.jpg", UINT_MAX},
        {"something.jpg", "else.jpg", UINT_MAX},
        {"", "a", UINT_MAX},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        unsigned distance = planche_cli_near_file_distance(known[i].wanted, known[i].name);
        if (distance != known[i].distance)
            fail_msg("%s and %s: %u", known[i].wanted, known[i].name, distance);
    }
}

/* There is nothing to say of what exists, or of a folder that does not. */
static void test_places(void **state)
{
    char near[PATH_MAX];
    (void)state;
    assert_false(planche_cli_near_file("/proc/self/statu/x", near, sizeof near));
    assert_false(planche_cli_near_file("/proc/self/status", near, sizeof near));
    assert_false(planche_cli_near_file("/proc/self/", near, sizeof near));
    assert_true(planche_cli_near_file("/proc/self/statsu", near, sizeof near));
    assert_string_equal(near, "/proc/self/status");
    assert_false(planche_cli_near_file("/proc/self/statsu", near, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_distances),
                                       cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
