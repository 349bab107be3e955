/* SPDX-License-Identifier: MIT */
/* Entries of a book: what is in it, and what becomes of it, one small record each. */
#ifndef PLANCHE_BOOK_ENTRIES_H
#define PLANCHE_BOOK_ENTRIES_H

#include "archive/archive.h"
#include "archive/name.h"
#include "archive/writer.h"
#include "book/package.h"

#include <planche/book.h>

#define PLANCHE_DIGEST_BYTES 32 /* sha256 */
#define PLANCHE_NO_ENTRY     SIZE_MAX

/* A page of the output: a whole one, or a part of a strip that was cut. */
struct planche_made_part {
    uint32_t width, height;
    uint64_t bytes;
    uint8_t digest[PLANCHE_DIGEST_BYTES]; /* sha256 of its file */
};

/* The files that a page became, in the work folder. */
struct planche_made {
    enum planche_format format;
    unsigned parts; /* 0: nothing was made */
    struct planche_made_part *part;
};

/* A page of a book in a book, as it is told in the end: a planche_book_page with strings of its
 * own. */
struct planche_inner_page {
    char *name, *output_name, *message;
    struct planche_book_page page;
    struct planche_page_result result;
};

/* An entry: what the archive says of it, what it turned out to be, and its outcome. */
struct planche_entry {
    char *name;
    char *again; /* its name in the archive, if an entry before it has that; else NULL */
    void *comment;
    size_t comment_size;
    int64_t mtime;
    bool folder;
    bool dropped; /* another one of its name stands for it, or the output has no such files */
    /* Of an EPUB that becomes something else: */
    char *place; /* what it is called in the reading order, "0001.jpg"; NULL: as it was */
    bool cover;
    bool lone; /* the only image of a text: no ornament */
    enum planche_package_spread spread;
    /* Of a book in the book: what it becomes, AUTO: it is copied; and its pages. */
    enum planche_container inner_container;
    struct planche_inner_page *inner;
    size_t inner_count, inner_pages; /* entries, images */
    bool lost; /* nothing of it can be kept: it could not be read, or failed at its first byte */
    bool page; /* it is to be enlarged, as far as its beginning and its name tell */
    enum planche_format format; /* of its content, by its beginning; AUTO: none that we read */
    uint8_t digest[PLANCHE_DIGEST_BYTES]; /* of a page */
    size_t original;                      /* an entry with the same bytes before it, or NO_ENTRY */
    bool running; /* it was handed to who makes pages, and is not over; under the book's mutex */
    bool repeats; /* its original runs, and so it is not done either; under the book's mutex */
    enum planche_book_outcome outcome;
    enum planche_status status; /* of a failure */
    char *message;
    uint32_t width, height; /* of a page that is kept, if known; else 0 */
    uint64_t input_bytes, output_bytes;
    struct planche_made made;
    char **outputs;  /* names in the output, as many as there are parts, or one; NULL: left out */
    char *candidate; /* its name in a folder that is there already, if it becomes what is usual */
    bool stays;      /* a file of that folder is the result; outputs names it */
    bool rewritten;  /* its content in the output is not that of the input */
    struct planche_page_result result;
};

/* The list of a book's entries, in its order. Not thread-safe; threads may work on different
 * entries.
 */
struct planche_entries {
    struct planche_budget *budget;
    struct planche_entry *list;
    size_t count, capacity;
    size_t pages;
    bool referred;                 /* other entries refer to pages by their names: an EPUB */
    struct planche_name_set names; /* of the output */
};

/* A new entry with what the archive says of it, at *out until the next call. Errors: MEMORY,
 * BUDGET. */
enum planche_status planche_entries_add(struct planche_entries *entries,
                                        const struct planche_archive_entry *from,
                                        struct planche_entry **out, struct planche_error *error);
void planche_entries_free(struct planche_entries *entries);

/* Forgets the pages of a book in the book. */
void planche_entry_free_inner(struct planche_entry *entry);
/* How many entries of the output it becomes. */
unsigned planche_entry_outputs(const struct planche_entry *entry);

/* Gives every entry its names in the output, unless it stays there and has them, in the book's
 * order: its own, or with the extension of what it became; where that is the name of another entry,
 * the new extension is put behind the old one; what is made is called by at most 255 bytes. Entries
 * with outcome FAILED are left out if skip is set, or if they are lost. Errors: MEMORY, BUDGET,
 * LIMIT. */
enum planche_status planche_entries_name(struct planche_entries *entries, bool skip,
                                         struct planche_error *error);

/* For qsort_r of indices: by the names of the entries in a list, as people sort them. */
int planche_entries_compare(const void *a, const void *b, void *list);

/* Whether a folder can take what has these names. Error: LIMIT. */
enum planche_status planche_entries_check_files(const struct planche_entries *entries,
                                                struct planche_error *error);

/* Hash table of pages by the digests of their contents, to find duplicates. */
struct planche_digests {
    struct planche_entries *entries;
    size_t *slots; /* index + 1; 0: free */
    size_t capacity;
};
/* Makes a table for as many as there are pages: it is at most half full. Errors: MEMORY, BUDGET. */
enum planche_status planche_digests_init(struct planche_digests *digests,
                                         struct planche_entries *entries,
                                         struct planche_error *error);
/* The first entry with the same digest as this one; the entry itself if there was none. */
size_t planche_digests_add(struct planche_digests *digests, size_t index);
void planche_digests_free(struct planche_digests *digests);

#endif
