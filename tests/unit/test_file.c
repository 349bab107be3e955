/* SPDX-License-Identifier: MIT */
/* Reading whole files. */
#include "testing.h"

#include "base/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[PATH_MAX / 2], path[PATH_MAX];

static int make_directory(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/planche-file-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/file", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static void put(const void *data, size_t size)
{
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(data, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

static void assert_fails(const char *name, uint64_t limit, struct planche_budget *budget,
                         enum planche_status expected)
{
    struct planche_error error = {0};
    void *data = &error;
    size_t size = 1;
    assert_int_equal(planche_file_read(name, limit, budget, &data, &size, &error), expected);
    assert_int_equal(error.status, expected);
    assert_memory_equal(error.message, name, strlen(name));
    assert_null(data);
    assert_int_equal(size, 0);
}

static void test_content(void **state)
{
    (void)state;
    struct planche_budget budget;
    planche_budget_init(&budget, 0);
    void *data;
    size_t size;
    put("a\0b", 3);
    assert_int_equal(planche_file_read(path, 3, &budget, &data, &size, NULL), PLANCHE_OK);
    assert_int_equal(size, 3);
    assert_memory_equal(data, "a\0b", 4);
    assert_int_equal(budget.used, 4);
    planche_free(data);
    put("", 0);
    assert_int_equal(planche_file_read(path, 3, &budget, &data, &size, NULL), PLANCHE_OK);
    assert_null(data);
    assert_int_equal(size, 0);
    assert_int_equal(budget.used, 0);
}

static void test_errors(void **state)
{
    (void)state;
    struct planche_budget budget;
    planche_budget_init(&budget, 3);
    assert_fails(path, 100, NULL, PLANCHE_ERROR_NOT_FOUND);
    put("abcd", 4);
    assert_fails(path, 3, NULL, PLANCHE_ERROR_LIMIT);
    assert_fails(path, 4, &budget, PLANCHE_ERROR_BUDGET);
    assert_fails(directory, 100, NULL, PLANCHE_ERROR_IO);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_fails(path, 100, NULL, PLANCHE_ERROR_IO);
    assert_int_equal(budget.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_content, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_errors, make_directory, remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
