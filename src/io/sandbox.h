/* SPDX-License-Identifier: MIT */
/* Sandbox of a child process: Landlock for files, seccomp for system calls.
 *
 * Both are there to contain a program that reads hostile files, should it be taken over. A kernel
 * or emulator without them runs the program without them: nothing here fails. */
#ifndef PLANCHE_IO_SANDBOX_H
#define PLANCHE_IO_SANDBOX_H

#include <stdbool.h>

/* What this system can do; asked of the kernel. */
bool planche_sandbox_has_files(void);
bool planche_sandbox_has_network(void);

/* For good, where the kernel has Landlock, for the calling process: files can neither be opened nor
 * changed in any way; what is open stays usable. False: it has none. */
bool planche_sandbox_seal_files(void);

/* Rules for a program that may write no file and make none, but for /dev/null, and, unless readable
 * is NULL, may read and run only what lies below the paths of that list (it ends with NULL), and
 * program. What it inherits as open descriptors stays usable. Returns a descriptor, to be closed by
 * its owner; -1: the kernel has no such rules. */
int planche_sandbox_rules(const char *program, const char *const *readable);

/* Puts the calling process under rules (-1: none) and, with no_network, keeps it from making
 * sockets; for ever, and also what it executes. For the child between clone and exec: plain system
 * calls only. */
void planche_sandbox_enter(int rules, bool no_network);

/* For good, where the kernel has seccomp, for the calling process: all system calls but those that
 * read and write what is open and manage memory fail: no files, programs, sockets, signals or
 * executable memory. With threads, it may start and join threads. For a helper program, once it is
 * loaded. False: the kernel has none. */
bool planche_sandbox_confine(bool threads);

#endif
