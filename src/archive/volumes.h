/* SPDX-License-Identifier: MIT */
/* Volumes of an archive that was split, by their names. */
#ifndef PLANCHE_ARCHIVE_VOLUMES_H
#define PLANCHE_ARCHIVE_VOLUMES_H

#include <limits.h>
#include <stdbool.h>

/* Whether a file is called as programs call the pieces of an archive that they cut up:
 * "book.cb7.001". */
bool planche_volumes_is_piece(const char *path);
/* The first volume that should lie beside this one and does not: one before it, or, beside the
 * first, the second. False: none is known to be missing. */
bool planche_volumes_find_missing(const char *path, char missing[PATH_MAX]);

#endif
