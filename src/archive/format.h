/* SPDX-License-Identifier: MIT */
/* What the kinds of containers owe to archive.c, which checks names and limits for all of them. */
#ifndef PLANCHE_ARCHIVE_FORMAT_H
#define PLANCHE_ARCHIVE_FORMAT_H

#include "archive/archive.h"
#include "archive/name.h"

#define PLANCHE_SIZE_UNKNOWN UINT64_MAX

/* An entry as the container tells it. */
struct planche_raw_entry {
    const char *name; /* UTF-8 or not, terminated */
    bool folder;
    const char *bad; /* why it is not an entry we take ("is a symbolic link"); NULL: it is */
    int64_t mtime;
    const void *comment;
    size_t comment_size;
    uint64_t size;   /* of the content as the container says */
    uint64_t passed; /* bytes that were unpacked on the way here, those of headers too */
    bool must_read;  /* to get behind it takes as much as to read it, and its size bounds neither */
};

struct planche_archive;

struct planche_archive_ops {
    bool backslashes; /* in names stand for '/' */
    bool ratio;       /* is limited */
    enum planche_status (*next)(struct planche_archive *archive, struct planche_raw_entry *entry,
                                bool *end, struct planche_error *error);
    /* As planche_archive_read; is not called again behind the end or an error. */
    enum planche_status (*read)(struct planche_archive *archive, void *data, size_t size,
                                size_t *got, struct planche_error *error);
    /* state may be NULL or half made. */
    void (*close)(struct planche_archive *archive);
};

/* Before any entry, next opens what it must; ops->close follows even when open failed. */
struct planche_archive {
    const struct planche_archive_ops *ops;
    enum planche_container container;
    void *state; /* of the container */
    char *path;
    int fd; /* of the file or folder */
    uint64_t file_size;
    struct planche_budget *budget;
    const struct planche_log *log;
    struct planche_archive_limits limits;
    struct planche_archive_help help;
    const void *comment;
    size_t comment_size;

    struct planche_name_set names;
    char name[PLANCHE_ENTRY_NAME_BYTES + 1]; /* of the current entry */
    bool reading;                            /* the current entry has not ended */
    enum planche_status failed;              /* why there is no next entry */
    struct planche_error failure;
    bool must_read;                             /* the current entry */
    uint64_t entries, entry_bytes, total_bytes; /* so far, unpacked */
    uint64_t declared_bytes;                    /* of all entries so far, as their headers say */
};

/* Each opens archive->fd as its kind; state and comment are set, memory is the budget's. */
enum planche_status planche_zip_open(struct planche_archive *archive, struct planche_error *error);
enum planche_status planche_folder_open(struct planche_archive *archive,
                                        struct planche_error *error);
enum planche_status planche_libarchive_open(struct planche_archive *archive,
                                            struct planche_error *error);
enum planche_status planche_pdf_open(struct planche_archive *archive, struct planche_error *error);

/* Whether the ZIP at fd has what makes it an EPUB. */
bool planche_zip_is_epub(int fd, const char *path);

/* pread until size bytes or the end of the file. -1: errno says why. */
int64_t planche_fd_read_at(int fd, void *data, size_t size, uint64_t offset);

/* "PATH: ENTRY: TEXT", the entry being the current one. */
enum planche_status planche_entry_fail(const struct planche_archive *archive,
                                       struct planche_error *error, enum planche_status status,
                                       const char *text);

#endif
