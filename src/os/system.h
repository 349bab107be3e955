/* SPDX-License-Identifier: MIT */
/* Questions to the operating system. */
#ifndef PLANCHE_OS_SYSTEM_H
#define PLANCHE_OS_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of memory that the machine has; 0: not known. */
uint64_t planche_system_physical_memory(void);
/* Bytes of memory this process may use: physical memory or the cgroup's limit (v1 and v2, every
 * ancestor), whichever is less; at least 64 MiB. */
uint64_t planche_system_memory(void);
/* CPUs this process may run on (affinity and cgroup quota, rounded up); at least 1. */
unsigned planche_system_cpus(void);
/* Fills data with random bytes, for names that nobody has; at most 256 bytes. False: the system has
 * none, errno says why. */
bool planche_system_random(void *data, size_t size);
/* Whether less address space was given to this process than there is (ulimit -v), and so to all
 * that it starts. */
bool planche_system_limits_memory(void);
/* The number of this process, which no other has meanwhile. */
uint64_t planche_system_process(void);

#endif
