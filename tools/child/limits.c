/* SPDX-License-Identifier: MIT */
/* Resource limits of a helper program. */
#include "child/limits.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

uint64_t child_mapped(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return (uint64_t)1 << 30;
    if (fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The hard limit, which nothing may raise, may be so much more than the one that is announced. */
static void limit(__rlimit_resource_t resource, uint64_t value, uint64_t grace)
{
    struct rlimit now;
    if (getrlimit(resource, &now) < 0)
        return;
    if (value + grace < now.rlim_max)
        now.rlim_max = (rlim_t)(value + grace);
    if (value < now.rlim_cur)
        now.rlim_cur = (rlim_t)value;
    setrlimit(resource, &now);
}

void child_limit(uint64_t bytes, uint64_t seconds)
{
    limit(RLIMIT_AS, bytes, 0);
    limit(RLIMIT_CPU, seconds, 1); /* SIGXCPU comes first, which says what happened */
    limit(RLIMIT_FSIZE, 0, 0);
    limit(RLIMIT_NOFILE, 0, 0);
    limit(RLIMIT_CORE, 0, 0);
}
