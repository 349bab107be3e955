/* SPDX-License-Identifier: MIT */
/* Limits that Linux control groups set for this process. */
#ifndef PLANCHE_OS_CGROUP_H
#define PLANCHE_OS_CGROUP_H

#include <stdint.h>

/* Both read ROOT/proc/self/cgroup and the files below ROOT/sys/fs/cgroup, version 1 and 2, of the
 * process's group and all its ancestors; root is "" outside of tests. What is absent or unreadable
 * limits nothing. */

/* The least memory limit in bytes; UINT64_MAX: none. */
uint64_t planche_cgroup_memory(const char *root);
/* The least CPU quota, in CPUs; 0: none. */
double planche_cgroup_cpus(const char *root);

#endif
