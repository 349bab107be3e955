/* SPDX-License-Identifier: MIT */
/* Archive reader: the entries of a book's container, one after the other. Names are UTF-8,
 * relative, with '/' between folders, and safe: never "..", absolute, with a drive letter, empty,
 * or with NUL or control characters; no two entries of an archive have the same: where two files
 * have one name, the later is told as "NAME (2).EXT", with the name that it has as `again`. */
#ifndef PLANCHE_ARCHIVE_ARCHIVE_H
#define PLANCHE_ARCHIVE_ARCHIVE_H

#include "archive/detect.h"
#include "archive/entry.h"

/* Errors: NOT_FOUND, IO, DATA, UNSUPPORTED (encrypted, multi-volume, a program is missing), LIMIT,
 * BUDGET, MEMORY, CANCELLED. Messages name the file and, if it is one's fault, the entry. log may
 * be NULL. */
enum planche_status planche_archive_open(struct planche_archive **out, const char *path,
                                         const struct planche_archive_limits *limits,
                                         struct planche_budget *budget,
                                         const struct planche_log *log,
                                         const struct planche_archive_help *help,
                                         struct planche_error *error);
/* NULL is fine. */
void planche_archive_close(struct planche_archive **archive);
/* The archive's own comment (ZIP). *size 0: none. Valid until close. */
const void *planche_archive_comment(const struct planche_archive *archive, size_t *size);
/* The next entry in the archive's order; *end is set behind the last. Folders may be missing as
 * entries of their own. Entries whose names are not safe, links and devices are errors of DATA, not
 * skipped silently. After an error there is no next entry: it comes again. */
enum planche_status planche_archive_next(struct planche_archive *archive,
                                         struct planche_archive_entry *entry, bool *end,
                                         struct planche_error *error);
/* The next bytes of the current entry; *got 0: its end, with its checksum right. After an error the
 * entry is lost; planche_archive_next goes on behind it if the archive allows, after LIMIT never.
 * What is not read costs a ZIP, folder or PDF nothing; others unpack it. */
enum planche_status planche_archive_read(struct planche_archive *archive, void *data, size_t size,
                                         size_t *got, struct planche_error *error);

#endif
