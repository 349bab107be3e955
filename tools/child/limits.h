/* SPDX-License-Identifier: MIT */
/* Resource limits of a helper program. */
#ifndef PLANCHE_CHILD_LIMITS_H
#define PLANCHE_CHILD_LIMITS_H

#include <stdint.h>

/* For good: at most so many bytes of address space beyond those in use, so many seconds of
 * computing time, no file that grows, no new descriptors, no core. Stricter limits that hold
 * already stay. */
void child_limit(uint64_t bytes, uint64_t seconds);

#endif
