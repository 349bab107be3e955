/* SPDX-License-Identifier: MIT */
/* Resource limits of a helper program. */
#ifndef PLANCHE_CHILD_LIMITS_H
#define PLANCHE_CHILD_LIMITS_H

#include <stdint.h>

/* Bytes of address space that are mapped now: the program, its libraries and the stack. */
uint64_t child_mapped(void);
/* For good: at most so many bytes of address space, so many seconds of
 * computing time, no file that grows, no new descriptors, no core. Stricter limits that hold
 * already stay. */
void child_limit(uint64_t bytes, uint64_t seconds);

#endif
