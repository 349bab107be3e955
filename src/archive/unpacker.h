/* SPDX-License-Identifier: MIT */
/* Client of planche-unpack: starts the sandboxed program that runs libarchive, and talks to it by
 * the protocol of unpack_protocol.h. Nothing that it sends is trusted: it may have been taken over
 * by the archive it reads. */
#ifndef PLANCHE_ARCHIVE_UNPACKER_H
#define PLANCHE_ARCHIVE_UNPACKER_H

#include "archive/unpack_protocol.h"
#include "base/alloc.h"
#include "io/process.h"

struct planche_unpacker_options {
    const char *path;              /* of the archive, for messages; must stay */
    int fd;                        /* of the archive; its position moves */
    const char *kind;              /* "rar", "7z" or "tar" */
    uint64_t seconds;              /* of computing time at most */
    uint64_t first_bytes;          /* of memory from the start; 0: as little as will do */
    struct planche_budget *budget; /* counts the program's memory */
    const struct planche_cancel_token *cancel; /* as in planche_archive_help */
};

/* Zero but for its two descriptors, which are -1: PLANCHE_UNPACKER_NONE. For one thread at a time.
 */
struct planche_unpacker {
    struct planche_process child;
    int requests; /* the socket that they are sent through */
    const char *path;
    const char *entry; /* the current one's name, for messages; "": none. Its owner sets it. */
    uint64_t seconds;
    struct planche_budget *budget;
    uint64_t reserved, most; /* bytes of memory that it has, and may have */
    uint64_t denied;         /* bytes that it did not get for the current request; 0: none */
    unsigned denials;
};
#define PLANCHE_UNPACKER_NONE                                                                      \
    {                                                                                              \
        .child.fd = -1, .requests = -1, .entry = ""                                                \
    }

/* Errors: UNSUPPORTED (the program is missing: the message names it), BUDGET, MEMORY, IO. */
enum planche_status planche_unpacker_start(struct planche_unpacker *unpacker,
                                           const struct planche_unpacker_options *options,
                                           struct planche_error *error);
/* The next entry; *end: there is none. name has PLANCHE_UNPACK_NAME_BYTES + 1 bytes, and may be any
 * bytes. Errors: DATA, UNSUPPORTED, IO, MEMORY, BUDGET, LIMIT (computing time, memory), CANCELLED;
 * nothing can follow one. */
enum planche_status planche_unpacker_next(struct planche_unpacker *unpacker,
                                          struct planche_unpack_entry *entry, char *name, bool *end,
                                          struct planche_error *error);
/* The next bytes of the entry, not more than size; *got 0: its end. Errors as above; *lost: nothing
 * can follow. */
enum planche_status planche_unpacker_read(struct planche_unpacker *unpacker, void *data,
                                          size_t size, size_t *got, bool *lost,
                                          struct planche_error *error);
/* Ends the program, if it runs. */
void planche_unpacker_stop(struct planche_unpacker *unpacker);

#endif
