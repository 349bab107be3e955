/* SPDX-License-Identifier: MIT */
/* Whole files in memory. */
#ifndef PLANCHE_BASE_FILE_H
#define PLANCHE_BASE_FILE_H

#include "base/alloc.h"

#include <planche/error.h>

/* Reads a regular file of at most max_size bytes into a block counted in budget, for the caller to
 * planche_free(); *data is NULL for an empty file and on failure. One byte beyond *size is there
 * and zero, so text may be used as a string. Errors: NOT_FOUND, IO, LIMIT, BUDGET, MEMORY; the
 * messages begin with the path. */
enum planche_status planche_file_read(const char *path, uint64_t max_size,
                                      struct planche_budget *budget, void **data, size_t *size,
                                      struct planche_error *error);

#endif
