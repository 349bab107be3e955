/* SPDX-License-Identifier: MIT */
/* Sandbox: what the operating system lets a program do that reads hostile bytes. */
#ifndef PLANCHE_UNPACK_SANDBOX_H
#define PLANCHE_UNPACK_SANDBOX_H

#include <stdint.h>

/* For good: at most so many bytes of address space beyond those in use, so many seconds of
 * computing time, no file that grows, no new descriptors, no core. Stricter limits that hold
 * already stay. */
void unpack_limit(uint64_t bytes, uint64_t seconds);

/* For good, where the kernel has seccomp: all system calls but those that read and write what is
 * open and manage memory fail with EPERM: no files, programs, sockets or signals. */
void unpack_sandbox(void);

#endif
