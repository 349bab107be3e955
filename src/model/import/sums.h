/* SPDX-License-Identifier: MIT */
/* List of sums in a pack of models: lines as sha256sum writes them. */
#ifndef PLANCHE_MODEL_IMPORT_SUMS_H
#define PLANCHE_MODEL_IMPORT_SUMS_H

#include <stdbool.h>
#include <stddef.h>

/* A line: 64 hexadecimal digits in lower case, and a file's name. Both point into the list. */
struct planche_import_sum {
    const char *sha256, *name;
    size_t name_length;
};

/* The line at *at of the list's text, which may have any bytes; *at moves to the next. False: there
 * is no line more, or, with *at before the end, it is not one. */
bool planche_import_sums_next(const char *text, size_t size, size_t *at,
                              struct planche_import_sum *sum);

#endif
