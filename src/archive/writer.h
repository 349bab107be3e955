/* SPDX-License-Identifier: MIT */
/* Archive writer: a CBZ, EPUB or folder from a list of entries. */
#ifndef PLANCHE_ARCHIVE_WRITER_H
#define PLANCHE_ARCHIVE_WRITER_H

#include "archive/content.h"
#include "archive/entry.h"

/* A CBZ, EPUB or folder that appears at path, synced, when it is committed, or not at all. The same
 * entries give the same bytes. An existing path is an error (EXISTS) unless overwrite is set; an
 * empty folder is none. With overwrite, a folder that is there gets the entries one by one, each
 * complete, and keeps what else is in it. */
enum planche_status planche_archive_writer_create(struct planche_archive_writer **out,
                                                  enum planche_container container,
                                                  const char *path, bool overwrite,
                                                  struct planche_budget *budget,
                                                  struct planche_error *error);
/* Adds an entry with the content of the file at `content` (NULL for a folder); the file must stay
 * until commit. An archive packs contents whose beginning becomes smaller by a tenth, but not if
 * entry->packed says that they are packed already. The name must be safe and new. If entry->given
 * is set, nobody writes to the file any more: a folder then gets the file itself, by a second name,
 * if it has no other and the file system can. */
enum planche_status planche_archive_writer_add(struct planche_archive_writer *writer,
                                               const struct planche_archive_entry *entry,
                                               const char *content, struct planche_error *error);
/* At most 65535 bytes; a folder has none, and drops it. */
enum planche_status planche_archive_writer_comment(struct planche_archive_writer *writer,
                                                   const void *comment, size_t size,
                                                   struct planche_error *error);
/* appear is called once, by commit. */
void planche_archive_writer_watch(struct planche_archive_writer *writer, planche_appear_fn appear,
                                  void *user);
/* Writes everything. An EPUB must have an entry "mimetype"; it becomes the first. progress as in
 * planche_page_options; it and cancel may be NULL. */
enum planche_status planche_archive_writer_commit(struct planche_archive_writer *writer,
                                                  planche_progress_fn progress, void *user,
                                                  const struct planche_cancel_token *cancel,
                                                  struct planche_error *error);
/* Leaves nothing behind that was not committed. NULL is fine. */
void planche_archive_writer_destroy(struct planche_archive_writer **writer);

#endif
