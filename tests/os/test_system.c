/* SPDX-License-Identifier: MIT */
/* Questions to the operating system. */
#include "support/testing.h"

#include "os/cgroup.h"
#include "os/system.h"

#include <sched.h>
#include <unistd.h>

static void test_memory(void **state)
{
    (void)state;
    uint64_t memory = planche_system_memory();
    uint64_t physical = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    assert_in_range(memory, (uint64_t)64 << 20, physical);
    if (planche_cgroup_memory("") >= (uint64_t)64 << 20)
        assert_in_range(memory, 0, planche_cgroup_memory(""));
}

static void test_cpus_follow_affinity(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_in_range(planche_system_cpus(), 1, (unsigned)CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    unsigned cpus = planche_system_cpus();
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(cpus, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_cpus_follow_affinity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
