/* SPDX-License-Identifier: MIT */
/* Library scan: the books in a folder, folders that are books, and pages beside books. */
#ifndef PLANCHE_CLI_ENLARGE_LIBRARY_H
#define PLANCHE_CLI_ENLARGE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum planche_cli_library_kind {
    PLANCHE_CLI_LIBRARY_PAGE,
    PLANCHE_CLI_LIBRARY_BOOK,   /* a file */
    PLANCHE_CLI_LIBRARY_FOLDER, /* a book that is a folder: images, no books in it or below */
    PLANCHE_CLI_LIBRARY_OTHER   /* a file that is neither a book nor a page, beside some */
};

/* A page or book of a library. */
struct planche_cli_library_entry {
    char *path; /* relative to the root, "" for the root itself; own */
    enum planche_cli_library_kind kind;
    uint64_t bytes; /* of a folder: of all files in it */
};

/* A scanned folder. A library if there are books in it or below, else it is a book itself, its only
 * entry. */
struct planche_cli_library {
    struct planche_cli_library_entry *entries; /* in the order of their names, numbers by value */
    size_t count, capacity;
    size_t others; /* links to nowhere, pipes and devices */
    size_t links;  /* to folders, which are not followed */
    size_t junk;   /* files and folders that programs have left (base/file_names.h) */
    bool books;    /* the root has books in it or below */
    bool trouble;  /* something could not be read; a message was printed */
};

/* Scans root and the folders below it. Hidden files, junk and links to folders are passed over; the
 * folder at `skip` (canonical; NULL: none) as well. Files are told apart by their extensions.
 * False: no memory; the library must be freed as well. */
bool planche_cli_library_scan(struct planche_cli_library *library, const char *root,
                              const char *skip);
void planche_cli_library_free(struct planche_cli_library *library);

#endif
