/* SPDX-License-Identifier: MIT */
/* Central directory of a ZIP: what the archive says of itself, checked as far as can be without
 * unpacking. */
#ifndef PLANCHE_ARCHIVE_ZIP_DIRECTORY_H
#define PLANCHE_ARCHIVE_ZIP_DIRECTORY_H

#include "archive/charset.h"
#include "archive/format.h"

/* Where an entry lies in the file, at least. */
struct planche_zip_extent {
    uint64_t start, end;
};

struct planche_zip_record {
    uint16_t flags, method;
    uint32_t crc, mode; /* mode: of Unix, 0: unknown */
    uint64_t packed, size;
    uint64_t start; /* of the local header */
    int64_t mtime;
    char *name; /* UTF-8 or not, terminated */
    const uint8_t *comment;
    size_t comment_size;
};

struct planche_zip_directory {
    uint64_t start, end;                /* in the file */
    uint64_t shift;                     /* bytes before the archive */
    uint64_t declared;                  /* number of entries */
    uint64_t at;                        /* of the next record */
    struct planche_zip_extent *extents; /* sorted */
    size_t count, room;
    bool checked;    /* all of it */
    uint8_t *window; /* a piece of the file */
    uint64_t window_at;
    size_t window_size;
    char *name; /* of the current record */
    struct planche_charset charset;
    uint8_t *comment; /* the archive's */
    size_t comment_size;
};

/* Finds and checks the whole directory. Errors: IO, DATA, UNSUPPORTED, LIMIT, BUDGET, MEMORY.
 * free follows in any case. */
enum planche_status planche_zip_directory_read(struct planche_zip_directory *directory,
                                               const struct planche_archive *archive,
                                               struct planche_error *error);
void planche_zip_directory_free(struct planche_zip_directory *directory);
/* The next record; valid until the next call. */
enum planche_status planche_zip_directory_next(struct planche_zip_directory *directory,
                                               const struct planche_archive *archive,
                                               struct planche_zip_record *record, bool *end,
                                               struct planche_error *error);
/* Where the next thing in the file begins behind what begins at start. */
uint64_t planche_zip_directory_bound(const struct planche_zip_directory *directory, uint64_t start);

#endif
