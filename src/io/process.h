/* SPDX-License-Identifier: MIT */
/* Programs that do for us what must not go wrong in our own process. */
#ifndef PLANCHE_IO_PROCESS_H
#define PLANCHE_IO_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Initialise with PLANCHE_PROCESS_NONE. */
struct planche_process {
    pid_t pid; /* 0: none runs */
    int fd;    /* what it writes */
    /* Asked several times a second while it works; true: no more of it is wanted. May be NULL. */
    bool (*stop)(void *user);
    void *user;
    int64_t patience; /* milliseconds in which it may be silent */
    int64_t asked;    /* when stop was */
};
#define PLANCHE_PROCESS_NONE                                                                       \
    {                                                                                              \
        .fd = -1, .patience = 120000                                                               \
    }

/* Starts the program arguments[0], looked up in PATH, without a shell: with no input, its output
 * (with messages, also what it complains of) to be read, bounded in memory and computing time.
 * False: errno says why, ENOENT when there is no such program. */
bool planche_process_start(struct planche_process *child, const char *const *arguments,
                           bool messages);
/* The next bytes; 0: the end; -1: errno says why: ECANCELED (stop), ETIMEDOUT (patience) or another
 * reason. */
int64_t planche_process_read(struct planche_process *child, void *data, size_t size);
/* Waits for its end, which must come once it is silent; true if it ended well, else errno says why
 * as above, or is 0: it failed. */
bool planche_process_wait(struct planche_process *child);
/* Ends it now, if it runs. */
void planche_process_kill(struct planche_process *child);

#endif
