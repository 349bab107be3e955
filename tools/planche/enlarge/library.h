/* SPDX-License-Identifier: MIT */
/* What lies in a folder: books, folders that are books, pages beside books. */
#ifndef PLANCHE_CLI_ENLARGE_LIBRARY_H
#define PLANCHE_CLI_ENLARGE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum planche_cli_find_kind {
    PLANCHE_CLI_FIND_PAGE,
    PLANCHE_CLI_FIND_BOOK,  /* a file */
    PLANCHE_CLI_FIND_FOLDER /* with images and no books in it or below */
};

struct planche_cli_find {
    char *path; /* relative to the root; "" for the root itself */
    enum planche_cli_find_kind kind;
    uint64_t bytes; /* of a folder: of all files in it */
};

struct planche_cli_library {
    struct planche_cli_find *finds; /* in the order of their names, numbers by value */
    size_t count, capacity;
    size_t others; /* files that are neither books nor pages nor in a folder that is a book */
    bool books;    /* the root has books in it or below: it is a shelf, else a book */
    bool trouble;  /* something could not be read; a message was printed */
};

/* Looks through root. Hidden files and links to folders are passed over; the folder at `skip`
 * (canonical; NULL: none) as well. Whether a file is a book or a page is told by its extension
 * here. False: no memory; the shelf must be freed as well. */
bool planche_cli_library_scan(struct planche_cli_library *shelf, const char *root,
                              const char *skip);
void planche_cli_library_free(struct planche_cli_library *shelf);

#endif
