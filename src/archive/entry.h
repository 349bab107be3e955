/* SPDX-License-Identifier: MIT */
/* Archive reader: the types that archive.c and the readers of the formats share. archive.c checks
 * names and limits for all of them. */
#ifndef PLANCHE_ARCHIVE_ENTRY_H
#define PLANCHE_ARCHIVE_ENTRY_H

#include "archive/name.h"
#include "base/cancel.h"
#include "base/log.h"
#include "image/cells.h"

#include <planche/book.h>

#include <time.h>

/* Limits against decompression bombs. All are at least 1. */
struct planche_archive_limits {
    uint64_t entries;     /* files and folders in it */
    uint64_t entry_bytes; /* of one entry, unpacked */
    uint64_t total_bytes; /* of all of them */
    uint64_t ratio;       /* unpacked bytes for one of the archive file; not of folders and PDFs */
};

/* An entry as the caller gets it: its name is safe. */
struct planche_archive_entry {
    const char *name; /* valid until the next call of planche_archive_next */
    bool folder;
    int64_t mtime;       /* seconds since 1970; 0: unknown */
    const void *comment; /* of the entry (ZIP); NULL: none */
    size_t comment_size;
    const char *again;  /* name in the archive, which an entry before it has too; NULL: none has */
    bool given, packed; /* to a writer: planche_archive_writer_add */
};

/* Analysis of a page of a PDF, once it was drawn. */
struct planche_archive_note {
    uint32_t number : 24; /* thousandths of pixels an inch, at which the page is rendered;
                             0: there is no page */
    uint32_t known : 1;
    uint32_t image : 1;     /* it has one, or more */
    uint32_t uncropped : 1; /* it is rendered by its media box */
    uint32_t alone : 1;     /* it is its only image, a JPEG */
};

/* Different lines that poppler says of a book and that are passed on. */
#define PLANCHE_ARCHIVE_TOLD 16

/* Cache of what one reading of an archive finds out for the next. Zeroes at first. */
struct planche_archive_notes {
    /* Of RAR, 7z and tar: memory that unpacking took, which the next reading takes when it is
     * opened, before pages are admitted. */
    uint64_t unpack_bytes;
    /* Of a PDF, as long as it is the same file: */
    struct planche_archive_note *list;
    uint64_t count; /* pages */
    uint64_t file_size;
    struct timespec changed;
    uint64_t told[PLANCHE_ARCHIVE_TOLD]; /* lines that were passed on, by a hash */
    size_t told_count;
};

/* An image file in memory, and where on its page it lies. */
struct planche_archive_picture {
    const char *name; /* for messages */
    const void *data;
    size_t size;
    struct planche_cells_place place;
    struct planche_budget *budget; /* of what decoding takes */
};
/* Callback that adds up what an image file looks like as a page of its own: sRGB. */
typedef enum planche_status (*planche_archive_look_fn)(
    const struct planche_archive_picture *picture, struct planche_cells *cells,
    struct planche_error *error);

/* Options of the caller: cancellation and the cache. NULL or zeroes: none. */
struct planche_archive_help {
    /* Checked several times a second while another program works for the archive; NULL: it is not
     * cancelled. */
    const struct planche_cancel_token *cancel;
    struct planche_archive_notes *notes; /* its owner frees the list; NULL: none are kept */
    /* Where faults of contents are told, at every reading; NULL: where all else is. */
    const struct planche_log *log;
    planche_archive_look_fn look; /* NULL: pages of PDFs are always rendered */
};

#define PLANCHE_SIZE_UNKNOWN UINT64_MAX

/* An entry as the container states it, unchecked. */
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

/* Operations table of a format. */
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

/* Archive reader. Before any entry, next opens what it must; ops->close follows even when open
 * failed. For one thread at a time. */
struct planche_archive {
    const struct planche_archive_ops *ops;
    enum planche_container container;
    void *state; /* of the container */
    char *path;
    int fd;              /* of the file or folder */
    const uint8_t *data; /* of a ZIP whose directory alone is read: the file in memory; NULL: fd */
    uint64_t file_size;
    uint64_t start; /* of a RAR or 7z in its file: a program that unpacks it may come before */
    struct planche_budget *budget;
    const struct planche_log *log;
    struct planche_archive_limits limits;
    struct planche_archive_help help;
    const void *comment;
    size_t comment_size;

    struct planche_name_set names;
    char name[PLANCHE_ENTRY_NAME_BYTES + 1];  /* of the current entry */
    char again[PLANCHE_ENTRY_NAME_BYTES + 1]; /* the current entry's name, if another had it */
    unsigned repeats;                         /* entries whose names were taken */
    bool stripped;                            /* a name was absolute */
    bool reading;                             /* the current entry has not ended */
    enum planche_status failed;               /* why there is no next entry */
    struct planche_error failure;
    bool must_read;                             /* the current entry */
    uint64_t entries, entry_bytes, total_bytes; /* so far, unpacked */
    uint64_t declared_bytes;                    /* of all entries so far, as their headers say */
};

/* "PATH: ENTRY: TEXT", the entry being the current one. */
enum planche_status planche_entry_fail(const struct planche_archive *archive,
                                       struct planche_error *error, enum planche_status status,
                                       const char *text);

#endif
