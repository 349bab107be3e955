/* SPDX-License-Identifier: MIT */
/* A look at archives that libarchive unpacks, before it does: what it would refuse late or
 * unclearly, and how much memory it will take, which nobody can tell it. */
#ifndef PLANCHE_ARCHIVE_SCAN_H
#define PLANCHE_ARCHIVE_SCAN_H

#include "archive/format.h"

struct planche_scan {
    uint64_t memory; /* bytes that unpacking takes */
    bool gzip;       /* a tar that is packed so */
    bool solid;      /* a RAR whose entries must be unpacked to come to the next */
    /* Checksums of the entries of a RAR in their order, which libarchive does not check: CRC-32, or
     * PLANCHE_NO_CRC. To be freed. */
    uint64_t *crcs;
    size_t count, room;
};
#define PLANCHE_NO_CRC UINT64_MAX

/* Errors: DATA, UNSUPPORTED (encrypted, volumes), LIMIT, IO, BUDGET, MEMORY. */
enum planche_status planche_scan_rar(const struct planche_archive *archive,
                                     struct planche_scan *scan, struct planche_error *error);
enum planche_status planche_scan_7z(const struct planche_archive *archive,
                                    struct planche_scan *scan, struct planche_error *error);
enum planche_status planche_scan_tar(const struct planche_archive *archive,
                                     struct planche_scan *scan, struct planche_error *error);

/* Whether these first bytes of a file are those of a tar archive, or packed by what tars are. */
bool planche_tar_begins(const uint8_t *head, size_t size);
bool planche_tar_is_packed(const uint8_t *head, size_t size);

/* Whether the packed file at fd has a tar inside. */
bool planche_libarchive_is_tar(int fd, bool gzip);

#endif
