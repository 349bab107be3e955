/* SPDX-License-Identifier: MIT */
/* Inter-process protocol between an archive's reader and planche-unpack, the helper program that
 * runs libarchive: what it adds to io/helper_protocol.h. KIND is "WHAT:FROM:BYTES:SIZE". WHAT:
 * "rar", "7z", "tar", or what one entry of a ZIP is packed by, "bzip2", "lzma", "xz" or "zstd".
 * FROM and BYTES: the part of the file that is the archive, or the packed entry. SIZE: of the
 * entry, unpacked; UINT64_MAX if the packed data say where they end. */
#ifndef PLANCHE_ARCHIVE_UNPACK_PROTOCOL_H
#define PLANCHE_ARCHIVE_UNPACK_PROTOCOL_H

#include "io/helper_protocol.h"

/* Words for what nobody here unpacks, with what to do about it: the same whoever finds out. */
#define PLANCHE_REFUSAL_ENCRYPTED                                                                  \
    "is encrypted; unpack it with its password, and take the folder instead"
#define PLANCHE_REFUSAL_VOLUME                                                                     \
    "is one of several volumes of an archive, which Planche does not put together; unpack them "   \
    "(unrar x, 7z x), and take the folder instead"

#define PLANCHE_UNPACK_VERSION "3"
#define PLANCHE_UNPACK_PROGRAM "planche-unpack"
#define PLANCHE_UNPACK_ARCHIVE PLANCHE_HELPER_INPUT

/* Bytes of a frame's payload at most. */
#define PLANCHE_UNPACK_DATA_BYTES ((uint32_t)256 << 10)
#define PLANCHE_UNPACK_NAME_BYTES                                                                  \
    4097u /* longer names are cut to this, which no archive may have */

enum planche_unpack_verb {
    PLANCHE_UNPACK_NEXT = 16, /* answer: ENTRY, END or ERROR */
    PLANCHE_UNPACK_READ,      /* up to size bytes; answer: DATA (empty: the entry's end) or ERROR */
};

enum planche_unpack_type {
    PLANCHE_UNPACK_ENTRY = 16, /* struct planche_unpack_entry, then the name */
    PLANCHE_UNPACK_END,        /* nothing */
    PLANCHE_UNPACK_DATA,       /* bytes of the entry */
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

#endif
