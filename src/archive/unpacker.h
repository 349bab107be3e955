/* SPDX-License-Identifier: MIT */
/* Client of planche-unpack, the helper program that runs libarchive (io/helper.h,
 * unpack_protocol.h). */
#ifndef PLANCHE_ARCHIVE_UNPACKER_H
#define PLANCHE_ARCHIVE_UNPACKER_H

#include "archive/unpack_protocol.h"
#include "io/helper.h"

struct planche_unpacker_options {
    const char *path;     /* of the archive, for messages; must stay */
    int fd;               /* of the archive; its position stays */
    const char *kind;     /* as in unpack_protocol.h */
    uint64_t from, bytes; /* the part of the file that is read */
    uint64_t size;        /* of a ZIP's entry, unpacked; UINT64_MAX: not known, or no ZIP */
    uint64_t seconds;     /* of computing time at most */
    uint64_t first_bytes; /* of memory from the start; 0: as little as will do */
    struct planche_budget *budget;             /* counts the program's memory */
    const struct planche_cancel_token *cancel; /* as in planche_archive_help */
};

/* The program; its part is the current entry's name, which its owner sets. For one thread at a
 * time.
 */
struct planche_unpacker {
    struct planche_helper helper;
};
#define PLANCHE_UNPACKER_NONE                                                                      \
    {                                                                                              \
        .helper = PLANCHE_HELPER_NONE                                                              \
    }
/* What it is, for messages. */
extern const struct planche_helper_kind planche_unpacker_kind;

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
