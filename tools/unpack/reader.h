/* SPDX-License-Identifier: MIT */
/* An archive that libarchive unpacks, entry by entry, with the checks that libarchive leaves out.
 */
#ifndef PLANCHE_UNPACK_READER_H
#define PLANCHE_UNPACK_READER_H

#include "rar_blocks.h"

#include "archive/unpack_protocol.h"

#include <archive.h>

/* From UNPACK_BZIP2 on, one entry of a ZIP by what it is packed by. */
enum unpack_kind {
    UNPACK_RAR,
    UNPACK_7Z,
    UNPACK_TAR,
    UNPACK_BZIP2,
    UNPACK_LZMA,
    UNPACK_XZ,
    UNPACK_ZSTD
};

/* What is read: a part of the file that is open as PLANCHE_UNPACK_ARCHIVE. */
struct unpack_source {
    enum unpack_kind kind;
    uint64_t from, bytes;
    uint64_t size; /* of a ZIP's entry, unpacked; UINT64_MAX: the packed data tell */
};

struct unpack_reader {
    enum unpack_kind kind;
    struct unpack_source source;
    uint64_t at; /* in the source, of what libarchive reads next */
    struct archive *archive;
    bool gzip; /* a tar packed by gzip */
    struct rar_blocks blocks;
    bool has_crc; /* of the current entry, to be checked here */
    uint32_t crc, expected;
    /* Of the last error: */
    enum planche_status status;
    bool fatal; /* nothing can follow */
    char text[PLANCHE_HELPER_TEXT_BYTES];
};

/* All of them: false on an error, which the reader says. The position of the file stays. */
bool unpack_open(struct unpack_reader *reader, const struct unpack_source *source);
/* *name is valid until the next call; *end: there is no entry. */
bool unpack_next(struct unpack_reader *reader, struct planche_unpack_entry *entry,
                 const char **name, bool *end);
/* *got 0: the entry's end, with its checksum right. */
bool unpack_read(struct unpack_reader *reader, void *data, size_t size, size_t *got);

#endif
