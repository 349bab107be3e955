/* SPDX-License-Identifier: MIT */
/* Format detection: which kind of container something is, by its content, not by its name. */
#ifndef PLANCHE_ARCHIVE_DETECT_H
#define PLANCHE_ARCHIVE_DETECT_H

#include <planche/book.h>

/* What a file (by its content) or folder is as a book; AUTO: none, *reason is 0, or, as in errno,
 * says why it cannot be told. */
enum planche_container planche_archive_detect(const char *path, int *reason);
/* The same of what is open as fd; *start: where a RAR or 7z begins in the file, which is behind the
 * program in an archive that unpacks itself. */
enum planche_container planche_archive_locate(int fd, const char *path, uint64_t *start,
                                              int *reason);
/* As planche_container_extension. */
const char *planche_archive_extension(enum planche_container container);

#endif
