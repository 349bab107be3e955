/* SPDX-License-Identifier: MIT */
/* Containers of books: entries one after the other, in and out. Names are UTF-8, relative, with '/'
 * between folders, and safe: never "..", absolute, with a drive letter, empty, or with NUL or
 * control characters; no two entries of an archive have the same. */
#ifndef PLANCHE_ARCHIVE_ARCHIVE_H
#define PLANCHE_ARCHIVE_ARCHIVE_H

#include "base/alloc.h"
#include "base/log.h"

#include <planche/book.h>

#include <sys/stat.h>
#include <time.h>

/* Names are at most so long, and so many folders deep. */
#define PLANCHE_ENTRY_NAME_BYTES  4096
#define PLANCHE_ENTRY_NAME_LEVELS 32

/* What an archive may make of us. All are at least 1. */
struct planche_archive_limits {
    uint64_t entries;     /* files and folders in it */
    uint64_t entry_bytes; /* of one entry, unpacked */
    uint64_t total_bytes; /* of all of them */
    uint64_t ratio;       /* unpacked bytes for one of the archive file; not of folders and PDFs */
};

struct planche_archive_entry {
    const char *name; /* valid until the next call of planche_archive_next */
    bool folder;
    int64_t mtime;       /* seconds since 1970; 0: unknown */
    const void *comment; /* of the entry (ZIP); NULL: none */
    size_t comment_size;
};

/* What a file (by its content) or folder is as a book; AUTO: none. Never fails: what cannot be read
 * is none. */
enum planche_container planche_archive_detect(const char *path);

/* What a page of a PDF shows, once it was drawn. */
struct planche_archive_note {
    uint32_t number : 24; /* of the image, or the resolution that the page takes */
    uint32_t known : 1, alone : 1, jpeg : 1;
};

/* What one reading of a PDF finds out and the next need not. Zeroes at first. */
struct planche_archive_notes {
    struct planche_archive_note *list;
    uint64_t count; /* pages */
    uint64_t file_size;
    struct timespec changed;
};

/* How its reader takes part; NULL or zeroes: not at all. */
struct planche_archive_help {
    /* Asked several times a second while another program works for the archive, by the thread that
     * waits; true: what waits ends as CANCELLED. */
    bool (*stop)(void *user);
    void *user;
    struct planche_archive_notes *notes; /* its owner frees the list; NULL: none are kept */
};

struct planche_archive;

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
enum planche_container planche_archive_container(const struct planche_archive *archive);
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

struct planche_archive_writer;

/* A CBZ, EPUB or folder that appears at path, synced, when it is committed, or not at all. The same
 * entries give the same bytes. An existing path is an error (EXISTS) unless overwrite is set; a
 * folder is never overwritten unless it is empty. */
enum planche_status planche_archive_writer_create(struct planche_archive_writer **out,
                                                  enum planche_container container,
                                                  const char *path, bool overwrite,
                                                  struct planche_budget *budget,
                                                  struct planche_error *error);
/* Adds an entry with the content of the file at `content` (NULL for a folder); the file must stay
 * until commit. Contents are stored, not packed. The name must be safe and new. */
enum planche_status planche_archive_writer_add(struct planche_archive_writer *writer,
                                               const struct planche_archive_entry *entry,
                                               const char *content, struct planche_error *error);
/* At most 65535 bytes; a folder has none, and drops it. */
enum planche_status planche_archive_writer_comment(struct planche_archive_writer *writer,
                                                   const void *comment, size_t size,
                                                   struct planche_error *error);
/* Who wants to know which file or folder is about to appear: called once, by commit. */
typedef void (*planche_appear_fn)(void *user, const struct stat *info);
void planche_archive_writer_watch(struct planche_archive_writer *writer, planche_appear_fn appear,
                                  void *user);
/* Writes everything. An EPUB must have an entry "mimetype"; it becomes the first. progress as in
 * planche_page_options; NULL is fine. */
enum planche_status planche_archive_writer_commit(struct planche_archive_writer *writer,
                                                  planche_progress_fn progress, void *user,
                                                  struct planche_error *error);
/* Leaves nothing behind that was not committed. NULL is fine. */
void planche_archive_writer_destroy(struct planche_archive_writer **writer);

#endif
