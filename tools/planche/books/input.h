/* SPDX-License-Identifier: MIT */
/* Input of a run: what was uploaded, or what lies below a library root. */
#ifndef PLANCHE_BOOKS_INPUT_H
#define PLANCHE_BOOKS_INPUT_H

#include "books/library.h"

#include <limits.h>
#include <planche/cancel.h>

/* Sets input to a path for the library. path "": what was uploaded into folder. A file of a library
 * is copied there first, sharing its blocks where the file system can; a folder is opened (*source,
 * the caller's to close), and read through that. Errors: IO, CANCELLED, NOT_FOUND. */
enum planche_status planche_books_take_input(const struct planche_library *library,
                                             const char *path, const char *folder,
                                             const struct planche_cancel *cancel, int *source,
                                             char input[PATH_MAX], struct planche_error *error);

#endif
