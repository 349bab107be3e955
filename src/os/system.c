/* SPDX-License-Identifier: MIT */
/* Questions to the operating system. */
#include "os/system.h"

#include "os/cgroup.h"

#include <math.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIN_MEMORY ((uint64_t)64 << 20)

uint64_t planche_system_physical_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

uint64_t planche_system_memory(void)
{
    uint64_t memory = planche_system_physical_memory();
    uint64_t group = planche_cgroup_memory("");
    if (group < memory)
        memory = group;
    return memory > MIN_MEMORY ? memory : MIN_MEMORY;
}

/* The affinity mask's size; more than CPU_SETSIZE CPUs do not fit the call, then those online. */
static unsigned affinity_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (unsigned)CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

unsigned planche_system_cpus(void)
{
    unsigned cpus = affinity_cpus();
    double quota = ceil(planche_cgroup_cpus(""));
    if (quota > 0 && quota < cpus)
        cpus = (unsigned)quota;
    return cpus > 0 ? cpus : 1;
}

bool planche_system_random(void *data, size_t size)
{
    return getrandom(data, size, 0) == (ssize_t)size;
}

bool planche_system_limits_memory(void)
{
    struct rlimit space;
    return getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY;
}

uint64_t planche_system_process(void)
{
    return (uint64_t)getpid();
}
