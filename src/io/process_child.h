/* SPDX-License-Identifier: MIT */
/* A child process between clone and exec. */
#ifndef PLANCHE_IO_PROCESS_CHILD_H
#define PLANCHE_IO_PROCESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

/* Descriptors that a program can inherit besides the first three. */
#define PLANCHE_CHILD_INHERITED 8

/* A limit, and on what. */
struct planche_child_limit {
    int resource;
    struct rlimit value;
};
#define PLANCHE_CHILD_LIMITS 5

/* All that the child needs, made ready beforehand: it must not allocate. */
struct planche_child {
    const char *program; /* a path */
    const char *const *arguments;
    char *const *environment;
    int standard[3];                        /* what becomes its descriptors 0, 1 and 2, */
    int inherited[PLANCHE_CHILD_INHERITED]; /* and 3, 4, ... */
    size_t inherited_count;
    struct planche_child_limit limits[PLANCHE_CHILD_LIMITS];
    size_t limit_count;
    bool own_group;  /* a process group of its own, and no signal ignored */
    bool no_network; /* see planche_sandbox_enter */
    int rules;
    int report; /* where it writes errno if it cannot execute the program; closed by exec */
};

/* Starts it. Returns when the program runs or could not be run: what was written to the report
 * tells which. Its number; -1: errno says why there is no child. */
int planche_child_start(const struct planche_child *child);

#endif
