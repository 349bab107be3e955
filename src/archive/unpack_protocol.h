/* SPDX-License-Identifier: MIT */
/* Inter-process protocol between an archive's reader and planche-unpack, the sandboxed program that
 * runs libarchive. Both are of one build and one machine, so numbers are in its byte order.
 *
 * The reader starts "planche-unpack VERSION KIND GRANT MAX SECONDS" (kind: "rar", "7z" or "tar";
 * GRANT and MAX: bytes of memory at first and at most; SECONDS: computing time) with requests to
 * come on PLANCHE_UNPACK_REQUESTS, the archive open as PLANCHE_UNPACK_ARCHIVE, and answers to go to
 * standard output. It sends a request and reads frames until the answer; between them,
 * MEMORY asks for more memory and is answered at once. */
#ifndef PLANCHE_ARCHIVE_UNPACK_PROTOCOL_H
#define PLANCHE_ARCHIVE_UNPACK_PROTOCOL_H

#include <stdint.h>

#define PLANCHE_UNPACK_VERSION  "1"
#define PLANCHE_UNPACK_PROGRAM  "planche-unpack"
#define PLANCHE_UNPACK_REQUESTS 3
#define PLANCHE_UNPACK_ARCHIVE  4

/* Exit statuses besides 0. */
#define PLANCHE_UNPACK_EXIT_USAGE   2 /* another version's reader started it, or a person */
#define PLANCHE_UNPACK_EXIT_SECONDS 3 /* the computing time was used up */

/* Bytes of a frame's payload at most. */
#define PLANCHE_UNPACK_DATA_BYTES ((uint32_t)256 << 10)
#define PLANCHE_UNPACK_NAME_BYTES                                                                  \
    4097u /* longer names are cut to this, which no archive may have */
#define PLANCHE_UNPACK_TEXT_BYTES 512u

enum planche_unpack_verb {
    PLANCHE_UNPACK_NEXT = 1, /* answer: ENTRY, END or ERROR */
    PLANCHE_UNPACK_READ,     /* up to size bytes; answer: DATA (empty: the entry's end) or ERROR */
    PLANCHE_UNPACK_GRANT,    /* answers of MEMORY */
    PLANCHE_UNPACK_DENY,
};

struct planche_unpack_request {
    uint32_t verb, size;
};

enum planche_unpack_type {
    PLANCHE_UNPACK_ENTRY = 1, /* struct planche_unpack_entry, then the name */
    PLANCHE_UNPACK_END,       /* nothing */
    PLANCHE_UNPACK_DATA,      /* bytes of the entry */
    PLANCHE_UNPACK_ERROR,     /* struct planche_unpack_error, then a text */
    PLANCHE_UNPACK_MEMORY,    /* uint64_t: bytes beyond those granted */
};

struct planche_unpack_frame {
    uint32_t type, size; /* of the payload that follows */
};

enum planche_unpack_flags {
    PLANCHE_UNPACK_FOLDER = 1,
    PLANCHE_UNPACK_SYMLINK = 2,
    PLANCHE_UNPACK_HARDLINK = 4,
    PLANCHE_UNPACK_SPECIAL = 8, /* a device, a pipe, a socket */
    PLANCHE_UNPACK_SIZED = 16,  /* size is known */
    PLANCHE_UNPACK_SOLID = 32,  /* to pass over it takes as much as to read it */
};

struct planche_unpack_entry {
    uint64_t size;   /* of the content, as the archive says */
    uint64_t passed; /* bytes that were unpacked on the way here */
    int64_t mtime;   /* seconds since 1970; 0: unknown */
    uint32_t flags;
    uint32_t reserved;
};

struct planche_unpack_error {
    uint32_t status; /* enum planche_status: DATA, UNSUPPORTED, IO or MEMORY */
    uint32_t fatal;  /* nothing can follow */
};

#endif
