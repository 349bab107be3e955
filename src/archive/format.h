/* SPDX-License-Identifier: MIT */
/* Entry points of the formats, for archive.c and writer.c. */
#ifndef PLANCHE_ARCHIVE_FORMAT_H
#define PLANCHE_ARCHIVE_FORMAT_H

#include "archive/content.h"
#include "archive/entry.h"

/* Each opens archive->fd as its kind; state and comment are set, memory is the budget's. */
enum planche_status planche_zip_open(struct planche_archive *archive, struct planche_error *error);
enum planche_status planche_folder_open(struct planche_archive *archive,
                                        struct planche_error *error);
enum planche_status planche_unpacked_open(struct planche_archive *archive,
                                          struct planche_error *error);
enum planche_status planche_pdf_open(struct planche_archive *archive, struct planche_error *error);

/* Whether the file at fd ends with the directory of a ZIP that has entries. */
bool planche_zip_is_there(int fd, const char *path);
/* Whether the ZIP at fd has what makes it an EPUB. A damaged one has not. Errors: IO, MEMORY. */
enum planche_status planche_zip_is_epub(int fd, const char *path, bool *epub,
                                        struct planche_error *error);
/* Whether the packed file at fd has a tar inside. */
bool planche_unpacked_is_tar(int fd, const char *path);

/* Each writes the entries of a writer; folder_write_check before there are any. */
enum planche_status planche_zip_write(struct planche_archive_writer *writer,
                                      struct planche_error *error);
/* Reads the directory of the ZIP that was written, before it gets its name, and holds its entries
 * against those of the writer. Errors: IO, MEMORY, BUDGET. */
enum planche_status planche_zip_check(const struct planche_archive_writer *writer,
                                      struct planche_error *error);
enum planche_status planche_folder_write_check(const struct planche_archive_writer *writer,
                                               struct planche_error *error);
enum planche_status planche_folder_write(struct planche_archive_writer *writer,
                                         struct planche_error *error);

#endif
