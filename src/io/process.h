/* SPDX-License-Identifier: MIT */
/* Child processes: other programs, run without a shell, bounded and contained.
 *
 * A program has its limits, its descriptors, its signals and its sandbox before its first
 * instruction. It inherits no descriptor that is not listed, no blocked signal, and the
 * environment. Many threads may start processes at once; each process is for one thread at a time.
 */
#ifndef PLANCHE_IO_PROCESS_H
#define PLANCHE_IO_PROCESS_H

#include "base/cancel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the whole program unless stated; 0: what the caller itself is held to. */
struct planche_process_limits {
    uint64_t memory_bytes; /* of address space */
    uint64_t cpu_seconds;  /* of all its threads */
    uint64_t file_bytes;   /* of each file that it writes */
    uint64_t open_files;   /* descriptors */
};

enum planche_process_flags {
    PLANCHE_PROCESS_READ_MESSAGES = 1,   /* its stderr is part of the output */
    PLANCHE_PROCESS_SHOW_MESSAGES = 2,   /* its stderr is ours; with neither it is nowhere */
    PLANCHE_PROCESS_SHOW_OUTPUT = 4,     /* its stdout is our stderr: there is nothing to read */
    PLANCHE_PROCESS_FOREGROUND = 8,      /* see below */
    PLANCHE_PROCESS_NO_NETWORK = 16,     /* it may make no sockets, where the kernel has seccomp */
    PLANCHE_PROCESS_NO_FILE_WRITES = 32, /* nor write or make files, where it has Landlock */
    PLANCHE_PROCESS_KEEP_MESSAGES = 128, /* the beginning of its stderr is kept apart */
    PLANCHE_PROCESS_OURS = 64, /* it was built as this library was: a sanitizer, which needs much
                                  more address space, makes the limit of memory void */
};

/* A program that belongs to the user's terminal gets its Ctrl-C, ignores what we ignore, and is
 * asked to end (SIGTERM) before it is killed. Any other has a process group of its own, with all
 * signals at their defaults, and is killed with all it has started. */

struct planche_process_options {
    const char *const *arguments; /* arguments[0] is looked up in PATH; NULL ends the list */
    unsigned flags;
    struct planche_process_limits limits;
    const int *inherited; /* descriptors that become its 3, 4, ...: 8 at most */
    size_t inherited_count;
    /* Below these paths it may read and run files, where the kernel has Landlock; NULL ends the
     * list. NULL: everywhere. */
    const char *const *readable;
    uint64_t output_bytes;                     /* that can be read from it; 0: any number */
    uint64_t patience_ms;                      /* that it may be silent for; 0: for ever */
    const struct planche_cancel_token *cancel; /* asked while we wait for it; may be NULL */
};

/* Bytes of messages that are kept, with the 0 behind them. */
#define PLANCHE_PROCESS_MESSAGE_BYTES 2048

/* A program that runs. */
struct planche_process {
    int pid;         /* 0: none runs */
    int fd;          /* what it writes; -1: nothing, or that was all */
    int messages_fd; /* its stderr, if that is kept apart */
    /* What has come of that so far, ended by a 0; all of it once the program was waited for. */
    char messages[PLANCHE_PROCESS_MESSAGE_BYTES];
    size_t message_bytes;
    bool foreground;
    uint64_t output_left;
    uint64_t patience_ms;
    const struct planche_cancel_token *cancel;
};
#define PLANCHE_PROCESS_NONE                                                                       \
    {                                                                                              \
        .fd = -1, .messages_fd = -1                                                                \
    }

/* Starts a program, with no input. What *options refers to need not stay, but for the token. False:
 * errno says why, ENOENT when there is no such program; *process is as PLANCHE_PROCESS_NONE then.
 */
bool planche_process_start(struct planche_process *process,
                           const struct planche_process_options *options);
/* The next bytes; 0: the end; -1: errno says why: ECANCELED (the token), ETIMEDOUT (patience),
 * EFBIG (output_bytes) or another reason. */
int64_t planche_process_read(struct planche_process *process, void *data, size_t size);
/* Reads to the end, keeps the first size - 1 bytes and ends them with a 0. False: as above. */
bool planche_process_read_text(struct planche_process *process, char *text, size_t size);
/* Waits for its end, or ends it by force after the patience or on the token. True: *exit_status
 * says how it ended, below 0: by that signal. False: errno says why, as above. */
bool planche_process_wait(struct planche_process *process, int *exit_status);
/* Has it leave the processors to others, as nice does. What the system refuses is left as it is. */
void planche_process_lower(const struct planche_process *process);
/* Ends it now, if it runs. */
void planche_process_kill(struct planche_process *process);

#endif
