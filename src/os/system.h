/* SPDX-License-Identifier: MIT */
/* Questions to the operating system. */
#ifndef PLANCHE_OS_SYSTEM_H
#define PLANCHE_OS_SYSTEM_H

#include <stdint.h>

/* Bytes of memory this process may use: physical memory or the cgroup's limit (v1 and v2, every
 * ancestor), whichever is less; at least 64 MiB. */
uint64_t planche_system_memory(void);
/* CPUs this process may run on (affinity and cgroup quota, rounded up); at least 1. */
unsigned planche_system_cpus(void);

#endif
