/* SPDX-License-Identifier: MIT */
/* Start of a helper program: its arguments, then limits, counted memory and sandbox. */
#ifndef PLANCHE_CHILD_START_H
#define PLANCHE_CHILD_START_H

#include <stdbool.h>
#include <stdint.h>

struct child_arguments {
    const char *format; /* what is to be read */
    uint64_t granted, most, seconds;
};

/* Of main. False: this is not what the library of that version passes. */
bool child_take_arguments(int count, char **words, const char *version,
                          struct child_arguments *arguments);
/* For good: from now on hostile bytes may be read. With threads, the program may start some. False:
 * the system has no filter for system calls; all else is in force. */
bool child_confine(const struct child_arguments *arguments, bool threads);

#endif
