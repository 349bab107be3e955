/* SPDX-License-Identifier: MIT */
/* What the writers of archives and folders share: the list of entries and the way to their content.
 */
#ifndef PLANCHE_ARCHIVE_WRITER_H
#define PLANCHE_ARCHIVE_WRITER_H

#include "archive/archive.h"
#include "archive/name.h"

struct planche_added {
    const char *name, *content; /* content NULL: a folder */
    const void *comment;
    size_t comment_size;
    int64_t mtime;
    /* Of the ZIP: */
    uint64_t size, start;
    uint32_t crc;
};

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
    uint64_t total, done; /* bytes of content */
    planche_appear_fn appear;
    void *appear_user;
};

/* Somebody takes the content of an entry piece by piece; false: it failed, and knows why. */
typedef bool (*planche_content_fn)(void *user, const void *data, size_t size);

/* A content that is open. */
struct planche_content {
    int fd;
    uint64_t size;
};
enum planche_status planche_content_open(struct planche_content *content,
                                         const struct planche_added *added,
                                         struct planche_error *error);
/* Gives the whole content to take, tells of the progress, and closes it. CANCELLED, IO; INTERNAL
 * when take failed: the caller says why. */
enum planche_status planche_content_copy(struct planche_content *content,
                                         struct planche_archive_writer *writer,
                                         const struct planche_added *added, planche_content_fn take,
                                         void *user, struct planche_error *error);

/* Before what is at path gets its name. */
void planche_archive_writer_announce(const struct planche_archive_writer *writer, const char *path);

enum planche_status planche_zip_write(struct planche_archive_writer *writer,
                                      struct planche_error *error);
enum planche_status planche_folder_write_check(const struct planche_archive_writer *writer,
                                               struct planche_error *error);
enum planche_status planche_folder_write(struct planche_archive_writer *writer,
                                         struct planche_error *error);

#endif
