/* SPDX-License-Identifier: MIT */
/* Device files that tell of a GPU, in folders of the test's own. */
#include "backend/vulkan/probe.h"

#include "support/testing.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether a folder with a file in it, or in a folder of it, tells of a GPU; NULL: none. */
static bool tells(const char *folder, const char *file)
{
    char root[] = "/tmp/planche-dev-XXXXXX", inner[PATH_MAX], path[PATH_MAX];
    assert_non_null(mkdtemp(root));
    snprintf(inner, sizeof inner, "%s/%s", root, folder ? folder : ".");
    snprintf(path, sizeof path, "%.2000s/%s", inner, file ? file : ".");
    if (folder)
        assert_int_equal(mkdir(inner, 0700), 0);
    int fd = file ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    assert_int_equal(fd >= 0, file != NULL);
    bool likely = planche_gpu_is_likely(root);
    if (file) {
        close(fd);
        unlink(path);
    }
    if (folder)
        rmdir(inner);
    assert_int_equal(rmdir(root), 0);
    return likely;
}

static void test_files(void **state)
{
    (void)state;
    assert_true(tells(NULL, "nvidiactl"));
    assert_true(tells(NULL, "dxg"));
    assert_true(tells("dri", "renderD128"));
}

static void test_no_files(void **state)
{
    (void)state;
#ifndef __linux__
    skip(); /* elsewhere it is always likely */
#endif
    assert_false(tells(NULL, NULL));
    assert_false(tells(NULL, "renderD128"));
    assert_false(tells("dri", NULL));
    assert_false(tells("dri", "card0")); /* a screen and nothing that computes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files),
                                       cmocka_unit_test(test_no_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
