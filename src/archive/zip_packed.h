/* SPDX-License-Identifier: MIT */
/* Entries of a ZIP that are packed by something else than deflate: unpacked by planche-unpack, one
 * after the other. */
#ifndef PLANCHE_ARCHIVE_ZIP_PACKED_H
#define PLANCHE_ARCHIVE_ZIP_PACKED_H

#include "archive/entry.h"
#include "archive/unpacker.h"

/* Whether planche-unpack unpacks a method of the ZIP format. */
bool planche_zip_packed_known(uint16_t method);
/* The error of a method that nothing here unpacks, with what to do about it. */
enum planche_status planche_zip_packed_fail(const struct planche_archive *archive, uint16_t method,
                                            struct planche_error *error);

/* A packed entry: where it lies in the file, and what its records say. */
struct planche_zip_packed {
    uint16_t method;
    bool marked_end; /* its data say where they end (LZMA) */
    uint64_t at, bytes, size;
};
/* Starts the program for an entry; it is to be stopped in any case. Errors: those of
 * planche_unpacker_start and planche_unpacker_next. */
enum planche_status planche_zip_packed_start(struct planche_unpacker *unpacker,
                                             const struct planche_archive *archive,
                                             const struct planche_zip_packed *packed,
                                             struct planche_error *error);

#endif
