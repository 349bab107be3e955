/* SPDX-License-Identifier: MIT */
/* Client of a helper program: starts it in its sandbox, counts its memory in a budget, and talks to
 * it by the protocol of helper_protocol.h. Nothing that it sends is trusted: it may have been taken
 * over by what it reads. */
#ifndef PLANCHE_IO_HELPER_H
#define PLANCHE_IO_HELPER_H

#include "base/alloc.h"
#include "io/helper_protocol.h"
#include "io/process.h"

/* A program, and the words for messages about it. */
struct planche_helper_kind {
    const char *name;     /* "planche-unpack" */
    const char *variable; /* of the environment, which names its path */
    const char *version;
    const char *uses;  /* "RAR, 7z and tar take": what cannot be done without it */
    const char *task;  /* "unpack" */
    const char *input; /* "archive": at fault if it ends by a signal that nobody sent */
};

/* Descriptors that a program can inherit besides its requests. */
#define PLANCHE_HELPER_INHERITED 3

struct planche_helper_options {
    const struct planche_helper_kind *kind;
    const char *format;   /* what is to be read: the program's KIND */
    const char *subject;  /* path of the input, for messages; must stay */
    const int *inherited; /* become PLANCHE_HELPER_INPUT and what follows it */
    size_t inherited_count;
    uint64_t seconds;                          /* of computing time at most */
    uint64_t first_bytes;                      /* of memory from the start */
    uint64_t most_bytes;                       /* of memory at most */
    struct planche_budget *budget;             /* counts the program's memory */
    const struct planche_cancel_token *cancel; /* may be NULL */
};

/* Zero but for its two descriptors, which are -1: PLANCHE_HELPER_NONE. For one thread at a time. */
struct planche_helper {
    const struct planche_helper_kind *kind;
    struct planche_process child;
    int requests; /* the socket that they are sent through */
    const char *subject;
    const char *part; /* of the subject, for messages; "": all of it. Its owner sets it. */
    uint64_t seconds;
    struct planche_budget *budget;
    uint64_t reserved, most; /* bytes of memory that it has, and may have */
    uint64_t denied;         /* bytes that it did not get for the current request; 0: none */
    bool exhausted;          /* the system had not what was granted */
    unsigned denials;
};
#define PLANCHE_HELPER_NONE                                                                        \
    {                                                                                              \
        .child = PLANCHE_PROCESS_NONE, .requests = -1, .part = ""                                  \
    }

/* Errors: UNSUPPORTED (the program is missing: the message names it), BUDGET, MEMORY, IO. */
enum planche_status planche_helper_start(struct planche_helper *helper,
                                         const struct planche_helper_options *options,
                                         struct planche_error *error);
/* Sends a request and returns with the head of its answer, whose payload is still to be received.
 * Errors: DATA, UNSUPPORTED, IO, MEMORY, BUDGET, LIMIT (computing time, memory), CANCELLED; *lost:
 * nothing can follow. */
enum planche_status planche_helper_ask(struct planche_helper *helper, uint32_t verb, uint32_t size,
                                       struct planche_helper_frame *frame, bool *lost,
                                       struct planche_error *error);
/* Sends a request that has no answer. Error: IO. */
enum planche_status planche_helper_tell(struct planche_helper *helper, uint32_t verb, uint32_t size,
                                        struct planche_error *error);
/* Whether it runs and has said nothing, as one that was asked nothing should. */
bool planche_helper_waits(const struct planche_helper *helper);
/* The head of the next frame that is not about memory. Errors as above. */
enum planche_status planche_helper_receive_frame(struct planche_helper *helper,
                                                 struct planche_helper_frame *frame, bool *lost,
                                                 struct planche_error *error);
/* size bytes of a payload. Errors: as above, but for DATA and UNSUPPORTED. */
enum planche_status planche_helper_receive(struct planche_helper *helper, void *data, size_t size,
                                           struct planche_error *error);
/* It needs so many bytes no longer, which go back to the budget. */
void planche_helper_take_back(struct planche_helper *helper, uint64_t bytes);
/* It sent what no answer may be: ends it. Error: IO. */
enum planche_status planche_helper_fail_protocol(struct planche_helper *helper,
                                                 struct planche_error *error);
/* Ends the program, if it runs. */
void planche_helper_stop(struct planche_helper *helper);

#endif
