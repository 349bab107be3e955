/* SPDX-License-Identifier: MIT */
/* Structs of callers that were built against another version of the headers, and how an older, an
 * equal and a newer one are taken and filled. */
#include "support/testing.h"

#include "api/args.h"

#include <stdlib.h>
#include <string.h>

/* The library's version of a struct, an older caller's and a newer one's. */
struct options {
    size_t struct_size;
    uint64_t first, second;
};
struct old_options {
    size_t struct_size;
    uint64_t first;
};
struct new_options {
    struct options known;
    uint64_t third;
    unsigned char last;
};
#define TYPE PLANCHE_ARGS_STRUCT(struct options, OPTIONS_INIT)

static const struct options zero = {.struct_size = sizeof(struct options)};

static void test_null_is_defaults(void **state)
{
    (void)state;
    struct options taken;
    struct planche_error error = {0};
    memset(&taken, 0x55, sizeof(taken));
    assert_int_equal(planche_args_take(&taken, NULL, TYPE, &error), PLANCHE_OK);
    assert_memory_equal(&taken, &zero, sizeof(taken));
}

/* The bytes behind an older caller's struct are its own: a sanitizer sees a read beyond. */
static void test_older_caller(void **state)
{
    (void)state;
    struct options taken;
    struct planche_error error = {0};
    struct old_options *old = malloc(sizeof(*old));
    assert_non_null(old);
    *old = (struct old_options){.struct_size = sizeof(*old), .first = 7};
    memset(&taken, 0x55, sizeof(taken));
    assert_int_equal(planche_args_take(&taken, old, TYPE, &error), PLANCHE_OK);
    assert_int_equal(taken.struct_size, sizeof(taken));
    assert_int_equal(taken.first, 7);
    assert_int_equal(taken.second, 0);
    const struct options full = {.struct_size = sizeof(full), .first = 8, .second = 9};
    planche_args_give(old, &full, TYPE);
    assert_int_equal(old->struct_size, sizeof(*old));
    assert_int_equal(old->first, 8);
    free(old);
}

static void test_newer_caller(void **state)
{
    (void)state;
    struct options taken;
    struct planche_error error = {0};
    struct new_options newer;
    memset(&newer, 0, sizeof(newer));
    newer.known = (struct options){.struct_size = sizeof(newer), .first = 1, .second = 2};
    assert_int_equal(planche_args_take(&taken, &newer, TYPE, &error), PLANCHE_OK);
    assert_int_equal(taken.second, 2);
    newer.last = 1;
    assert_int_equal(planche_args_take(&taken, &newer, TYPE, &error), PLANCHE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "struct options"));
    assert_non_null(strstr(error.message, "newer header"));
    const struct options full = {.struct_size = sizeof(full), .first = 8, .second = 9};
    planche_args_give(&newer, &full, TYPE);
    assert_int_equal(newer.known.struct_size, sizeof(newer));
    assert_int_equal(newer.known.second, 9);
    assert_int_equal(newer.third, 0);
    assert_int_equal(newer.last, 1);
}

static void test_impossible_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct options taken, given = {.struct_size = sizes[i], .first = 3};
        struct planche_error error = {0};
        assert_int_equal(planche_args_take(&taken, &given, TYPE, &error), PLANCHE_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "OPTIONS_INIT"));
        assert_memory_equal(&taken, &zero, sizeof(taken));
        assert_int_equal(planche_args_check_result(&given, TYPE, &error), PLANCHE_ERROR_ARGUMENT);
        planche_args_give(&given, &zero, TYPE);
        assert_int_equal(given.first, 3);
    }
    struct planche_error error;
    assert_int_equal(planche_args_check_result(NULL, TYPE, &error), PLANCHE_OK);
    planche_args_give(NULL, &zero, TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_is_defaults),
        cmocka_unit_test(test_older_caller),
        cmocka_unit_test(test_newer_caller),
        cmocka_unit_test(test_impossible_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
