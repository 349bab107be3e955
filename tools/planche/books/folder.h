/* SPDX-License-Identifier: MIT */
/* State folder: DIR/HANDLE/ for each book, with its record, its input, its result, and meanwhile
 * the work folder of the library. */
#ifndef PLANCHE_BOOKS_FOLDER_H
#define PLANCHE_BOOKS_FOLDER_H

#include "books/book.h"
#include "io/folder_lock.h"

#include <limits.h>

#define PLANCHE_BOOKS_INPUT "input"
/* An input while it comes. */
#define PLANCHE_BOOKS_PART "input.part"

struct planche_books_folder {
    char path[PATH_MAX - 512]; /* names in it fit into PATH_MAX */
    struct planche_folder_lock lock;
    bool open;
};

/* Opens the folder, which it makes if make is set, for this process alone. Errors: NOT_FOUND (it is
 * not there), IO, EXISTS (another process has it). */
enum planche_status planche_books_folder_open(struct planche_books_folder *folder, bool make,
                                              struct planche_error *error);
void planche_books_folder_close(struct planche_books_folder *folder);

/* DIR/HANDLE/NAME, or DIR/HANDLE if name is NULL. */
void planche_books_folder_path(const struct planche_books_folder *folder, const char *handle,
                               const char *name, char path[PATH_MAX]);
/* Name of a result in its folder. */
const char *planche_books_result_file(enum planche_container container);
/* Bytes of all files in a book's folder. */
uint64_t planche_books_measure(const char *path);

/* Writes a record (text) into a book's folder, safe from a power cut. False: errno says why. */
bool planche_books_write_record(const char *path, const char *text);
/* Whether a folder without a record has only what an upload or a removal that was cut off leaves of
 * a book's: else somebody else has made it. */
bool planche_books_folder_is_remnant(const char *path);
/* The record of a book's folder, NULL: there is none that can be read. */
json_t *planche_books_read_record(const char *path);

#endif
