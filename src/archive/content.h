/* SPDX-License-Identifier: MIT */
/* Entry contents for archive writers: the list of entries and the copying of their contents, which
 * the writers of archives and folders share. */
#ifndef PLANCHE_ARCHIVE_CONTENT_H
#define PLANCHE_ARCHIVE_CONTENT_H

#include "archive/name.h"
#include "os/file_info.h"

#include <planche/book.h>

/* Callback of a commit: told of the file or folder that is about to appear, once. */
typedef void (*planche_appear_fn)(void *user, const struct planche_file_info *info);

/* An entry to be written: a copy of what the caller said, in one block with its strings. */
struct planche_added {
    const char *name, *content; /* content NULL: a folder */
    bool given;                 /* the content's file may get this name, too */
    bool packed;                /* the content is packed by itself, and is not tried */
    const void *comment;
    size_t comment_size;
    int64_t mtime;
    /* Of the ZIP: */
    uint64_t size, packed_size, start;
    uint32_t crc;
    unsigned method;
};

/* Archive writer: the list of entries, and how to write them. For one thread at a time. */
struct planche_archive_writer {
    enum planche_container container;
    char *path;
    bool overwrite;
    struct planche_budget *budget;
    struct planche_added **entries;
    size_t count, room;
    struct planche_name_set names;
    void *comment;
    size_t comment_size;
    struct planche_atomic_file *file; /* of archives */
    uint8_t *buffer;
    planche_progress_fn progress;
    void *user;
    const struct planche_cancel_token *cancel;
    uint64_t total, done; /* bytes of content */
    planche_appear_fn appear;
    void *appear_user;
};

/* Bytes of a writer's buffer, and so of a read. */
#define PLANCHE_CONTENT_BYTES ((size_t)256 << 10)

/* Sink of a content, called for each PLANCHE_CONTENT_BYTES of it, and for what is left. */
typedef enum planche_status (*planche_content_fn)(void *user, const void *data, size_t size,
                                                  struct planche_error *error);

/* A content that is open. */
struct planche_content {
    int fd;
    uint64_t size;
    bool lone; /* its file has one name */
};
/* Error: IO, with the reason why it cannot be read. */
enum planche_status planche_content_fail(const struct planche_added *added, const char *reason,
                                         struct planche_error *error);
enum planche_status planche_content_open(struct planche_content *content,
                                         const struct planche_added *added,
                                         struct planche_error *error);
/* Gives the whole content to take, tells of the progress, and closes it. Errors: CANCELLED,
 * IO, and those of take. */
enum planche_status planche_content_copy(struct planche_content *content,
                                         struct planche_archive_writer *writer,
                                         const struct planche_added *added, planche_content_fn take,
                                         void *user, struct planche_error *error);

/* The same for a content that need not be copied. Error: CANCELLED. */
enum planche_status planche_content_pass(struct planche_content *content,
                                         struct planche_archive_writer *writer,
                                         struct planche_error *error);

/* Before what is at path gets its name. */
void planche_archive_writer_announce(const struct planche_archive_writer *writer, const char *path);

#endif
