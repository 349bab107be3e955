/* SPDX-License-Identifier: MIT */
/* Limits of control groups, read from trees of files as kernels show them. */
#include "support/remove_tree.h"
#include "support/testing.h"

#include "os/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[PATH_MAX];

static int make_root(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/planche-cgroup-XXXXXX", base ? base : "/tmp");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    return remove_tree(root);
}

/* Writes a file below the root, with the directories it needs. */
static void put(const char *path, const char *text)
{
    char full[2 * PATH_MAX];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        assert_true(mkdir(full, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *stream = fopen(full, "w");
    assert_non_null(stream);
    fputs(text, stream);
    assert_int_equal(fclose(stream), 0);
}

static void test_no_groups(void **state)
{
    (void)state;
    assert_true(planche_cgroup_memory(root) == UINT64_MAX);
    assert_true(planche_cgroup_cpus(root) == 0);
    put("proc/self/cgroup", "garbage\n0:\n:::\n0::/gone/group\n");
    assert_true(planche_cgroup_memory(root) == UINT64_MAX);
    assert_true(planche_cgroup_cpus(root) == 0);
}

static void test_version2(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/user.slice/app.scope\n");
    put("sys/fs/cgroup/user.slice/app.scope/memory.max", "max\n");
    put("sys/fs/cgroup/user.slice/app.scope/cpu.max", "max 100000\n");
    assert_true(planche_cgroup_memory(root) == UINT64_MAX);
    assert_true(planche_cgroup_cpus(root) == 0);
    put("sys/fs/cgroup/user.slice/memory.max", "536870912\n");
    put("sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
    assert_true(planche_cgroup_memory(root) == 536870912);
    assert_true(planche_cgroup_cpus(root) == 1.5);
    put("sys/fs/cgroup/user.slice/app.scope/memory.max", "1073741824\n");
    put("sys/fs/cgroup/user.slice/app.scope/cpu.max", "400000 100000\n");
    assert_true(planche_cgroup_memory(root) == 536870912);
    assert_true(planche_cgroup_cpus(root) == 1.5);
    put("sys/fs/cgroup/user.slice/app.scope/memory.max", "268435456\n");
    put("sys/fs/cgroup/user.slice/app.scope/cpu.max", "50000 100000\n");
    assert_true(planche_cgroup_memory(root) == 268435456);
    assert_true(planche_cgroup_cpus(root) == 0.5);
}

static void test_version2_at_the_mount(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/\n");
    put("sys/fs/cgroup/memory.max", "99999744\n");
    put("sys/fs/cgroup/cpu.max", "100000 100000\n");
    assert_true(planche_cgroup_memory(root) == 99999744);
    assert_true(planche_cgroup_cpus(root) == 1);
    put("proc/self/cgroup", "0::/path/of/the/host\n");
    assert_true(planche_cgroup_memory(root) == 99999744);
}

static void test_version1(void **state)
{
    (void)state;
    put("proc/self/cgroup", "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n"
                            "1:name=systemd:/docker/abc\n");
    put("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n");
    put("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
    assert_true(planche_cgroup_memory(root) == 9223372036854771712u);
    assert_true(planche_cgroup_cpus(root) == 0);
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "209715200\n");
    put("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "350000\n");
    put("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n");
    assert_true(planche_cgroup_memory(root) == 209715200);
    assert_true(planche_cgroup_cpus(root) == 3.5);
}

static void test_hybrid(void **state)
{
    (void)state;
    put("proc/self/cgroup", "5:memory:/a\n0::/a\n");
    put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "300000000\n");
    put("sys/fs/cgroup/unified/a/memory.max", "200000000\n");
    assert_true(planche_cgroup_memory(root) == 200000000);
}

static void test_nonsense(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/a\n3:cpu:/a\n");
    put("sys/fs/cgroup/a/memory.max", "lots\n");
    put("sys/fs/cgroup/a/cpu.max", "100000\n");
    put("sys/fs/cgroup/memory.max", "-5\n");
    put("sys/fs/cgroup/cpu.max", "100000 0\n");
    put("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "");
    assert_true(planche_cgroup_memory(root) == UINT64_MAX);
    assert_true(planche_cgroup_cpus(root) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_groups, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_version2, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_version2_at_the_mount, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_version1, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_hybrid, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_nonsense, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
