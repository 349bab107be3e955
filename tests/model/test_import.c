/* SPDX-License-Identifier: MIT */
/* Folders that an import cannot make: the message has the reason, not that of what came after. */
#include "io/tree.h"
#include "model/import/import.h"
#include "random_graph.h"
#include "support/testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *full; /* no folder whose path ends so can be made: the disk is full */

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);

int __wrap_mkdir(const char *path, mode_t mode)
{
    size_t length = strlen(path), end = full ? strlen(full) : 0;
    if (end == 0 || length < end || strcmp(path + length - end, full) != 0)
        return __real_mkdir(path, mode);
    errno = ENOSPC;
    return -1;
}

static char top[64], model[96], to[96];

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    struct random_graph files;
    (void)state;
    snprintf(top, sizeof top, "/tmp/planche-import-XXXXXX");
    if (!mkdtemp(top))
        return -1;
    random_graph_make(&files, 1);
    snprintf(model, sizeof model, "%s/x.bin", top);
    write_file(model, files.bin, files.bin_size);
    snprintf(model, sizeof model, "%s/x.param", top);
    write_file(model, files.param, files.param_size);
    random_graph_free(&files);
    snprintf(to, sizeof to, "%s/to", top);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    full = NULL;
    return planche_tree_remove(top) ? 0 : -1;
}

static void expect_failure(const char *directory, const char *says)
{
    struct planche_model_import_options options = PLANCHE_MODEL_IMPORT_OPTIONS_INIT;
    struct planche_error error = {0};
    options.directory = directory;
    assert_int_equal(planche_import_run(model, &options, &error), PLANCHE_ERROR_IO);
    if (!strstr(error.message, says))
        fail_msg("no '%s' in '%s'", says, error.message);
    assert_non_null(strstr(error.message, "choose another (option model_directory)"));
}

static void test_no_staging_area(void **state)
{
    (void)state;
    expect_failure("/proc/planche/models",
                   "/proc/planche/models: cannot make a folder here: Permission denied; ");
    full = "/to";
    expect_failure(to, "/to: cannot make a folder here: No space left on device; ");
}

static void test_no_place(void **state)
{
    (void)state;
    full = "/to/imported";
    expect_failure(to,
                   "/to/imported/x.bin: cannot make a folder for it: No space left on device; ");
    assert_int_equal(rmdir(to), 0); /* nothing is left there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_staging_area, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_place, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
